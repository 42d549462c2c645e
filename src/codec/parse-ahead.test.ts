import { standardCatalogue } from '../model/catalogue';
import { BodyError } from './codec';
import { jsonOf, parseAhead, xmlOf } from './parse-ahead';
import { createBodyReader } from './reader';

const catalogue = standardCatalogue();
const shapes = [{ kind: 'create', type: 'Machine' }] as const;
const options = { base: 'http://x/' };
const many = Array.from({ length: 900 }, (_, index) => `k${index}`);

const JSON_BODY = JSON.stringify({
  resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineCreate',
  properties: Object.fromEntries(many.map((key) => [key, `"\\${'v'.repeat(100)}\\"`])),
  machineTemplate: { href: 'machineTemplates/x' },
});
const XML_BODY = `<MachineCreate xmlns="http://schemas.dmtf.org/cimi/1">${many
  .map((key) => `<property key="${key}">&amp;${'v'.repeat(100)}</property>`)
  .join('')}<machineTemplate href="machineTemplates/x"/></MachineCreate>`;

test.each([
  ['json', JSON_BODY],
  ['xml', XML_BODY],
] as const)('%s: a large body is read alike in one piece and in many, and others run meanwhile', async (format, text) => {
  const read = createBodyReader(catalogue, format);
  const whole = read(Buffer.from(text), shapes, options);
  const body = Buffer.from(text);
  await parseAhead(body, format, {}, 'a');
  expect(read(body, shapes, options)).toEqual(whole);
});

test.each([
  ['json', `${JSON_BODY.slice(0, -1)},"resourceURI":"x"}`],
  ['json', JSON_BODY.slice(0, -9)],
  ['xml', XML_BODY.slice(0, -9)],
  ['xml', `<!DOCTYPE a>${XML_BODY}`],
] as const)('%s: what is wrong with a large body is told by who reads it', async (format, text) => {
  const body = Buffer.from(text);
  await parseAhead(body, format, {}, 'a');
  const read = createBodyReader(catalogue, format);
  const told = (bytes: Uint8Array): string => {
    try {
      read(bytes, shapes, options);
      return 'nothing';
    } catch (error) {
      return String(error);
    }
  };
  expect(told(body)).toBe(told(Buffer.from(text)));
  expect(told(body)).not.toBe('nothing');
});

describe('what was parsed ahead is not parsed again', () => {
  const limits = { depth: 32, items: 50_000 };
  const thrown = (call: () => unknown): unknown => {
    try {
      return call();
    } catch (error) {
      return error;
    }
  };

  test.each([
    ['json', '{"a":1}', jsonOf],
    ['xml', '<a>1</a>', xmlOf],
  ] as const)('%s: every reader of a body is handed the same', async (format, text, valueOf) => {
    const body = Buffer.from(text);
    expect(valueOf(body, limits)).not.toBe(valueOf(body, limits));
    await parseAhead(body, format, {}, 'a');
    expect(valueOf(body, limits)).toBe(valueOf(body, limits));
  });

  test.each([
    ['json', '{"a":', jsonOf],
    ['xml', '<a>', xmlOf],
  ] as const)('%s: so is what is wrong with it', async (format, text, valueOf) => {
    const body = Buffer.from(text);
    await parseAhead(body, format, {}, 'a');
    const wrong = thrown(() => valueOf(body, limits));
    expect(wrong).toBeInstanceOf(BodyError);
    expect(thrown(() => valueOf(body, limits))).toBe(wrong);
  });

  test('one format is not taken for the other', async () => {
    const [asJson, asXml] = [Buffer.from('{"a":1}'), Buffer.from('<a/>')];
    await parseAhead(asJson, 'json', {}, 'a');
    await parseAhead(asXml, 'xml', {}, 'a');
    expect(() => xmlOf(asJson, limits)).toThrow('not well-formed XML');
    expect(() => jsonOf(asXml, limits)).toThrow('not JSON');
  });

  test('limits are those of the caller, else the default', async () => {
    const body = Buffer.from('[[1]]');
    await parseAhead(body, 'json', { depth: 1 }, 'a');
    expect(() => jsonOf(body, limits)).toThrow('nested more than 1 levels');
    const deep = Buffer.from('['.repeat(33) + ']'.repeat(33));
    await parseAhead(deep, 'json', { items: 1_000 }, 'a');
    expect(() => jsonOf(deep, limits)).toThrow('nested more than 32 levels');
  });
});
