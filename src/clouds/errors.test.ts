import type * as Errors from './errors';
import { Gone, HandleForgotten, ProviderError } from './errors';

const thing = { type: 'server', key: 's1' };

/** The same classes once more, as a package has them that was installed with a gateway of its own. */
function copied(): typeof Errors {
  let copy: typeof Errors | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<typeof Errors>('./errors');
  });
  if (!copy) throw new Error('not loaded');
  return copy;
}

test('an error of another copy of the contract means what it says', () => {
  const copy = copied();
  expect(copy.ProviderError).not.toBe(ProviderError);
  const [failed, gone, forgotten] = [
    new copy.ProviderError('quota', 'full'),
    copy.Gone.impossible(thing),
    new copy.HandleForgotten('gone'),
  ];
  const meanings = [failed, gone, forgotten].map((error) => [ProviderError, Gone, HandleForgotten].map((type) => error instanceof type));
  expect(meanings).toEqual([
    [true, false, false],
    [true, true, false],
    [true, false, true],
  ]);
});

test('no other error does, nor does anything else', () => {
  for (const value of [new Error('x'), {}, null, undefined, 'quota', { name: 'ProviderError', kind: 'quota' }])
    for (const type of [ProviderError, Gone, HandleForgotten]) expect(value instanceof type).toBe(false);
});

test('a class that a driver derives is told from what it is derived from', () => {
  class NotYet extends ProviderError {}
  expect(new NotYet('unavailable', 'wait') instanceof NotYet).toBe(true);
  expect(new NotYet('unavailable', 'wait') instanceof ProviderError).toBe(true);
  expect(new ProviderError('unavailable', 'wait') instanceof NotYet).toBe(false);
});
