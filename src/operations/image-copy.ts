import type { Cloud, ImageGroup } from '../clouds/cloud';
import { pacedDisk, TransferRates } from '../clouds/rate';
import type { Created, DownloadedImage, Ongoing, UploadImage } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import { rawBytes } from '../disks/raw-stream';
import { cloudOf, StepFailure, type StepContext } from '../jobs/workflow';
import type { Values } from '../model/values';
import type { Disk } from '../disks/disk';
import { CopiedDisk, type CopyPoint } from './copied-disk';
import { draftOf } from './create-draft';
import { CREATES, type CreateInput } from './create-input';
import { planCreateAtProvider, type CreatePlan, type NewContext } from './create-plan';
import { madeKey, marks, type CreateRow, type CreateStep } from './create-row';
import { factsKept, hardwareOf } from './image-facts';
import { LOOK_EVERY_MS, stopAsked, whole } from './image-upload';
import type { ResourcePath } from '../store/store';
import { chooseCloud } from './placement';
import { keptOf } from './provider-change';
import { forgetReadable, isReadByCopy, makeReadable, planReadable } from './readable-copy';
import { Refusal, type ChangePlan, type CreateRequest, type Found, type PlanContext } from './resource-handler';
import { anySignal } from '../model/any-signal';

/** Copies of images between clouds: an `imageLocation` that is an image in another cloud (DSP0263 5.14.7.1, 5.15.8.1). */

/** Limits of copying, from the section `move` of the configuration. */
export interface MoveLimits {
  /** Bytes per second below which a copy is given up, over its whole time. */
  minRate: number;
  /** Time for which neither side may stand still, in s. */
  idleSeconds: number;
  /** Copies at once in one process. */
  concurrency: number;
  /** Most bytes that are copied unconfirmed: of one image, in bytes of data where its cloud tells that, else of its size; of an import, in all. */
  maxBytes: number;
  /** Prices of bytes that leave clouds, by their keys; for plans. */
  prices: Readonly<Record<string, { egressPerGiB: number }>>;
  /** Word for the money that they are in. */
  currency?: string | undefined;
}

/** Limits where the configuration says nothing. */
export const MOVE_DEFAULTS: MoveLimits = { minRate: 4 * 2 ** 20, idleSeconds: 120, concurrency: 2, maxBytes: 2 ** 44, prices: {} };

type Context = StepContext<CreateInput>;

/** Place of a request that names what is copied. */
const at = 'imageLocation';

/** Least deadline of a copy, and the greatest that a timer takes, in ms. */
const [LEAST_MS, GREATEST_MS] = [3_600_000, 2_000_000_000];
const SHA256 = /^sha256:([0-9a-f]{64})$/;

interface CopyPlan {
  type: 'MachineImage' | 'VolumeImage';
  group: ImageGroup;
  location: string;
  /** Values that the copy begins with, from those of the image. */
  shows(image: Found): Values;
}

/**
 * Plans the copy of an image into the cloud that the request names.
 * @returns undefined where the location is no image
 * @throws Refusal for what can be told without asking either cloud to do anything
 */
