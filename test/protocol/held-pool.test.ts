import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashPassword } from '../../src/http/passwords';
import { simulatedCloud } from '../harness/gateway';
import type { Answer, Client } from '../harness/client';
import { expectFault, openScene, type Scene } from './scene';

/** Tenants of whom one may ask for anything: another's password is checked meanwhile, by the order of events, never by a clock. */
const TENANTS = ['a', 'b', 'c', 'd', 'e', 'f'];
let scene: Scene;

async function user(name: string, tenant: string): Promise<Client> {
  const passwordHash = await hashPassword(`pw-${name}`);
  await scene.gateway.gateway.store.access.putPrincipal({ name, tenant, role: 'operator', passwordHash });
  return scene.client.as({ authorization: `Basic ${Buffer.from(`${name}:pw-${name}`).toString('base64')}` });
}

beforeAll(async () => {
  const cloud = simulatedCloud({}, { tenants: TENANTS, discoveredTenant: 'a' });
  scene = await openScene({ config: { access: { required: true }, tenants: TENANTS, clouds: { sim: cloud } } });
});
afterAll(() => scene.close());

test('a queue of RSA keys keeps no login waiting, and is short: 503 with Retry-After beyond it', async () => {
  const makers = await Promise.all(TENANTS.map((tenant) => user(`maker-${tenant}`, tenant)));
  for (const maker of makers) expect((await maker.get('credentials')).status).toBe(200);
  const other = await user('other', 'f');
  const ended: Answer[] = [];
  const asked = makers.flatMap((maker) =>
    [1, 2, 3].map(async () => {
      const answer = await maker.post('credentials', { credentialTemplate: { keyType: 'rsa' } });
      ended.push(answer);
      return answer;
    }),
  );
  expect((await other.get('credentials')).status).toBe(200);
  expect(ended.length).toBeLessThan(asked.length);
  const answers = await Promise.all(asked);
  const made = answers.filter(({ status }) => status === 201);
  expect([made.length > 0, made.length < asked.length]).toEqual([true, true]);
  for (const answer of answers.filter((one) => !made.includes(one))) {
    expectFault(answer, 503, /keyType: too many RSA keys are being made: try again, or ask for an ed25519 key/);
    expect(answer.headers.get('retry-after')).toBe('3');
  }
  const atOnce = await Promise.all(makers.map((maker) => maker.post('credentials', { credentialTemplate: {} })));
  expect(atOnce.map(({ status }) => status)).toEqual(TENANTS.map(() => 201));
});

test('where every thread of libuv’s pool is held (by slow names, files, whatever), a password is checked all the same', async () => {
  const late = await user('late', 'f');
  const pipes = [1, 2, 3, 4, 5, 6, 7, 8].map((at) => join(scene.gateway.dataDir, `pipe${at}`));
  execFileSync('mkfifo', pipes);
  // Opening a pipe to read from waits for a writer, and holds its thread.
  const held = pipes.map((pipe) => open(pipe, 'r'));
  let free = false;
  const behind = stat(scene.gateway.dataDir).then(() => (free = true));
  const writers: number[] = [];
  try {
    expect((await late.get('credentials')).status).toBe(200);
    expect((await late.post('credentials', { credentialTemplate: {} })).status).toBe(201);
    expect(free).toBe(false);
  } finally {
    for (const pipe of pipes) writers.push(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
    for (const file of await Promise.all(held)) await file.close();
    for (const writer of writers) closeSync(writer);
  }
  await behind;
});
