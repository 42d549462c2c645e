import { childId } from '../jobs/job-run';
import { pauseOf } from '../jobs/poll';
import { cloudOf, type Step, type StepContext, type Workflow } from '../jobs/workflow';
import { ACTION } from '../model/define';
import type { Value, Values } from '../model/values';
import { isFinished, type ResourcePath, type UnitOfWork } from '../store/store';
import type { MadeGroup } from './carry-out';
import { alarmEvent, stateEvent, subjectOf } from './events';
import { note } from './look-again';

interface LateCallInput {
  cloud: string;
  group: MadeGroup;
  path: ResourcePath;
  key: string;
  /** Method that was called, and the states it leads to. */
  method: string;
  goal: readonly string[];
  /** The Job whose call it was. */
  of: string;
}

/** Interval at which it is looked whether the resource is left alone, in ms. */
const LOOK_EVERY_MS = 1_000;
/** Delay before it is first looked whether the call has taken effect, in ms. */
const FIRST_LOOK_MS = 5_000;

type Seen = { state: string; late: boolean };

const quiet: Step<LateCallInput> = {
  name: 'quiet',
  message: 'Waiting until nobody changes the resource',
  readOnly: true,
  async run({ input, store }) {
    const job = await store.job(input.of);
    const held = (await store.holds([input.path])).size > 0;
    return held || (job && !isFinished(job)) ? { wait: LOOK_EVERY_MS } : { done: null };
  },
};

const look: Step<LateCallInput> = {
  name: 'look',
  message: 'Looking whether the late call has changed the state',
  readOnly: true,
  async run(context) {
    const { input, store } = context;
    const { value: item } = await cloudOf(context.clouds, input.cloud).get(input.group, input.key, { maxAgeMs: 0 });
    const state = String(item?.values.state ?? '');
    const row = await store.resource(input.path);
    if (!item || !row) return { done: { state, late: false } satisfies Seen };
    if (state.endsWith('ING')) return { wait: pauseOf(context, {}, undefined) };
    const became = Array.isArray(row.internal.became) ? row.internal.became : input.goal;
    const late = input.goal.includes(state) && !became.includes(state);
    const done: Seen = { state, late };
    return late ? { done, apply: (unit) => tell(unit, input, state, became.join(' or ')) } : { done };
  },
};

async function tell(unit: UnitOfWork, { path, method, of }: LateCallInput, state: string, before: string): Promise<void> {
  const row = await unit.resource(path);
  if (!row) return;
  const message = `${method} took effect late, after another job had brought it to ${before}: it is ${state}`;
  const subject = subjectOf(row);
  await unit.recordEvent(stateEvent(subject, state, { job: of }));
  await unit.recordEvent(alarmEvent(subject, 'lateCall', { detail: message, job: of, severity: 'high' }));
  await note(unit, of, message);
}

/**
 * Tells, by an event on the resource and on the Job, that a call of a worker that had lost its lease took effect after the
 * Jobs that came after it: the state is then not what the last of them left.
 */
export const lateCall: Workflow<LateCallInput> = {
  name: 'provider.lateCall',
  version: 1,
  unstoppable: true,
  steps: [quiet, look],
  succeeded({ input, results }) {
    const { state, late } = results.look as Seen;
    const message = late
      ? `${input.method} of jobs/${input.of} took effect late: it is ${state}`
      : `${input.method} of jobs/${input.of} changed nothing late`;
    return Promise.resolve({ message });
  },
};

/** Starts a Job that looks whether a call takes effect late; once for each call of a Job. */
export function watchLate(
  { job, input }: Pick<StepContext<{ cloud: string; group: MadeGroup; path: ResourcePath }>, 'job' | 'input'>,
  key: string,
  call: { method: string; goal: readonly string[] },
): (unit: UnitOfWork) => Promise<void> {
  return async (unit) => {
    const id = childId(job.id, `late ${call.method}`, false, 0);
    if (await unit.job(id)) return;
    const late: LateCallInput = {
      ...{ cloud: input.cloud, group: input.group, path: input.path, key, of: job.id },
      ...{ method: call.method, goal: call.goal },
    };
    await unit.insertJob({
      ...{ id, tenant: job.tenant, principal: job.principal, action: ACTION + call.method, target: input.path, affected: [input.path] },
      ...{ workflow: lateCall.name, workflowVersion: lateCall.version, input: late as unknown as Values as Value },
      due: (await unit.now()) + FIRST_LOOK_MS,
      statusMessage: `Looks whether ${call.method} of jobs/${job.id} takes effect late`,
    });
  };
}
