import { randomBytes } from 'node:crypto';
import { Agent, get, request } from 'node:http';
import { join } from 'node:path';
import { openControl, type SimulatorControl } from '../../drivers/simulator/control';
import { CIMI } from '../../src/model/define';
import type { Client } from '../harness/client';
import { IMAGE, machineCreate, made } from '../protocol/scene';
import { Folder, type Program } from './program';
import { comesTrue, waitUntil } from '../harness/wait';

const MARKER = `marker-${randomBytes(8).toString('hex')}`;
const QUICK = { create: 50, start: 20, stop: 20, delete: 20 };

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

/** A gateway over one simulated cloud, on what an earlier one left in the folder. */
function serve(delays: object = QUICK, more: Record<string, object> = {}): Promise<Program> {
  const file = folder.write('gateway.yaml', {
    server: { port: 0, shutdownMs: 8_000, ...more['server'] },
    data: { dir: 'data' },
    jobs: { graceMs: 5_000, ...more['jobs'] },
    worker: { leaseMs: 1_000, sweepMs: 200 },
    log: { level: 'debug' },
    clouds: { sim: { driver: 'simulator', guard: { cacheMs: 0 }, options: { delays } } },
  });
  return folder.serve(['serve', '-c', file, '--make-key']);
}

interface Got {
  status: number;
  text: string;
}

/** Sends one request without the connection that fetch would keep. */
function got(url: string, headers: Record<string, string> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    get(url, { agent: new Agent(), headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    }).on('error', reject);
  });
}

/** Looks at the simulated cloud, or changes it, as its console would. */
function atCloud<T>(work: (cloud: SimulatorControl) => T): T {
  const cloud = openControl(join(folder.data, 'clouds', 'sim', 'simulator.sqlite'));
  try {
    return work(cloud);
  } finally {
    cloud.close();
  }
}
const HOUR = 3_600_000;
const begun = (): Promise<void> => waitUntil(() => atCloud((cloud) => cloud.instances().length > 0));
/** Ends what is being made, which would take an hour. */
const finish = (): void => atCloud((cloud) => void cloud.instances().forEach(({ id }) => cloud.setPhase(id, 'running')));

const names = async (client: Client) => ((await client.get('machines')).json.machines ?? []).map(({ name }) => String(name)).sort();
const at = (gateway: Program, path: string) => new URL(path, gateway.base).href;

test('what was made is there after a restart, under its URI, with its ended Job', async () => {
  const first = await serve();
  const machine = await made(first.client, 'machines', machineCreate({ name: 'lasting', properties: { a: 'b' } }));
  const path = String(machine.id).slice(first.base.length);
  const jobs = (await first.client.get('jobs')).json.count;
  expect(await first.end()).toMatchObject({ code: 0 });

  const second = await serve();
  const { status, json } = await second.client.get(path);
  expect([status, json.name, json.state, json.properties]).toEqual([200, 'lasting', 'STARTED', { a: 'b' }]);
  expect((await second.client.get('jobs')).json.count).toBe(jobs);
});

test('SIGKILL in the middle of a create: the next process ends the Job, with one machine', async () => {
  const first = await serve({ ...QUICK, create: HOUR }, { jobs: { graceMs: 0 } });
  const answer = await first.client.post('machines', machineCreate({ name: 'survivor' }));
  expect(answer.status).toBe(202);
  const job = String(answer.headers.get('cimi-job-uri')).slice(first.base.length);
  await begun();
  expect(await first.end('SIGKILL')).toMatchObject({ code: null, signal: 'SIGKILL' });

  const second = await serve({ ...QUICK, create: HOUR }, { jobs: { graceMs: 0 } });
  finish();
  await waitUntil(async () => String((await second.client.get(job)).json.state) === 'SUCCESS');
  expect(await names(second.client)).toEqual(['survivor']);
});

test('SIGTERM: not ready and still serving while balancers look away, then requests in hand end, and the exit is 0', async () => {
  const gateway = await serve({ ...QUICK, create: HOUR }, { server: { retireMs: 3_000, shutdownMs: 60_000 }, jobs: { graceMs: 60_000 } });
  expect(await got(at(gateway, '/readyz'))).toMatchObject({ status: 200 });
  const slow = gateway.client.post('machines', machineCreate({ name: 'in-hand' }));
  await begun();
  gateway.signal('SIGTERM');
  const notReady = { status: 503, text: expect.stringMatching(/shutting down/) as string };
  await comesTrue(async () => expect(await got(at(gateway, '/readyz'))).toMatchObject(notReady));
  expect(await got(at(gateway, '/healthz'))).toMatchObject({ status: 200 });
  expect(await got(at(gateway, '/cimi/cloudEntryPoint'), { accept: 'application/json' })).toMatchObject({ status: 200 });
  await comesTrue(() => expect(got(at(gateway, '/healthz'))).rejects.toMatchObject({ code: 'ECONNREFUSED' }));

  finish();
  const { status, json } = await slow;
  expect([status, json.name, json.state]).toEqual([201, 'in-hand', 'STARTED']);
  const { code, signal } = await gateway.ended;
  expect([code, signal]).toEqual([0, null]);
  expect(gateway.logs().map(({ msg }) => msg)).toEqual(
    expect.arrayContaining(['stopping: waiting for running requests and steps', 'stopped']),
  );
});

