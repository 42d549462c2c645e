import { isOngoing, type WorkHandle, type Ongoing } from '../clouds/driver';
import { HandleForgotten, ProviderError } from '../clouds/errors';
import type { Value } from '../model/values';
import { pauseOf } from './poll';
import type { StepContext, Wait } from './workflow';

/** Something found at the provider that carries this Job's token or tag. */
export interface TaggedThing {
  key: string;
  /** The provider's own creation time, RFC 3339. */
  created?: string | undefined;
  /** True where its create was cut off half-way: the same create, called again, goes on with it. */
  unfinished?: boolean | undefined;
}

export interface CreateCalls {
  /** Longest time that a write may stay invisible to reads at this provider, ms. */
  settleMs: number;
  /** Everything that carries the token of this create; empty where nothing shows (yet). */
  find(): Promise<readonly TaggedThing[]>;
  /** The create itself, sending the token; its parameters come from the Job's input and earlier results only. */
  create(): Promise<{ key: string } | Ongoing>;
  /** Asks how far a create is that the provider goes on with by itself. */
  poll(handle: WorkHandle): Promise<{ key: string } | Ongoing>;
  /** An operator's limit on waiting for it, ms. */
  atMostMs?: number | undefined;
}

/** Result of a create that happens once; a type alias, so that it is a Value. */
export type CreateResult = {
  /** Key of what is kept. */
  key: string;
  /** True when it was found rather than made by this attempt. */
  found: boolean;
  /** Attempts it took: above 1, an earlier one may still show its effect late. */
  attempts: number;
  /** Number of these calls that never answered; absent: none. */
  unanswered?: number;
  /** Duplicates, which carry the same token: the doubled effect of lost answers, or somebody's clones (see `splitDuplicates`). */
  twins: { key: string; created: string | null }[];
};

type Attempt = Pick<StepContext, 'attempt' | 'elapsedMs' | 'unanswered'>;

export type CreateOutcome = { done: CreateResult } | Wait;

/** Between two attempts: which of them all was looked for after, and the provider's work under way. */
type Memory = { looked?: number; ongoing?: WorkHandle };

/**
 * Creates at most once, whatever answers were lost. The first attempt creates. Any later one, which means that an
 * earlier one may have taken effect, looks first, releases the Job for the settle time, looks again, and only then
 * creates; what it finds unfinished it goes on with. Whether the looking was done is remembered together with the
 * attempt it was done for: one more attempt without an end, and all is looked for again. What the provider answers by a
 * handle is polled at due times, by whichever process has the Job. Once the patience with calls that never answer is
 * spent, it only looks.
 * @returns the step's outcome; spread it to add `apply` and `affected`.
 * @throws ProviderError from `find`, `create` and `poll`; a conflict only when nothing of this token is found.
 */
export async function createOnce(context: Attempt & Pick<StepContext, 'memory'>, calls: CreateCalls): Promise<CreateOutcome> {
  const memory = memoryOf(context.memory);
  const { attempt } = context;
  if (memory.ongoing) return pollCreate(context, memory, calls);
  if (attempt > 1) {
    const found = await calls.find();
    const whole = found.filter(isWhole);
    if (whole.length > 0) return foundOutcome(whole, context);
    if (found.length === 0 && calls.settleMs > 0 && memory.looked !== attempt) {
      const message = 'looking for what an earlier attempt may have made';
      return { wait: calls.settleMs, remember: { ...memory, looked: attempt }, message, retrying: true };
    }
    throwIfPatienceSpent(context);
  }
  return outcomeOf(context, memory, calls, () => calls.create());
}

async function pollCreate(context: Attempt, memory: Memory, calls: CreateCalls): Promise<CreateOutcome> {
  const { ongoing, ...before } = memory;
  try {
    return await outcomeOf(context, before, calls, () => calls.poll(ongoing ?? {}));
  } catch (error) {
    if (!(error instanceof HandleForgotten)) throw error;
    return { wait: 0, remember: before, message: error.message, retrying: true, unanswered: true };
  }
}

async function outcomeOf(
  context: Attempt,
  memory: Memory,
  calls: CreateCalls,
  ask: () => Promise<{ key: string } | Ongoing>,
): Promise<CreateOutcome> {
  try {
    const outcome = await ask();
    if (!isOngoing(outcome)) return { done: { key: outcome.key, found: false, ...countsOf(context), twins: [] } };
    const { ongoing, message, progress } = outcome;
    return {
      wait: pauseOf(context, { atMostMs: calls.atMostMs }, message),
      remember: { ...memory, ongoing },
      ...(message === undefined ? {} : { message }),
      ...(progress === undefined ? {} : { progress }),
    };
  } catch (error) {
    // A provider that refuses a duplicate by its name has the first one.
    if (!(error instanceof ProviderError) || error.kind !== 'conflict') throw error;
    const found = (await calls.find()).filter(isWhole);
    if (found.length === 0) throw error;
    return foundOutcome(found, context);
  }
}

const isWhole = ({ unfinished }: TaggedThing): boolean => unfinished !== true;

function memoryOf(memory: Value): Memory {
  return typeof memory === 'object' && memory !== null && !Array.isArray(memory) ? (memory as Memory) : {};
}

/** The oldest by the provider's clock is kept; of equals (or unknown ages), the first by key. */
function foundOutcome(found: readonly TaggedThing[], context: Attempt): CreateOutcome {
  const [kept, ...others] = [...found].sort((a, b) => ageOf(a) - ageOf(b) || (a.key < b.key ? -1 : 1));
  if (!kept) throw new Error('nothing found');
  const twins = others.map(({ key, created }) => ({ key, created: created ?? null }));
  return { done: { key: kept.key, found: true, ...countsOf(context), twins } };
}

function countsOf({ attempt, unanswered }: Attempt): Pick<CreateResult, 'attempts' | 'unanswered'> {
  return { attempts: attempt, ...(unanswered && unanswered.count > 0 ? { unanswered: unanswered.count } : {}) };
}

/**
 * The end of sending a call again of which no attempt ever answered.
 * @throws ProviderError once the patience with such calls is spent; it is not passing any more
 */
export function throwIfPatienceSpent({ unanswered }: Pick<StepContext, 'unanswered'>): void {
  if (!unanswered?.spent) return;
  const message = `given up: ${unanswered.count === 1 ? 'a call' : `${unanswered.count} calls`} never answered, and nothing shows that one took effect`;
  throw new ProviderError('timeout', message, { maybeDone: true, lasting: true });
}

function ageOf({ created }: TaggedThing): number {
  const time = created === undefined ? Number.NaN : Date.parse(created);
  return Number.isNaN(time) ? Number.MAX_SAFE_INTEGER : time;
}

/**
 * Tells duplicates that this Job made (created within its attempts, by the provider's own clock) and that it may
 * therefore delete, from those that can only be reported: people clone machines with their tags.
 * @param from when the Job was created; @param to the latest end of its attempts; both RFC 3339.
 * @param skewMs how far the provider's clock may be off, ms.
 */
export function splitDuplicates(
  twins: CreateResult['twins'],
  from: string,
  to: string,
  skewMs = 2_000,
): { ours: readonly string[]; foreign: readonly string[] } {
  const begin = Date.parse(from) - skewMs;
  const end = Date.parse(to) + skewMs;
  const isOurs = ({ created }: CreateResult['twins'][number]): boolean => {
    const time = created === null ? Number.NaN : Date.parse(created);
    return time >= begin && time <= end;
  };
  return {
    ours: twins.filter(isOurs).map(({ key }) => key),
    foreign: twins.filter((twin) => !isOurs(twin)).map(({ key }) => key),
  };
}
