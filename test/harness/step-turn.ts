import { tokenOf } from '../../src/jobs/job-run';
import type { Step, StepContext, StepOutcome, Workflow } from '../../src/jobs/workflow';
import type { NewResourceRow, Store } from '../../src/store/store';
import { createHouse } from './create-house';
import type { FakeCloud } from './fake-cloud';

/** Single turns of single steps over a fake cloud and a store: no worker, no queue, no waiting. */
export interface Turns {
  store: Store;
  /** Context of a turn: the first of its step, unless told otherwise. */
  context<I>(input: I, more?: Partial<StepContext<I>>): StepContext<I>;
  /** Runs a step once. */
  run<I>(workflow: Workflow<I>, step: string, input: I, more?: Partial<StepContext<I>>): Promise<StepOutcome>;
  /** Writes what an outcome has to write. */
  apply(outcome: StepOutcome | undefined): Promise<void>;
  insert(path: string, more?: Partial<NewResourceRow>): Promise<void>;
  remove(): Promise<void>;
}

/** Id of the Job whose turns they are; it was accepted a minute ago. */
export const JOB = 'the-job';

export function stepOf<I>({ steps }: Workflow<I>, name: string): Step<I> {
  const step = steps.find((one) => one.name === name);
  if (!step) throw new Error(`no step ${name}`);
  return step;
}

export async function openTurns(fake: FakeCloud, settings: { waitAtMostMs?: number } = {}): Promise<Turns> {
  const { house, clouds } = await createHouse(fake, settings);
  const { store } = house;
  const created = new Date((await store.now()) - 60_000).toISOString();
  const context = <I>(input: I, more: Partial<StepContext<I>> = {}): StepContext<I> => ({
    job: { id: JOB, tenant: 'acme', principal: 'ann', created },
    ...{ input, results: {}, memory: null, attempt: 1, elapsedMs: 0, clouds, store },
    signal: new AbortController().signal,
    report: () => Promise.resolve(),
    token: (step = 'create') => tokenOf(JOB, step),
    ...more,
  });
  return {
    store,
    context,
    run: (workflow, step, input, more) => stepOf(workflow, step).run(context(input, more)),
    async apply(outcome) {
      const apply = outcome && 'done' in outcome ? outcome.apply : undefined;
      if (!apply) throw new Error(`nothing to write: ${JSON.stringify(outcome)}`);
      await store.transaction(apply);
    },
    async insert(path, more = {}) {
      const row = { path, type: 'Machine', tenant: 'acme', cloud: 'fake', providerKey: null, owner: null, state: null };
      await store.transaction(
        async (unit) => void (await unit.insertResource({ ...row, values: {}, secrets: null, internal: {}, ...more })),
      );
    },
    remove: () => house.remove(),
  };
}