test('SIGTERM while a Job waits for its cloud: the process ends and does not wait with it, the next one goes on', async () => {
  const first = await serve({ ...QUICK, create: HOUR }, { jobs: { graceMs: 0 } });
  const answer = await first.client.post('machines', machineCreate({ name: 'handed-over' }));
  const job = String(answer.headers.get('cimi-job-uri')).slice(first.base.length);
  await begun();
  expect(await first.end()).toMatchObject({ code: 0 });

  const second = await serve({ ...QUICK, create: HOUR }, { jobs: { graceMs: 0 } });
  expect(['QUEUED', 'RUNNING']).toContain(String((await second.client.get(job)).json.state));
  finish();
  await waitUntil(async () => String((await second.client.get(job)).json.state) === 'SUCCESS');
  expect(await names(second.client)).toEqual(['handed-over']);
});

test('the log is JSON lines, each request with its id, and holds no secret', async () => {
  const gateway = await serve();
  const { client } = gateway;
  const template = {
    machineConfig: { href: 'machineConfigs/sim.s1_2enano' },
    machineImage: { href: IMAGE },
    userData: Buffer.from(MARKER).toString('base64'),
  };
  const { status } = await client.post('machineTemplates', {
    resourceURI: `${CIMI}/MachineTemplate`,
    ...template,
    credential: { password: MARKER },
  });
  expect(status).toBeLessThan(500);
  await made(client, 'machines', { resourceURI: `${CIMI}/MachineCreate`, name: 'told', machineTemplate: template });
  const asked = await client.get('machines/none', {
    'x-request-id': 'mine-1',
    authorization: `Basic ${Buffer.from(`ann:${MARKER}`).toString('base64')}`,
  });
  expect([asked.status, asked.headers.get('x-request-id')]).toEqual([404, 'mine-1']);
  const unnamed = await client.get('machines');
  await new Promise<void>((resolve) => {
    const broken = request(
      at(gateway, '/cimi/machines'),
      { method: 'POST', headers: { 'content-type': 'application/json', 'x-request-id': 'mine-2' } },
      (response) => response.resume().on('end', resolve),
    );
    broken.end(`{"name": "${MARKER}`);
  });
  await gateway.end();

  const lines = gateway.logs();
  for (const line of lines)
    expect(line).toMatchObject({
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      level: expect.any(String) as string,
      role: 'gateway',
    });
  const requests = lines.filter(({ msg }) => msg === 'request');
  expect(requests).toContainEqual(
    expect.objectContaining({ requestId: 'mine-1', method: 'GET', path: 'machines/none', status: 404, principal: 'anonymous' }),
  );
  expect(requests).toContainEqual(expect.objectContaining({ requestId: 'mine-2', method: 'POST', status: 400 }));
  const create = requests.find(({ method, path, status }) => method === 'POST' && path === 'machines' && status !== 400);
  expect(create).toMatchObject({ address: '127.0.0.1', principal: 'anonymous', tenant: 'default', job: expect.any(String) as string });
  const { job, requestId } = create ?? {};
  expect(lines).toContainEqual(
    expect.objectContaining({ job, requestId, principal: 'anonymous', tenant: 'default', workflow: 'machine.create', state: 'SUCCESS' }),
  );
  expect(requests.map(({ requestId: id }) => id)).toContain(unnamed.headers.get('x-request-id'));
  expect(gateway.stdout + gateway.stderr).not.toContain(MARKER);
  expect(gateway.stdout + gateway.stderr).not.toContain(Buffer.from(MARKER).toString('base64'));
});

test('lines for people where log.pretty says so', async () => {
  const file = folder.write('gateway.yaml', {
    server: { port: 0 },
    data: { dir: 'data' },
    log: { pretty: true },
    clouds: { sim: { driver: 'simulator' } },
  });
  const gateway = await folder.serve(['serve', '-c', file, '--make-key']);
  await comesTrue(() => expect(gateway.stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}the Cloud Entry Point is ready .*entryPoint=http/m));
});

test('/healthz, /readyz and /metrics tell how it is', async () => {
  const gateway = await serve();
  await made(gateway.client, 'machines', machineCreate({ name: 'counted' }));
  await gateway.client.post('machines', { resourceURI: `${CIMI}/MachineCreate` });
  const before = String((await gateway.client.get('machines')).json.count);
  expect(before).toBe('1');
  expect(JSON.parse((await got(at(gateway, '/healthz'))).text)).toEqual({ status: 'alive' });
  expect(JSON.parse((await got(at(gateway, '/readyz'))).text)).toEqual({
    status: 'ready',
    problems: [],
    clouds: { sim: expect.stringMatching(/^(UNKNOWN|UP)$/) as string },
  });
  const { status, text } = await got(at(gateway, '/metrics'));
  expect(status).toBe(200);
  expect(text).toMatch(/^cimi_jobs_total\{workflow="machine[^"]*",outcome="SUCCESS"\} 1$/m);
  expect(text).toMatch(/^cimi_jobs_total\{workflow="none",outcome="FAILED"\} 1$/m);
  expect(text).toMatch(/^cimi_http_requests_total\{route="machines",method="POST",status="201",format="json"\} 1$/m);
  expect(text).toMatch(/^cimi_provider_call_duration_seconds_count\{cloud="sim",group="machines",method="create",outcome="ok"\} 1$/m);
  expect(text).toMatch(/^cimi_queue_trouble 0$/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
});
