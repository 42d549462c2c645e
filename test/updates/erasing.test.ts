import { CIMI } from '../../src/model/define';
import { standardCatalogue } from '../../src/model/catalogue';
import type { Answer, Json } from '../harness/client';
import { expectFault, rels } from '../protocol/scene';
import { populated } from './populated';

/**
 * DSP0263 5.5, 4.2.1.3, 4.2.1.3.1: what a PUT leaves out, sets to null, or lists and leaves out is reset to the resource's
 * own value, or refused in words that name it; never kept with "Updated". For every writable attribute of everything that
 * the simulator and the gateway let one edit.
 */
const catalogue = standardCatalogue();
const here = populated();

beforeAll(async () => {
  const named = { name: 'one', description: 'of everything', properties: { a: '1' } };
  for (const type of EDITED) {
    const path = here.population.paths[type] ?? '';
    if ((await get(path)).name === undefined)
      await ended(await here.scene.client.put(`${path}?$select=name,description,properties`, named));
    expect([type, await get(path)]).toEqual([type, expect.objectContaining(named)]);
  }
});

async function get(path: string): Promise<Json> {
  const { updated: _updated, ...json } = (await here.scene.client.get(path)).json;
  return json;
}
const without = (one: object, name: string): object => Object.fromEntries(Object.entries(one).filter(([key]) => key !== name));
const ended = async (answer: Answer): Promise<void> => {
  expect([answer.status < 300, String((await here.scene.client.ended(answer)).statusMessage)]).toEqual([true, 'Updated']);
};

/** Values that the simulator and the standard give by themselves (D026, D027, D028); all else that can go leaves nothing. */
const OWN: Readonly<Record<string, unknown>> = {
  'Network.networkType': 'PRIVATE',
  'Network.mtu': 1500,
  'NetworkPort.portType': 'ACCESS',
  'NetworkPort.classOfService': 'BRONZE',
  'MachineNetworkInterface.state': 'ACTIVE',
  'MachineNetworkInterface.mtu': 1400,
  'Address.dns': ['10.16.0.2'],
};
/** Attributes that a full PUT that leaves them out keeps: nobody can change them, so their own value is the one they have. */
const FIXED = [
  ...['Address.ip', 'Address.defaultGateway', 'Address.protocol', 'Address.mask', 'Address.network'],
  ...['MachineImage.imageLocation', 'VolumeImage.bootable'],
];
/** Attributes without a value to go back to: mandatory (mandatory.test.ts has these in detail), or the provider takes another one only. */
const KEPT = [
  ...['Machine.cpu', 'Machine.memory', 'Disk.capacity', 'Volume.capacity', 'Volume.bootable', 'VolumeImage.imageLocation'],
  ...['MachineNetworkInterface.network', 'MachineNetworkInterface.macAddress', 'NetworkPort.network', 'MachineConfiguration.memory'],
  ...['VolumeConfiguration.type', 'VolumeConfiguration.capacity', 'VolumeTemplate.volumeConfig', 'NetworkPortTemplate.networkPortConfig'],
];

/** A key is said twice, as bytes and as a line: either goes with the other, but a full PUT may leave the line out. */
const TWINS: Readonly<Record<string, string>> = { key: 'publicKey', publicKey: 'key' };
const TWIN_KEPT = ['Credential.publicKey', 'CredentialTemplate.publicKey'];

const EDITED = [
  ...['Machine', 'MachineTemplate', 'MachineConfiguration', 'MachineImage', 'Credential', 'CredentialTemplate', 'MachineSnapshot'],
  ...['Disk', 'MachineNetworkInterface', 'Volume', 'VolumeTemplate', 'VolumeConfiguration', 'VolumeImage', 'VolumeVolumeImage'],
  ...['Network', 'NetworkTemplate', 'NetworkConfiguration', 'NetworkPort', 'NetworkPortTemplate', 'NetworkPortConfiguration'],
  ...['Address', 'AddressTemplate', 'ForwardingGroup', 'ForwardingGroupTemplate', 'System', 'SystemTemplate', 'SystemCredential'],
];

