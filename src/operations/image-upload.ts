import type { Cloud, ImageGroup } from '../clouds/cloud';
import { ProviderError, type ErrorKind } from '../clouds/errors';
import { pacedBytes } from '../clouds/rate';
import type { Created, Ongoing, UploadImage } from '../clouds/driver';
import { isProblem, type Fetcher } from '../fetch/fetcher';
import { FetchBroken, type FetchProblem } from '../fetch/problem';
import { cloudOf, StepFailure, type StepContext } from '../jobs/workflow';
import type { Values } from '../model/values';
import { Refusal, type CreateRequest, type ChangePlan, type PlanContext } from './resource-handler';
import { chooseCloud } from './placement';
import { unpacked } from './packed-disk';
import { openParts, refusalOf } from './packed-parts';
import { DiskError } from '../disks/error';
import { CREATES, type CreateInput } from './create-input';
import { planCreateAtProvider, type NewContext } from './create-plan';
import { marks, type CreateRow } from './create-row';
import { madeHere } from './undo-create';
import { anySignal } from '../model/any-signal';

/** Images from other places: an `imageLocation` that is no resource of this gateway (DSP0263 5.14.7.1, 5.15.8.1). */

type Context = StepContext<CreateInput>;

/** Statuses and kinds by which a problem of fetching ends a Job or refuses a request. */
const KINDS: Readonly<Record<FetchProblem['kind'], { kind: ErrorKind; status: number }>> = {
  off: { kind: 'unsupported', status: 400 },
  invalid: { kind: 'invalid', status: 400 },
  scheme: { kind: 'forbidden', status: 403 },
  host: { kind: 'forbidden', status: 403 },
  address: { kind: 'forbidden', status: 403 },
  redirects: { kind: 'forbidden', status: 403 },
  unreachable: { kind: 'unavailable', status: 400 },
  answer: { kind: 'invalid', status: 400 },
  size: { kind: 'invalid', status: 400 },
  timeout: { kind: 'timeout', status: 400 },
  stopped: { kind: 'unavailable', status: 400 },
};

/** Interval at which it is looked whether the Job was asked to stop, in ms. */
export const LOOK_EVERY_MS = 1_000;

