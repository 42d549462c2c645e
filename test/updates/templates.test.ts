import { CIMI } from '../../src/model/define';
import { standardCatalogue } from '../../src/model/catalogue';
import type { Answer, Json } from '../harness/client';
import { expectFault, IMAGE, listOf, made, NANO, pathOf, rels, succeeded } from '../protocol/scene';
import { populated } from './populated';

/**
 * DSP0263 4.2.1.1: a template that was read can be sent inline, any top-level attribute of it may be overridden, and its
 * own name, description and properties are not those of what is made with it. For every type that is made from a template.
 */
const catalogue = standardCatalogue();
const here = populated();

const TYPES = catalogue.resources.flatMap(({ name, create }): [string, string][] =>
  create?.template === undefined || !catalogue.pathOf(name) ? [] : [[name, create.template]],
);
/** Types of monitoring, which this gateway does not offer. */
const ABSENT = ['Meter', 'EventLog'];
const HERE = TYPES.filter(([type]) => !ABSENT.includes(type));
/** Attributes that two things made alike differ in, or that are the template's address for one of them; each new Network gets its own block. */
const OWN = ['id', 'created', 'updated', 'operations', 'ip', 'macAddress', 'cidr', 'name', 'description', 'properties'];
const own = (one: Json): object =>
  JSON.parse(
    JSON.stringify(Object.fromEntries(Object.entries(one).filter(([name]) => !OWN.includes(name)))).replaceAll(String(one.id), 'SELF'),
  ) as object;
const get = async (path: string): Promise<Json> => (await here.scene.client.get(path)).json;
const free = { ip: null, network: { href: 'networks/sim.net-default' }, mask: null, defaultGateway: null };
/** Things that are only there once can be made once. */
const once = (type: string): object => (type === 'Address' ? free : type === 'ForwardingGroup' ? { networks: null } : {});

async function follow(answer: Answer): Promise<Json> {
  expect([answer.status < 300, answer.status < 300 ? '' : answer.text]).toEqual([true, '']);
  await succeeded(here.scene.client, answer);
  return get(pathOf(here.scene.client, answer.headers.get('location')));
}

describe.each(HERE)('%s', (type, template) => {
  const attribute = catalogue.templateAttribute(type) ?? '';
  const collection = catalogue.pathOf(type) ?? '';
  const path = () => here.population.paths[template] ?? '';

  test('4.2.1.1: the template as it was read gives inline what it gives by reference, and keeps its own name', async () => {
    const read = await get(path());
    const common = { name: 'mine' };
    const referred = await made(here.scene.client, collection, { ...common, [attribute]: { href: read.id, ...once(type) } });
    const inline = await made(here.scene.client, collection, { ...common, [attribute]: { ...read, ...once(type) } });
    expect(own(inline)).toEqual(own(referred));
    for (const one of [referred, inline]) expect([one.name, one.description, one.properties]).toEqual(['mine', undefined, undefined]);
    const bare = await made(here.scene.client, collection, { [attribute]: { ...read, ...once(type) } });
    expect(bare.name).toBeUndefined();
  });

  test('4.2.1.1: so does what XML shows of it', async () => {
    const read = (await here.scene.client.get(path(), { accept: 'application/xml' })).text;
    const inside = /<([A-Za-z]+)[^>]*?>([\s\S]*)<\/\1>/.exec(read)?.[2] ?? '';
    const changed = inside.replace(/<(ip|mask|defaultGateway)>[^<]*<\/\1>/g, '');
    const taken = type === 'ForwardingGroup' ? changed.replace(/<network [^>]*>/g, '') : changed;
    const xml = `<${type}Create xmlns="${CIMI}"><name>mine</name><${attribute}>${taken}</${attribute}></${type}Create>`;
    const one = await follow(await here.scene.client.send('POST', collection, { xml }));
    expect([one.name, one.description, one.properties]).toEqual(['mine', undefined, undefined]);
  });

  test('4.2.1.1: every common attribute of it may be overridden or erased, to no effect on what is made', async () => {
    const beside = { name: 'n', description: null, properties: { b: '2' }, created: 'x', updated: 7 };
    const one = await made(here.scene.client, collection, { name: 'mine', [attribute]: { href: path(), ...beside, ...once(type) } });
    expect([one.name, one.description, one.properties]).toEqual(['mine', undefined, undefined]);
    expect((await get(path())).name).toBe('one');
  });

  test('4.2.1.3: GET and PUT of the template change nothing, in either format', async () => {
    const read = await get(path());
    expect(rels(read)).toContain('edit');
    expect((await here.scene.client.put(path(), read)).status).toBe(200);
    const xml = (await here.scene.client.get(path(), { accept: 'application/xml' })).text;
    const answer = await here.scene.client.send('PUT', path(), { xml });
    expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
    expect({ ...(await get(path())), updated: 0 }).toEqual({ ...read, updated: 0 });
  });
});

