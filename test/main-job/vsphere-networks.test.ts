import { encodeId } from '../../src/clouds/identity';
import { CIMI } from '../../src/model/define';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { addPortgroups, portgroupsOf } from '../backends/vsphere-networks';
import { capability, hrefOf, reading } from '../resources/network-kit';
import type { Json } from '../harness/client';
import { networkSteps } from './network-steps';
import { Steps } from './steps';
import { CLOUD, startVsphereWorld, type VsphereWorld } from './vsphere-world';
import { offers } from './world';
import { elapse } from '../harness/wait';

const STANDARD = 'VM Network';

/** Networks over HTTP, on vSphere, by the same requests as on EC2 and OpenStack. */
describeWith('vcsim', vcsimAvailable(), () => {
  let world: VsphereWorld;
  const steps = new Steps(() => world);
  const { get, gone, items } = reading(() => world.client);
  const { make, add, refused } = networkSteps(steps);
  const call = (body: string) => world.account.call(body);
  beforeAll(async () => {
    world = await startVsphereWorld(undefined, { publicNetworks: [STANDARD] });
  });
  afterEach(async () => {
    world.account.proxy.reset();
    expect(await world.leftovers()).toEqual([]);
  });
  afterAll(() => world.stop());

  const network = (more: object = {}, template: object = { networkConfig: { networkType: 'PRIVATE' } }) =>
    make('networks', 'Network', { networkTemplate: template, ...more });
  const interfacesOf = (machine: Json) => items(hrefOf(machine, 'networkInterfaces'), 'machineNetworkInterfaces');
  const named = async (name: string): Promise<Json> => {
    const found = (await items('networks', 'networks')).find((each) => String(each.name) === name);
    if (!found) throw new Error(`no network is called ${name}`);
    return found;
  };
  const uriOf = (collection: string, key: string) => `${world.client.base}${collection}/${encodeId(CLOUD, key)}`;
  const change = (resource: Json, to: object) =>
    steps.done('PUT', `${String(resource.id)}?$select=${Object.keys(to).join(',')}`, {
      json: { resourceURI: resource.resourceURI, ...to },
    });

  test('networks, a machine on them, its interfaces added, changed and removed, its addresses; then nothing is left', async () => {
    const outside = await named(STANDARD);
    expect(outside).toMatchObject({ networkType: 'PUBLIC', state: 'STARTED' });
    expect(offers(outside)).toEqual([]);
    const inside = await network({ name: 'inside', description: 'desks', properties: { a: '1' }, vlan: 30 });
    expect(inside).toMatchObject({
      ...{ name: 'inside', description: 'desks', properties: { a: '1' }, vlan: 30 },
      ...{ state: 'STARTED', networkType: 'PRIVATE' },
    });
    expect(offers(inside)).toEqual(['delete', 'edit']);
    const lab = await network({ name: 'lab', switch: 'DVS0' }, {});

    const networkInterfaces = [{ network: { href: inside.id } }, { network: { href: outside.id }, state: 'DISABLED' }];
    const machine = await steps.machine({ name: 'on both', machineTemplate: { ...(await steps.parts()), networkInterfaces } });
    const present = await interfacesOf(machine);
    expect(present.map((nic) => [hrefOf(nic, 'network'), nic.state]).sort()).toEqual(
      [
        [inside.id, 'ACTIVE'],
        [outside.id, 'DISABLED'],
      ]
        .map(([href, state]) => [String(href), state])
        .sort(),
    );
    await refused('DELETE', inside.id, 409, /used by/);
    await interfaces(machine, inside, lab);

    await change(inside, { name: 'wide “é”', properties: { b: '2' } });
    expect(await get(inside.id)).toMatchObject({ id: inside.id, name: 'wide “é”', properties: { b: '2' }, vlan: 30 });
    const seen = (await portgroupsOf(call)).find(({ name }) => name.startsWith('wide'));
    expect(seen?.name).toMatch(/^wide “é”-\w{12}$/);

    const nics = await interfacesOf(machine);
    await steps.remove(machine);
    for (const { id } of nics) expect(await gone(id)).toBe(true);
    for (const each of [inside, lab]) await steps.remove(each);
  });

  async function interfaces(machine: Json, inside: Json, lab: Json): Promise<void> {
    const before = await interfacesOf(machine);
    const own = before.find((each) => hrefOf(each, 'network') === String(inside.id)) as Json;
    const [told, ...more] = await items(hrefOf(own, 'addresses'), 'machineNetworkInterfaceAddresses');
    expect(more).toEqual([]);
    const address = await get(hrefOf(told as Json, 'address'));
    expect(address).toMatchObject({
      ...{ allocation: 'dynamic', protocol: 'IPv4', mask: '255.0.0.0' },
      ...{ resource: { href: machine.id }, network: { href: inside.id }, ip: expect.stringMatching(/^10\./) as string },
    });
    await steps.xml(String(address.id));
    expect(offers(address)).toEqual([]);
    expect(offers(told as Json)).toEqual([]);
    expect((await items('addresses', 'addresses')).map(({ id }) => id)).toContain(address.id);

    const macAddress = '00:50:56:00:12:34';
    const nic = await add(hrefOf(machine, 'networkInterfaces'), 'MachineNetworkInterface', { network: { href: lab.id }, macAddress });
    expect(nic).toMatchObject({ state: 'ACTIVE', network: { href: lab.id }, macAddress });
    expect(offers(nic)).toEqual(['delete', 'edit']);
    const heard = await items(hrefOf(nic, 'addresses'), 'machineNetworkInterfaceAddresses');
    expect(heard).toHaveLength(1);
    await change(nic, { state: 'DISABLED', network: { href: inside.id } });
    expect(await get(nic.id)).toMatchObject({ state: 'DISABLED', network: { href: inside.id }, macAddress });
    expect(await gone(hrefOf(heard[0] as Json, 'address'))).toBe(true);
    await refused('PUT', `${String(nic.id)}?$select=macAddress`, 409, /stopped/, {
      resourceURI: nic.resourceURI,
      macAddress: '00:50:56:00:12:35',
    });
    await steps.remove(nic);
    expect((await interfacesOf(machine)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  }

  test('what cannot be is said before, and refused in words', async () => {
    const { json } = await world.client.get(`clouds/${CLOUD}/resourceMetadata`);
    const said = (type: string) =>
      (json.resourceMetadatas as unknown as Json[]).find(({ typeURI }) => String(typeURI) === `${CIMI}/${type}`) as Json;
    expect(capability(said('Network'), 'InitialStates')).toEqual(['STARTED']);
    for (const name of ['switch', 'vlan']) expect(JSON.stringify(said('Network').attributes)).toContain(`"${name}"`);
    expect(JSON.stringify(said('MachineNetworkInterface').attributes)).toMatch(/"ACTIVE"[^\]]*"DISABLED"/);

    const template = (networkConfig: object, more: object = {}) => ({
      resourceURI: `${CIMI}/NetworkCreate`,
      networkTemplate: { networkConfig, ...more },
    });
    await refused('POST', 'networks', 400, /PUBLIC.*publicNetworks/, template({ networkType: 'PUBLIC' }));
    await refused('POST', 'networks', 400, /mtu/, template({ mtu: 9000 }));
    await refused('POST', 'networks', 400, /offers STARTED, not STOPPED/, template({}, { initialState: 'STOPPED' }));
    await refused('POST', 'networks', 400, /'none': candidates are 'DVS0'/, { ...template({}), switch: 'none' });
    for (const left of await items('networks', 'networks')) if (String(left.state) === 'ERROR') await steps.remove(left);
    const outside = await named(STANDARD);
    await refused('DELETE', outside.id, 409, /each host’s own/);
    await refused('PUT', `${String(outside.id)}?$select=name`, 409, /each host’s own/, { resourceURI: outside.resourceURI, name: 'mine' });
    await refused('POST', 'addresses', 405, /no cloud of this entry point offers addresses\.create/, {
      resourceURI: `${CIMI}/AddressCreate`,
      addressTemplate: {},
    });
  });

  test('what was made elsewhere, with odd names, is listed and lives its life here', async () => {
    const [key = ''] = await addPortgroups(call, ['&lt;b&gt;&amp;amp; “ünï” ]]&gt;']);
    const uri = uriOf('networks', key);
    // Longer than a list is kept.
    await elapse(300);
    const listed = (await items('networks', 'networks')).find(({ id }) => String(id) === uri);
    expect(listed).toMatchObject({ name: '<b>&amp; “ünï” ]]>', networkType: 'PRIVATE', state: 'STARTED' });
    expect(await get(uri)).toEqual(listed);
    await steps.xml(uri);
    await change(listed as Json, { name: 'adopted' });
    expect(await portgroupsOf(call)).toContainEqual({ key, name: 'adopted', description: '' });

    const { keys = [] } = await world.account.sim.order({ fill: { name: 'theirs', count: 1, card: true } });
    const machine = await get(uriOf('machines', String(keys[0])));
    const [nic] = await interfacesOf(machine);
    expect(nic).toMatchObject({ state: 'ACTIVE', macAddress: expect.stringMatching(/^[0-9a-f:]{17}$/) as string });
    await change(nic as Json, { network: { href: uri } });
    expect(hrefOf(await get(nic?.id), 'network')).toBe(uri);
    await refused('DELETE', uri, 409, /used by/);
    await steps.remove(nic as Json);
    await steps.remove(machine);
    await steps.remove(listed as Json);
  });
});
