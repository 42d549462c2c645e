import { describeWith } from '../backends/need';
import { installOtlp, otlpAvailable } from '../backends/otlp';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTypescript } from '../backends/run-typescript';
import { startTestGateway } from '../harness/gateway';
import { Client } from '../harness/client';
import { machineCreate, succeeded } from '../protocol/scene';
import { TraceCollector } from './collector';

const PARENT = { traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01' };

/** Makes a machine in a gateway of this configuration, and stops it. @returns the lines of its log */
async function makeOne(tracing: object | undefined, headers: Record<string, string>): Promise<{ [key: string]: unknown }[]> {
  const gateway = await startTestGateway({ config: tracing ? { tracing } : {} });
  try {
    const client = new Client(gateway.base);
    await succeeded(client, await client.post('machines', machineCreate(), headers));
  } finally {
    await gateway.stop();
  }
  return gateway.logs();
}

describeWith('sampling of traces', otlpAvailable(), () => {
  let collector: TraceCollector;
  const { env } = process;

  beforeAll(async () => {
    await installOtlp();
    collector = await TraceCollector.start();
  });
  beforeEach(() => {
    collector.bodies.length = collector.seen = 0;
    process.env = { ...env };
  });
  afterAll(async () => {
    process.env = env;
    await collector.stop();
  });

  test('with a share of 0 nothing is sent, whatever the caller wants; the lines of the log name traces all the same', async () => {
    const lines = await makeOne({ endpoint: collector.url, sample: 0 }, PARENT);
    expect(collector.seen).toBe(0);
    expect(lines.filter(({ trace }) => trace === '0123456789abcdef0123456789abcdef').length).toBeGreaterThan(1);
  });

  test('a caller that samples is followed where few traces begin here', async () => {
    await makeOne({ endpoint: collector.url, sample: 1e-9 }, {});
    expect(collector.seen).toBe(0);
    await makeOne({ endpoint: collector.url, sample: 1e-9 }, PARENT);
    expect((await collector.spans()).some(({ name }) => name === 'POST machines')).toBe(true);
  });

  test('what the configuration leaves open the variables of OpenTelemetry say; what is left at the end is sent', async () => {
    Object.assign(process.env, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'by the environment',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    await makeOne({}, {});
    const spans = await collector.spans();
    expect(spans.map(({ name }) => name)).toContain('job machine.create');
    expect(spans[0]?.resource).toMatchObject({ 'service.name': 'by the environment', 'deployment.environment.name': 'test' });
    collector.seen = 0;
    await makeOne({ sample: 1, service: 'by the file' }, {});
    expect((await collector.spans()).at(-1)?.resource['service.name']).toBe('by the file');
    Object.assign(process.env, { OTEL_TRACES_SAMPLER: 'always_off' });
    collector.seen = 0;
    await makeOne({}, {});
    expect(collector.seen).toBe(0);
  });

  test('OTEL_SDK_DISABLED switches it off, and without the section there is none', async () => {
    Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const without = await makeOne(undefined, PARENT);
    process.env.OTEL_SDK_DISABLED = 'true';
    const disabled = await makeOne({}, PARENT);
    expect(collector.seen).toBe(0);
    expect([...without, ...disabled].filter(({ trace }) => trace !== undefined)).toEqual([]);
  });
});

test('where there are no traces nothing of OpenTelemetry but the words of its interface is loaded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cimi-loaded-'));
  const loaded = async (tracing: boolean): Promise<string[]> => {
    const child = spawn(process.execPath, [...runTypescript(join(__dirname, 'loaded-child.ts')), folder, String(tracing)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [[modules]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [[string[]], unknown];
    return modules.flatMap((module) => /@opentelemetry\/[a-z-]+|src\/tracing\/(?!tracer\.ts)\w+/.exec(module)?.[0] ?? []);
  };
  try {
    // The client of Prometheus knows exemplars.
    expect([...new Set(await loaded(false))].filter((name) => name !== '@opentelemetry/api')).toEqual([]);
    expect(await loaded(true)).toEqual(expect.arrayContaining(['src/tracing/otel', '@opentelemetry/sdk-trace']));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