export async function planCopy(context: PlanContext, request: CreateRequest, plan: CopyPlan): Promise<ChangePlan | undefined> {
  const { type, group, location } = plan;
  if (context.catalogue.locate(location)?.type !== type) return undefined;
  const image = await context.resolve(location, type, at, { anywhere: true });
  const { cloud, path } = image;
  if (!cloud) throw new Refusal(400, `${path} stands for images of several clouds: name the one that is to be copied`, { at });
  // Nothing of such a size is sent anywhere without being told where.
  const told = context.entryCloud !== undefined || typeof request.values.cloud === 'string';
  const target = told ? chooseCloud(context, [], request.values) : undefined;
  if (target === undefined || target.key === cloud.key)
    throw new Refusal(400, `${path} is an image in cloud '${cloud.key}': it can be copied into another, which 'cloud' has to name`, { at });
  const key = copiable(image, group, target);
  const by = isReadByCopy(image, cloud, group) ? planReadable(context, image, { cloud, group }) : undefined;
  const from = { cloud: cloud.key, key, path, ...(by?.location === undefined ? {} : { by: { path: by.location, draft: draftOf(by) } }) };
  const { catalogue } = context;
  const facts =
    type === 'MachineImage' ? { ...factsKept(catalogue, target, image.values), ...hardwareOf(catalogue, target, undefined, cloud) } : {};
  const values = { ...facts, ...request.values };
  const made = { type, group, from, shows: plan.shows(image), cpuArch: image.item?.cpuArch };
  const beside = by ? { with: { insert: by.insert ?? [], affected: by.affected } } : {};
  return planCopyTo(target, context, { ...request, values }, { ...made, ...beside });
}

/** Plans the same where source and target were found right before. @param copy.shows values that the copy begins with */
export function planCopyTo(
  target: Cloud,
  context: NewContext,
  request: Pick<CreateRequest, 'values' | 'collection'>,
  copy: Pick<CopyPlan, 'type' | 'group'> & {
    from: NonNullable<CreateInput['from']>;
    /** Resource whose contents the image has; absent: the image itself. */
    of?: ResourcePath | undefined;
    shows: Values;
    cpuArch?: string | undefined;
    /** Rows and paths of the copy that it is read by. */
    with?: CreatePlan['with'];
  },
): ChangePlan {
  const { type, group, from, of, shows } = copy;
  const cpuArch = request.values.cpuArch ?? copy.cpuArch;
  return planCreateAtProvider(context, {
    ...{ workflow: CREATES.copy, type, group, method: 'upload', from },
    ...{ cloud: target, collection: request.collection, naming: request.values, shows },
    ...(copy.with ? { with: copy.with } : {}),
    keeps: { movedFrom: { href: of ?? from.path } },
    request: { ...(group === 'volumeImages' ? shows : {}), ...(cpuArch === undefined ? {} : { cpuArch }) },
    ...{ goal: ['AVAILABLE'], statusMessage: `Waiting to be copied from cloud '${from.cloud}'` },
  });
}

/** Returns the provider key of an image that can be copied. @throws Refusal */
function copiable({ cloud, path, key, values, item }: Found, group: ImageGroup, target: Cloud): string {
  if (cloud?.mode === 'observe')
    throw new Refusal(403, `cloud '${cloud.key}' is only observed: nothing is copied out of it`, { at, kind: 'forbidden' });
  if (cloud?.offers(group, 'download') !== true)
    throw new Refusal(400, `cloud '${cloud?.key ?? ''}' does not give the contents of images`, { at, kind: 'unsupported' });
  if (!target.offers(group, 'upload'))
    throw new Refusal(400, `cloud '${target.key}' takes no images from other places`, { at: 'cloud', kind: 'unsupported' });
  if (key === undefined) throw new Refusal(409, `${path} does not exist at its provider`, { at, kind: 'conflict' });
  if (values.state !== 'AVAILABLE')
    throw new Refusal(409, `an image can be copied while AVAILABLE; ${path} is ${String(values.state)}`, { at, kind: 'conflict' });
  const reason = item?.refuses?.download;
  if (reason !== undefined) throw new Refusal(409, `${path} can't be copied: ${reason}`, { at, kind: 'conflict' });
  return key;
}

/** Reads the image out of its cloud and passes it on to the other, and compares what came there. */
export function copyRow(limits: MoveLimits = MOVE_DEFAULTS, rates = new TransferRates()): CreateRow {
  let running = 0;
  return {
    workflow: CREATES.copy,
    messages: { create: 'Copying the image', ready: 'Waiting for the provider to have it ready', done: 'Copied' },
    before: [makeReadable],
    busy: () => (running >= limits.concurrency ? { wait: LOOK_EVERY_MS, message: 'Waiting for other copies to end' } : undefined),
    find: (context) => whole(context, copiedOf(context)?.point.key),
    async make(context) {
      running += 1;
      try {
        return await copy(limits, rates, context);
      } finally {
        running -= 1;
      }
    },
    parts: [compare, forgetReadable],
  };
}