/** Tells whether a location names something elsewhere, rather than a resource of this gateway (those are relative by now). */
export const isElsewhere = (location: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(location);

/** The refusal of a request that names what may not be fetched. @param at the request's place that names it */
export function fetchRefusal(problem: FetchProblem, at: string): Refusal {
  const { kind, status } = KINDS[problem.kind];
  return new Refusal(status, problem.message, { at, kind });
}

export interface UploadPlan {
  type: string;
  group: ImageGroup;
  location: string;
  packed?: CreateInput['packed'];
  /** Values that the image shows until the provider shows more. */
  shows: Values;
  request: Values;
}

/**
 * Plans an image from another place, as far as can be told without the network.
 * @throws Refusal 400 or 403 with the rule that forbids it; 400 where the cloud takes no such images.
 */
export function planUpload(fetcher: Fetcher, context: PlanContext, request: CreateRequest, plan: UploadPlan): ChangePlan {
  const problem = fetcher.check(plan.location);
  if (problem) throw fetchRefusal(problem, 'imageLocation');
  const cloud = chooseCloud(context, [], request.values);
  if (!cloud.offers(plan.group, 'upload'))
    throw new Refusal(400, `cloud '${cloud.key}' takes no images from other places`, { at: 'imageLocation', kind: 'unsupported' });
  return planUploadTo(cloud, context, request, plan);
}

/** The same where cloud and location were found right before. */
export function planUploadTo(
  cloud: Cloud,
  context: NewContext,
  request: Pick<CreateRequest, 'values' | 'collection'>,
  plan: UploadPlan,
): ChangePlan {
  const { type, group, location, packed, shows } = plan;
  const { cpuArch } = request.values;
  const wanted = { ...plan.request, ...(cpuArch === undefined ? {} : { cpuArch }) };
  return planCreateAtProvider(context, {
    ...{ workflow: CREATES.upload, type, group, method: 'upload', uri: location, ...(packed ? { packed } : {}) },
    ...{ cloud, collection: request.collection, naming: request.values, shows, request: wanted },
    ...{ goal: ['AVAILABLE'], statusMessage: 'Waiting to be fetched' },
  });
}

/** Fetches an image and passes it to the provider, byte by byte; begun again from the start wherever it was broken off. */
export function uploadRow(fetcher: Fetcher): CreateRow {
  return {
    workflow: CREATES.upload,
    messages: { create: 'Fetching the image for the provider', ready: 'Waiting for the provider to have it ready', done: 'Created' },
    busy: () => (fetcher.busy() ? { wait: LOOK_EVERY_MS, message: 'Waiting for other images to be fetched' } : undefined),
    find: (context) => whole(context),
    make: (context) => transfer(fetcher, context),
  };
}

/**
 * Returns what earlier attempts of this Job completed; deletes what they left half done.
 * @param kept key of what is to be gone on with
 */
export async function whole(context: Context, kept?: string) {
  const { group } = context.input;
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const complete = (await cloud.find(group, marks(context))).filter((item) => item.values.state === 'AVAILABLE');
  const { ours, ageless } = await madeHere(context, group, marks(context));
  const half = [...ours, ...ageless].filter((key) => key !== kept && !complete.some((item) => item.key === key));
  // Where the provider takes its time over it, nobody has to wait: the next attempt looks again.
  for (const key of half) await cloud.write(group, 'delete', key);
  return complete;
}

/** @throws StepFailure for what is wrong with the source, ProviderError for the rest. */
async function transfer(fetcher: Fetcher, context: Context): Promise<Created | Ongoing> {
  const { input } = context;
  const cloud = cloudOf(context.clouds, input.cloud);
  const asked = stopAsked(context);
  try {
    const asking = { fetcher, uri: input.uri ?? '', signal: anySignal(context.signal, asked.signal) };
    const opened = await (input.packed ? openParts(asking, input.packed) : fetcher.open(asking.uri, asking));
    if (isProblem(opened)) throw fetchFailure(opened, 'imageLocation');
    let problem: FetchProblem | DiskError | undefined;
    const bytes = () => watched(pacedBytes(opened.bytes(), cloud.rate, asking.signal), (seen) => (problem = seen));
    try {
      const content = input.packed
        ? await unpacked(bytes(), input.packed, (seen) => (problem ??= seen))
        : { ...(opened.size === undefined ? {} : { size: opened.size }), open: bytes };
      const source: UploadImage['source'] = { ...content, withinMs: opened.withinMs };
      const request = { ...(input.request as unknown as Omit<UploadImage, 'source' | 'token'>), token: marks(context).token, source };
      return await cloud.write(input.group as ImageGroup, 'upload', request);
    } catch (error) {
      // Whatever the driver makes of it: the bytes are what failed.
      const cause = problem ?? (error instanceof DiskError ? error : undefined);
      if (cause instanceof DiskError)
        throw new StepFailure(`imageLocation: ${input.packed ? refusalOf(cause, input.packed) : cause.message}`);
      throw cause ? fetchFailure(cause, 'imageLocation') : error;
    } finally {
      opened.close();
    }
  } finally {
    asked.end();
  }
}

/** Aborted once the Job was asked to stop, which no boundary of steps would show while the bytes flow (or do not). */
export function stopAsked({ store, job }: Pick<StepContext<unknown>, 'store' | 'job'>): { signal: AbortSignal; end(): void } {
  const stop = new AbortController();
  const look = async () => {
    const row = await store.job(job.id);
    if (row?.state === 'STOPPING') stop.abort();
  };
  // Without its store a Job cannot be recorded: the transfer is given up and taken up again.
  const timer = setInterval(() => void look().catch((error: unknown) => stop.abort(error)), LOOK_EVERY_MS);
  return { signal: stop.signal, end: () => clearInterval(timer) };
}

/** The bytes; tells why they break off. */
async function* watched(bytes: AsyncIterable<Uint8Array>, tell: (problem: FetchProblem) => void): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    if (error instanceof FetchBroken) tell(error.problem);
    throw error;
  }
}

/**
 * Translates a problem of fetching: what was stopped is taken up again (another process, an undo); all else ends the Job.
 * @param at the request's place that named what was to be fetched
 */
export function fetchFailure({ kind, message }: FetchProblem, at: string): Error {
  if (kind === 'stopped') return new ProviderError('unavailable', message, { maybeDone: true });
  return new StepFailure(`${at}: ${message}`, KINDS[kind].kind);
}
