import type { Workflow } from '../../src/jobs/workflow';
import type { JobRow, Store } from '../../src/store/store';
import { ground, type Ground } from './ground';
import { waitUntil } from '../harness/wait';

/**
 * A worker that sleeps past its lease with a call on its way (SIGSTOP, a paused machine): simulated by a process whose
 * leases are renewed no more while the provider holds its call.
 */
let at: Ground;
afterEach(() => at.close());

/** Wraps a store whose renewals of leases get nowhere until it wakes. */
function sleeping(store: Store): { store: Store; wake(): void } {
  let wake = (): void => undefined;
  const awake = new Promise<void>((resolve) => (wake = resolve));
  const asleep = new Proxy(store, {
    get(target, name: keyof Store) {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        if (name === 'renewLease') await awake;
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
  return { store: asleep, wake };
}

const soon = (workflow: Workflow): Workflow => {
  if (workflow.name !== 'provider.lookAgain') return workflow;
  return { ...workflow, steps: workflow.steps.map((step) => (step.name === 'ended' ? { ...step, run: endedOnly } : step)) };
};
const endedOnly: Workflow['steps'][number]['run'] = async ({ input, store }) => {
  const job = await store.job((input as { of: string }).of);
  return job && !['SUCCESS', 'FAILED', 'STOPPED'].includes(job.state) ? { wait: 20 } : { done: null };
};

async function taken(id: string): Promise<void> {
  await waitUntil(async () => (await at.job(id)).leaseOwner !== null);
}

const follower = async (): Promise<JobRow> => at.end((await at.jobOf('provider.lookAgain')).id);

test('its create takes effect beside the other worker’s: exactly one machine stays', async () => {
  at = await ground({ ignoreTokens: true, settleMs: 50 });
  at.cloud.fail({ method: 'machines.create', delayMs: 4_000 });
  const { job, path } = await at.create('web');
  const { store, wake } = sleeping(at.store);
  const sleeper = await at.process({ store, leaseMs: 300, sweepMs: 3_600_000 }, soon);
  await sleeper.notify([job]);
  await taken(job);
  await at.process({ leaseMs: 2_000 }, soon);
  expect(await at.end(job)).toMatchObject({ state: 'SUCCESS' });
  wake();
  const kept = (await at.store.resource(path))?.providerKey;
  expect(kept).toMatch(/^vm-/);
  expect((await follower()).statusMessage).toMatch(new RegExp(`^Removed what jobs/${job} made late: vm-`));
  await waitUntil(() => at.cloud.instances().length <= 1);
  expect(at.cloud.instances().map(({ id }) => id)).toEqual([kept]);
  expect((await at.job(job)).statusMessage).toMatch(/what it made late was removed: vm-/);
  expect(sleeper.log.lines.some(({ words }) => words.includes('the lease was lost while a call was on its way'))).toBe(true);
});

test('its create is never answered: what it may have made late is looked for by its marks, and what was found is kept', async () => {
  at = await ground({ ignoreTokens: true, settleMs: 50 });
  // The effect is there at once, its answer comes late.
  at.cloud.fail({ method: 'machines.create', kind: 'timeout', delayMs: 4_000, afterEffect: true });
  const { job, path } = await at.create('web');
  const { store, wake } = sleeping(at.store);
  const sleeper = await at.process({ store, leaseMs: 300, sweepMs: 3_600_000 }, soon);
  await sleeper.notify([job]);
  await taken(job);
  await at.process({ leaseMs: 2_000 }, soon);
  expect(await at.end(job)).toMatchObject({ state: 'SUCCESS' });
  wake();
  const kept = (await at.store.resource(path))?.providerKey;
  const follow = await at.jobOf('provider.lookAgain');
  const [made] = at.cloud.instances();
  if (made) at.cloud.add([{ ...made, id: 'vm-late', launchedAt: Date.now() }]);
  await at.due(follow.id);
  expect((await follower()).statusMessage).toBe(`Removed what jobs/${job} made late: vm-late`);
  await waitUntil(() => at.cloud.instances().length <= 1);
  expect(at.cloud.instances().map(({ id }) => id)).toEqual([kept]);
});

test('its stop lands after a later start’s SUCCESS: an event on the machine and on its Job tell', async () => {
  at = await ground();
  const first = await at.process();
  const { job: made, path } = await at.create('web');
  await first.notify([made]);
  expect(await at.end(made)).toMatchObject({ state: 'SUCCESS' });
  await first.close(1_000);
  const key = (await at.store.resource(path))?.providerKey ?? '';
  const call = (method: string, goal: string, args: unknown[] = []) => ({
    ...{ cloud: 'sim', group: 'machines', path, key },
    calls: [{ method, args, shows: null, goal: [goal] }],
  });
  at.cloud.fail({ method: 'machines.stop', delayMs: 4_000 });
  const stop = await at.accept('provider.act', path, call('stop', 'STOPPED', [{}]));
  const { store, wake } = sleeping(at.store);
  const sleeper = await at.process({ store, leaseMs: 300, sweepMs: 3_600_000 });
  await sleeper.notify([stop]);
  await taken(stop);
  const awake = await at.process({ leaseMs: 2_000 });
  expect(await at.end(stop)).toMatchObject({ state: 'SUCCESS', statusMessage: 'The state is STOPPED' });
  const start = await at.accept('provider.act', path, call('start', 'STARTED'));
  await awake.notify([start]);
  expect(await at.end(start)).toMatchObject({ state: 'SUCCESS' });
  wake();
  const watch = await at.jobOf('provider.lateCall');
  await at.due(watch.id);
  const words = 'stop took effect late, after another job had brought it to STARTED: it is STOPPED';
  expect(await at.end(watch.id)).toMatchObject({ state: 'SUCCESS', statusMessage: `stop of jobs/${stop} took effect late: it is STOPPED` });
  expect((await at.job(stop)).statusMessage).toBe(`The state is STOPPED; ${words}`);
  const events = await at.store.events({ tenant: 'acme', resource: path, limit: 2 });
  expect(events).toMatchObject([
    { outcome: 'Warning', job: stop, resource: path, content: { detail: words } },
    { outcome: 'Status', job: stop, resource: path, content: { state: 'STOPPED' } },
  ]);
});

test('a late call that changes nothing is told as such, and leaves no event', async () => {
  at = await ground();
  const first = await at.process();
  const { job: made, path } = await at.create('web');
  await first.notify([made]);
  await at.end(made);
  await first.close(1_000);
  const key = (await at.store.resource(path))?.providerKey ?? '';
  at.cloud.fail({ method: 'machines.stop', delayMs: 4_000 });
  const input = { cloud: 'sim', group: 'machines', path, key, calls: [{ method: 'stop', args: [{}], shows: null, goal: ['STOPPED'] }] };
  const stop = await at.accept('provider.act', path, input);
  const { store, wake } = sleeping(at.store);
  const sleeper = await at.process({ store, leaseMs: 300, sweepMs: 3_600_000 });
  await sleeper.notify([stop]);
  await taken(stop);
  await at.process({ leaseMs: 2_000 });
  await at.end(stop);
  wake();
  const watch = await at.jobOf('provider.lateCall');
  await at.due(watch.id);
  expect((await at.end(watch.id)).statusMessage).toBe(`stop of jobs/${stop} changed nothing late`);
  expect(await at.store.events({ tenant: 'acme', resource: path, limit: 1 })).toEqual([]);
});