/** Memory of the create's step, beside what `createOnce` remembers; the version is that of the contents. */
type Copied = CopyPoint & { version: string };

const copiedOf = ({ memory }: Pick<Context, 'memory'>): Copied | undefined => (memory as { copied?: Copied } | null)?.copied;

/** @throws StepFailure for what another attempt would not mend, else ProviderError */
async function copy(limits: MoveLimits, rates: TransferRates, context: Context): Promise<Created | Ongoing> {
  const { input } = context;
  const { from } = input;
  if (!from) throw new StepFailure('the job does not say what it copies', 'internal');
  const group = input.group as ImageGroup;
  const [source, target] = [cloudOf(context.clouds, from.cloud), cloudOf(context.clouds, input.cloud)];
  const asked = stopAsked(context);
  const over = new AbortController();
  const signal = anySignal(context.signal, asked.signal, over.signal);
  const idleMs = limits.idleSeconds * 1000;
  const open = () => source.download(group, readKey(context), { signal, idleMs });
  try {
    const opened = await open().catch((error: unknown) => {
      throw ofSource(error, from.path);
    });
    const { version } = opened;
    const bytes = opened.disk.allocated ?? opened.disk.size;
    if (bytes > Math.max(limits.maxBytes, from.confirmedBytes ?? 0))
      throw new StepFailure(`${from.path} has ${bytes} bytes, more than the ${limits.maxBytes} allowed by move.maxBytes`);
    // Whoever goes on from the middle has to know that it is the middle of the same.
    const earlier = copiedOf(context);
    const resume = version !== undefined && earlier?.version === version ? earlier : undefined;
    const disk = new CopiedDisk(
      pacedDisk(opened.disk, target.rate, signal),
      {
        ...{ idleMs, signal, giveUp: () => over.abort(), report: (progress) => report(context, progress, version) },
        stalled: `cloud '${target.key}' took nothing more of ${from.path} for ${limits.idleSeconds} s`,
        reopen: version === undefined ? undefined : async () => pacedDisk(same(await open(), opened, from.path), target.rate, signal),
      },
      resume,
    );
    const upload: UploadImage['source'] = {
      ...{ size: disk.size, disk, signal, open: () => rawBytes(disk) },
      withinMs: Math.min(GREATEST_MS, Math.max(LEAST_MS, Math.ceil((disk.size / leastRate(limits, [source, target])) * 1000))),
      ...(version === undefined ? {} : { keep: (point, now) => disk.keep(point, now), resume: resume?.point }),
    };
    const request = { ...(input.request as unknown as Omit<UploadImage, 'source' | 'token'>), token: marks(context).token, source: upload };
    const began = performance.now();
    const made = await target.write(group, 'upload', request).catch((error: unknown) => {
      throw disk.failure === undefined ? error : ofSource(disk.failure, from.path, true);
    });
    // What went on from the middle was not all sent in this time.
    if (resume === undefined) rates.note(from.cloud, input.cloud, { bytes: disk.size, ms: performance.now() - began });
    return made;
  } finally {
    asked.end();
    over.abort();
  }
}

/** Key of what is read: the image, or the copy that was made of it. */
const readKey = ({ input, results }: Pick<Context, 'input' | 'results'>): string =>
  typeof results.contents === 'string' ? results.contents : (input.from?.key ?? '');

/** Bytes per second below which a copy is given up: less than the rates of its clouds leave it beside others. */
const leastRate = ({ minRate, concurrency }: MoveLimits, clouds: readonly Cloud[]): number =>
  Math.min(minRate, ...clouds.flatMap(({ rate }) => (rate ? [rate.bytesPerSecond / (2 * concurrency)] : [])));

