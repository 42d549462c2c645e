import { Readable } from 'node:stream';
import type { CallContext, Created, UploadImage } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { beginningOf } from '../../src/disks/beginning';
import { diskFormat, HEAD_BYTES } from '../../src/disks/image-format';
import { awaitingRefusal } from '../../src/net/early-answer';
import { pathOf, type Wire } from './client';
import { text } from './documents';

/** Time limit of taking back, in ms; the call's own time may be over. */
const TAKE_BACK_MS = 10_000;

/**
 * Makes an image of bytes that stream through: its record with marks and names, then the bytes.
 * @param attributes name and properties of the record
 */
export async function upload(wire: Wire, request: UploadImage, attributes: object, context: CallContext): Promise<Created> {
  const { head, all, close } = await beginningOf(request.source.open(), HEAD_BYTES).catch((error: unknown) => {
    throw ofSource(error);
  });
  const told = request.source.disk ? asRaw(head) : diskFormat(head);
  if ('refused' in told) {
    await close();
    throw new ProviderError('invalid', told.refused, { maybeDone: false });
  }
  const record = { ...attributes, disk_format: told.format, container_format: 'bare', visibility: 'private' };
  const made = await wire.send('image', { method: 'POST', path: '/images', body: record, member: 'id' }, context);
  const id = text(made.id);
  if (id === undefined) throw new ProviderError('unavailable', 'Glance answered without an image', { maybeDone: true });
  const path = pathOf('image', id);
  let broken: unknown;
  const bytes = watched(all, (error) => {
    broken = error;
  });
  try {
    await wire.upload(
      { kind: 'image', id },
      `${path}/file`,
      Readable.from(awaitingRefusal(bytes), { objectMode: false }),
      request.source.size,
      context,
    );
    return { key: id };
  } catch (error) {
    await wire.remove('image', id, { signal: AbortSignal.timeout(TAKE_BACK_MS) }).catch(unlessLeft);
    throw broken === undefined ? error : ofSource(broken);
  }
}

/** Formats that are recognized although an image says it is raw, and that may name other files. */
const MISTAKEN: readonly string[] = ['qcow2', 'vmdk', 'vhd', 'vhdx', 'vdi'];

/** Format of the contents of a disk: raw, however they begin, unless somebody might take them for an image inside. */
function asRaw(head: Buffer): ReturnType<typeof diskFormat> {
  const seen = diskFormat(head);
  if (!('format' in seen) || !MISTAKEN.includes(seen.format)) return { format: 'raw' };
  return { refused: `The contents of the disk begin as a ${seen.format} image does, and would be taken for one` };
}

/** Ignores a ProviderError of taking back: what remains is found by its tag, and the first failure is the one to tell. */
function unlessLeft(error: unknown): void {
  if (!(error instanceof ProviderError)) throw error;
}

function ofSource(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  return new ProviderError('unavailable', error instanceof Error ? error.message : String(error), { maybeDone: false });
}

async function* watched(bytes: AsyncIterable<Uint8Array>, broke: (error: unknown) => void): AsyncIterable<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    broke(error);
    throw error;
  }
}
