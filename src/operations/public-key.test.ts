import type { Values } from '../model/values';
import { keyChange, publicKeyOf, withKey, withPublicKey } from './public-key';
import type { Found, UpdateRequest } from './resource-handler';

const OLD = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nJ3q8mG2bS0Wc3V2o2xqXo5Xw2m8bM9w1u1m3s0xk old@example.org';
const NEW = OLD.replace('old@', 'new@');
const bytes = (line: string): string => Buffer.from(line).toString('hex');
const at = (name: string): string => `here.${name}`;

describe('a new one', () => {
  it('is kept as bytes, whichever way it was said', () => {
    expect(withKey({ publicKey: `${OLD}\n`, userName: 'u' }, at)).toEqual({ userName: 'u', key: bytes(OLD) });
    expect(withKey({ key: bytes(OLD) }, at)).toEqual({ key: bytes(OLD) });
    expect(withKey({ key: bytes(`${OLD}\n`), publicKey: OLD }, at)).toEqual({ key: bytes(`${OLD}\n`) });
    expect(withKey({ publicKey: null }, at)).toEqual({ key: null });
    expect(withKey({ userName: 'u' }, at)).toEqual({ userName: 'u' });
  });

  it('is refused where it is none, or two', () => {
    expect(() => withKey({ publicKey: 'ssh-ed25519 nothing' }, at)).toThrow(/here\.publicKey.*OpenSSH/);
    expect(() => withKey({ key: 'abcd' }, at)).toThrow(/here\.key.*OpenSSH/);
    expect(() => withKey({ key: bytes(OLD), publicKey: NEW }, at)).toThrow(/here\.publicKey.*another key/);
  });
});

describe('a change', () => {
  const found = { values: { key: bytes(OLD), publicKey: OLD } } as unknown as Found;
  /** Returns the line that a change leaves, null where it goes, undefined where nothing is said of it. */
  const after = (set: Values, erase: readonly string[] = [], omitted: readonly string[] = []): string | null | undefined => {
    const change: UpdateRequest = keyChange(found, { set, erase: [...erase, ...omitted], omitted });
    expect([change.set.publicKey, change.erase.includes('publicKey')]).toEqual([undefined, false]);
    if (change.set.key !== undefined) expect(change.erase).not.toContain('key');
    return change.set.key === undefined ? (change.erase.includes('key') ? null : undefined) : publicKeyOf(change.set);
  };

  it.each([
    ['says it by one attribute', { key: bytes(NEW) }, [], [], NEW],
    ['says it by the other', { publicKey: NEW }, [], [], NEW],
    ['says it by both', { key: bytes(NEW), publicKey: NEW }, [], [], NEW],
    ['sends back what was read, with one of them anew', { key: bytes(OLD), publicKey: NEW }, [], [], NEW],
    ['sends back what was read, with the other anew', { key: bytes(NEW), publicKey: OLD }, [], [], NEW],
    ['sends back what was read', { key: bytes(OLD), publicKey: OLD }, [], [], OLD],
    ['is a whole one with the line', { publicKey: NEW }, [], ['key'], NEW],
    ['is a whole one without key', { publicKey: OLD }, [], ['key'], null],
    ['is a whole one with key', { key: bytes(NEW) }, [], ['publicKey'], NEW],
    ['is a whole one with key as it was', { key: bytes(OLD) }, [], ['publicKey'], OLD],
    ['is of one of them, as it was', { publicKey: OLD }, [], [], undefined],
    ['is a whole one without', { userName: 'u' }, [], ['key', 'publicKey'], null],
    ['erases one of them', {}, ['publicKey'], [], null],
    ['erases one of them and sends back the other', { key: bytes(OLD) }, ['publicKey'], [], null],
    ['erases the other and sends back the one', { publicKey: OLD }, ['key'], [], null],
    ['says nothing of it', { userName: 'u' }, [], [], undefined],
  ] as const)('that %s', (_title, set, erase, omitted, expected) => {
    expect(after(set, erase, omitted)).toBe(expected);
  });

  it('is refused where it says two', () => {
    expect(() => after({ key: bytes(NEW), publicKey: NEW.replace('new', 'third') })).toThrow(/publicKey.*another key/);
    expect(() => after({ publicKey: NEW }, ['key'])).toThrow(/publicKey.*another key/);
    expect(() => after({ publicKey: 'none' })).toThrow(/publicKey.*OpenSSH/);
  });
});

it('is shown as a line where there are bytes of one', async () => {
  const founds = [{ values: { key: bytes(OLD) } }, { values: { userName: 'u' } }] as unknown as Found[];
  expect((await withPublicKey(founds)).map(({ values }) => values.publicKey)).toEqual([OLD, undefined]);
});