/** The disk that was opened again. @throws ProviderError (conflict) where it is another by now */
function same(again: DownloadedImage, first: DownloadedImage, path: string): Disk {
  if (again.version === first.version && again.disk.size === first.disk.size) return again.disk;
  throw new ProviderError('conflict', `${path} changed while it was copied`, { maybeDone: false });
}

/**
 * Translates a failure of reading. What may pass is tried again, after looking for what the attempt may have left (`begun`); that it
 * is gone, or may not be read, is the end.
 */
function ofSource(error: unknown, path: string, begun = false): unknown {
  if (!(error instanceof ProviderError)) return error;
  if (!error.passing) return new StepFailure(`${path} could not be read: ${error.message}`, error.kind);
  const { kind, code, requestId, retryAfterMs } = error;
  if (kind === 'notFound') return error;
  return new ProviderError(kind, error.message, { code, requestId, retryAfterMs, maybeDone: begun, cause: error });
}

/**
 * Tells the Job how far it is, and keeps the digest once all is read: an attempt that finds the image whole has read nothing. Where
 * the other side can go on, the step remembers from where.
 */
async function report(
  { report: tell, input, memory }: Context,
  { share, message, digest, reached }: Parameters<CopiedDisk['limits']['report']>[0],
  version: string | undefined,
): Promise<void> {
  const remember = reached && version !== undefined ? { ...(memory as Values | null), copied: { ...reached, version } } : undefined;
  await tell({
    // The rest is for what comes after the last byte.
    progress: Math.floor(95 * share),
    message,
    ...(remember === undefined ? {} : { remember }),
    ...(digest === undefined
      ? {}
      : {
          async apply(unit) {
            const row = await unit.resource(input.path);
            if (row) await unit.updateResource(input.path, undefined, { internal: { ...row.internal, contentDigest: digest } });
          },
        }),
  });
}

/** Compares what was read with what both clouds tell of their contents. */
const compare: CreateStep = {
  name: 'compare',
  message: 'Comparing the contents',
  readOnly: true,
  async run(context) {
    const { input, clouds, store } = context;
    const group = input.group as ImageGroup;
    const read = (await store.resource(input.path))?.internal.contentDigest;
    const known: [string, string][] = typeof read === 'string' ? [['what was read', read]] : [];
    for (const [key, image] of [
      [input.from?.cloud ?? '', readKey(context)],
      [input.cloud, madeKey(context)],
    ] as const) {
      const { value } = await cloudOf(clouds, key).get(group, image, { maxAgeMs: 0 });
      if (value?.contentDigest !== undefined) known.push([`cloud '${key}'`, value.contentDigest]);
    }
    const [first, ...others] = known;
    const same = others.filter(([, digest]) => formOf(digest) === formOf(first?.[1] ?? ''));
    const other = same.find(([, digest]) => digest !== first?.[1]);
    if (first && other)
      throw new StepFailure(
        `the contents of ${input.path} are not those of ${input.from?.path ?? ''}: ${first[0]} is ${first[1]}, of ${other[0]} ${other[1]}`,
        'unavailable',
      );
    const sha256 = SHA256.exec(first?.[1] ?? '')?.[1];
    const by = same.length > 0 ? `compared with ${same.map(([who]) => who).join(' and ')}` : 'which no cloud tells of by itself';
    return {
      done: null,
      ...(first ? { note: `digest of the contents ${first[1]}, ${by}` } : { note: 'no cloud tells a digest of the contents' }),
      async apply(unit) {
        const row = await unit.resource(input.path);
        if (!row || sha256 === undefined) return;
        const internal = { ...row.internal, kept: { ...keptOf(row.internal), contentSha256: sha256 } };
        await unit.updateResource(input.path, undefined, { internal });
      },
    };
  },
};

const formOf = (digest: string): string => digest.slice(0, digest.indexOf(':'));
