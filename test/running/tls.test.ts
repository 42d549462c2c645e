import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { waitUntil } from '../harness/wait';
import { AUTHORITY, CLIENT, ONE, TWO } from './certificates';
import { Folder, type Program } from './program';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

interface Serving {
  more?: object;
  server?: object;
}

/** Starts a gateway whose certificate and key lie in files. */
async function serve({ more = {}, server = {} }: Serving = {}): Promise<{ gateway: Program; config: string; use(pair: typeof ONE): void }> {
  const use = ({ cert, key }: typeof ONE): void => {
    folder.write('tls.crt', cert);
    folder.write('tls.key', key);
  };
  use(ONE);
  const tls = { cert: { $file: 'tls.crt' }, key: { $file: 'tls.key' }, ...server };
  const config = folder.configuration({ access: {}, server: { port: 0, tls }, ...more });
  const gateway = await folder.serve(['serve', '-c', config]);
  return { gateway, config, use };
}

/** Asks for the entry point over TLS, by a connection of its own where no agent is given. @returns status, body, and who answered */
async function ask(base: string, options: RequestOptions = {}): Promise<{ status: number | undefined; text: string; by: string }> {
  const sent = request(`${base}cloudEntryPoint`, {
    ca: AUTHORITY,
    agent: false,
    headers: { accept: 'application/json' },
    ...options,
  }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const by = String((response.socket as TLSSocket).getPeerCertificate().subject.CN);
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += String(part);
  return { status: response.statusCode, text, by };
}

const readAgain = (gateway: Program) => gateway.logs().filter(({ msg }) => msg === 'the configuration was read again');

/** Sends SIGHUP and waits until the log says what came of it. */
async function hangUp(gateway: Program): Promise<{ [key: string]: unknown }> {
  const heard = () => gateway.logs().filter(({ msg }) => /read again/.test(String(msg)));
  const before = heard().length;
  gateway.signal('SIGHUP');
  await waitUntil(
    () => heard().length > before,
    () => 'nothing came of SIGHUP',
  );
  return heard().at(-1) ?? {};
}

test('clients speak https, with its certificate, and every URI says so', async () => {
  const { gateway } = await serve();
  expect(gateway.base).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/cimi\/$/);
  const { status, text, by } = await ask(gateway.base);
  expect([status, by]).toEqual([200, 'one']);
  expect(JSON.parse(text)).toMatchObject({ baseURI: gateway.base });
  expect(await gateway.end()).toMatchObject({ code: 0, signal: null });
});

test('who speaks no TLS, or an old one, is answered nothing, and others go on', async () => {
  const { gateway } = await serve();
  const { port, hostname: host } = new URL(gateway.base);
  const plain = connectTcp(Number(port), host);
  plain.write('GET /cimi/cloudEntryPoint HTTP/1.1\r\nHost: x\r\n\r\n');
  let heard = '';
  plain.on('data', (part) => (heard += part.toString('latin1'))).on('error', () => undefined);
  await once(plain, 'close');
  expect(heard).not.toContain('HTTP/1.1');
  const old = connect({
    port: Number(port),
    host,
    ca: AUTHORITY,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  await expect(once(old, 'secureConnect')).rejects.toThrow(/alert|protocol/i);
  expect((await ask(gateway.base)).status).toBe(200);
});

test('SIGHUP takes another certificate; connections that there are go on', async () => {
  const { gateway, use } = await serve();
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: AUTHORITY });
  expect((await ask(gateway.base, { agent })).by).toBe('one');
  use(TWO);
  expect(await hangUp(gateway)).toMatchObject({ level: 'info', taken: ['server.tls'] });
  expect((await ask(gateway.base)).by).toBe('two');
  const again = await ask(gateway.base, { agent });
  expect([again.status, again.by]).toEqual([200, 'one']);
  agent.destroy();
});

test('a certificate and a key that do not belong together change nothing, and neither is shown', async () => {
  const { gateway, use } = await serve();
  use({ cert: TWO.cert, key: ONE.key });
  expect(await hangUp(gateway)).toMatchObject({ level: 'error', error: expect.stringContaining("server.tls can't be used") as string });
  expect((await ask(gateway.base)).by).toBe('one');
  use({ cert: 'no certificate', key: TWO.key });
  expect(await hangUp(gateway)).toMatchObject({ level: 'error', error: expect.stringContaining('server.tls.cert') as string });
  expect((await ask(gateway.base)).by).toBe('one');
  for (const line of [ONE.key, TWO.key].flatMap((key) => key.split('\n').slice(1, -1)))
    expect(gateway.stdout + gateway.stderr).not.toContain(line);
  use(TWO);
  expect(await hangUp(gateway)).toMatchObject({ taken: ['server.tls'] });
  expect((await ask(gateway.base)).by).toBe('two');
});

test('SIGHUP takes the level of the log, and says what else has changed and needs a restart, without values', async () => {
  const { gateway } = await serve();
  expect(await hangUp(gateway)).toMatchObject({ taken: [] });
  expect(readAgain(gateway).at(-1)).not.toHaveProperty('needRestart');
  folder.configuration({
    access: {},
    log: { level: 'debug' },
    server: { port: 0, retireMs: 7, tls: { cert: { $file: 'tls.crt' }, key: { $file: 'tls.key' } } },
    clouds: { sim: { driver: 'simulator', options: { delays: { create: 51 } } }, more: { driver: 'simulator' } },
    jobs: { graceMs: 123 },
  });
  const told = await hangUp(gateway);
  expect(told).toMatchObject({ needRestart: ['jobs', 'server.retireMs', 'clouds.more'] });
  expect(readAgain(gateway).at(-1)).toMatchObject({ taken: ['clouds.sim', 'log.level'] });
  await ask(gateway.base);
  await waitUntil(
    () => gateway.logs().some(({ level, msg }) => level === 'debug' && msg === 'request'),
    () => 'no read was logged at debug',
  );
});

test('with clientCa only who has a certificate of it is connected', async () => {
  const { gateway } = await serve({ server: { clientCa: AUTHORITY } });
  await expect(ask(gateway.base)).rejects.toThrow(/certificate required|ECONNRESET|socket hang up/i);
  expect((await ask(gateway.base, CLIENT)).status).toBe(200);
});

test.each(['0.0.0.0', '::'])('a gateway that listens on %s and whose URL nobody has set does not start, and says why', async (host) => {
  const config = folder.configuration({ server: { port: 0, host } });
  const { code, stderr } = await folder.run(['serve', '-c', config]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/every address of this machine, and server\.publicUrl is not set/);
});
