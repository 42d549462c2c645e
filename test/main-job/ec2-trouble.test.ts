import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import type { Answer, Json } from '../harness/client';
import { leftByFailed } from '../protocol/scene';
import { elapse, eventually, waitUntil } from '../harness/wait';
import { CLOUD, startEc2World, type Ec2World } from './ec2-world';
import { Steps } from './steps';
import { CIMI } from '../../src/model/define';

/** Every answer of the list while `work` goes on. */
async function watching<T>(world: Ec2World, work: Promise<T>): Promise<{ result: T; counts: number[] }> {
  let over = false;
  const counts: number[] = [];
  const looking = (async () => {
    while (!over) {
      counts.push(Number((await world.client.get('machines')).json.count));
      await elapse(50);
    }
  })();
  const result = await work.finally(() => (over = true));
  await looking;
  return { result, counts };
}

describeWith('moto', motoAvailable(), () => {
  let world: Ec2World;
  let heal: (() => void)[] = [];
  const steps = new Steps(() => world);
  const fails = (...rule: Parameters<Ec2World['account']['proxy']['add']>) => heal.push(world.account.proxy.add(...rule));

  beforeAll(async () => {
    world = await startEc2World({ guard: { deadlineMs: 5_000, retries: 1 } });
    // moto's first answers take longer than such a deadline, and are not asked for all the time then.
    await waitUntil(() =>
      steps.parts().then(
        () => true,
        () => false,
      ),
    );
  });
  afterEach(async () => {
    for (const mend of heal) mend();
    heal = [];
    Object.assign(world.account.proxy.manners, { clientTokens: true, hiddenMs: 0, pendingMs: 0 });
    expect(await world.leftovers()).toEqual([]);
    expect((await world.client.get('machines')).json.count).toBe(0);
  });
  afterAll(() => world.stop());

  const create = async (more: object = {}): Promise<Answer> =>
    world.client.post('machines', {
      resourceURI: `${CIMI}/MachineCreate`,
      name: 'trouble',
      machineTemplate: { ...(await steps.parts()), initialState: 'STARTED', ...more },
    });

  describe.each([
    ['the answer is lost after the effect', { drop: 'after' }, true, 0],
    ['the request is lost before it', { drop: 'before' }, true, 0],
    ['the answer is lost and ClientToken ignored', { drop: 'after' }, false, 0],
    ['the answer is lost, ClientToken ignored and the instance seen late', { drop: 'after' }, false, 700],
    ['the answer comes after the deadline', { delayMs: 5_500 }, false, 0],
  ] as const)('RunInstances: %s', (_what, rule, clientTokens, hiddenMs) => {
    test('exactly one instance is made, and listed once all the time', async () => {
      Object.assign(world.account.proxy.manners, { clientTokens, hiddenMs });
      fails({ action: 'RunInstances', times: 1, ...rule });
      const answer = await create();
      expect(answer.status).toBe(202);
      const { result: job, counts } = await watching(world, world.client.ended(answer));
      expect(job).toMatchObject({ state: 'SUCCESS' });
      expect(new Set(counts)).toEqual(new Set([1]));
      expect(await world.alive()).toHaveLength(1);
      const machine = (await world.client.get(answer.headers.get('location') ?? '')).json;
      expect(machine).toMatchObject({ state: 'STARTED', name: 'trouble' });
      await steps.remove(machine);
    });
  });

  test('throttled calls are tried again: the Job says so meanwhile and succeeds', async () => {
    fails({ action: 'RunInstances', times: 2, fail: { code: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 } });
    const answer = await create();
    expect(answer.status).toBe(202);
    const words: string[] = [];
    const uri = answer.headers.get('cimi-job-uri') ?? '';
    for (let state = ''; state !== 'SUCCESS' && words.length < 500;) {
      const { json } = await world.client.get(uri);
      state = String(json.state);
      words.push(String(json.statusMessage));
      expect(['QUEUED', 'RUNNING', 'SUCCESS']).toContain(state);
      await elapse(25);
    }
    expect(words.join('\n')).toMatch(/Request limit exceeded/);
    fails({ action: 'StopInstances', times: 4, fail: { code: 'RequestLimitExceeded', status: 503 } });
    const machine = (await world.client.get(answer.headers.get('location') ?? '')).json;
    expect((await steps.act(machine, 'stop')).state).toBe('STOPPED');
    expect(await world.alive()).toHaveLength(1);
    await steps.remove(machine);
  });

  test('an instance that EC2 shows late is CREATING, then itself; a delete in between leaves nothing', async () => {
    Object.assign(world.account.proxy.manners, { hiddenMs: 800, pendingMs: 2_500 });
    const answer = await create();
    const uri = answer.headers.get('location') ?? '';
    expect((await world.client.get(uri)).json.state).toBe('CREATING');
    const { result: job, counts } = await watching(world, world.client.ended(answer));
    expect(job).toMatchObject({ state: 'SUCCESS' });
    expect(new Set(counts)).toEqual(new Set([1]));
    const second = await create();
    const gone = await world.client.delete(second.headers.get('location') ?? '');
    expect((await world.client.ended(gone)).state).toBe('SUCCESS');
    expect((await world.client.ended(second)).state).toBe('STOPPED');
    await steps.remove({ id: uri } as unknown as Json);
  });

  test.each([
    ['InsufficientInstanceCapacity', 500, 'We currently do not have sufficient t3.micro capacity'],
    ['UnauthorizedOperation', 403, 'You are not authorized to perform this operation'],
    ['InstanceLimitExceeded', 400, 'Your quota allows for 0 more running instance(s)'],
    ['AuthFailure', 401, 'AWS was not able to validate the provided access credentials'],
    ['InvalidParameterCombination', 400, 'Something that EC2 alone knows'],
  ])(
    'RunInstances refused with %s: the Job FAILED with AWS’s words and request id; no machine is left that is not deletable',
    async (code, status, message) => {
      fails({ action: 'RunInstances', times: 1, fail: { code, message, status } });
      const answer = await create();
      const job = await world.client.ended(answer);
      expect(job.state).toBe('FAILED');
      expect(job.returnCode).toBeGreaterThanOrEqual(10_000);
      for (const part of [message, code, `proxy-${code}`]) expect(job.statusMessage).toContain(part);
      const before = world.account.proxy.count('TerminateInstances');
      const left = await leftByFailed(world.client, answer);
      expect(left?.name ?? 'trouble').toBe('trouble');
      expect(world.account.proxy.count('TerminateInstances')).toBe(before);
    },
  );

  test('a key pair that EC2 refuses fails the create before any instance is made', async () => {
    fails({ action: 'ImportKeyPair', fail: { code: 'InvalidKey.Format', message: 'Key is not in valid OpenSSH public key format' } });
    const credential = await steps.done('POST', 'credentials', {
      json: { resourceURI: `${CIMI}/CredentialCreate`, credentialTemplate: {} },
    });
    const answer = await create({ credential: { href: credential.location } });
    const job = await world.client.ended(answer);
    expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('OpenSSH') as string });
    expect(await world.alive()).toEqual([]);
    await leftByFailed(world.client, answer);
    await steps.remove({ id: credential.location } as unknown as Json);
  });

  test('an action that EC2 refuses fails with its words and leaves the machine as it is', async () => {
    const machine = await steps.machine({ machineTemplate: { ...(await steps.parts()), initialState: 'STARTED' } });
    fails({
      action: 'StopInstances',
      fail: { code: 'OperationNotPermitted', message: 'The instance may not be stopped. Modify its disableApiStop attribute.' },
    });
    const job = await world.client.ended(await world.client.act(String(machine.id), 'stop'));
    expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('disableApiStop') as string });
    expect((await world.client.get(String(machine.id))).json.state).toBe('STARTED');
    fails({
      action: 'TerminateInstances',
      times: 1,
      fail: { code: 'OperationNotPermitted', message: 'Modify its disableApiTermination attribute.' },
    });
    const kept = await world.client.ended(await world.client.delete(String(machine.id)));
    expect(kept).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('disableApiTermination') as string });
    expect((await world.client.get(String(machine.id))).json).toMatchObject({ state: 'STARTED' });
    await steps.remove(machine);
  });

  test('a restore that EC2 accepts and gives up later: the Job FAILED with its words', async () => {
    const machine = await steps.machine({ machineTemplate: { ...(await steps.parts()), initialState: 'STARTED' } });
    world.account.tasks.ends = 'failed';
    const image = (await steps.parts()).machineImage.href;
    const job = await world.client.ended(await world.client.act(String(machine.id), 'restore', { image }));
    world.account.tasks.ends = 'succeeded';
    expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('root volume') as string });
    expect((await world.client.get(String(machine.id))).json.state).toBe('STARTED');
    await steps.remove(machine);
  });

  test.each([
    ['down', { drop: 'before' as const }, 504],
    ['slow', { delayMs: 8_000 }, 504],
    ['throttling', { fail: { code: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 } }, 503],
    ['in trouble itself', { fail: { code: 'InternalError', message: 'An internal error has occurred', status: 500 } }, 503],
    ['refusing the login', { fail: { code: 'AuthFailure', message: 'AWS was not able to validate', status: 401 } }, 502],
    ['refusing the permission', { fail: { code: 'UnauthorizedOperation', message: 'You are not authorized', status: 403 } }, 403],
  ])('EC2 is %s: lists name the cloud, single reads and changes say why, and nothing is lost', async (_what, rule, status) => {
    const machine = await steps.machine({ name: 'kept', machineTemplate: { ...(await steps.parts()), initialState: 'STARTED' } });
    await elapse(250);
    fails(rule);
    const list = await world.client.get('machines');
    expect(list.status).toBe(200);
    expect(list.headers.get('cimi-unavailable-clouds')).toBe(CLOUD);
    expect(list.headers.get('etag')).toBeNull();
    const one = await world.client.get(String(machine.id));
    expect(one.status).toBe(status);
    expect(one.json).toMatchObject({ resourceURI: `${CIMI}/Job`, state: 'FAILED', id: '' });
    expect(String(one.json.statusMessage).length).toBeGreaterThan(10);
    expect(one.text).not.toContain('test-secret');
    const foreign = await world.client.get(`machines/${CLOUD}.i-0123456789abcdef0`);
    expect(foreign.status).toBe(status);
    for (const mend of heal.splice(0)) mend();
    // A refused login is not tried again at once.
    const again = await eventually(async () => {
      const answer = await world.client.get(String(machine.id));
      return answer.status === 200 ? answer.json : undefined;
    });
    expect(again).toMatchObject({ id: machine.id, name: 'kept', state: 'STARTED' });
    await steps.remove(machine);
  });
});
