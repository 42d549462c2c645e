import { CIMI } from '../../src/model/define';
import { Thread } from '../../src/threads/thread';
import type { Json } from '../harness/client';
import {
  expectFault,
  IMAGE,
  KEY_BYTES,
  listOf,
  machineCreate,
  made,
  NANO,
  openScene,
  pathOf,
  rels,
  succeeded,
  type Scene,
} from '../protocol/scene';
import { eventually } from '../harness/wait';

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const template = (more: object = {}) => ({ machineConfig: { href: NANO }, machineImage: { href: IMAGE }, ...more });
const machine = (name: string, more: object = {}, descriptor: object = {}) => ({
  name,
  type: `${CIMI}/Machine`,
  machineTemplate: template(more),
  ...descriptor,
});
const credential = (name: string) => ({ name, type: `${CIMI}/Credential`, credentialTemplate: { key: KEY_BYTES } });
const body = (componentDescriptors: object[], more: object = {}) => ({
  resourceURI: `${CIMI}/SystemCreate`,
  name: 'shop',
  systemTemplate: { componentDescriptors },
  ...more,
});
const create = (componentDescriptors: object[]): Promise<Json> => made(scene.client, 'systems', body(componentDescriptors));

async function items(system: Json, attribute: string, reference: string): Promise<string[]> {
  const { json } = await scene.client.get(`${String(system.id)}/${attribute}`);
  const name = `system${attribute[0]?.toUpperCase() ?? ''}${attribute.slice(1)}`;
  return listOf(json, name).map((item) => pathOf(scene.client, (item[reference] as { href?: string } | undefined)?.href));
}

async function machinesOf(system: Json): Promise<Json[]> {
  const paths = await items(system, 'machines', 'machine');
  return Promise.all(paths.map(async (path) => (await scene.client.get(path)).json));
}

const again = async (resource: Json): Promise<Json> => (await scene.client.get(String(resource.id))).json;

test('R5.13.1-02 everything made with a System is its own, names numbered by quantity, #names resolved', async () => {
  const system = await create([machine('web', { credential: { href: '#key' } }, { quantity: 3 }), credential('key')]);
  expect(system).toMatchObject({ resourceURI: `${CIMI}/System`, name: 'shop', state: 'STARTED' });
  const machines = await machinesOf(system);
  expect(machines.map(({ name }) => String(name)).sort()).toEqual(['web1', 'web2', 'web3']);
  const credentials = await items(system, 'credentials', 'credential');
  expect(credentials).toHaveLength(1);
  const imported = scene.control.keyPairs();
  expect(scene.control.instances().filter(({ keyPair }) => keyPair !== null && imported.includes(keyPair))).toHaveLength(3);
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
  for (const { id } of machines) expect((await scene.client.get(String(id))).status).toBe(404);
  expect((await scene.client.get(String(credentials[0]))).status).toBe(404);
  expect(scene.control.keyPairs()).toEqual([]);
});

test('a System by a stored template with an override beside the reference to a machine template', async () => {
  const stored = await made(scene.client, 'machineTemplates', { resourceURI: `${CIMI}/MachineTemplate`, ...template() });
  const systemTemplate = await made(scene.client, 'systemTemplates', {
    resourceURI: `${CIMI}/SystemTemplate`,
    componentDescriptors: [
      {
        name: 'db',
        type: `${CIMI}/Machine`,
        machineTemplate: { href: pathOf(scene.client, stored.id), initialState: 'STOPPED', credential: { href: '#key' } },
      },
      { name: 'key', type: `${CIMI}/Credential`, credentialTemplate: { userName: 'ada', password: 'enigma-7', key: KEY_BYTES } },
    ],
  });
  expect(JSON.stringify(systemTemplate)).not.toContain('enigma-7');
  expect(JSON.stringify(systemTemplate)).toContain('ada');
  const system = await made(scene.client, 'systems', {
    resourceURI: `${CIMI}/SystemCreate`,
    systemTemplate: { href: pathOf(scene.client, systemTemplate.id) },
  });
  expect(system.state).toBe('STOPPED');
  expect((await machinesOf(system)).map(({ state }) => String(state))).toEqual(['STOPPED']);
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
});

