import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeWith } from '../backends/need';
import { installOtlp, otlpAvailable } from '../backends/otlp';
import { machineCreate, openScene, succeeded, type Scene } from '../protocol/scene';
import { comesTrue } from '../harness/wait';
import { Folder } from '../running/program';
import { TraceCollector, type Manner } from './collector';

const TOLD = 'spans of traces were dropped';

/** Count of a series in what the process tells Prometheus. */
async function counted(scene: Scene, series: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', scene.client.base))).text();
  const [, count = '0'] = new RegExp(`^${series.replaceAll(/[{}"]/g, '\\$&')} (\\d+)$`, 'm').exec(text) ?? [];
  return Number(count);
}

const sent = (scene: Scene) => counted(scene, 'cimi_trace_spans_sent_total');
const dropped = (scene: Scene, why: string) => counted(scene, `cimi_trace_spans_dropped_total{why="${why}"}`);
const linesOf = (scene: Scene) => scene.gateway.logs().filter(({ msg }) => msg === TOLD);

async function makeOne({ client }: Scene): Promise<void> {
  await succeeded(client, await client.post('machines', machineCreate()));
}

/** An address of this machine at which nobody listens. */
async function nowhere(): Promise<string> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describeWith('a collector that is in trouble', otlpAvailable(), () => {
  let collector: TraceCollector;
  const { env } = process;

  beforeAll(installOtlp);
  beforeEach(async () => {
    process.env = { ...env, OTEL_BSP_SCHEDULE_DELAY: '20', OTEL_EXPORTER_OTLP_TIMEOUT: '300' };
    collector = await TraceCollector.start();
  });
  afterEach(async () => {
    process.env = env;
    await collector.stop();
  });

  async function inTrouble(manner: Manner, more: (scene: Scene) => Promise<void>): Promise<void> {
    collector.manner = manner;
    const scene = await openScene({ config: { tracing: { endpoint: collector.url } } });
    await more(scene).finally(() => scene.close());
  }

  // Only one that is silent is given up for its time: on a busy machine four megabytes may take longer than others wait.
  test.each<[Manner, string, number]>([
    ['refusing', 'Bad Request', 60_000],
    ['silent', 'Request timed out', 300],
    ['talkative', 'OTLP export response body exceeded size limit of 4194304 bytes', 60_000],
  ])('%s: requests and Jobs go on, spans are dropped and counted, and one line tells it', async (manner, reason, timeoutMs) => {
    process.env.OTEL_EXPORTER_OTLP_TIMEOUT = String(timeoutMs);
    await inTrouble(manner, async (scene) => {
      await makeOne(scene);
      await makeOne(scene);
      await comesTrue(async () => expect(await dropped(scene, 'refused')).toBeGreaterThan(5));
      expect(await sent(scene)).toBe(0);
      expect(linesOf(scene)).toMatchObject([{ level: 'warn', reason }]);
      collector.manner = 'well';
      collector.wake();
      await makeOne(scene);
      await comesTrue(async () => expect(await sent(scene)).toBeGreaterThan(5));
    });
  });

  test('one that is not there costs nobody a request, and does not keep the process at its end', async () => {
    const scene = await openScene({ config: { tracing: { endpoint: await nowhere() } } });
    await makeOne(scene);
    await comesTrue(async () => expect(await dropped(scene, 'refused')).toBeGreaterThan(0));
    await scene.close();
    expect(String(linesOf(scene)[0]?.['reason'])).toContain('ECONNREFUSED');
  });

  test('so many spans wait and no more', async () => {
    process.env.OTEL_BSP_MAX_QUEUE_SIZE = '10';
    process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '100000';
    await inTrouble('silent', async (scene) => {
      for (let made = 0; made < 3; made++) await makeOne(scene);
      await comesTrue(async () => expect(await dropped(scene, 'full')).toBeGreaterThan(5));
      expect(linesOf(scene)).toMatchObject([{ reason: 'they come faster than they can be sent' }]);
    });
    // What waits for an answer at the end has been given up.
    expect(collector.seen).toBeGreaterThan(0);
  });

  test('a process that is told to end does so while a collector keeps it waiting', async () => {
    collector.manner = 'silent';
    const folder = new Folder();
    try {
      const config = folder.configuration({ access: { required: false }, tracing: { endpoint: collector.url } });
      const program = await folder.serve(['serve', '-c', config], { env: { OTEL_EXPORTER_OTLP_TIMEOUT: '3600000' } });
      await program.client.get('machines');
      const { code, stdout } = await program.end('SIGTERM');
      expect([code, collector.seen]).toEqual([0, 1]);
      expect(stdout).toContain('the process ended before the collector had them');
      expect(stdout).toContain('"stopped"');
    } finally {
      await folder.remove();
    }
  });
});
