import { once } from 'node:events';
import { connect } from 'node:net';
import { basic } from '../harness/client';
import { StreamReader } from '../harness/event-stream';
import { elapse, waitUntil } from '../harness/wait';
import { made, succeeded } from '../protocol/scene';
import { expectStatus, PASSWORD, USER, type Act, type Scene } from './scene';

/** Clients that come and go: connections, streams, waits, logins, consoles, tokens. */

const CONFIG = { cpu: 1, memory: 1_048_576 };

/** Streams of events of which one goes on after what it has read, and both are cut. */
const streams: Act = async (scene) => {
  const client = scene.client();
  const events = await scene.events(client);
  const whole = await StreamReader.open(events, scene.login);
  const again = await StreamReader.open(events, scene.login);
  await waitUntil(() => whole.lastId !== '');
  const { id } = await made(client, 'machineConfigs', { name: scene.fresh(), ...CONFIG });
  await whole.first(1);
  again.cut();
  const after = await StreamReader.open(events, { ...scene.login, 'last-event-id': whole.lastId });
  await succeeded(client, await client.delete(String(id)));
  await after.first(1);
  whole.cut();
  after.cut();
};

/** Waits for events and for Jobs, which end, or whose clients are gone before. */
const waits: Act = async (scene) => {
  const client = scene.client();
  const events = await scene.events(client);
  const nothing = `${events}?$filter=type='http://own.example/${scene.fresh()}'`;
  expectStatus(await client.get(nothing, { prefer: 'wait=1' }), 200);
  await abandoned(scene, nothing, { headers: { prefer: 'wait=300' } });
  const { headers } = await client.post('machineConfigs', { name: scene.fresh(), ...CONFIG }, { prefer: 'wait=60' });
  await succeeded(client, await client.delete(String(headers.get('location'))));
};

/** Asks and goes away before the answer. */
async function abandoned(
  scene: Scene,
  uri: string,
  init: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<void> {
  const leaving = new AbortController();
  const asked = fetch(uri, { ...init, headers: { ...init.headers, ...scene.login }, signal: leaving.signal });
  await elapse(scene.random.next() * 100);
  leaving.abort();
  // Whatever came of it until then is no matter.
  await asked.then((answer) => answer.body?.cancel()).catch(() => undefined);
}

/** Connections that ask nothing, half of something, or all of it and do not wait. */
const connections: Act = async (scene) => {
  const { hostname, port } = new URL(scene.stranger().base);
  const head = `GET /cimi/machines HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: ${scene.login.authorization}\r\n`;
  const upload = head.replace('GET', 'POST') + 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"name":';
  for (const text of ['', head, `${head}\r\n`, upload, 'no HTTP at all\r\n\r\n']) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
    socket.write(text);
    await elapse(scene.random.next() * 20);
    socket.destroy();
  }
  const client = scene.client();
  await abandoned(scene, `${client.base}machines?$expand=*`, {});
  expectStatus(await client.get('machineConfigs?$first=1', { connection: 'close' }), 200);
};

/** Logins with wrong passwords, of users that there are and that there are not, from ever new places, and one that is right. */
const logins: Act = async (scene) => {
  const stranger = scene.stranger();
  for (const name of [USER, scene.fresh()]) {
    const place = Array.from({ length: 3 }, () => Math.floor(scene.random.next() * 256)).join('.');
    const headers = { ...basic(name, scene.fresh()), 'x-forwarded-for': `10.${place}` };
    expectStatus(await stranger.get('cloudEntryPoint', headers), 401, 429);
  }
  expectStatus(await stranger.get('cloudEntryPoint', { authorization: `Bearer ${scene.fresh()}` }), 401, 429);
  expectStatus(await stranger.get('cloudEntryPoint', basic(USER, PASSWORD)), 200);
};

/** A console: its session, some reads, and a logout, which many forget. */
const consoles: Act = async (scene) => {
  const client = scene.stranger();
  const page = { 'x-cimi-console': '1', origin: new URL(client.base).origin, 'sec-fetch-site': 'same-origin' };
  const session = new URL('/console/session', client.base).href;
  const begun = await client.post(session, { user: USER, password: PASSWORD }, page);
  expectStatus(begun, 200);
  const cookie = String(begun.headers.get('set-cookie')).split(';')[0] ?? '';
  for (const uri of [session, 'cloudEntryPoint', 'machines?$first=1&$last=50'])
    expectStatus(await client.get(uri, { ...page, cookie }), 200);
  if (scene.random.next() < 0.5) expectStatus(await client.delete(session, { ...page, cookie }), 204);
};

/** A token that is made, used and revoked. */
const tokens: Act = async (scene) => {
  const client = scene.client();
  const at = new URL(`/admin/users/${USER}/tokens`, client.base).href;
  const { token, id } = expectStatus(await client.post(at, { name: scene.fresh() }), 201) as unknown as { token: string; id: string };
  expectStatus(await scene.stranger().get('cloudEntryPoint', { authorization: `Bearer ${token}` }), 200);
  expectStatus(await client.delete(`${at}/${id}`), 204);
};

export const COMINGS: readonly Act[] = [streams, waits, connections, logins, consoles, tokens];
