import { ground, type Ground } from './ground';
import type { Instance } from '../../drivers/simulator/things';
import type { Workflow } from '../../src/jobs/workflow';
import { waitUntil } from '../harness/wait';

const PATIENCE_MS = 2_500;

let at: Ground;
afterEach(() => at.close());

const impatient = (workflow: Workflow): Workflow =>
  workflow.name === 'machine.create' ? { ...workflow, patienceMs: PATIENCE_MS } : workflow;
/** Makes the workflow's follow-up due at once, rather than some minutes later. */
const atOnce = (workflow: Workflow): Workflow => {
  if (workflow.name !== 'provider.lookAgain') return impatient(workflow);
  return { ...workflow, steps: workflow.steps.filter(({ name }) => name !== 'ended') };
};

function late(of: { tag: string }, id: string, launchedAt: number): Instance {
  return {
    ...{ kind: 'instance', id, label: 'web', note: null, labels: {}, shape: 's1.nano', vcpus: 1, memoryMiB: 512, arch: 'x86_64' },
    ...{ source: 'img-debian-12', latest: null, keyPair: null, userData: null, nets: [], launchedAt, tag: of.tag, token: null },
    timeline: [{ phase: 'running', from: launchedAt }],
  };
}

test('a create that is never answered is sent a bounded number of times, ends FAILED, and names what may have been made', async () => {
  at = await ground({ ignoreTokens: true, settleMs: 50 });
  at.cloud.fail({ method: 'machines.create', kind: 'timeout', times: 10_000 });
  const process = await at.process({}, impatient);
  const { job, path } = await at.create('web');
  await process.notify([job]);
  const row = await at.end(job);
  expect(row).toMatchObject({ state: 'FAILED', returnCode: 10009 });
  expect(row.statusMessage).toMatch(/given up/);
  for (const named of ["cloud 'sim'", "'web'", `tag tag-${path.slice(9)}`, 'token cimi-']) expect(row.statusMessage).toContain(named);
  const sends = at.cloud.calls()['machines.create'] ?? 0;
  expect(sends).toBeGreaterThan(1);
  // Backoff without jitter: 0.25, 0.5, 1, 2 s; the settle time of 50 ms between a look and the next send.
  expect(sends).toBeLessThanOrEqual(5);
  expect(await at.store.resource(path)).toMatchObject({ state: 'ERROR', providerKey: null });
  const follow = await at.jobOf('provider.lookAgain');
  expect(follow).toMatchObject({ state: 'QUEUED', target: path, holds: [], parent: null });
  expect(follow.due - (await at.store.now())).toBeGreaterThan(60_000);
});

test('processes that die and leases that are lost do not begin the patience anew', async () => {
  at = await ground({ ignoreTokens: true, settleMs: 20 });
  at.cloud.fail({ method: 'machines.create', kind: 'timeout', times: 10_000 });
  // Every third turn breaks off as a crash does: nothing of it is recorded, and the lease runs out.
  let turns = 0;
  const onBoundary = async ({ step, moment }: { step: string; moment: string }) => {
    if (step === 'create' && moment === 'before' && turns++ % 3 === 2) throw new Error('as if the process had died here');
  };
  const process = await at.process({ leaseMs: 300, onBoundary }, impatient);
  const { job } = await at.create('web');
  await process.notify([job]);
  expect(await at.end(job)).toMatchObject({ state: 'FAILED', returnCode: 10009 });
  expect(turns).toBeGreaterThan(2);
});

test('work that the provider forgets again and again ends, too', async () => {
  at = await ground({ settleMs: 20 });
  let begun = 0;
  const forgetful = (workflow: Workflow): Workflow => ({
    ...workflow,
    ...(workflow.name === 'machine.create' ? { patienceMs: 1_200 } : {}),
    steps: workflow.steps.map((step) =>
      step.name !== 'create'
        ? step
        : {
            ...step,
            run: async (context) => {
              const idle = context.memory === null || !Object.hasOwn(context.memory as object, 'ongoing');
              if (context.unanswered?.spent && idle) return step.run(context);
              if (!idle) return { wait: 20, remember: {}, retrying: true, unanswered: true };
              return { wait: 100, remember: { ongoing: { task: ++begun } } };
            },
          },
    ),
  });
  const process = await at.process({}, forgetful);
  const { job } = await at.create('web');
  await process.notify([job]);
  const row = await at.end(job);
  expect(row).toMatchObject({ state: 'FAILED', returnCode: 10009 });
  expect(row.statusMessage).toMatch(/given up: \d+ calls never answered/);
  expect(begun).toBeGreaterThan(1);
});

test('what the attempts made late is removed by the follow-up; what was made at another time is only told of', async () => {
  at = await ground({ ignoreTokens: true, settleMs: 50 });
  at.cloud.fail({ method: 'machines.create', kind: 'timeout', times: 10_000 });
  const process = await at.process({}, impatient);
  const { job, path } = await at.create('web');
  await process.notify([job]);
  await at.end(job);
  const tag = `tag-${path.slice(9)}`;
  at.cloud.add([
    late({ tag }, 'vm-late', Date.now()),
    late({ tag }, 'vm-before', Date.now() - 86_400_000),
    late({ tag: 'other' }, 'vm-other', Date.now()),
  ]);
  const follow = await at.jobOf('provider.lookAgain');
  await process.close(1_000);
  // A process that dies between its look and its end: the next one goes on.
  let broken = false;
  await at.process(
    {
      leaseMs: 200,
      onBoundary: async ({ workflow, step, moment }) => {
        if (workflow !== 'provider.lookAgain' || step !== 'remove' || moment !== 'ran' || broken) return;
        broken = true;
        throw new Error('as if the process had died here');
      },
    },
    atOnce,
  );
  // The first step waits for the time by itself, so the Job is entered past it.
  await at.due(follow.id);
  const ended = await at.end(follow.id);
  expect(broken).toBe(true);
  expect(ended).toMatchObject({ state: 'SUCCESS' });
  expect(ended.statusMessage).toBe(
    `Removed what jobs/${job} made late: vm-late; left alone, for it was not made within its attempts: vm-before`,
  );
  expect((await at.job(job)).statusMessage).toMatch(/what it made late was removed: vm-late$/);
  await waitUntil(() => at.cloud.instances().length <= 2);
  expect(
    at.cloud
      .instances()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['vm-before', 'vm-other']);
});

test('a follow-up waits for its time and until the job has ended, whoever brings it', async () => {
  at = await ground({ ignoreTokens: true, settleMs: 50 });
  at.cloud.fail({ method: 'machines.create', kind: 'timeout', times: 10_000 });
  const process = await at.process({}, impatient);
  const { job } = await at.create('web');
  await process.notify([job]);
  await at.end(job);
  const follow = await at.jobOf('provider.lookAgain');
  await at.due(follow.id);
  await process.work(follow.id);
  const waiting = await at.job(follow.id);
  expect(waiting).toMatchObject({ state: 'RUNNING', step: 'ended' });
  expect(waiting.due - (await at.store.now())).toBeGreaterThan(60_000);
});

test('a create that is answered late but in time leaves no follow-up', async () => {
  at = await ground({ settleMs: 50 });
  at.cloud.fail({ method: 'machines.create', kind: 'timeout', times: 1, afterEffect: true });
  const process = await at.process({}, impatient);
  const { job } = await at.create('web');
  await process.notify([job]);
  expect(await at.end(job)).toMatchObject({ state: 'SUCCESS' });
  expect((await at.store.jobs({})).map(({ workflow }) => workflow)).toEqual(['machine.create']);
  expect(at.cloud.instances()).toHaveLength(1);
});