test('the types below are all that offer edit', async () => {
  const offering: string[] = [];
  for (const [type, path] of Object.entries(here.population.paths)) if (rels(await get(path)).includes('edit')) offering.push(type);
  expect(offering.sort()).toEqual([...EDITED].sort());
});

describe.each(EDITED)('%s', (type) => {
  const writable = Object.entries(catalogue.attributesOf(type)).flatMap(([name, { consumer }]) =>
    consumer.endsWith('read-only') ? [] : [name],
  );

  test.each(writable)('%s is reset or refused', async (name) => {
    const path = here.population.paths[type] ?? '';
    const at = `${type}.${name}`;
    const before = await get(path);
    if (before[name] === undefined) return;
    const other = without(before, name);
    const gone = without(other, TWINS[name] ?? '');
    const attempts: [string, () => Promise<Answer>][] = [
      ['left out', () => here.scene.client.put(path, other)],
      ['null', () => here.scene.client.put(path, { ...before, [name]: null })],
      ['listed', () => here.scene.client.put(`${path}?$select=${name}`, {})],
      ['listed, null', () => here.scene.client.put(`${path}?$select=${name}`, { [name]: null })],
      ['listed, in XML', () => here.scene.client.send('PUT', `${path}?$select=${name}`, { xml: `<${type} xmlns="${CIMI}"/>` })],
    ];
    for (const [how, attempt] of attempts) {
      const answer = await attempt();
      const seen = await get(path);
      if (KEPT.includes(at) || (FIXED.includes(at) && how !== 'left out')) {
        expect([how, answer.status, answer.text]).toEqual([how, 400, expect.stringContaining(name)]);
        expect(seen).toEqual(before);
        continue;
      }
      await ended(answer);
      const isKept = FIXED.includes(at) || (TWIN_KEPT.includes(at) && how === 'left out');
      const own = isKept ? before[name] : OWN[at];
      expect([how, await get(path)]).toEqual([how, own === undefined ? gone : { ...before, [name]: own }]);
      await ended(await here.scene.client.put(`${path}?$select=${name}`, { [name]: before[name] }));
      expect(await get(path)).toEqual(before);
    }
  });
});

describe('15: what cannot be changed is refused in words, and the value that is there is accepted', () => {
  const elsewhere = { href: 'networks/sim.net-default' };
  test.each<[string, string, unknown]>([
    ['MachineImage', 'imageLocation', 'http://example.org/other'],
    ['VolumeImage', 'imageLocation', { href: 'http://example.org/other' }],
    ['VolumeImage', 'bootable', true],
    ['Address', 'ip', '10.0.99.2'],
    ['Address', 'mask', '255.255.255.0'],
    ['Address', 'defaultGateway', '10.0.0.9'],
    ['Address', 'protocol', 'IPv6'],
    ['Address', 'network', elsewhere],
    ['NetworkPort', 'network', elsewhere],
    ['Machine', 'cpuSpeed', 1000],
  ])('%s.%s', async (type, name, value) => {
    const path = here.population.paths[type] ?? '';
    const before = await get(path);
    expectFault(await here.scene.client.put(path, { ...before, [name]: value }), 400, new RegExp(`${name}.*cannot be changed`));
    expectFault(await here.scene.client.put(`${path}?$select=${name}`, { [name]: value }), 400, new RegExp(`${name}.*cannot be changed`));
    expect(await get(path)).toEqual(before);
    if (before[name] !== undefined) await ended(await here.scene.client.put(`${path}?$select=${name}`, { [name]: before[name] }));
    expect(await get(path)).toEqual(before);
  });

  test('nothing of a PUT is done where a part of it is refused', async () => {
    const path = here.population.paths.Network ?? '';
    const before = await get(path);
    const image = here.population.paths.MachineImage ?? '';
    expectFault(await here.scene.client.put(`${image}?$select=name,imageLocation`, { name: 'changed' }), 400, /imageLocation/);
    expect((await get(image)).name).toBe('one');
    await ended(await here.scene.client.put(path, { ...before, resourceURI: before.resourceURI }));
    expect(await get(path)).toEqual(before);
  });
});
