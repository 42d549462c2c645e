import { HeldError, type JobRow } from '../store/store';
import { childId, type Hand } from './context';
import { answered, giveBack } from './settle';
import { writeMemory, type StepMemory } from './step-memory';
import { requestStop, UNFINISHED } from './stop';
import { hook, HookFault, write } from './write';
import { StepFailure, type Step, type StepContext, type StepOutcome } from './workflow';

/** A parent is told when its last child ends; should that be lost, it looks after this long. */
const LOOK_AGAIN_MS = 2_000;

type Nested = NonNullable<StepContext['nested']>;
type Wanted = Extract<StepOutcome, { nested: unknown }>['nested'];

/**
 * Makes the nested Jobs a step asked for, in one transaction with the parent's wait.
 * @throws HookFault when the step has made its children already, or a child's resource is being changed.
 */
export async function makeChildren(hand: Hand, row: JobRow, step: Step, memory: StepMemory, wanted: Wanted): Promise<undefined> {
  if (memory.children) throw new HookFault(new Error(`the step ${step.name} asked for nested jobs a second time`));
  const children = wanted.map((child, index) => ({ ...child, id: childId(row.id, step.name, row.undoing, index) }));
  await giveBack(hand, row, children.length === 0 ? 0 : LOOK_AGAIN_MS, (release) =>
    write(hand, async (unit) => {
      await hook(async () => {
        for (const child of children) {
          await unit.insertJob({ ...child, parent: row.id, tenant: row.tenant, principal: row.principal }).catch(asStepFailure);
        }
      });
      return unit.advanceJob(row.id, row.epoch, {
        step: step.name,
        attempts: answered(row),
        memory: writeMemory({ ...memory, children: children.map((child) => child.id) }),
        statusMessage: step.words,
        ...release,
      });
    }),
  );
  await Promise.all(children.map((child) => hand.kit.queue.tell(child.id)));
  return undefined;
}

function asStepFailure(error: unknown): never {
  if (error instanceof HeldError) throw new StepFailure(error.message, 'conflict');
  throw error;
}

/**
 * How the children of the step in progress ended.
 * @param stop asks those that have not ended to stop.
 * @returns 'waiting' while one has not ended, undefined when the step has none.
 */
export async function childrenOf(hand: Hand, row: JobRow, memory: StepMemory, stop: boolean): Promise<Nested | 'waiting' | undefined> {
  const { store, queue, workflows } = hand.kit;
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
        ...(child?.failure?.left ? { left: true } : {}),
      };
    }),
  );
}

/** The parent's wait for its children: a due time, not a slot. */
export function waitForChildren(hand: Hand, row: JobRow): Promise<undefined> {
  return giveBack(hand, row, LOOK_AGAIN_MS, (release) =>
    write(hand, (unit) => unit.advanceJob(row.id, row.epoch, { attempts: answered(row), ...release })),
  );
}
