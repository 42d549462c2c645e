import type { CallContext, Created, UploadImage } from '../../src/clouds/driver';
import { ContentDigest } from '../../src/disks/content-digest';
import { factsGiven, type GivenFacts } from '../../src/clouds/image-facts';
import type { Extent } from '../../src/disks/disk';
import { BLOCK_VOLUME } from '../../src/model/volume';
import type { Piece } from './account';
import { SimulatorFault, translate } from './errors';
import { toNames } from './naming';
import { sent } from './pages';
import { Requests, namesOf, newKey, type Names } from './requests';
import type { Content, Copy, Snapshot } from './things';
import { phaseAt, timelineOf } from './things';

const GIB = 2 ** 30;
/** Time limit of taking back what an upload began, in ms. */
const CLEAN_UP_MS = 5_000;

type Uploaded = Snapshot | Copy;
interface Beginning extends Names {
  tag: string;
  token: string;
  bootable?: boolean | undefined;
  arch?: string | undefined;
  facts?: GivenFacts | undefined;
}
/** Contents that have been received. */
interface Received {
  content: Content;
  /** The data, where it is kept. */
  pieces: readonly Piece[];
}

/** Uploads, in the provider's words: something that receives bytes, then the word that these were all. @throws SimulatorFault */
export class UploadClient extends Requests {
  begin(kind: Uploaded['kind'], as: string, asked: Beginning, context: CallContext): Promise<string> {
    return this.wire.request(`${as}.begin`, context, ({ visibilityDelayMs }) => {
      const thing = kind === 'snapshot' ? snapshot(asked) : copy(asked);
      this.account.put(thing, { visibleAt: thing.madeAt + visibilityDelayMs });
      return thing.id;
    });
  }

  end(kind: Uploaded['kind'], as: string, id: string, { content, pieces }: Received, context: CallContext): Promise<void> {
    return this.wire.request(as, context, ({ delays }) => {
      if (content.bytes === 0) throw new SimulatorFault('BadParameter', 'The image is empty');
      const thing: Uploaded = this.account.need(kind, id);
      if (phaseAt(thing.timeline, Date.now()) !== 'receiving') throw new SimulatorFault('WrongState', `${id} receives nothing any more`);
      const timeline = timelineOf(['copying'], 'ready', Date.now(), delays.capture);
      const size = thing.kind === 'copy' ? { sizeGiB: Math.ceil(content.bytes / GIB) } : {};
      this.account.keepContent(kind, id, pieces);
      this.account.put({ ...thing, ...size, content, timeline });
    });
  }

  /** Takes the bytes in. @throws SimulatorFault where they break off or the call is given up */
  async receive(as: string, source: UploadImage['source'], { signal }: CallContext): Promise<Received> {
    const { contentKept } = this.wire.settings();
    const digest = new ContentDigest(source.disk?.size ?? source.size);
    let [bytes, held]: [number, number] = [0, 0];
    let pieces: Piece[] = [];
    try {
      for await (const extent of this.wire.struck(`${as}.receive`, source.disk?.extents(0) ?? inOrder(source.open()), signal)) {
        signal.throwIfAborted();
        await digest.add(extent);
        bytes = extent.offset + ('data' in extent ? extent.data.byteLength : extent.zeros);
        if (!('data' in extent) || extent.data.every((byte) => byte === 0)) continue;
        held += extent.data.byteLength;
        if (held > contentKept) pieces = [];
        else pieces.push({ offset: extent.offset, data: Uint8Array.from(extent.data) });
      }
    } catch (cause) {
      if (cause instanceof SimulatorFault) throw cause;
      throw new SimulatorFault('NoAnswer', 'The bytes of the image broke off', { lost: true, cause });
    }
    const content = { bytes: source.disk?.size ?? bytes, digest: await digest.end(), kept: held <= contentKept };
    return { content, pieces };
  }

  drop(kind: Uploaded['kind'], as: string, id: string, context: CallContext): Promise<void> {
    return this.wire.request(`${as}.drop`, context, () => this.account.remove(kind, id));
  }
}

function snapshot(asked: Beginning): Snapshot {
  return {
    ...{
      kind: 'snapshot',
      id: newKey('img'),
      ...namesOf(asked),
      holds: 'disk',
      builtin: false,
      arch: asked.arch ?? 'x86_64',
      parent: null,
      power: null,
    },
    ...(asked.facts === undefined ? {} : { facts: asked.facts }),
    ...begun(asked),
  };
}

function copy(asked: Beginning): Copy {
  return {
    ...{ kind: 'copy', id: newKey('copy'), ...namesOf(asked), sizeGiB: 1, grade: BLOCK_VOLUME, bootable: asked.bootable ?? false },
    ...begun(asked),
  };
}

function begun({ tag, token }: Beginning) {
  const madeAt = Date.now();
  return { madeAt, tag, token, timeline: [{ phase: 'receiving', from: madeAt }] };
}

/** The `upload` of a group: passes the contents on. */
export function uploading(client: UploadClient, kind: Uploaded['kind'], as: string) {
  return async ({ source, tag, token, bootable, cpuArch, extensions, ...naming }: UploadImage, context: CallContext): Promise<Created> => {
    const id = await sent(
      client.begin(kind, as, { ...toNames(naming), tag, token, bootable, arch: cpuArch, facts: factsGiven(extensions) }, context),
    );
    const takeBack = () => sent(client.drop(kind, as, id, { signal: AbortSignal.timeout(CLEAN_UP_MS) }));
    const received = await client.receive(as, source, context).catch(async (thrown: unknown) => {
      await takeBack();
      throw translate(thrown);
    });
    try {
      await client.end(kind, as, id, received, context);
    } catch (thrown) {
      const error = translate(thrown);
      // The provider may have it whole: then it is found by its tag.
      if (!error.maybeDone) await takeBack();
      throw error;
    }
    return { key: id };
  };
}

/** Bytes from the first to the last as extents. */
async function* inOrder(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Extent> {
  let offset = 0;
  for await (const data of chunks) {
    yield { offset, data };
    offset += data.byteLength;
  }
}
