import { hashPassword } from '../../src/http/passwords';
import type { BoundaryPoint } from '../../src/jobs/engine-context';
import { CIMI } from '../../src/model/define';
import type { Role } from '../../src/store/store';
import { basic, type Answer, type Client, type Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { eventually } from '../harness/wait';
import type { Answer as Reply, Origin } from '../fetch/origin';
import { ACTION_URI, expectFault, listOf, made, openScene, rels, succeeded, type Scene } from '../protocol/scene';
import { collection, diskOf, envelope, serving, systemOf, vmdkOf } from './parcel';

/** Imports of Systems while they are under way: stopped, asked for by those who may do less by then, and in the way of one another. */
const MIB = 2 ** 20;
const WEB = { id: 'web', cpus: 1, mebibytes: 512, disks: ['d1'], networks: ['front'] };
const COLLECTIONS = ['systems', 'machines', 'volumes', 'networks', 'machineConfigs', 'machineImages'] as const;
let origin: Origin;
let scene: Scene;
let red: Client;
let blue: Client;
/** Hook at the boundaries of steps. */
let boundary: (point: BoundaryPoint) => Promise<void> = () => Promise.resolve();
/** Answers that wait for `release`; what is asked for after it waits no more. */
const waiting: (() => void)[] = [];
let held = true;
const release = (): void => {
  held = false;
  for (const answer of waiting.splice(0)) answer();
};
const asked = (): Promise<true> => eventually(() => (waiting.length > 0 ? true : undefined));

const get = async (uri: unknown, client = red): Promise<Json> => (await client.get(String(uri))).json;
const importing = (client: Client, path: string, properties?: object): Promise<Answer> =>
  client.post('systems', { action: `${ACTION_URI}import`, source: origin.url + path, properties });
const left = async (): Promise<number[]> => [
  ...(await Promise.all(COLLECTIONS.map(async (name) => Number((await get(name)).count)))),
  scene.control.instances().length,
  scene.control.snapshots().length,
];
const jobOf = (answer: Answer): string => String(answer.headers.get('cimi-job-uri'));

const user = async (name: string, tenant: string, role: Role = 'operator'): Promise<Client> => {
  const passwordHash = await hashPassword('password');
  await scene.gateway.gateway.store.access.putPrincipal({ name, tenant, role, passwordHash });
  return scene.client.as(basic(name, 'password'));
};
/** Rule by which a user makes no images. */
const noImages = (name: string, more: object = {}) => ({
  ...{ name: `no-images-${name}`, effect: 'deny', users: [name], collections: ['machineImages'], actions: ['add'] },
  ...more,
});

beforeAll(async () => {
  const boot = await vmdkOf(diskOf(4 * MIB, 'boot'));
  const late: Reply = (_request, response) => {
    const answer = (): void => void response.writeHead(200).end(boot);
    if (held) waiting.push(answer);
    else answer();
  };
  const two = [systemOf(WEB), systemOf({ ...WEB, id: 'db' })];
  const disk = (file: string) => ({ d1: { file, size: 4 * MIB } });
  origin = await serving(
    {
      '/quick.ovf': envelope(collection('quick', two), disk('quick.vmdk'), ['front']),
      '/late.ovf': envelope(collection('late', two), disk('late.vmdk'), ['front']),
      '/quick.vmdk': boot,
    },
    { '/late.vmdk': late },
  );
  const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  const tenants = ['red', 'blue'];
  const cloud = simulatedCloud({}, { tenants, discoveredTenant: 'red', guard: { cacheMs: 0 } });
  const quotas = { tenants: { blue: { resources: 2 } } };
  scene = await openScene({
    onBoundary: (point) => boundary(point),
    config: {
      access: { required: true, policies: [noImages('ina'), noImages('ada', { roles: ['operator'] })] },
      tenants,
      jobs: { graceMs: 0 },
      fetch,
      quotas,
      clouds: { sim: cloud },
    },
  });
  [red, blue] = await Promise.all([user('rosa', 'red'), user('bea', 'blue')]);
});
afterAll(async () => {
  release();
  await scene.close();
  await origin.close();
});
afterEach(() => {
  held = true;
  scene.control.clearFailures();
  boundary = () => Promise.resolve();
});

/** Expects of an import that came to nothing a System in ERROR, which goes when it is deleted, and nothing else. */
async function expectNothing(answer: Answer, before: readonly number[]): Promise<void> {
  const system = await get(answer.headers.get('location'));
  expect([system.state, rels(system)]).toEqual(['ERROR', ['edit', 'delete']]);
  await succeeded(red, await red.delete(String(system.id)));
  expect(await left()).toEqual(before);
}

test('the System is there at once, CREATING and held (R5.13.2.1-06), and a stop while disks come takes all back', async () => {
  const before = await left();
  const answer = await importing(red, 'late.ovf', { name: 'late' });
  expect(answer.status).toBe(202);
  await asked();
  const system = await get(answer.headers.get('location'));
  expect(system).toMatchObject({ name: 'late', state: 'CREATING' });
  expectFault(await red.put(String(system.id), { name: 'mine' }), 409, /is being changed by jobs\//);
  expect((await blue.get(String(system.id))).status).toBe(404);
  await red.act(jobOf(answer), 'stop');
  release();
  expect(await red.ended(answer)).toMatchObject({ state: 'STOPPED' });
  await expectNothing(answer, before);
});

test('a stop while Machines are made takes all back, images last', async () => {
  const before = await left();
  let createdMachines = 0;
  let goOn = (): void => undefined;
  const stopAsked = new Promise<void>((resolve) => (goOn = resolve));
  boundary = async ({ workflow, step, moment }) => {
    if (`${workflow} ${step} ${moment}` !== 'machine.create create ran') return;
    createdMachines += 1;
    if (createdMachines === 2) await stopAsked;
  };
  const answer = await importing(red, 'quick.ovf');
  await eventually(() => (createdMachines === 2 ? true : undefined));
  await red.act(jobOf(answer), 'stop');
  goOn();
  const job = await red.ended(answer);
  expect(job).toMatchObject({ state: 'STOPPED', statusMessage: 'Stopped; what had been made was taken back' });
  await expectNothing(answer, before);
});

test('a stop that comes when the System has just been made takes it back, too', async () => {
  const before = await left();
  let times = 0;
  boundary = async ({ job, workflow, step, moment }) => {
    if (`${workflow} ${step} ${moment}` !== 'system.import create before') return;
    times += 1;
    if (times === 2) await scene.gateway.gateway.engine.requestStop(job);
  };
  const answer = await importing(red, 'quick.ovf');
  expect(await red.ended(answer)).toMatchObject({ state: 'STOPPED' });
  expect((await red.get(String(answer.headers.get('location')))).status).toBe(404);
  expect([times, await left()]).toEqual([2, before]);
});

test.each([
  ['may make no images', 'ina', 'operator'],
  ['may make none any more when the Job begins', 'ada', 'admin'],
] as const)('an import of somebody who %s makes nothing', async (_what, name, role) => {
  const before = await left();
  const client = await user(name, 'red', role);
  boundary = async ({ workflow, moment }) => {
    if (workflow === 'system.import' && moment === 'leased') await user(name, 'red');
  };
  const answer = await importing(client, 'quick.ovf');
  expect(await client.ended(answer)).toMatchObject({
    state: 'FAILED',
    statusMessage: expect.stringMatching(new RegExp(`the rule 'no-images-${name}' does not let user '${name}' do it`)) as unknown,
  });
  await expectNothing(answer, before);
});

test('an image that cannot be taken back is named, and so are the parts of the System', async () => {
  const before = await left();
  scene.control.fail({ method: 'machines.create', nth: 2, kind: 'quota', message: 'one too many' });
  scene.control.fail({ method: 'machineImages.delete', times: 10, kind: 'forbidden', message: 'the image is locked' });
  const answer = await importing(red, 'quick.ovf');
  const job = await red.ended(answer);
  expect(job).toMatchObject({ state: 'FAILED' });
  const image = String(job.statusMessage).match(/could not be taken back: .*(machineImages\/[\w.]+)/)?.[1] ?? '';
  expect(await get(image)).toMatchObject({ state: 'AVAILABLE' });
  scene.control.clearFailures();
  await succeeded(red, await red.delete(image));
  await expectNothing(answer, before);
});

test('who may change nothing by the time of planning gets no System', async () => {
  const before = await left();
  const { access } = scene.gateway.gateway.store;
  const answer = await importing(red, 'late.ovf');
  await asked();
  const rosa = await access.principal('rosa');
  if (!rosa) throw new Error('rosa is not there');
  await access.putPrincipal({ ...rosa, role: 'reader' });
  release();
  const job = await red.ended(answer);
  expect(job).toMatchObject({ state: 'FAILED', statusMessage: "user 'rosa' has the role reader, which cannot change anything" });
  await access.putPrincipal(rosa);
  // A login that was just checked is kept for a moment, with its role of then.
  const system = String(answer.headers.get('location'));
  await eventually(async () => (rels(await get(system)).includes('delete') ? true : undefined));
  await expectNothing(answer, before);
});

test('who was removed by the time of planning gets no System', async () => {
  const before = await left();
  const { access } = scene.gateway.gateway.store;
  await access.putPrincipal({ name: 'rita', tenant: 'red', role: 'operator', passwordHash: await hashPassword('password') });
  const answer = await importing(scene.client.as(basic('rita', 'password')), 'late.ovf');
  await asked();
  await access.removePrincipal('rita');
  release();
  expect(await red.ended(answer)).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining("user 'rita'") });
  await expectNothing(answer, before);
});

test('Networks of other tenants are not there, and quotas hold for what a package brings', async () => {
  const network = await made(red, 'networks', { resourceURI: `${CIMI}/NetworkCreate`, name: 'mine', networkTemplate: {} });
  expectFault(await importing(blue, 'quick.ovf', { 'ovf.network.front': String(network.id) }), 400, /no Network at/);
  const answer = await importing(blue, 'quick.ovf');
  const job = await blue.ended(answer);
  expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('quotas.resources') as string });
  expect(listOf(await get('machines', blue), 'machines')).toEqual([]);
  expect(scene.control.snapshots()).toEqual([]);
  await succeeded(blue, await blue.delete(String(answer.headers.get('location'))));
});
