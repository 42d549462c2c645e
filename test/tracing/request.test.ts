import { randomBytes } from 'node:crypto';
import { hashPassword } from '../../src/http/passwords';
import { describeWith } from '../backends/need';
import { installOtlp, otlpAvailable, type SentSpan } from '../backends/otlp';
import { basic, type Answer, type Client } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { machineCreate, made, openScene, succeeded, type Scene } from '../protocol/scene';
import { TraceCollector } from './collector';
import { hasEnded, ofTrace, wayOf } from './spans';

/** W3C Trace Context of a caller. */
function caller(flags = '01'): { traceId: string; spanId: string; headers: Record<string, string> } {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate: 'vendor=abc' } };
}

const QUICK = { start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 20, capture: 20 };
const jobIn = (answer: Answer): string => String(answer.headers.get('cimi-job-uri')).replace(/^.*\/jobs\//, '');

describeWith("traces, as OpenTelemetry's protocol has them", otlpAvailable(), () => {
  let collector: TraceCollector;
  let scene: Scene;
  const clients: Record<string, Client> = {};

  beforeAll(async () => {
    await installOtlp();
    process.env.OTEL_BSP_SCHEDULE_DELAY = '20';
    collector = await TraceCollector.start();
    scene = await openScene({
      config: {
        access: { required: true },
        tenants: ['default', 'other'],
        tracing: { endpoint: collector.url, headers: { 'x-key': 'for-the-collector' }, service: 'gateway under test' },
        clouds: { sim: simulatedCloud({}, { tenants: ['default', 'other'], discoveredTenant: 'default', guard: { cacheMs: 0 } }) },
      },
    });
    for (const [name, tenant] of [
      ['ada', 'default'],
      ['ben', 'other'],
    ] as const) {
      await scene.gateway.gateway.store.access.putPrincipal({
        ...{ name, tenant, role: 'operator', passwordHash: await hashPassword(`hush-${name}`) },
      });
      clients[name] = scene.client.as(basic(name, `hush-${name}`));
    }
  });
  afterAll(async () => {
    delete process.env.OTEL_BSP_SCHEDULE_DELAY;
    await scene.close();
    await collector.stop();
  });

  const as = (name: string): Client => clients[name] ?? scene.client;

  /** Creates a machine. @returns the answer, and the spans of its trace once its Job has ended */
  async function created(client: Client, headers: Record<string, string>): Promise<{ answer: Answer; spans: SentSpan[] }> {
    const answer = await client.post('machines', machineCreate({ name: 'traced' }), headers);
    await succeeded(client, answer);
    const all = await collector.until((spans) => hasEnded(spans, jobIn(answer)) && requestOf(spans, jobIn(answer)) !== undefined);
    return { answer, spans: ofTrace(all, requestOf(all, jobIn(answer))?.traceId ?? '') };
  }

  const requestOf = (spans: readonly SentSpan[], job: string): SentSpan | undefined =>
    spans.find(({ kind, attributes }) => kind === 'server' && attributes['cimi.job'] === job);

  test("a request, the runs of its Job, their steps and calls are one trace below the caller's span", async () => {
    const from = caller();
    const { answer, spans } = await created(as('ada'), from.headers);
    const job = jobIn(answer);
    const request = requestOf(spans, job);
    expect(request).toMatchObject({
      ...{ name: 'POST machines', traceId: from.traceId, parentSpanId: from.spanId, traceState: 'vendor=abc', failed: false },
      attributes: {
        'http.request.method': 'POST',
        'http.route': 'machines',
        'http.response.status_code': answer.status,
        'url.scheme': 'http',
        'cimi.tenant': 'default',
        'cimi.action': 'add',
        'cimi.job': job,
        'cimi.request_id': answer.headers.get('x-request-id'),
      },
      resource: { 'service.name': 'gateway under test', 'cimi.role': 'gateway', 'telemetry.sdk.language': 'nodejs' },
    });
    expect(spans.every(({ traceId }) => traceId === from.traceId)).toBe(true);
    const runs = spans.filter(({ kind }) => kind === 'consumer');
    expect(runs.map((run) => wayOf(run, spans))).toEqual(runs.map(() => 'job machine.create < POST machines'));
    expect(runs.at(-1)?.attributes).toMatchObject({
      'cimi.workflow': 'machine.create',
      'cimi.job.state': 'SUCCESS',
      'cimi.tenant': 'default',
    });
    const calls = spans.filter(({ kind, attributes }) => kind === 'client' && attributes['cimi.operation'] === 'machines.create');
    expect(calls).toHaveLength(1);
    const [call] = calls as [SentSpan];
    expect(wayOf(call, spans)).toMatch(/^sim machines\.create < \w+ < job machine\.create < POST machines$/);
    expect(call.attributes).toEqual({
      ...{ 'cimi.cloud': 'sim', 'cimi.driver': 'simulator', 'cimi.operation': 'machines.create', 'cimi.attempt': 1 },
    });
    expect(collector.headers.at(-1)).toMatchObject({ 'x-key': 'for-the-collector', 'content-type': 'application/x-protobuf' });
  });

  test('a Job that waits for the cloud says so, and each time a worker has it in hand is a span below the request', async () => {
    scene.control.set({ delays: { ...QUICK, create: 3_600_000 } });
    const from = caller();
    const answer = await as('ada').post('machines', machineCreate(), from.headers);
    const mine = (spans: readonly SentSpan[]) => ofTrace(spans, from.traceId);
    const isWaiting = ({ events }: SentSpan): boolean =>
      events.some(({ name, attributes }) => name === 'wait' && Number(attributes['cimi.wait_ms']) > 0);
    await collector.until((all) => mine(all).some(isWaiting));
    scene.control.resetSettings();
    for (const { id, phase } of scene.control.instances()) if (phase === 'pending') scene.control.setPhase(id, 'running');
    await succeeded(as('ada'), answer);
    const spans = mine(await collector.until((all) => hasEnded(all, jobIn(answer)) && requestOf(all, jobIn(answer)) !== undefined));
    const runs = spans.filter(({ kind }) => kind === 'consumer');
    expect(runs.length).toBeGreaterThan(1);
    expect(runs.map((run) => wayOf(run, spans))).toEqual(runs.map(() => 'job machine.create < POST machines'));
  });

  test("the lines of the log about a request and its Job name the trace, and the way to the caller's goes through the store", async () => {
    const from = caller();
    const { answer } = await created(as('ada'), from.headers);
    const lines = scene.gateway.logs().filter((line) => line['trace'] === from.traceId);
    expect(lines.map(({ msg }) => msg)).toContain('request');
    expect(lines.some(({ job, workflow }) => job === jobIn(answer) && workflow === 'machine.create')).toBe(true);
    const row = await scene.gateway.gateway.store.job(jobIn(answer));
    expect(row?.trace).toMatch(new RegExp(`^00-${from.traceId}-[0-9a-f]{16}-01 vendor=abc$`));
  });

  test('routes are shapes of the catalogue, never ids or queries as they were sent', async () => {
    const client = as('ada');
    const { id } = await made(client, 'machines', machineCreate({ name: 'shaped' }));
    const from = caller();
    for (const uri of [`${String(id)}/disks`, `${scene.client.base}clouds/sim/machines?$filter=name='hush-query'`, 'nowhere/hush-path'])
      await client.get(uri, from.headers);
    const spans = ofTrace(
      await collector.until((all) => ofTrace(all, from.traceId).filter(({ kind }) => kind === 'server').length === 3),
      from.traceId,
    );
    const requests = spans.filter(({ kind }) => kind === 'server');
    expect(requests.map(({ name, attributes }) => [name, attributes['http.route'], attributes['http.response.status_code']])).toEqual([
      ['GET machines/{id}/disks', 'machines/{id}/disks', 200],
      ['GET clouds/{cloud}/machines', 'clouds/{cloud}/machines', 200],
      ['GET', undefined, 404],
    ]);
    expect(spans.filter(({ kind }) => kind === 'client').map((call) => wayOf(call, spans))).toContain(
      'sim machines.list < GET clouds/{cloud}/machines',
    );
  });

  test('a call that fails, and is made again, says why and what the provider called it', async () => {
    scene.control.fail({ method: 'machines.create', kind: 'unavailable', message: 'hush-provider' });
    const { spans } = await created(as('ada'), {});
    const calls = spans.filter(({ attributes }) => attributes['cimi.operation'] === 'machines.create');
    expect(calls.map(({ failed, attributes }) => [failed, attributes['error.type'] ?? null])).toEqual([
      [true, 'unavailable'],
      [false, null],
    ]);
    expect(calls[0]?.attributes).toHaveProperty(['cimi.provider.code']);
    expect(calls[0]?.said).toBe('');
    const retries = spans.flatMap(({ kind, events }) => (kind === 'consumer' ? events.filter(({ name }) => name === 'retry') : []));
    expect(retries).toMatchObject([{ attributes: { 'error.type': 'unavailable' } }]);
  });

  test('a Job that fails has failed in its trace', async () => {
    scene.control.fail({ method: 'machines.create', kind: 'invalid', message: 'hush-invalid' });
    const answer = await as('ada').post('machines', machineCreate({ name: 'wrong' }));
    await as('ada').ended(answer);
    const spans = await collector.until((all) => hasEnded(all, jobIn(answer)));
    const run = spans.find(
      ({ kind, attributes }) => kind === 'consumer' && attributes['cimi.job'] === jobIn(answer) && 'cimi.job.state' in attributes,
    );
    expect(run).toMatchObject({ failed: true, attributes: { 'cimi.job.state': 'FAILED', 'error.type': 'invalid' } });
  });

  test('what is no Trace Context begins a trace of its own; a caller who samples nothing is heeded, and so is one in two tenants', async () => {
    const wrong = 'ff-0123456789abcdef0123456789abcdef-0123456789abcdef-01';
    const unsampled = caller('00');
    await as('ada').get('machines', { traceparent: wrong, tracestate: 'x'.repeat(5000) });
    await as('ada').get('machines', unsampled.headers);
    const mine = caller();
    const theirs = caller();
    await Promise.all([created(as('ada'), mine.headers), created(as('ben'), theirs.headers)]);
    const spans = await collector.spans();
    expect(spans.filter(({ traceId }) => wrong.includes(traceId) || traceId === unsampled.traceId)).toEqual([]);
    const tenants = (traceId: string) => new Set(ofTrace(spans, traceId).flatMap(({ attributes }) => attributes['cimi.tenant'] ?? []));
    expect([tenants(mine.traceId), tenants(theirs.traceId)]).toEqual([new Set(['default']), new Set(['other'])]);
  });

  test('nothing secret is sent: no login, no body, no query, no words of a provider', async () => {
    const client = as('ada');
    const template = { userName: 'root', password: 'hush-credential' };
    await made(client, 'credentials', { resourceURI: 'http://schemas.dmtf.org/cimi/1/CredentialCreate', credentialTemplate: template });
    const userData = Buffer.from('hush-user-data').toString('base64');
    const { answer } = await created(client, {
      cookie: 'session=hush-cookie',
      authorization: String(basic('ada', 'hush-ada').authorization),
    });
    await succeeded(client, await client.post('machines', machineCreate({ name: 'hush-name' }, { userData })));
    await client.get(`${String(answer.headers.get('location'))}?$select=hush-select`);
    await client.get('machines', basic('ada', 'hush-wrong'));
    const last = caller();
    await client.get('machines', last.headers);
    const all = await collector.until((spans) => ofTrace(spans, last.traceId).length > 0);
    expect(all.length).toBeGreaterThan(50);
    const text = collector.bytes.toString('latin1');
    for (const secret of ['hush', userData, Buffer.from('ada:hush-ada').toString('base64'), 'traced', 'for-the-collector'])
      expect(text).not.toContain(secret);
  });
});
