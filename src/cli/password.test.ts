import { PassThrough, Writable } from 'node:stream';
import { askPassword } from './password';

/** A terminal at which somebody answers each question; what it was shown in the end. */
function terminal(...answers: string[]) {
  let text = '';
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input });
  const says = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      if (text.endsWith(': ')) setImmediate(() => input.write(answers.shift()));
      done();
    },
  });
  return { input, says, shown: () => text };
}

test('a typed password is not shown, can be mended, and is asked for twice', async () => {
  const { input, says, shown } = terminal('corrext\u007f\u007fct horse\r', 'correct horse\r');
  expect(await askPassword(input, says)).toBe('correct horse');
  expect(shown()).toBe('password: \nonce more: \n');
});

test.each([
  ['two that differ', ['correct horse\r', 'battery staple\r'], /differ/],
  ['broken off by Ctrl-C', ['corr\u0003'], /no password was given/],
])('%s: nothing is changed', async (_, answers, words) => {
  const { input, says, shown } = terminal(...answers);
  await expect(askPassword(input, says)).rejects.toThrow(words);
  expect(shown()).not.toMatch(/corr|battery/);
});