test('the list is complete: all templates of the standard but those of monitoring', () => {
  expect(HERE.map(([, template]) => template).filter((template) => here.population.paths[template] === undefined)).toEqual([]);
  expect(TYPES.length - HERE.length).toBe(ABSENT.length);
});

test('4.1.6.4: an expanded template, sent as it came, overrides nothing', async () => {
  const template = await made(here.scene.client, 'machineTemplates', { machineConfig: { href: NANO }, machineImage: { href: IMAGE } });
  const expanded = await get(`${pathOf(here.scene.client, template.id)}?$expand=machineConfig,machineImage`);
  expect(Object.keys(expanded.machineImage ?? {}).length).toBeGreaterThan(2);
  const one = await made(here.scene.client, 'machines', { machineTemplate: expanded });
  expect(one.cpu).toBe((await get(NANO)).cpu);
  const other = { machineConfig: { href: NANO }, machineImage: { href: IMAGE, imageLocation: 'http://example.org/other' } };
  expectFault(await here.scene.client.post('machines', { machineTemplate: other }), 400, /machineImage: images by value are not supported/);
});

describe('9: empty inline templates', () => {
  const descriptor = { name: 'key', type: `${CIMI}/ForwardingGroup`, forwardingGroupTemplate: {} };

  test('survive GET and PUT, in either format', async () => {
    const path = pathOf(here.scene.client, (await made(here.scene.client, 'systemTemplates', { componentDescriptors: [descriptor] })).id);
    const read = await get(path);
    expect(listOf(read, 'componentDescriptors')).toEqual([descriptor]);
    expect((await here.scene.client.put(path, read)).status).toBe(200);
    const { text } = await here.scene.client.get(path, { accept: 'application/xml' });
    expect(text).toContain('<forwardingGroupTemplate/>');
    expect((await here.scene.client.send('PUT', path, { xml: text })).status).toBe(200);
    expect(listOf(await get(path), 'componentDescriptors')).toEqual([descriptor]);
    const system = await made(here.scene.client, 'systems', { systemTemplate: { href: path } });
    expect(Number((await get(`${pathOf(here.scene.client, system.id)}/forwardingGroups`)).count)).toBe(1);
  });

  test('5.13.3: so do references to other components', async () => {
    const machine = { machineConfig: { href: NANO }, machineImage: { href: IMAGE }, credential: { href: '#key' } };
    const key = { name: 'key', type: `${CIMI}/Credential`, credentialTemplate: { userName: 'u', password: 'p' } };
    const components = [{ name: 'web', type: `${CIMI}/Machine`, machineTemplate: machine }, key];
    const path = pathOf(here.scene.client, (await made(here.scene.client, 'systemTemplates', { componentDescriptors: components })).id);
    const read = await get(path);
    expect(listOf(read, 'componentDescriptors')[0]).toMatchObject({ machineTemplate: { credential: { href: '#key' } } });
    expect((await here.scene.client.put(path, read)).status).toBe(200);
    expect(listOf(await get(path), 'componentDescriptors')).toEqual(listOf(read, 'componentDescriptors'));
  });

  test('are the same in XML creates', async () => {
    const xml = `<SystemTemplate xmlns="${CIMI}"><componentDescriptor><type>${CIMI}/ForwardingGroup</type><forwardingGroupTemplate/></componentDescriptor></SystemTemplate>`;
    expect((await here.scene.client.send('POST', 'systemTemplates', { xml })).status).toBe(201);
    const create = `<SystemCreate xmlns="${CIMI}"><systemTemplate><name>t</name><componentDescriptor><type>${CIMI}/ForwardingGroup</type><forwardingGroupTemplate/></componentDescriptor></systemTemplate></SystemCreate>`;
    const system = await follow(await here.scene.client.send('POST', 'systems', { xml: create }));
    expect(Number((await get(`${pathOf(here.scene.client, system.id)}/forwardingGroups`)).count)).toBe(1);
  });
});
