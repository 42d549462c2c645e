import { describeWith } from '../backends/need';
import { installOtlp, otlpAvailable } from '../backends/otlp';
import { postgresAvailable } from '../backends/postgres';
import { redisAvailable } from '../backends/redis';
import { waitUntil } from '../harness/wait';
import { machineCreate } from '../protocol/scene';
import { Cluster, jobOf } from '../running/cluster';
import { TraceCollector } from './collector';
import { ofTrace, wayOf } from './spans';

const parts = [otlpAvailable(), postgresAvailable(), redisAvailable()];
const available = parts.find((part) => part !== true) ?? true;
const TRACE = '0123456789abcdef0123456789abcdef';
const PARENT = `00-${TRACE}-0123456789abcdef-01`;

describeWith('traces of gateways and workers over PostgreSQL and Redis', available, () => {
  let collector: TraceCollector;
  let cluster: Cluster;
  const { env } = process;

  beforeAll(async () => {
    await installOtlp();
    process.env = { ...env, OTEL_BSP_SCHEDULE_DELAY: '50' };
    collector = await TraceCollector.start();
    cluster = await Cluster.start({ gateways: 1, workers: 1, more: { tracing: { endpoint: collector.url } } });
  });
  afterAll(async () => {
    process.env = env;
    await cluster.stop();
    await collector.stop();
  });

  test('what a killed worker had in hand another goes on with in the same trace, below the request', async () => {
    const [gateway] = cluster.gateways as [(typeof cluster.gateways)[number]];
    const [first] = cluster.workers as [(typeof cluster.workers)[number]];
    cluster.cloud.fail({ method: 'machines.create', delayMs: 3_600_000 });
    const answer = await gateway.client.post('machines', machineCreate(), { traceparent: PARENT });
    const job = jobOf(answer);
    await waitUntil(() => (cluster.cloud.calls()['machines.create'] ?? 0) > 0);
    await first.end('SIGKILL');
    cluster.cloud.clearFailures();
    const second = await cluster.addWorker();
    expect(await gateway.ended(job)).toBe('SUCCESS');

    const all = await collector.until((spans) => spans.some(({ attributes }) => attributes['cimi.job.state'] === 'SUCCESS'));
    const spans = ofTrace(all, TRACE);
    const runs = spans.filter(({ kind }) => kind === 'consumer');
    expect(runs.map((run) => wayOf(run, spans))).toEqual(runs.map(() => 'job machine.create < POST machines'));
    expect(runs.filter(({ attributes }) => attributes['cimi.job.taken_over'] === true)).toHaveLength(1);
    expect(new Set(runs.map(({ resource }) => resource['cimi.role']))).toEqual(new Set(['worker']));
    const calls = spans.filter(({ kind, resource }) => kind === 'client' && resource['cimi.role'] === 'worker');
    expect(calls.map((call) => wayOf(call, spans)).filter((way) => !/ < job machine\.create < POST machines$/.test(way))).toEqual([]);
    expect(calls.some(({ attributes }) => attributes['cimi.operation'] === 'machines.create')).toBe(true);
    const [server] = spans.filter(({ kind }) => kind === 'server');
    expect(server).toMatchObject({ parentSpanId: '0123456789abcdef', resource: { 'cimi.role': 'gateway' } });
    expect(
      second
        .logs()
        .filter(({ trace }) => trace === TRACE)
        .map(({ msg }) => msg),
    ).toContain('a lease ran out: this process takes the job over');
  });
});
