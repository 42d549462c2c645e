import { ask } from '../../test/http/kit';
import { openAdminPort, type AdminOptions, type AdminPort } from './admin';
import { createMetrics } from './metrics';
import type { Readiness } from './probes';

const TOKEN = 'a-token-that-is-long-enough';
let port: AdminPort | undefined;
afterEach(async () => {
  await port?.close();
  port = undefined;
});

async function opened(change: Partial<AdminOptions> = {}): Promise<number> {
  const metrics = createMetrics({ process: false });
  const found: Readiness = { ok: true, problems: ['slow'], clouds: { sim: { state: 'DOWN', tenants: ['t'] } } };
  const options = { ready: () => Promise.resolve(found), metrics, closing: () => false, ...change };
  port = await openAdminPort({ host: '127.0.0.1', port: 0 }, options);
  return port.port;
}

const get = async (at: number, path: string, headers: Record<string, string> = {}) => {
  const { status, body } = await ask(at, path, { headers: { authorization: '', ...headers } });
  return { status, body: body.startsWith('{') ? (JSON.parse(body) as unknown) : body };
};

test('an operator is told all without a login, and nothing but how the process is', async () => {
  const at = await opened();
  expect(await get(at, '/healthz')).toEqual({ status: 200, body: { status: 'alive' } });
  expect(await get(at, '/readyz?x')).toEqual({ status: 200, body: { status: 'ready', problems: ['slow'], clouds: { sim: 'DOWN' } } });
  expect(await get(at, '/metrics')).toEqual({ status: 200, body: expect.stringContaining('cimi_logins_total{outcome="ok"} 0') as string });
  expect((await get(at, '/cimi/machines')).status).toBe(404);
  expect((await ask(at, '/readyz', { method: 'POST' })).status).toBe(405);
});

test('a process that starts, fails or ends is alive and not ready', async () => {
  let closing = false;
  const at = await opened({ ready: () => Promise.reject(new Error('no store')), closing: () => closing });
  expect(await get(at, '/readyz')).toMatchObject({ status: 503, body: { status: 'not ready', problems: ['no store'] } });
  closing = true;
  expect(await get(at, '/readyz')).toMatchObject({ status: 503, body: { problems: ['shutting down'] } });
  expect((await get(at, '/healthz')).status).toBe(200);
});

test('where a token is set, metrics and problems are for who has it', async () => {
  const at = await opened({ metricsToken: TOKEN });
  expect((await get(at, '/metrics')).status).toBe(401);
  expect((await get(at, '/metrics', { authorization: 'Bearer another-token' })).status).toBe(401);
  expect((await get(at, '/metrics', { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  expect(await get(at, '/readyz')).toEqual({ status: 200, body: { status: 'ready' } });
  expect(await get(at, '/readyz', { authorization: `Bearer ${TOKEN}` })).toMatchObject({ body: { problems: ['slow'] } });
});

test('a page that calls this machine by a name of its own reads nothing', async () => {
  const at = await opened();
  expect((await get(at, '/metrics', { host: 'evil.example.org' })).status).toBe(403);
  expect((await get(at, '/metrics', { host: 'localhost:1' })).status).toBe(200);
});

test('an address that is taken is an error', async () => {
  const at = await opened();
  const options = { ready: () => Promise.reject(new Error()), metrics: createMetrics({ process: false }), closing: () => false };
  await expect(openAdminPort({ host: '127.0.0.1', port: at }, options)).rejects.toThrow(
    `admin.port ${at} on 127.0.0.1 is in use: another program listens there`,
  );
});
