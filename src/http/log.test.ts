import { passing, stopClock } from '../../test/harness/wait';
import { createLog, createLogSink } from './log';
import { createMetrics } from './metrics';

test('lines are JSON with a level by name and a time; what is below the level is not written', () => {
  const sink = createLogSink();
  const log = createLog({ level: 'info', destination: sink, base: { role: 'worker' } });
  log.debug('not seen');
  log.warn({ cloud: 'a' }, 'seen');
  expect(sink.lines()).toEqual([{ level: 'warn', time: expect.stringMatching(/^\d{4}-.*Z$/), role: 'worker', cloud: 'a', msg: 'seen' }]);
});

test('lines for people name the time, the level, the words and the members, without secrets', () => {
  const texts: string[] = [];
  const log = createLog({ level: 'info', pretty: true, destination: { write: (line) => void texts.push(line) } });
  log.error({ cloud: 'a', ms: 3, password: 'MARKER', err: new Error('why') }, 'refused');
  expect(texts.join('')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ERROR refused cloud=a ms=3 password=\[removed\] err=why\n {4}Error: why\n/);
});

test('credentials are struck out at every depth that requests and settings have', () => {
  const sink = createLogSink();
  const log = createLog({ level: 'info', destination: sink });
  const marker = 'MARKER';
  const secrets = { authorization: marker, cookie: marker, 'set-cookie': [marker], password: marker, token: marker, secret: marker };
  log.info({ ...secrets, headers: secrets, request: { headers: secrets }, err: { config: { request: secrets } } }, 'tried');
  expect(JSON.stringify(sink.lines())).not.toContain(marker);
  expect(sink.lines()[0]).toMatchObject({ headers: { authorization: '[removed]' } });
});

test('metrics of two gateways share nothing; the queue is asked at every scrape; foreign names are bounded', async () => {
  const [one, two] = [createMetrics({ process: false }), createMetrics({ process: false })];
  const queue: { trouble?: string } = {};
  one.watchQueue(() => queue.trouble);
  one.jobEnded('machine.create', 'SUCCESS', 2);
  one.providerCall({ cloud: 'a', group: 'machines', method: 'list', outcome: 'throttled', seconds: 0.2 });
  for (let i = 0; i < 150; i++) one.unmappedState('a', 'Machine', `state${i}`);
  const text = async () => (await one.scrape()).text;
  expect(await text()).toContain('cimi_queue_trouble 0');
  queue.trouble = 'redis is gone';
  expect(await text()).toContain('cimi_queue_trouble 1');
  expect(await text()).toContain('cimi_jobs_total{workflow="machine.create",outcome="SUCCESS"} 1');
  expect(await text()).toContain('outcome="throttled"');
  expect(await text()).toContain('cimi_unmapped_states_total{cloud="a",type="Machine",state="other"} 50');
  expect((await two.scrape()).text).not.toContain('machine.create');
});

test('Jobs that have not ended are counted at a scrape; where the store is away nothing is told of them', async () => {
  const metrics = createMetrics({ process: false });
  let asked = 0;
  const text = async () => (await metrics.scrape()).text;
  stopClock();
  try {
    metrics.watchJobs(() => {
      asked += 1;
      return asked < 3
        ? Promise.resolve([{ workflow: 'machine.create', waiting: asked, running: 3, oldestMs: 4_500 }])
        : Promise.reject(new Error());
    });
    expect(await text()).toContain('cimi_jobs_waiting{workflow="machine.create"} 1');
    const again = await text();
    expect(again).toContain('cimi_jobs_running{workflow="machine.create"} 3');
    expect(again).toContain('cimi_jobs_oldest_seconds{workflow="machine.create"} 4.5');
    expect(asked).toBe(1);
    await passing(6_000);
    expect(await text()).toContain('cimi_jobs_waiting{workflow="machine.create"} 2');
    await passing(6_000);
    expect(await text()).not.toContain('cimi_jobs_waiting{');
  } finally {
    jest.useRealTimers();
  }
});

test('a Job is counted with how long it took, a change without work is not timed, takeovers and logins are counted', async () => {
  const metrics = createMetrics({ process: false });
  metrics.jobEnded('machine.create', 'SUCCESS', 2);
  metrics.jobEnded('none', 'FAILED', 0);
  metrics.jobTakenOver('machine.create');
  metrics.login('throttled');
  const { text } = await metrics.scrape();
  expect(text).toContain('cimi_job_duration_seconds_bucket{le="2.5",workflow="machine.create",outcome="SUCCESS"} 1');
  expect(text).not.toContain('cimi_job_duration_seconds_count{workflow="none"');
  expect(text).toContain('cimi_job_takeovers_total{workflow="machine.create"} 1');
  expect(text).toContain('cimi_logins_total{outcome="throttled"} 1');
});

test('a stranger can not grow the routes that are told apart', async () => {
  const metrics = createMetrics({ process: false });
  for (let i = 0; i < 1000; i++) metrics.request({ path: `x${i}`, method: `M${i}`, status: 200, format: 'json', seconds: 0.001 });
  const { text } = await metrics.scrape();
  expect(text.split('\n').filter((line) => line.startsWith('cimi_http_requests_total{')).length).toBeLessThanOrEqual(251);
});

test('what a client sends neither moves the cursor, nor turns the text, nor fills the log', () => {
  const texts: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void texts.push(line) } });
  log.info({ path: 'a\u202eb\u009b2J\u001b[2J' }, 'asked');
  log.info({ path: 'x'.repeat(100_000), err: new Error('y'.repeat(100_000)), list: new Array(20_000).fill('z') }, 'asked');
  expect(texts[0]).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(JSON.parse(texts[0] ?? '')).toMatchObject({ path: 'a\u202eb\u009b2J\u001b[2J', msg: 'asked' });
  expect(texts[1]?.length).toBeLessThan(17_000);
  expect(JSON.parse(texts[1] ?? '')).toHaveProperty('msg');
});
