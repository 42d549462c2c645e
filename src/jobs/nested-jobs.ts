import { HeldError, UNFINISHED, type JobRow } from '../store/store';
import {
  attemptsAfterAnswer,
  childId,
  hook,
  HookFault,
  release,
  write,
  writeMemory,
  type Attempt,
  type JobRun,
  type StepMemory,
} from './job-run';
import { requestStop } from './stop';
import { StepFailure, type Nested, type StepContext } from './workflow';

/** A parent is notified when its last child ends; should that be lost, it is due again after this long. */
const LOOK_AGAIN_MS = 2_000;

type Ended = NonNullable<StepContext['nested']>;

/**
 * Makes the nested Jobs a step asked for, in one transaction with its store changes and the parent's wait.
 * @throws HookFault when the step has made its children already, its changes fail, or a child's resource is being changed.
 */
export async function makeChildren(run: JobRun, { row, step, memory }: Attempt, outcome: Nested): Promise<undefined> {
  const { nested: wanted, apply, affected } = outcome;
  if (memory.children) throw new HookFault(new Error(`the step ${step.name} asked for nested jobs a second time`));
  const children = wanted.map((child, index) => ({ ...child, id: childId(row.id, step.name, row.undoing, index) }));
  await release(run, row, children.length === 0 ? 0 : LOOK_AGAIN_MS, (released) =>
    write(run, async (unit) => {
      await hook(async () => {
        await apply?.(unit);
        for (const child of children) {
          const { tenant, principal, requestId } = row;
          await unit.insertJob({ ...child, parent: row.id, tenant, principal, requestId }).catch(asStepFailure);
        }
      });
      return unit.advanceJob(row.id, row.epoch, {
        step: step.name,
        attempts: attemptsAfterAnswer(row),
        memory: writeMemory({ ...memory, children: children.map((child) => child.id) }),
        statusMessage: step.message,
        ...(affected && { affected: [...new Set([...row.affected, ...affected])] }),
        ...released,
      });
    }),
  );
  await Promise.all(children.map((child) => run.engine.queue.notify(child.id)));
  return undefined;
}

function asStepFailure(error: unknown): never {
  if (error instanceof HeldError) throw new StepFailure(error.message, 'conflict');
  throw error;
}

/**
 * Reads how the nested Jobs of the step in progress ended.
 * @param stop true: those that have not ended are asked to stop
 * @returns 'waiting' while one has not ended, undefined when the step has none.
 */
export async function childrenOf(run: JobRun, row: JobRow, memory: StepMemory, stop: boolean): Promise<Ended | 'waiting' | undefined> {
  const { store, queue, workflows } = run.engine;
  if (!memory.children) return undefined;
  if (memory.children.length === 0) return [];
  const unfinished = await store.jobs({ parent: row.id, states: UNFINISHED, ...(stop ? {} : { limit: 1 }) });
  if (unfinished.length > 0) {
    if (stop) await Promise.all(unfinished.map((child) => requestStop(store, queue, child.id, workflows)));
    return 'waiting';
  }
  return Promise.all(
    memory.children.map(async (id) => {
      const child = await store.job(id);
      return {
        id,
        state: child?.state ?? 'FAILED',
        statusMessage: child?.statusMessage ?? 'the job was removed before its end was read',
        ...(child?.failure ? { kind: child.failure.kind } : {}),
        ...(child?.failure?.left ? { left: true } : {}),
      };
    }),
  );
}

/** Releases the parent until its children have ended: it waits for a due time and keeps no worker. */
export function waitForChildren(run: JobRun, row: JobRow): Promise<undefined> {
  return release(run, row, LOOK_AGAIN_MS, { attempts: attemptsAfterAnswer(row) });
}
