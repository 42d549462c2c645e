import { ProviderError, type ErrorKind } from '../clouds/errors';
import type { Created, Ongoing, UploadImage } from '../clouds/driver';
import { isProblem, type Fetcher } from '../fetch/fetcher';
import { FetchBroken, type FetchProblem } from '../fetch/problem';
import { cloudOf, StepFailure, type StepContext } from '../jobs/workflow';
import type { Values } from '../model/values';
import { Refusal, type CreateRequest, type Plan, type PlanContext } from './family';
import { chooseCloud } from './placement';
import { CREATES, type CreateInput } from './create-input';
import { planCreateAtProvider } from './create-plan';
import { marks, type CreateRow } from './create-row';
import { madeHere } from './undo-create';

/** Images from other places: an `imageLocation` that is no resource of this gateway (DSP0263 5.14.7.1, 5.15.8.1). */

type ImageGroup = 'machineImages' | 'volumeImages';

type Context = StepContext<CreateInput>;

/** How a problem of fetching ends a Job or refuses a request. */
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

/** How often it is looked whether the Job was asked to stop, ms. */
const LOOK_EVERY_MS = 1_000;

/** Whether a location names something elsewhere, rather than a resource of this gateway (those are relative by now). */
export const isElsewhere = (location: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(location);

export interface UploadPlan {
  type: string;
  group: ImageGroup;
  location: string;
  /** What the image shows until the provider shows more. */
  shows: Values;
  request: Values;
}

/**
 * Plans an image from another place, as far as can be told without the network.
 * @throws Refusal 400 or 403 with the rule that forbids it; 400 where the cloud takes no such images.
 */
export function planUpload(fetcher: Fetcher, context: PlanContext, request: CreateRequest, plan: UploadPlan): Plan {
  const problem = fetcher.check(plan.location);
  if (problem) {
    const { kind, status } = KINDS[problem.kind];
    throw new Refusal(status, `imageLocation: ${problem.words}`, { kind });
  }
  const cloud = chooseCloud(context, [], request.values);
  if (!cloud.offers(plan.group, 'upload'))
    throw new Refusal(400, `imageLocation: cloud '${cloud.key}' takes no images from other places`, { kind: 'unsupported' });
  return planCreateAtProvider(context, {
    ...{ workflow: CREATES.upload, type: plan.type, group: plan.group, method: 'upload', uri: plan.location },
    ...{ cloud, collection: request.collection, naming: request.values, shows: plan.shows, request: plan.request },
    ...{ goal: ['AVAILABLE'], statusMessage: 'Waiting to be fetched' },
  });
}

/** Fetches an image and passes it to the provider, byte by byte; begun again from the start wherever it was broken off. */
export function uploadRow(fetcher: Fetcher): CreateRow {
  return {
    workflow: CREATES.upload,
    words: { create: 'Fetching the image for the provider', ready: 'Waiting for the provider to have it ready', done: 'Created' },
    busy: () => (fetcher.busy() ? { wait: LOOK_EVERY_MS, message: 'Waiting for other images to be fetched' } : undefined),
    find: whole,
    make: (context) => transfer(fetcher, context),
  };
}

/** What earlier attempts of this Job completed; what they left half done is deleted. */
async function whole(context: Context) {
  const { group } = context.input;
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const complete = (await cloud.find(group, marks(context))).filter((item) => item.values.state === 'AVAILABLE');
  const { ours, ageless } = await madeHere(context, group, marks(context));
  const half = [...ours, ...ageless].filter((key) => !complete.some((item) => item.key === key));
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
    const opened = await fetcher.open(input.uri ?? '', { signal: AbortSignal.any([context.signal, asked.signal]) });
    if (isProblem(opened)) throw failureOf(opened);
    let problem: FetchProblem | undefined;
    const source: UploadImage['source'] = {
      ...(opened.size === undefined ? {} : { size: opened.size }),
      withinMs: opened.withinMs,
      open: () => watched(opened.bytes(), (seen) => (problem = seen)),
    };
    try {
      const request = { ...(input.request as unknown as Omit<UploadImage, 'source' | 'token'>), token: marks(context).token, source };
      return await cloud.write(input.group as ImageGroup, 'upload', request);
    } catch (error) {
      // Whatever the driver makes of it: the bytes are what failed.
      throw problem ? failureOf(problem) : error;
    } finally {
      opened.close();
    }
  } finally {
    asked.end();
  }
}

/** Aborted once the Job was asked to stop, which no boundary of steps would show while the bytes flow (or do not). */
function stopAsked({ store, job }: Context): { signal: AbortSignal; end(): void } {
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

/** What was stopped is taken up again (another process, an undo); all else ends the Job. */
function failureOf({ kind, words }: FetchProblem): Error {
  if (kind === 'stopped') return new ProviderError('unavailable', words, { maybeDone: true });
  return new StepFailure(`imageLocation: ${words}`, KINDS[kind].kind);
}