describe('what cannot be made is refused before anything is', () => {
  test.each([
    [
      'an unknown name',
      [machine('a', { credential: { href: '#nobody' } })],
      /componentDescriptors\[0\].*no component of type Credential is named 'nobody'/,
    ],
    ['two of one type and name', [machine('a'), machine('a')], /two components of type Machine/],
    ['doubles through quantity', [machine('a', {}, { quantity: 2 }), machine('a1')], /two components of type Machine/],
    ['quantity below one', [machine('a', {}, { quantity: 0 })], /quantity/],
    ['a type that is no component', [{ name: 'a', type: `${CIMI}/Job`, machineTemplate: template() }], /type/],
    ['a template of another type', [{ name: 'a', type: `${CIMI}/Credential`, machineTemplate: template() }], /machineTemplate/],
    [
      'a credential that would be generated',
      [{ name: 'k', type: `${CIMI}/Credential`, credentialTemplate: { userName: 'x' } }],
      /privateKey/,
    ],
  ])('%s', async (_what, descriptors, words) => {
    const before = scene.control.instances().length;
    expectFault(await scene.client.post('systems', body(descriptors)), 400, words);
    expect(scene.control.instances()).toHaveLength(before);
    expect((await scene.client.get('systems')).json.count).toBe(0);
  });

  test('what is refused makes no RSA key, which takes a second of a processor', async () => {
    const keys = jest.spyOn(Thread.prototype, 'run');
    try {
      const asking = { name: 'k', type: `${CIMI}/Credential`, credentialTemplate: { keyType: 'rsa' }, quantity: 20 };
      expectFault(await scene.client.post('systems', body([asking])), 400, /privateKey/);
      expect(keys.mock.calls).toEqual([]);
    } finally {
      keys.mockRestore();
    }
  });

  test('R5.13.3 a SystemTemplate with two components of one type and name', async () => {
    const two = { resourceURI: `${CIMI}/SystemTemplate`, componentDescriptors: [machine('a'), machine('a')] };
    expectFault(await scene.client.post('systemTemplates', two), 400, /two components of type Machine/);
  });
});

test('a System in a System: made, shown, started and stopped, and deleted with it', async () => {
  const inner = { name: 'inner', type: `${CIMI}/System`, systemTemplate: { componentDescriptors: [machine('deep')] } };
  const system = await create([machine('top'), inner]);
  const [sub] = await items(system, 'systems', 'system');
  expect(await items(system, 'machines', 'machine')).toHaveLength(1);
  const below = (await scene.client.get(String(sub))).json;
  expect(below).toMatchObject({ name: 'inner', state: 'STARTED' });
  await succeeded(scene.client, await scene.client.act(String(system.id), 'stop'));
  expect((await again(system)).state).toBe('STOPPED');
  expect((await again(below)).state).toBe('STOPPED');
  expect(scene.control.instances().map(({ phase }) => phase)).toEqual(['stopped', 'stopped']);
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
  expect(scene.control.instances()).toEqual([]);
  for (const path of [String(sub), 'systems']) expect([404, 200]).toContain((await scene.client.get(path)).status);
  expect((await scene.client.get('systems')).json.count).toBe(0);
});

describe('R5.13.1-06 R5.13.1-07 the state follows from the Machines', () => {
  test('all the same, differing, none; those already there are left out of an action', async () => {
    const system = await create([machine('a'), machine('b')]);
    const [one] = await machinesOf(system);
    await succeeded(scene.client, await scene.client.act(String(one?.id), 'stop'));
    const mixed = await again(system);
    expect(mixed.state).toBe('MIXED');
    expect(rels(mixed)).toEqual(expect.arrayContaining(['start', 'stop', 'edit', 'delete']));
    const [listed] = listOf((await scene.client.get('systems')).json, 'systems');
    expect(listed?.state).toBe('MIXED');
    scene.control.resetCalls();
    const job = await succeeded(scene.client, await scene.client.act(String(system.id), 'stop'));
    expect(listOf(job, 'nestedJobs')).toHaveLength(1);
    expect(scene.control.calls()['machines.stop']).toBe(1);
    expect((await again(system)).state).toBe('STOPPED');
    expectFault(await scene.client.act(String(system.id), 'stop'), 409, /STOPPED/);
    await succeeded(scene.client, await scene.client.delete(String(system.id)));
  });

  test('a System of nothing is MIXED', async () => {
    const system = await create([]);
    expect(system.state).toBe('MIXED');
    expect(rels(system).sort()).toEqual(['delete', 'edit']);
    await succeeded(scene.client, await scene.client.delete(String(system.id)));
  });
});

