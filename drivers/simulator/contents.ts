import { createCipheriv, createHash } from 'node:crypto';
import type { CallContext, DownloadedImage } from '../../src/clouds/driver';
import type { Disk, Extent } from '../../src/disks/disk';
import { SimulatorFault, translate } from './errors';
import type { Settings } from './options';
import { sent } from './pages';
import { Requests, wrongState } from './requests';
import type { Copy, Snapshot } from './things';
import { phaseAt } from './things';

export type Imaged = Snapshot | Copy;

const GIB = 2 ** 30;
/** Length of one piece of seeded data, in bytes. */
const PIECE = 65_536;
const ZEROS = Buffer.alloc(PIECE);

/**
 * Disk of any size with so much data, spread over it in pieces of 64 KiB. Every byte follows from the seed and its offset, so that
 * nothing of it has to be kept. `size` and `allocated` in bytes.
 */
export function seededDisk(seed: string, size: number, allocated: number): Disk {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  const places = Math.ceil(size / PIECE);
  const count = Math.min(places, Math.ceil(Math.min(allocated, size) / PIECE));
  const offsetOf = (index: number) => Math.floor((index * places) / count) * PIECE;
  const lengthAt = (offset: number) => Math.min(PIECE, size - offset);
  const dataAt = (offset: number) => {
    const counter = Buffer.alloc(16);
    counter.writeBigUInt64BE(BigInt(offset / PIECE), 0);
    return createCipheriv('aes-128-ctr', key, counter).update(ZEROS.subarray(0, lengthAt(offset)));
  };
  return {
    size,
    allocated: count * PIECE,
    rereadable: true,
    async *extents(from) {
      const first = count === 0 ? 0 : Math.max(0, Math.floor((Math.floor(from / PIECE) * count) / places) - 1);
      for (let index = first; index < count; index += 1) {
        const offset = offsetOf(index);
        if (offset + lengthAt(offset) > from) yield await Promise.resolve(cut({ offset, data: dataAt(offset) }, from));
      }
    },
  };
}

/** The part of a piece of data from an offset on. */
function cut({ offset, data }: { offset: number; data: Uint8Array }, from: number): Extent {
  return offset >= from ? { offset, data } : { offset: from, data: data.subarray(from - offset) };
}

/** Reason why an image can't be downloaded, in words, where there is one. */
export function withoutContents({ content }: Imaged): string | undefined {
  if (!content || content.kept === true) return undefined;
  return 'The simulated cloud kept only the digest of what was uploaded: there was too much of it';
}

/** Downloads, in the provider's words. @throws SimulatorFault */
export class DownloadClient extends Requests {
  /** Opens the contents of something; reading them throws ProviderErrors. */
  open(kind: Imaged['kind'], as: string, id: string, context: CallContext): Promise<DownloadedImage> {
    return this.wire.request(as, context, (settings) => {
      const thing: Imaged = this.account.need(kind, id);
      const phase = phaseAt(thing.timeline, Date.now());
      const missing = withoutContents(thing);
      if (phase !== 'ready') throw wrongState(id, phase, 'download');
      if (missing !== undefined) throw new SimulatorFault('WrongState', missing);
      const { disk, version } = this.contentsOf(thing, settings);
      return { version, disk: { ...disk, extents: (from) => this.read(disk, from, thing, `${as}.read`, context) } };
    });
  }

  private contentsOf(thing: Imaged, { contentSize, contentAllocated, copySize = Infinity }: Settings): { disk: Disk; version: string } {
    const { kind, id, content } = thing;
    if (content) return { disk: this.kept(kind, id, content.bytes), version: content.digest ?? id };
    const size = thing.kind === 'copy' ? Math.min(copySize, thing.sizeGiB * GIB) : contentSize;
    return { disk: seededDisk(id, size, contentAllocated), version: `${id} ${size} ${contentAllocated}` };
  }

  private kept(kind: Imaged['kind'], id: string, size: number): Disk {
    const { account } = this;
    return {
      size,
      allocated: account.contentLength(kind, id),
      rereadable: true,
      async *extents(from) {
        for (let piece = account.contentFrom(kind, id, from); piece;) {
          yield await Promise.resolve(cut(piece, from));
          piece = account.contentFrom(kind, id, piece.offset + piece.data.byteLength);
        }
      },
    };
  }

  private async *read(disk: Disk, from: number, { kind, id }: Imaged, as: string, { signal }: CallContext): AsyncGenerator<Extent> {
    try {
      for await (const extent of this.wire.struck(as, disk.extents(from), signal)) {
        signal.throwIfAborted();
        this.account.need(kind, id);
        yield extent;
      }
    } catch (error) {
      throw translate(error);
    }
  }
}

/** The `download` of a group. */
export const downloading =
  (client: DownloadClient, kind: Imaged['kind'], as: string) =>
  (key: string, context: CallContext): Promise<DownloadedImage> =>
    sent(client.open(kind, as, key, context));
