import { createHash, getHashes, type Hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { pathOf, type Wire } from './client';
import { amount, text, time } from './documents';
import { unanswered } from './errors';
import type { Image } from './glance';

/** Bytes of an image's file in Glance: read in one go, or at places. What breaks off is taken up again, of the same image alone. */

/** Delays before a reading that broke off is taken up again, in ms, the later ones where no more came meanwhile; then it fails. */
const AGAIN_MS: readonly number[] = [100, 1_000, 5_000];

/** Length of an image's file in bytes; undefined where Glance does not tell it. */
export const lengthOf = ({ size }: Image): number | undefined => amount(size) || undefined;

/** Text by which the contents are known again: Glance never changes those of an active image, and keeps a digest of them. */
export const versionOf = (image: Image): string | undefined => text(image.os_hash_value) ?? text(image.checksum);

/** The same, or where Glance has no digest the time of the last change, which may have been one of the name alone. */
const stateOf = (image: Image): string | undefined => versionOf(image) ?? time(image.updated_at);

/** @throws ProviderError (conflict) where the image is another by now */
export async function stillTheSame(wire: Wire, image: Image, context: CallContext): Promise<void> {
  const now = await wire.one('image', image.id, context);
  if (now.status === 'active' && stateOf(now) === stateOf(image)) return;
  throw new ProviderError('conflict', `The image ${image.id} changed while it was read: begin again`, { maybeDone: false });
}

/**
 * The bytes from an offset on. What breaks off is taken up again where it broke; who reads them all is told if they differ from
 * Glance's digest.
 * @param size length of the file in bytes
 * @throws ProviderError
 */
export async function* bytesFrom(
  wire: Wire,
  image: Image,
  { size, from }: { size: number; from: number },
  context: CallContext,
): AsyncGenerator<Uint8Array> {
  const hash = from === 0 ? hashOf(image) : undefined;
  let offset = from;
  let fruitless = 0;
  for (let broken = false; offset < size; broken = true) {
    const before = offset;
    if (broken && versionOf(image) === undefined) throw undigested(image.id);
    try {
      if (broken) await stillTheSame(wire, image, context);
      for await (const part of read(wire, image.id, { from: offset }, context)) {
        offset += part.length;
        if (offset > size) throw longer(image.id, size);
        hash?.update(part);
        yield part;
      }
      if (offset < size) throw cut(image.id, offset, size);
    } catch (error) {
      fruitless = offset > before ? 0 : fruitless + 1;
      // What has not begun yet costs nothing to begin again, for whoever asked.
      const delay = offset > from ? AGAIN_MS[fruitless] : undefined;
      if (!passes(error) || delay === undefined || context.signal.aborted) throw error;
      await sleep(delay, undefined, { signal: context.signal }).catch(() => undefined);
    }
  }
  if (hash && hash.digest('hex') !== image.os_hash_value)
    throw new ProviderError('unavailable', `The bytes that came of the image ${image.id} are not those of its digest in Glance`);
}

/**
 * Reads the bytes at one place, once more where that breaks off and the image is the same.
 * @param place.size length of the file in bytes
 * @throws ProviderError (conflict) where the service does not know ranges, or the image is another by now
 */
export async function bytesAt(
  wire: Wire,
  image: Image,
  place: { from: number; length: number; size: number },
  context: CallContext,
): Promise<Uint8Array> {
  for (let failed = 0; ; failed++) {
    try {
      if (failed > 0) await stillTheSame(wire, image, context);
      const bytes = Buffer.alloc(place.length);
      let length = 0;
      for await (const part of read(wire, image.id, place, context)) {
        if (length + part.length > place.length) throw longer(image.id, place.size);
        bytes.set(part, length);
        length += part.length;
      }
      if (length < place.length) throw cut(image.id, place.from + length, place.size);
      return bytes;
    } catch (error) {
      const delay = AGAIN_MS[failed];
      if (!passes(error) || delay === undefined || context.signal.aborted) throw error;
      await sleep(delay, undefined, { signal: context.signal }).catch(() => undefined);
    }
  }
}

/** The bytes from an offset on, or a number of them, once. A service that knows no ranges sends all of them, to who reads on. */
async function* read(
  wire: Wire,
  id: string,
  place: { from: number; length?: number; size?: number },
  context: CallContext,
): AsyncGenerator<Uint8Array> {
  const { bytes, at, range } = await wire.download({ kind: 'image', id }, `${pathOf('image', id)}/file`, place, context);
  let skip = place.from - at;
  // Of bytes that nobody reads, the end is an error that nobody hears.
  bytes.on('error', () => undefined);
  try {
    if (place.length !== undefined && !range) throw withoutRanges();
    if (place.size !== undefined && (range?.of ?? place.size) !== place.size) throw longer(id, place.size);
    for await (const part of bytes as AsyncIterable<Buffer>) {
      if (part.length > skip) yield part.subarray(skip);
      skip = Math.max(0, skip - part.length);
    }
  } catch (thrown) {
    if (thrown instanceof ProviderError) throw thrown;
    throw undecoded(thrown) ?? unanswered('Glance', thrown, true);
  } finally {
    bytes.destroy();
  }
}

/** A failure of unpacking: a proxy packs although nobody asked for that, and may do it wrongly. */
function undecoded(thrown: unknown): ProviderError | undefined {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code !== 'string' || !/^Z_|^ERR_.*BROTLI/.test(code)) return undefined;
  return new ProviderError('unavailable', `The answer for Glance cannot be decoded: ${String(message)}`, { maybeDone: false });
}

const passes = (error: unknown): boolean => error instanceof ProviderError && ['unavailable', 'timeout', 'throttled'].includes(error.kind);

const cut = (id: string, offset: number, size: number): ProviderError =>
  new ProviderError('unavailable', `Glance ended the image ${id} after ${offset} of ${size} bytes`, { maybeDone: false });

const withoutRanges = (): ProviderError =>
  new ProviderError(
    'conflict',
    'Glance, or what stands before it, gives no parts of an image (Range), which reading qcow2 needs: convert the image to raw',
    { maybeDone: false },
  );

const undigested = (id: string): ProviderError =>
  new ProviderError('unavailable', `The reading of the image ${id} broke off, and Glance has no digest of it by which to go on`, {
    maybeDone: false,
  });

const longer = (id: string, size: number): ProviderError =>
  new ProviderError('conflict', `Glance has other bytes of the image ${id} than the ${size} it tells of`, { maybeDone: false });

function hashOf(image: Image): Hash | undefined {
  const algorithm = text(image.os_hash_algo);
  const known = algorithm !== undefined && text(image.os_hash_value) !== undefined && getHashes().includes(algorithm);
  return known ? createHash(algorithm) : undefined;
}
