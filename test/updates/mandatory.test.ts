import { standardCatalogue } from '../../src/model/catalogue';
import { isRequired } from '../../src/model/required';
import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { expectFault, rels } from '../protocol/scene';
import { populated } from './populated';

/**
 * DSP0263 5.4, 5.5.14: what is mandatory and never empty is part of every create, and no update takes it away; read-only
 * attributes are ignored wherever they stand. For every type that there is.
 */
const catalogue = standardCatalogue();
const here = populated();

const get = async (path: string): Promise<Json> => (await here.scene.client.get(path)).json;
const count = async (collection: string): Promise<number> => Number((await get(collection)).count);
const typeOf = (collection: string): string => catalogue.locate(collection)?.type ?? '';
const without = (one: object, name: string): object => Object.fromEntries(Object.entries(one).filter(([key]) => key !== name));
const requiredOf = (type: string): string[] =>
  Object.entries(catalogue.attributesOf(type)).flatMap(([name, attribute]) =>
    isRequired(attribute) && attribute.omissible !== true ? [name] : [],
  );

const OWN_CREATES: [string, string][] = [
  ['machineConfigs', 'memory'],
  ['volumeConfigs', 'type'],
  ['volumeConfigs', 'capacity'],
  ['volumeTemplates', 'volumeConfig'],
  ['networkPortTemplates', 'networkPortConfig'],
];

describe('5.4: creates', () => {
  test('the list below is that of the tables', () => {
    const listed = Object.keys(here.population.contents).flatMap((collection) =>
      Object.entries(catalogue.attributesOf(typeOf(collection))).flatMap(([name, attribute]) =>
        isRequired(attribute) && attribute.omissible !== true ? [`${collection}.${name}`] : [],
      ),
    );
    expect(listed.sort()).toEqual(OWN_CREATES.map((each) => each.join('.')).sort());
  });

  test.each(OWN_CREATES)('%s without %s is refused, in both formats, and nothing is made', async (collection, name) => {
    const before = await count(collection);
    const content = here.population.contents[collection] ?? {};
    expectFault(await here.scene.client.post(collection, without(content, name)), 400, new RegExp(`${name}.*mandatory`));
    expectFault(await here.scene.client.post(collection, { ...content, [name]: null }), 400, new RegExp(`${name}.*mandatory`));
    const type = typeOf(collection);
    const answer = await here.scene.client.send('POST', collection, {
      xml: `<${type}Create xmlns="${CIMI}"><name>x</name><${name}/></${type}Create>`,
    });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(name)]);
    expect(await count(collection)).toBe(before);
  });

  test.each([
    ['machines', { machineTemplate: { networkInterfaces: [{ state: 'ACTIVE' }] } }, /networkInterfaces\[0\].network/],
    ['machineTemplates', { volumes: [{ initialLocation: '/x' }] }, /volumes\[0\].href/],
    ['machineConfigs', { memory: 1, disks: [{ format: 'ext4' }] }, /disks\[0\].capacity/],
    ['systemTemplates', { componentDescriptors: [{ name: 'x' }] }, /componentDescriptors\[0\].type/],
  ])('a structure in %s has what is mandatory in it', async (collection, body, words) => {
    expectFault(await here.scene.client.post(collection, body), 400, words);
  });
});

const UPDATES = catalogue.resources.flatMap(({ name: type }) => requiredOf(type).map((name): [string, string] => [type, name]));

describe('5.4: updates', () => {
  test.each(UPDATES)('of %s leave %s where it is', async (type, name) => {
    const path = here.population.paths[type];
    const before = path === undefined ? {} : await get(path);
    // Types that are not here or take no PUT, and what this provider's items do not show, have nothing to lose.
    if (path === undefined || (before as Json)[name] === undefined || !rels(before as Json).includes('edit'))
      return expect(HERE).not.toContain(`${type}.${name}`);
    expect(HERE).toContain(`${type}.${name}`);
    const attempts = [
      await here.scene.client.put(path, { ...before, [name]: null }),
      await here.scene.client.put(`${path}?$select=${name}`, {}),
      await here.scene.client.put(`${path}?$select=${name}`, { [name]: null }),
    ];
    for (const answer of attempts) expectFault(answer, 400, new RegExp(name));
    const xml = await here.scene.client.send('PUT', `${path}?$select=${name}`, { xml: `<${type} xmlns="${CIMI}"/>` });
    expect(xml.status).toBe(400);
    expect(await get(path)).toEqual(before);
  });
});

/** Members of the population. */
const HERE = [
  ...['Machine.memory', 'Disk.capacity', 'MachineNetworkInterface.network', 'MachineConfiguration.memory'],
  ...['Volume.capacity', 'Volume.bootable', 'VolumeTemplate.volumeConfig', 'VolumeConfiguration.type', 'VolumeConfiguration.capacity'],
  ...['VolumeImage.imageLocation', 'NetworkPort.network', 'NetworkPortTemplate.networkPortConfig'],
];

test('5.4: read-only attributes are ignored in every create, whatever they hold, in both formats', async () => {
  const body = { id: 'x', created: 7, updated: [], operations: 3 };
  for (const [collection, content] of Object.entries(here.population.contents)) {
    const answer = await here.scene.client.post(collection, { ...content, ...body });
    expect([collection, answer.status, answer.text.slice(0, 200)]).toEqual([collection, 201, expect.any(String)]);
  }
  const credential = await here.scene.client.post('credentials', {
    ...body,
    credentialTemplate: { userName: 'u', password: 'p', created: 'x' },
  });
  expect(credential.status).toBe(201);
  const envelope = { ...body, state: { a: 1 }, cpuArch: 5, disks: 'x', latestSnapshot: 1 };
  const machine = await here.scene.client.post('machines', {
    ...envelope,
    machineTemplate: { created: 1, machineConfig: {}, machineImage: {} },
  });
  expectFault(machine, 400, /machineImage/);
  const xml = `<MachineCreate xmlns="${CIMI}"><created>never</created><state><x/></state><disks href="x"/><machineTemplate/></MachineCreate>`;
  expect((await here.scene.client.send('POST', 'machines', { xml })).text).toMatch(/machineTemplate.machineImage/);
});
