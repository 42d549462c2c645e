import { randomUUID } from 'node:crypto';
import { createEngine } from '../src/jobs/engine';
import type { JobQueue } from '../src/jobs/queue';
import { createWorkflowRegistry } from '../src/jobs/workflow';
import { standardCatalogue } from '../src/model/catalogue';
import { endTold } from '../src/operations/job-events';
import { markSettled } from '../src/operations/provider-change';
import type { NewJob, Store } from '../src/store/store';

/** Jobs of one step that does nothing, and the engine that works them. */

export const quiet = { debug: ignore, info: ignore, warn: ignore, error: (fields: object, words: string) => console.error(words, fields) };

export function ignore(): void {
  // Nothing is to be said while time is measured.
}

/** Name of the workflow whose end changes its resource and leaves an event on it, as nearly every end of a gateway does. */
const TELLING = 'telling';

/** Options of the engine: `onEnded` is called after each Job is recorded as ended; `tells`: ends leave events. */
interface NoOpOptions {
  onEnded?: () => void;
  tells?: boolean;
}

export function noOpEngine(store: Store, queue: JobQueue, concurrency: number, { onEnded = ignore, tells = false }: NoOpOptions = {}) {
  const steps = [{ name: 'nothing', message: 'Doing nothing', run: () => Promise.resolve({ done: null }) }];
  return createEngine({
    ...{ store, queue, log: quiet, owner: randomUUID(), leaseMs: 30_000, sweepMs: 60_000, concurrency },
    ...(tells ? { onEnding: endTold(standardCatalogue()) } : {}),
    clouds: { all: () => [], byKey: () => undefined, forTenant: () => [] },
    workflows: createWorkflowRegistry([
      { name: 'nothing', version: 1, steps },
      {
        ...{ name: TELLING, version: 1, steps },
        async succeeded({ unit, input }) {
          await markSettled({ unit, input: input as { path: string } }, ['STARTED']);
          return { message: 'The state is STARTED' };
        },
      },
    ]),
    onBoundary: ({ moment }) => {
      if (moment === 'ended') onEnded();
      return Promise.resolve();
    },
  });
}

export function noOpJob(id: string): NewJob {
  return {
    ...{ id, tenant: 'bench', principal: 'bench', workflow: 'nothing', workflowVersion: 1, input: { cloud: 'none' }, affected: [] },
    ...{
      action: 'http://schemas.dmtf.org/cimi/1/action/start',
      target: `machines/${id}`,
      statusMessage: 'waiting',
      holds: [{ path: `machines/${id}`, shows: 'STARTING' }],
    },
  };
}

/** Accepts a Job whose end changes its machine and leaves an event. */
export async function acceptTelling(store: Store, id: string): Promise<void> {
  const path = `machines/${id}`;
  const input = { path, wasInState: 'STOPPED', calls: [{ goal: ['STARTED'] }] };
  await store.transaction(async (unit) => {
    await unit.insertResource({
      ...{ path, type: 'Machine', tenant: 'bench', cloud: 'none', providerKey: id, owner: null, state: null, secrets: null, internal: {} },
      values: { name: id, description: 'one of many', properties: { tier: 'web' } },
    });
    await unit.insertJob({ ...noOpJob(id), workflow: TELLING, input });
  });
}
