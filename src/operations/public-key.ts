import type { Values } from '../model/values';
import { isPublicKey } from './keypair';
import { Refusal, type Found, type UpdateRequest } from './resource-handler';

/**
 * A public key is said twice: `key` has the bytes of its OpenSSH line, as the standard wants it (5.5.9, D054), and `publicKey` is
 * that line, ours. Rows hold `key` alone; the other follows from it.
 */

/** The OpenSSH public key line of a credential's values; undefined when there is none. */
export function publicKeyOf(values: Values): string | undefined {
  if (typeof values.key !== 'string') return undefined;
  const text = Buffer.from(values.key, 'hex').toString('utf8').trim();
  return isPublicKey(text) ? text : undefined;
}

const bytesOf = (line: string): string => Buffer.from(line.trim()).toString('hex');

/**
 * Returns values with the public key in `key` alone.
 * @param place place of an attribute in the request, for words of refusals
 * @throws Refusal 400 where it is no OpenSSH key, or the two attributes say different ones
 */
export function withKey(values: Values, place: (name: string) => string): Values {
  const { publicKey, ...others } = values;
  checkKey(values, place('key'));
  if (publicKey === undefined) return others;
  if (publicKey === null) return { key: null, ...others };
  const line = lineOf(publicKey, place('publicKey'));
  if (others.key !== undefined && publicKeyOf(others) !== line) throw differing(place('publicKey'));
  return { ...others, key: others.key ?? bytesOf(line) };
}

/**
 * Returns a change in which `key` alone says what becomes of the public key. What is said as it was, as a client does that sends
 * back what it read, gives way to what is said anew; a whole update may leave the line out, which clients of the standard do.
 * @throws Refusal 400
 */
export function keyChange(found: Found, { set, erase, omitted = [] }: UpdateRequest): UpdateRequest {
  const { publicKey, ...others } = set;
  checkKey(set, 'key');
  const rest = erase.filter((name) => name !== 'publicKey');
  const isErased = erase.includes('publicKey') && !omitted.includes('publicKey');
  const line = publicKey === undefined || publicKey === null ? undefined : lineOf(publicKey, 'publicKey');
  const before = publicKeyOf(found.values);
  const inText = isErased ? null : line;
  if (inText === undefined || inText === (before ?? null)) return { set: others, erase: rest, omitted };
  const { key, ...without } = others;
  const inKey = publicKeyOf({ key });
  const isNew = (key !== undefined && inKey !== before) || (rest.includes('key') && !omitted.includes('key'));
  if (isNew && (inKey ?? null) !== inText) throw differing('publicKey');
  const kept = rest.filter((name) => name !== 'key');
  return inText === null
    ? { set: without, erase: [...kept, 'key'], omitted }
    : { set: { ...without, key: inKey === inText ? key : bytesOf(inText) }, erase: kept, omitted };
}

/** Adds the line to credentials that have the bytes. */
export function withPublicKey<F extends Found>(founds: readonly F[]): Promise<readonly F[]> {
  const shown = founds.map((found) => {
    const publicKey = publicKeyOf(found.values);
    return publicKey === undefined ? found : { ...found, values: { ...found.values, publicKey } };
  });
  return Promise.resolve(shown);
}

function checkKey({ key }: Values, at: string): void {
  if (key !== undefined && key !== null && publicKeyOf({ key }) === undefined)
    throw new Refusal(400, 'the hexadecimal bytes of an OpenSSH public key line are needed (ssh-rsa, ssh-ed25519 or ecdsa)', { at });
}

function lineOf(publicKey: Values[string], at: string): string {
  const line = typeof publicKey === 'string' ? publicKey.trim() : '';
  if (isPublicKey(line)) return line;
  throw new Refusal(400, 'an OpenSSH public key line is needed (ssh-rsa, ssh-ed25519 or ecdsa), as in ~/.ssh/id_ed25519.pub', { at });
}

const differing = (at: string): Refusal => new Refusal(400, 'is another key than that of the attribute key: one of them is enough', { at });