test('R5.13.1.2-03 an action that fails for one Machine says for which, and leaves that one as it was', async () => {
  const system = await create([machine('a'), machine('b')]);
  scene.control.fail({ method: 'machines.stop', nth: 1, times: 1, kind: 'forbidden', message: 'not that one' });
  const job = await scene.client.ended(await scene.client.act(String(system.id), 'stop'));
  expect(job.state).toBe('FAILED');
  const machines = await machinesOf(system);
  const left = machines.filter(({ state }) => String(state) === 'STARTED');
  expect(machines.map(({ state }) => String(state)).sort()).toEqual(['STARTED', 'STOPPED']);
  expect(String(job.statusMessage)).toContain(pathOf(scene.client, left[0]?.id));
  expect(String(job.statusMessage)).toMatch(/1 of 2.*not that one/);
  expect((await again(system)).state).toBe('MIXED');
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
});

describe('a create that fails', () => {
  test('names the component and why, takes everything back, and leaves a System in ERROR that can be deleted', async () => {
    scene.control.fail({ method: 'machines.create', nth: 2, times: 1, kind: 'quota', message: 'one too many' });
    const answer = await scene.client.post('systems', body([machine('web', {}, { quantity: 3 }), credential('key')]));
    const job = await scene.client.ended(answer);
    expect(job.state).toBe('FAILED');
    expect(String(job.statusMessage)).toMatch(/Machine 'web\d' \(machines\/.*\): .*one too many/);
    expect(String(job.statusMessage)).not.toContain('taken back');
    expect(scene.control.instances()).toEqual([]);
    const [system] = listOf((await scene.client.get('systems')).json, 'systems');
    const nested = system ? [`${String(system.id)}/machines`] : [];
    for (const collection of ['machines', 'credentials', ...nested]) {
      expect([collection, (await scene.client.get(collection)).json.count]).toEqual([collection, 0]);
    }
    // Answered as failed, it is gone; else it stays in ERROR until it is deleted.
    expect([answer.status, system?.state]).toEqual(system ? [202, 'ERROR'] : [403, undefined]);
    if (system) {
      expect(rels(system).sort()).toEqual(['delete', 'edit']);
      await succeeded(scene.client, await scene.client.delete(String(system.id)));
    }
    expect((await scene.client.get('systems')).json.count).toBe(0);
  });

  test.each([
    ['invalid', 400],
    ['forbidden', 403],
    ['conflict', 409],
  ] as const)('is answered as the component that failed would be (4.1.6.8): %s', async (kind, status) => {
    scene.control.fail({ method: 'machines.create', nth: 1, times: 1, kind, message: 'not like this' });
    const answer = await scene.client.post('systems', body([machine('web')]), { prefer: 'wait=60' });
    expectFault(answer, status, /Machine 'web'.*not like this/);
    expect((await scene.client.get('systems')).json.count).toBe(0);
  });

  test('names what could not be taken back and keeps it for another delete', async () => {
    scene.control.fail({ method: 'machines.create', nth: 2, times: 1, kind: 'quota', message: 'one too many' });
    scene.control.fail({ method: 'machines.delete', nth: 1, times: 1, kind: 'forbidden', message: 'it stays' });
    const job = await scene.client.ended(await scene.client.post('systems', body([machine('web', {}, { quantity: 2 })])));
    expect(job.state).toBe('FAILED');
    expect(String(job.statusMessage)).toMatch(/one too many.*could not be taken back: Machine 'web\d'/);
    const [system] = listOf((await scene.client.get('systems')).json, 'systems');
    expect(await items(system ?? ({} as Json), 'machines', 'machine')).toHaveLength(1);
    await succeeded(scene.client, await scene.client.delete(String(system?.id)));
    expect(scene.control.instances()).toEqual([]);
  });

  test('in a System below takes back what the System above has made', async () => {
    scene.control.fail({ method: 'machines.create', nth: 2, times: 1, kind: 'quota', message: 'one too many' });
    const inner = { name: 'inner', type: `${CIMI}/System`, systemTemplate: { componentDescriptors: [machine('deep')] } };
    const answer = await scene.client.post('systems', body([machine('top'), inner]));
    const job = await scene.client.ended(answer);
    expect(job.state).toBe('FAILED');
    expect(String(job.statusMessage)).toContain('one too many');
    const { json } = await scene.client.get('systems');
    const left = listOf(json, 'systems');
    expect(left.map(({ state }) => String(state))).toEqual(answer.status === 202 ? ['ERROR'] : []);
    expect((await scene.client.get('machines')).json.count).toBe(0);
    for (const { id } of left) await succeeded(scene.client, await scene.client.delete(String(id)));
    expect(scene.control.instances()).toEqual([]);
  });
});

