import { createHash } from 'node:crypto';
import type { CallContext, Created, UploadImage } from '../../src/clouds/driver';
import { BLOCK } from './grades';
import { SimulatorFault, translate } from './errors';
import { toNames } from './naming';
import { sent } from './pages';
import { Requests, namesOf, newKey, type Names } from './requests';
import type { Content, Copy, Snapshot } from './things';
import { phaseAt, timelineOf } from './things';

const GIB = 2 ** 30;
/** How long taking back what an upload began may take, ms. */
const CLEAN_UP_MS = 5_000;

type Uploaded = Snapshot | Copy;
interface Beginning extends Names {
  tag: string;
  token: string;
  bootable?: boolean | undefined;
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

  end(kind: Uploaded['kind'], as: string, id: string, content: Content, context: CallContext): Promise<void> {
    return this.wire.request(as, context, ({ delays }) => {
      if (content.bytes === 0) throw new SimulatorFault('BadParameter', 'The image is empty');
      const thing: Uploaded = this.account.need(kind, id);
      if (phaseAt(thing.timeline, Date.now()) !== 'receiving') throw new SimulatorFault('WrongState', `${id} receives nothing any more`);
      const timeline = timelineOf(['copying'], 'ready', Date.now(), delays.capture);
      const size = thing.kind === 'copy' ? { sizeGiB: Math.ceil(content.bytes / GIB) } : {};
      this.account.put({ ...thing, ...size, content, timeline });
    });
  }

  drop(kind: Uploaded['kind'], as: string, id: string, context: CallContext): Promise<void> {
    return this.wire.request(`${as}.drop`, context, () => this.account.remove(kind, id));
  }
}

function snapshot(asked: Beginning): Snapshot {
  return {
    ...{ kind: 'snapshot', id: newKey('img'), ...namesOf(asked), holds: 'disk', builtin: false, arch: 'x86_64', parent: null, power: null },
    ...begun(asked),
  };
}

function copy(asked: Beginning): Copy {
  return {
    ...{ kind: 'copy', id: newKey('copy'), ...namesOf(asked), sizeGiB: 1, grade: BLOCK, bootable: asked.bootable ?? false },
    ...begun(asked),
  };
}

function begun({ tag, token }: Beginning) {
  const madeAt = Date.now();
  return { madeAt, tag, token, timeline: [{ phase: 'receiving', from: madeAt }] };
}

/** The `upload` of a group: passes the bytes on, counts them and keeps none. */
export function uploading(client: UploadClient, kind: Uploaded['kind'], as: string) {
  return async ({ source, tag, token, bootable, ...naming }: UploadImage, context: CallContext): Promise<Created> => {
    const id = await sent(client.begin(kind, as, { ...toNames(naming), tag, token, bootable }, context));
    const takeBack = () => sent(client.drop(kind, as, id, { signal: AbortSignal.timeout(CLEAN_UP_MS) }));
    const content = await received(source, context).catch(async (thrown: unknown) => {
      await takeBack();
      throw translate(thrown);
    });
    try {
      await client.end(kind, as, id, content, context);
    } catch (thrown) {
      const error = translate(thrown);
      // The provider may have it whole: then it is found by its tag.
      if (!error.maybeDone) await takeBack();
      throw error;
    }
    return { key: id };
  };
}

/** Reads the source to its end. @throws SimulatorFault where it breaks off or the call is given up. */
async function received(source: UploadImage['source'], { signal }: CallContext): Promise<Content> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of source.open()) {
      signal.throwIfAborted();
      hash.update(chunk);
      bytes += chunk.byteLength;
    }
  } catch (cause) {
    throw new SimulatorFault('NoAnswer', 'The bytes of the image broke off', { lost: true, cause });
  }
  return { bytes, sha256: hash.digest('hex') };
}
