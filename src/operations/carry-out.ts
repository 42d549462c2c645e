import { createHash } from 'node:crypto';
import type { Cloud, WriteGroups } from '../clouds/cloud';
import { isOngoing, type WorkHandle, type ListedGroup, type Ongoing } from '../clouds/driver';
import { HandleForgotten, ProviderError } from '../clouds/errors';
import { throwIfPatienceSpent } from '../jobs/idempotent-create';
import { pauseOf } from '../jobs/poll';
import { cloudOf, type StepContext, type Wait } from '../jobs/workflow';
import type { Value, Values } from '../model/values';

/** A group of things that are made at a provider and listed as resources. */
export type MadeGroup = keyof WriteGroups & ListedGroup;

/** A write of a driver whose group and method are known as data. */
export interface Call {
  group: keyof WriteGroups;
  method: string;
  args: readonly Value[];
}

/** Digests of the calls of one step: those that have ended, and the one under way, or of unknown end. */
type Memory = { ended: readonly string[]; current?: string; ongoing?: WorkHandle };

type Context = StepContext<{ cloud: string }>;

/** Carries one write out to its end at the provider, see carryOutAll. */
export function carryOut(context: Context, group: Call['group'], method: string, args: readonly Value[]): Promise<{ done: Value } | Wait> {
  return carryOutAll(context, [{ group, method, args }]);
}

/**
 * Carries writes out one after the other, each to its end at the provider: where one is answered by a handle, the step
 * gives its slot up and polls at due times, in whichever process. What has ended is not sent again by a later attempt of
 * the step, which may give other calls; and nothing is repeated without the driver being told that an earlier attempt may
 * have taken effect.
 * @returns the result of the last call, or the step's wait
 * @throws ProviderError of a call that failed; LeftUnderWay at the operator's limit
 */
export async function carryOutAll(context: Context, calls: readonly Call[]): Promise<{ done: Value } | Wait> {
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const memory = memoryOf(context.memory);
  const ended = [...memory.ended];
  let result: Value = null;
  for (const call of calls) {
    const id = digest(call);
    if (ended.includes(id)) continue;
    const mine = memory.current === id ? memory : undefined;
    if (mine && !mine.ongoing) throwIfPatienceSpent(context);
    let outcome: unknown;
    try {
      outcome = mine?.ongoing ? await polled(cloud, call.group, mine.ongoing) : await send(context, call, mine !== undefined);
    } catch (error) {
      if (!(error instanceof HandleForgotten)) throw error;
      return { wait: 0, remember: { ended, current: id }, message: error.message, retrying: true, unanswered: true };
    }
    if (isOngoing(outcome)) {
      const { ongoing, message, progress } = outcome;
      return {
        wait: pauseOf(context, { atMostMs: cloud.waitAtMostMs }, message),
        remember: { ended, current: id, ongoing },
        ...(message === undefined ? {} : { message }),
        ...(progress === undefined ? {} : { progress }),
      };
    }
    ended.push(id);
    result = (outcome as Value | undefined) ?? null;
  }
  return { done: result };
}

function digest({ group, method, args }: Call): string {
  return createHash('sha256')
    .update(JSON.stringify([group, method, args]))
    .digest('hex')
    .slice(0, 12);
}

/** Sends one create (or capture) once; see createOnce. */
export async function makeAt(context: Context, group: Call['group'], method: string, request: Values): Promise<{ key: string } | Ongoing> {
  return (await send(context, { group, method, args: [request as Value] }, false)) as { key: string } | Ongoing;
}

/** Looks how far a create is that the provider goes on with. */
export async function pollAt(context: Context, group: Call['group'], handle: WorkHandle): Promise<{ key: string } | Ongoing> {
  const outcome = await polled(cloudOf(context.clouds, context.input.cloud), group, handle);
  if (outcome === undefined) throw new ProviderError('unavailable', 'the provider ended without telling what it made', { maybeDone: true });
  return outcome;
}

/** Asks how far work is. Asking changes nothing: where no answer comes, nothing may have been done by it. */
export async function polled(cloud: Cloud, group: Call['group'], handle: WorkHandle): Promise<Ongoing | { key: string } | undefined> {
  try {
    return await cloud.poll(group, handle);
  } catch (error) {
    if (!(error instanceof ProviderError) || error instanceof HandleForgotten || !error.maybeDone) throw error;
    throw error.notDone();
  }
}

async function send(context: Context, { group, method, args }: Call, lost: boolean): Promise<unknown> {
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const again = lost || context.attempt > 1;
  // One visible cast for the whole house: the method is known only as data.
  const write = (again ? cloud.repeat.bind(cloud, Date.now() - context.elapsedMs) : cloud.write.bind(cloud)) as unknown as (
    group: string,
    method: string,
    ...args: readonly Value[]
  ) => Promise<unknown>;
  return write(group, method, ...args);
}

function memoryOf(memory: Value): Memory {
  const known = typeof memory === 'object' && memory !== null && !Array.isArray(memory) ? (memory as Partial<Memory>) : {};
  return { ...known, ended: known.ended ?? [] };
}