test('a System that is being created can be deleted: nothing is left', async () => {
  const answer = await scene.client.post('systems', body([machine('web', {}, { quantity: 5 })]), { prefer: 'respond-async' });
  const system = answer.headers.get('location') ?? '';
  await succeeded(scene.client, await scene.client.delete(system));
  await eventually(async () => (scene.control.instances().length === 0 ? true : undefined));
  expect((await scene.client.get(system)).status).toBe(404);
  expect((await scene.client.get('machines')).json.count).toBe(0);
});

describe('R5.13.1-08 associations', () => {
  test('adding makes a resource the System’s, deleting the item lets it go and leaves it alone', async () => {
    const system = await create([]);
    const other = await create([]);
    const own = await made(scene.client, 'machines', machineCreate({ name: 'lone' }));
    const path = pathOf(scene.client, own.id);
    const added = await made(scene.client, `${String(system.id)}/machines`, {
      resourceURI: `${CIMI}/SystemMachine`,
      machine: { href: path },
    });
    expect(pathOf(scene.client, (added.machine as { href?: string } | undefined)?.href)).toBe(path);
    expect((await again(system)).state).toBe('STARTED');
    const twice = await scene.client.post(`${String(system.id)}/machines`, {
      resourceURI: `${CIMI}/SystemMachine`,
      machine: { href: path },
    });
    expectFault(twice, 409, /already/);
    const elsewhere = await scene.client.post(`${String(other.id)}/machines`, {
      resourceURI: `${CIMI}/SystemMachine`,
      machine: { href: path },
    });
    expectFault(elsewhere, 409, /one System at most/);
    await succeeded(scene.client, await scene.client.delete(String(added.id)));
    expect((await scene.client.get(path)).status).toBe(200);
    expect((await again(system)).state).toBe('MIXED');
    await succeeded(scene.client, await scene.client.delete(String(system.id)));
    expect((await scene.client.get(path)).status).toBe(200);
    await succeeded(scene.client, await scene.client.delete(path));
    await succeeded(scene.client, await scene.client.delete(String(other.id)));
  });

  test('R5.13.1-01 what was added is deleted with the System; a component deleted by itself leaves it', async () => {
    const system = await create([machine('a'), machine('b')]);
    const own = await made(scene.client, 'machines', machineCreate({ name: 'lone' }));
    await made(scene.client, `${String(system.id)}/machines`, {
      resourceURI: `${CIMI}/SystemMachine`,
      machine: { href: pathOf(scene.client, own.id) },
    });
    const [first] = await machinesOf(system);
    await succeeded(scene.client, await scene.client.delete(String(first?.id)));
    expect(await machinesOf(system)).toHaveLength(2);
    await succeeded(scene.client, await scene.client.delete(String(system.id)));
    expect(scene.control.instances()).toEqual([]);
  });

  test('a System cannot be part of what is part of it', async () => {
    const above = await create([]);
    const below = await create([]);
    const put = (into: Json, what: Json) =>
      scene.client.post(`${String(into.id)}/systems`, {
        resourceURI: `${CIMI}/SystemSystem`,
        system: { href: pathOf(scene.client, what.id) },
      });
    await succeeded(scene.client, await put(above, below));
    expectFault(await put(below, above), 409, /part of/);
    expectFault(await put(above, above), 409, /part of/);
    await succeeded(scene.client, await scene.client.delete(String(above.id)));
    expect((await scene.client.get('systems')).json.count).toBe(0);
  });
});

test('nobody can make a consumer’s own words stand for another resource’s provider key', async () => {
  const own = await made(scene.client, 'machines', machineCreate({ name: 'lone' }));
  const sly = machineCreate({ properties: { keyOf: pathOf(scene.client, own.id) } });
  const second = await made(scene.client, 'machines', sly);
  expect(second.properties).toEqual({ keyOf: pathOf(scene.client, own.id) });
  for (const { id } of [own, second]) await succeeded(scene.client, await scene.client.delete(String(id)));
});
