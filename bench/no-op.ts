import { randomUUID } from 'node:crypto';
import { createEngine } from '../src/jobs/engine';
import type { JobQueue } from '../src/jobs/queue';
import { createWorkflowRegistry } from '../src/jobs/workflow';
import type { NewJob, Store } from '../src/store/store';

/** Jobs of one step that does nothing, and the engine that works them. */

export const quiet = { debug: ignore, info: ignore, warn: ignore, error: (fields: object, words: string) => console.error(words, fields) };

export function ignore(): void {
  // Nothing is to be said while time is measured.
}

/** @param onEnded called after each Job is recorded as ended */
export function noOpEngine(store: Store, queue: JobQueue, concurrency: number, onEnded: () => void = ignore) {
  return createEngine({
    ...{ store, queue, log: quiet, owner: randomUUID(), leaseMs: 30_000, sweepMs: 60_000, concurrency },
    clouds: { all: () => [], byKey: () => undefined, forTenant: () => [] },
    workflows: createWorkflowRegistry([
      { name: 'nothing', version: 1, steps: [{ name: 'nothing', message: 'Doing nothing', run: () => Promise.resolve({ done: null }) }] },
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
