import { describeWith } from '../backends/need';
import { postgresAvailable } from '../backends/postgres';
import { redisAvailable } from '../backends/redis';
import type { Answer, Json } from '../harness/client';
import { machineCreate } from '../protocol/scene';
import { Cluster, DELAYS, jobOf, pathOf, placeOf, type Replica } from './cluster';
import { StreamReader } from '../harness/event-stream';
import { elapse, waitUntil } from '../harness/wait';
import type { Program } from './program';

const servers = [postgresAvailable(), redisAvailable()].find((available) => available !== true) ?? true;

/** The metrics of a process, by the port of its own for operators. */
async function scraped(program: Program): Promise<string> {
  const { port } = program.logs().find(({ msg }) => String(msg).startsWith('operators are answered')) ?? {};
  const answer = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
  return answer.text();
}

/** The value of a series, 0 where it is not there. */
function valueOf(text: string, series: string): number {
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length) ?? 0,
  );
}

describeWith('two gateways and two workers over PostgreSQL and Redis', servers, () => {
  let cluster: Cluster;
  let a: Replica;
  let b: Replica;

  beforeAll(async () => {
    cluster = await Cluster.start();
    const [first, second] = cluster.gateways;
    if (!first || !second) throw new Error('no gateways');
    [a, b] = [first, second];
  });
  afterAll(() => cluster.stop());

  const other = (replica: Replica): Replica => (replica === a ? b : a);

  /** Sends a create until it is accepted, as a client does that has an Idempotency-Key: through either gateway in turn. */
  async function insist(name: string, first: Replica): Promise<Answer> {
    for (let attempt = 0, replica = first; ; attempt++, replica = other(replica)) {
      try {
        const answer = await replica.client.post('machines', machineCreate({ name }), {
          'idempotency-key': `make ${name}`.replaceAll(' ', '-'),
        });
        if (answer.status === 202) return answer;
        if (answer.status < 500 || attempt > 100) throw new RangeError(`${answer.status}: ${answer.text}`);
      } catch (error) {
        if (error instanceof RangeError || attempt > 100) throw error;
        // A process that dies of what happens to its servers is no process to insist with.
        if (replica.program.over) throw new RangeError(`the gateway died: ${replica.program.stderr}`, { cause: error });
      }
      await elapse(200);
    }
  }

  async function machines(replica: Replica, prefix: string): Promise<Json[]> {
    const { status, json, text } = await replica.client.get('machines?$orderby=name');
    if (status !== 200) throw new Error(text);
    return ((json.machines ?? []) as Json[]).filter(({ name }) => String(name).startsWith(`${prefix}-`));
  }

  /** Creates through both gateways in turn, with something happening in the middle; all must end well, each once. */
  async function createMany(prefix: string, count: number, disturb?: () => Promise<void>): Promise<string[]> {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(2, '0')}`);
    const answers: Answer[] = [];
    const half = Math.floor(count / 2);
    const send = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index += 4) {
        const group = names.slice(index, Math.min(index + 4, to));
        answers.push(...(await Promise.all(group.map((name, place) => insist(name, place % 2 === 0 ? a : b)))));
        if (disturb) await elapse(250);
      }
    };
    await send(0, half);
    await Promise.all([disturb?.(), send(half, count)]);

    const jobs = answers.map(jobOf);
    expect(new Set(jobs).size).toBe(count);
    const states = await Promise.all(jobs.map((job, index) => (index % 2 === 0 ? b : a).ended(job)));
    expect(states.filter((state) => state !== 'SUCCESS')).toEqual([]);
    const made = cluster.cloud.instances().filter(({ label }) => label?.startsWith(`${prefix}-`));
    expect(made.map(({ label }) => label).sort()).toEqual(names);
    expect(new Set(made.map(({ tag }) => tag)).size).toBe(count);
    for (const replica of [a, b]) {
      const shown = await machines(replica, prefix);
      expect(shown.map(({ name, state }) => `${String(name)} ${String(state)}`)).toEqual(names.map((name) => `${name} STARTED`));
    }
    return jobs.map((job) => job.replace(/^jobs\//, ''));
  }

  // Machines take a while to be made, so that something can happen meanwhile.
  const slowly = (): void => cluster.cloud.set({ delays: { ...DELAYS, create: 1_500 } });
  afterEach(() => cluster.cloud.resetSettings());

  test('forty machines through both gateways: each Job ends once, each machine is made once, both workers work', async () => {
    const jobs = await createMany('calm', 40);
    const endings = cluster.endings();
    expect(jobs.map((job) => endings.get(job))).toEqual(jobs.map(() => 1));
    for (const worker of cluster.workers)
      expect(worker.logs().filter(({ job, state }) => job && state === 'SUCCESS').length).toBeGreaterThan(2);
    for (const { program } of cluster.gateways) expect(program.logs().filter(({ job, state }) => job && state)).toEqual([]);
  });

  test('what one gateway accepted is CREATING on the other at once, and its list has it once', async () => {
    const answer = await a.client.post('machines', machineCreate({ name: 'seen-at-once' }));
    expect(answer.status).toBe(202);
    const { status, json } = await b.client.get(placeOf(answer));
    expect([status, json.name, json.state]).toEqual([200, 'seen-at-once', 'CREATING']);
    expect((await machines(b, 'seen')).map(({ name }) => name)).toEqual(['seen-at-once']);
    expect(await b.ended(jobOf(answer))).toBe('SUCCESS');
    expect((await b.client.get(placeOf(answer))).json.state).toBe('STARTED');
  });

  test('Prefer: wait: gateways that work no Jobs themselves see those end that workers do', async () => {
    const wait = { prefer: 'wait=60' };
    const made = await a.client.post('machines', machineCreate({ name: 'waited-for' }), wait);
    expect([made.status, made.json.name, made.json.state]).toEqual([201, 'waited-for', 'STARTED']);
    const stop = await b.client.act(placeOf(made), 'stop');
    const job = await a.client.get(jobOf(stop), wait);
    expect([job.status, job.headers.get('preference-applied'), job.json.state]).toEqual([200, 'wait=60', 'SUCCESS']);
    expect((await a.client.delete(placeOf(made), wait)).json.state).toBe('SUCCESS');
  });

  test('a stream at one gateway tells what happens at the other, and is gone on with there', async () => {
    const { json } = await a.client.get(`eventLogs?$filter=name='everything'`);
    const [log] = (json.eventLogs ?? []) as Json[];
    const events = `${String(log?.id).replace(/^.*\/cimi\//, '')}/events?$filter=type='http://schemas.dmtf.org/cimi/1/event/model'`;
    const open = (replica: Replica, headers: Record<string, string> = {}) =>
      StreamReader.open(new URL(events, replica.client.base).href, headers);
    const hrefOf = (value: unknown): unknown => (value as { href?: unknown }).href;
    const make = async (replica: Replica): Promise<unknown> =>
      (await replica.client.post('machineConfigs', { cpu: 1, memory: 1024 })).json.id;
    const first = await open(a);
    await waitUntil(() => first.lastId !== '');
    const made = [await make(b), await make(a)];
    await first.first(2);
    first.cut();
    made.push(await make(a), await make(b));
    const second = await open(b, { 'last-event-id': first.lastId });
    await second.first(2);
    second.cut();
    expect([...first.told, ...second.told].map(({ data }) => hrefOf(data.about))).toEqual(made);
  });

  test('a change in hand at one gateway is a conflict at the other, which names the Job', async () => {
    const made = await insist('held-00', a);
    await a.ended(jobOf(made));
    cluster.cloud.set({ delays: { ...DELAYS, stop: 4_000 } });
    const stop = await a.client.act(placeOf(made), 'stop');
    expect(stop.status).toBe(202);
    expect((await b.client.get(placeOf(made))).json.state).toBe('STOPPING');
    const second = await b.client.act(placeOf(made), 'restart');
    expect(second.status).toBe(409);
    expect(second.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(second.text).toContain(jobOf(stop));
    expect(await b.ended(jobOf(stop))).toBe('SUCCESS');
  });

  test('the state right after the end of a Job is the new one on the replica that knew the old', async () => {
    const made = await insist('fresh-00', a);
    const place = placeOf(made);
    await a.ended(jobOf(made));
    for (const [name, state] of [
      ['stop', 'STOPPED'],
      ['start', 'STARTED'],
      ['stop', 'STOPPED'],
    ] as const) {
      // Both have it in their caches, for five seconds by default.
      for (const replica of [a, b]) await replica.client.get(place);
      const answer = await a.client.act(place, name);
      expect(await a.ended(jobOf(answer))).toBe('SUCCESS');
      expect((await b.client.get(place)).json.state).toBe(state);
      expect((await machines(b, 'fresh')).map((machine) => machine.state)).toEqual([state]);
    }
  });

  test('one Idempotency-Key through both gateways at once: one machine, one Job, one answer', async () => {
    const headers = { 'idempotency-key': 'once-across' };
    const send = (replica: Replica) => replica.client.post('machines', machineCreate({ name: 'once-00' }), headers);
    const answers = await Promise.all([a, b, a, b].map(send));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(new Set(answers.map(jobOf)).size).toBe(1);
    expect(new Set(answers.map(placeOf)).size).toBe(1);
    const different = await b.client.post('machines', machineCreate({ name: 'once-01' }), headers);
    expect([different.status, different.json.state]).toEqual([422, 'FAILED']);
    await b.ended(jobOf(answers[0] as Answer));
    expect((await machines(a, 'once')).map(({ name }) => name)).toEqual(['once-00']);
  });

  test('two writers with one ETag at two gateways: one change is made, the other is 412', async () => {
    const made = await insist('race-00', a);
    const place = placeOf(made);
    await a.ended(jobOf(made));
    for (let round = 0; round < 6; round++) {
      const etags = await Promise.all([a, b].map(async ({ client }) => (await client.get(place)).headers.get('etag') ?? ''));
      expect(etags[0]).toMatch(/^(W\/)?"/);
      expect(etags[1]).toBe(etags[0]);
      const answers = await Promise.all(
        [a, b].map(({ client }, index) =>
          client.put(`${place}?$select=description`, { description: `${round} by ${index}` }, { 'if-match': etags[index] ?? '' }),
        ),
      );
      const won = answers.findIndex(({ status }) => status < 300);
      expect(answers.map(({ status }) => status).sort()).toEqual([expect.any(Number), 412]);
      expect(won).toBeGreaterThanOrEqual(0);
      expect(await a.ended(jobOf(answers[won] as Answer))).toBe('SUCCESS');
      for (const { client } of [a, b]) expect((await client.get(place)).json.description).toBe(`${round} by ${won}`);
    }
  });

  test('a worker is killed in the middle: its Jobs are taken over, nothing is lost or doubled', async () => {
    slowly();
    await createMany('killed', 16, async () => {
      const victim = cluster.workers.shift();
      expect(await victim?.end('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    });
    const heir = await cluster.addWorker();
    // Each process tells how it is, also one that answers no requests.
    for (const worker of cluster.workers) {
      const told = worker.logs().filter(({ msg }) => /this process takes the job over/.test(String(msg)));
      expect(valueOf(await scraped(worker), 'cimi_job_takeovers_total{workflow="machine.create"}')).toBe(told.length);
    }
    expect(await scraped(heir)).toContain('cimi_build_info{');
  });

  test('Redis is flushed, ended, and started again in the middle: nothing is lost or doubled', async () => {
    slowly();
    const jobs = await createMany('redis', 24, async () => {
      await cluster.redis.flush();
      await elapse(300);
      await cluster.redis.kill();
      await elapse(1_500);
      await cluster.redis.start();
      await cluster.redis.flush();
      await elapse(300);
      await cluster.redis.restart();
    });
    const endings = cluster.endings();
    expect(jobs.map((job) => endings.get(job))).toEqual(jobs.map(() => 1));
    await healthy();
  });

  test('PostgreSQL crashes and comes back in the middle: what was accepted ends, nothing is doubled', async () => {
    slowly();
    await createMany('postgres', 24, async () => {
      await cluster.postgres.restart();
      await elapse(700);
      await cluster.postgres.restart();
    });
    await healthy();
  });

  test('deleted through both, nothing is left at the provider', async () => {
    const all = ((await a.client.get('machines')).json.machines ?? []) as Json[];
    expect(all.length).toBeGreaterThan(100);
    const answers = await Promise.all(all.map(({ id }, index) => (index % 2 === 0 ? a : b).client.delete(pathOf(id))));
    expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
    const states = await Promise.all(answers.map((answer) => b.ended(jobOf(answer))));
    expect(states.filter((state) => state !== 'SUCCESS')).toEqual([]);
    expect(cluster.cloud.instances()).toEqual([]);
    for (const { client } of [a, b]) expect((await client.get('machines')).json.count).toBe(0);
  });

  /** All processes but the killed one still run, and both gateways become ready again by themselves. */
  async function healthy(): Promise<void> {
    for (const program of [...cluster.gateways.map((replica) => replica.program), ...cluster.workers])
      expect([program.over, program.stderr]).toEqual([false, expect.any(String)]);
    for (const { client } of [a, b]) {
      await waitUntil(async () => (await client.get('/readyz')).status === 200);
    }
  }
});
