import { Readable } from 'node:stream';
import type { CallContext, Created, UploadImage } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { pathOf, type Wire } from './client';
import { text } from './documents';
import { diskFormat, HEAD_BYTES } from './image-format';

/** How long taking back may take, in ms; the call's own time may be over. */
const TAKE_BACK_MS = 10_000;

/**
 * Makes an image of bytes that stream through: its record with marks and names, then the bytes.
 * @param attributes name and properties of the record
 */
export async function upload(wire: Wire, request: UploadImage, attributes: object, context: CallContext): Promise<Created> {
  const { head, rest } = await beginning(request.source.open());
  const told = diskFormat(head);
  if ('refused' in told) throw new ProviderError('invalid', told.refused, { maybeDone: false });
  const record = { ...attributes, disk_format: told.format, container_format: 'bare', visibility: 'private' };
  const made = await wire.send('image', { method: 'POST', path: '/images', body: record, member: 'id' }, context);
  const id = text(made.id);
  if (id === undefined) throw new ProviderError('unavailable', 'Glance answered without an image', { maybeDone: true });
  const path = pathOf('image', id);
  let broken: unknown;
  const bytes = watched(head, rest, (error) => {
    broken = error;
  });
  try {
    await wire.upload({ kind: 'image', id }, `${path}/file`, Readable.from(bytes, { objectMode: false }), request.source.size, context);
    return { key: id };
  } catch (error) {
    await wire.remove('image', id, { signal: AbortSignal.timeout(TAKE_BACK_MS) }).catch(unlessLeft);
    throw broken === undefined ? error : ofSource(broken);
  }
}

/** What could not be taken back is found by its tag; the first failure is the one to tell. */
function unlessLeft(error: unknown): void {
  if (!(error instanceof ProviderError)) throw error;
}

function ofSource(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  return new ProviderError('unavailable', error instanceof Error ? error.message : String(error), { maybeDone: false });
}

/** Reads the first bytes, as many as tell the format. */
async function beginning(source: AsyncIterable<Uint8Array>): Promise<{ head: Buffer; rest: AsyncIterator<Uint8Array> }> {
  const rest = source[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  for (let length = 0; length < HEAD_BYTES;) {
    const { done, value } = await next(rest);
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  return { head: Buffer.concat(parts), rest };
}

async function next(source: AsyncIterator<Uint8Array>): Promise<{ done: true; value: undefined } | { done: false; value: Uint8Array }> {
  try {
    const { done, value } = (await source.next()) as { done?: boolean; value: Uint8Array };
    return done === true ? { done: true, value: undefined } : { done: false, value };
  } catch (error) {
    throw ofSource(error);
  }
}

async function* watched(head: Buffer, rest: AsyncIterator<Uint8Array>, broke: (error: unknown) => void): AsyncIterable<Uint8Array> {
  yield head;
  try {
    for (let part = await next(rest); !part.done; part = await next(rest)) yield part.value;
  } catch (error) {
    broke(error);
    throw error;
  } finally {
    await rest.return?.();
  }
}
