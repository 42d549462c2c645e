import type { Item } from '../../../src/clouds/driver';
import type { Bench } from '../counterpart';
import { context, dropMachine, machinesMethod, marks, pagesOf, reaches } from '../counterpart';
import type { Scene } from './scene';
import { MACHINE, making, method, ref, withScene } from './scene';
import type { Need } from './needs';

const conflict = { name: 'ProviderError', kind: 'conflict', maybeDone: false };

async function switched(scene: Scene, group: 'networks' | 'networkPorts', key: string): Promise<void> {
  const type = group === 'networks' ? 'Network' : 'NetworkPort';
  const reached = (state: string) => scene.until(group, key, (item) => item?.values['state'] === state);
  await reached(String(scene.driver.capabilities.types[type]?.capabilities?.['DefaultInitialState']));
  for (const [name, state] of [
    ['stop', 'STOPPED'],
    ['stop', 'STOPPED'],
    ['start', 'STARTED'],
    ['start', 'STARTED'],
  ] as const) {
    await method(scene.driver, group, name)(key, context());
    await reached(state);
  }
}

async function ports(scene: Scene): Promise<void> {
  const { key: network } = await scene.make('networks', { networkType: 'PRIVATE' });
  const port = await scene.make('networkPorts', { network, portType: 'TRUNK' });
  expect(port.item.values).toMatchObject({ network: ref('Network', network), portType: 'TRUNK' });
  await switched(scene, 'networkPorts', port.key);
  await expect(scene.delete('networks', network)).rejects.toMatchObject(conflict);
  await method(scene.driver, 'networkPorts', 'update')(port.key, { portType: 'ACCESS' }, context());
  await scene.until('networkPorts', port.key, (item) => item?.values['portType'] === 'ACCESS');
}

async function changedNetwork(scene: Scene): Promise<void> {
  const { key, item } = await scene.make('networks', { networkType: 'PUBLIC', mtu: 1400 });
  expect(item.values).toMatchObject({ networkType: 'PUBLIC', mtu: 1400 });
  await method(scene.driver, 'networks', 'update')(key, { mtu: 1300 }, context());
  const seen = await scene.until('networks', key, (each) => each?.values['mtu'] === 1300);
  expect(seen?.values['networkType']).toBe('PUBLIC');
}

/** A machine in a network of its own. */
async function placed(scene: Scene): Promise<{ machine: string; network: string; nic: Item; addresses: () => Promise<Item[]> }> {
  const { driver, counterpart } = scene;
  const { config, image } = counterpart.fixtures;
  const { key: network } = await scene.make('networks', { networkType: 'PRIVATE' });
  const { key: machine } = await machinesMethod(driver, 'create')({ ...marks(), config, image, networks: [network] }, context());
  await reaches(driver, machine, 'STARTED');
  const [nic, ...more] = (await pagesOf(driver, 'interfaces')).flat().filter((item) => item.owner === machine);
  if (!nic) throw new Error('the machine has no interface');
  expect(more).toEqual([]);
  expect(nic.values).toMatchObject({ network: ref('Network', network), state: 'ACTIVE' });
  const addresses = async () => (await pagesOf(driver, 'addresses')).flat().filter((item) => item.owner === nic.key);
  return { machine, network, nic, addresses };
}

async function passing(scene: Scene): Promise<void> {
  const { machine, network, nic, addresses } = await placed(scene);
  const [own] = await addresses();
  expect(own?.values).toMatchObject({ allocation: 'dynamic', network: ref('Network', network), resource: ref('Machine', machine) });
  await expect(scene.delete('networks', network)).rejects.toMatchObject(conflict);
  await dropMachine(scene.counterpart, machine);
  await scene.until('interfaces', nic.key, (item) => item === undefined);
  await scene.until('addresses', String(own?.key), (item) => item === undefined);
}

/** An address of a network that a machine had, and that is free again. */
async function freed(scene: Scene): Promise<{ network: string; ip: string }> {
  const { machine, network, addresses } = await placed(scene);
  const [own] = await addresses();
  await dropMachine(scene.counterpart, machine);
  await scene.until('addresses', String(own?.key), (item) => item === undefined);
  return { network, ip: String(own?.values['ip']) };
}

async function chosen(scene: Scene): Promise<void> {
  const { driver, counterpart } = scene;
  const { config, image } = counterpart.fixtures;
  const { network, ip } = await freed(scene);
  const { key: other } = await scene.make('networks', { networkType: 'PRIVATE' });
  const asked = { ...marks(), config, image, networks: [other, network], addresses: [[], [ip]] };
  const { key: machine } = await machinesMethod(driver, 'create')(asked, context());
  await reaches(driver, machine, 'STARTED');
  const nics = (await pagesOf(driver, 'interfaces')).flat().filter((item) => item.owner === machine);
  const ips = (await pagesOf(driver, 'addresses')).flat().filter(({ owner }) => nics.some(({ key }) => key === owner));
  const of = (net: string) => ips.filter(({ values }) => JSON.stringify(values['network']).includes(net)).map(({ values }) => values['ip']);
  expect(of(network)).toEqual([ip]);
  expect(of(other)).toHaveLength(1);
  await dropMachine(counterpart, machine);
}

async function taken(scene: Scene): Promise<void> {
  const { driver, counterpart } = scene;
  const { config, image } = counterpart.fixtures;
  const { machine, network, addresses } = await placed(scene);
  const ip = String((await addresses())[0]?.values['ip']);
  const asked = { ...marks(), config, image, networks: [network], addresses: [[ip]] };
  await expect(machinesMethod(driver, 'create')(asked, context())).rejects.toMatchObject({
    ...{ name: 'ProviderError', kind: expect.stringMatching(/^(conflict|invalid)$/) as string, maybeDone: false },
    message: expect.stringContaining(ip) as string,
  });
  await dropMachine(counterpart, machine);
}

async function fixed(scene: Scene): Promise<void> {
  const { machine, network, nic, addresses } = await placed(scene);
  const { addressNetwork = network } = scene.counterpart.fixtures;
  const { key, item } = await scene.make('addresses', { allocation: 'static', protocol: 'IPv4', network: addressNetwork });
  expect(item.values).toMatchObject({ allocation: 'static', protocol: 'IPv4', ip: expect.stringMatching(/^[\d.]+$/) as string });
  expect(item.values['resource']).toBeUndefined();
  const bind = method(scene.driver, 'addresses', 'bind');
  const release = method(scene.driver, 'addresses', 'release');
  for (let time = 0; time < 2; time += 1) await bind(key, { interface: nic.key }, context());
  await scene.until('addresses', key, (seen) => seen?.owner === nic.key);
  expect((await scene.values('addresses', key))['resource']).toEqual(ref('Machine', machine));
  expect((await addresses()).map((each) => each.key)).toContain(key);
  await expect(scene.delete('addresses', key)).rejects.toMatchObject(conflict);
  for (let time = 0; time < 2; time += 1) await release(key, context());
  await scene.until('addresses', key, (seen) => seen !== undefined && seen.owner === undefined);
  await bind(key, { interface: nic.key }, context());
  await dropMachine(scene.counterpart, machine);
  const free = await scene.until('addresses', key, (seen) => seen?.owner === undefined);
  expect(free?.values['resource']).toBeUndefined();
  expect(free?.values['ip']).toBe(item.values['ip']);
}

async function kept(scene: Scene): Promise<void> {
  const { machine, addresses } = await placed(scene);
  const [own] = await addresses();
  const key = String(own?.key);
  await method(scene.driver, 'addresses', 'update')(key, { allocation: 'static' }, context());
  await scene.until('addresses', key, (item) => item?.values['allocation'] === 'static');
  await dropMachine(scene.counterpart, machine);
  await scene.until('addresses', key, (item) => item !== undefined && item.owner === undefined);
  await scene.drop('addresses', key);
}

async function nics(scene: Scene): Promise<void> {
  const machine = await scene.machine();
  const { key: network } = await scene.make('networks', { networkType: 'PRIVATE' });
  const { key: other } = await scene.make('networks', { networkType: 'PRIVATE' });
  const { key: networkPort } = await scene.make('networkPorts', { network, portType: 'ACCESS' });
  const wrong = scene.make('interfaces', { machine, network: other, networkPort });
  await expect(wrong).rejects.toMatchObject({ name: 'ProviderError', kind: 'invalid' });
  const nic = await scene.make('interfaces', { machine, network, networkPort, state: 'PASSIVE' });
  expect(nic.item).toMatchObject({
    owner: machine,
    values: { network: ref('Network', network), networkPort: ref('NetworkPort', networkPort), state: 'PASSIVE' },
  });
  await expect(scene.delete('networkPorts', networkPort)).rejects.toMatchObject(conflict);
  const update = method(scene.driver, 'interfaces', 'update');
  await update(nic.key, { state: 'DISABLED' }, context());
  await scene.until('interfaces', nic.key, (item) => item?.values['state'] === 'DISABLED');
  await update(nic.key, { network: other }, context());
  const moved = await scene.until('interfaces', nic.key, (item) => JSON.stringify(item?.values['network']).includes(other));
  expect(moved?.values['networkPort']).toBeUndefined();
}

async function groups(scene: Scene): Promise<void> {
  const { driver } = scene;
  const one = await scene.make('networks', { networkType: 'PRIVATE' });
  const two = await scene.make('networks', { networkType: 'PRIVATE' });
  const open = await scene.make('networks', { networkType: 'PUBLIC' });
  const group = await scene.make('forwardingGroups', { networks: [one.key] });
  const second = await scene.make('forwardingGroups', { networks: [] });
  const within = async (network: string) => (await scene.values('networks', network))['forwardingGroup'];
  expect(await within(one.key)).toEqual(ref('ForwardingGroup', group.key));
  const bind = method(driver, 'forwardingGroups', 'bind');
  const release = method(driver, 'forwardingGroups', 'release');
  for (let time = 0; time < 2; time += 1) await bind(group.key, { network: two.key }, context());
  expect(await within(two.key)).toEqual(ref('ForwardingGroup', group.key));
  await expect(bind(second.key, { network: two.key }, context())).rejects.toMatchObject(conflict);
  if (driver.capabilities.types['ForwardingGroup']?.capabilities?.['MixedNetwork'] !== true) {
    await expect(bind(group.key, { network: open.key }, context())).rejects.toMatchObject({ name: 'ProviderError', kind: 'invalid' });
    const mixed = scene.make('forwardingGroups', { networks: [two.key, open.key] });
    await expect(mixed).rejects.toMatchObject({ name: 'ProviderError' });
  }
  for (let time = 0; time < 2; time += 1) await release(group.key, { network: two.key }, context());
  expect(await within(two.key)).toBeUndefined();
  const joined = await scene.make('networks', { networkType: 'PRIVATE', forwardingGroup: group.key });
  expect(await within(joined.key)).toEqual(ref('ForwardingGroup', group.key));
  await scene.drop('forwardingGroups', group.key);
  expect(await within(one.key)).toBeUndefined();
}

/** Networks, ports, interfaces, addresses and forwarding groups. */
export function netTests(bench: Bench): void {
  const test = (title: string, needs: readonly Need[], run: (scene: Scene) => Promise<void>) =>
    bench.test(title, needs, withScene(bench, run));
  const network = making('networks');
  const place: readonly Need[] = [...network, ...MACHINE, 'interfaces', 'addresses'];
  test(
    'a network is stopped and started, each also when it is so already',
    [...network, 'networks.stop', 'networks.start'],
    async (scene) => {
      const { key } = await scene.make('networks', { networkType: 'PRIVATE' });
      await switched(scene, 'networks', key);
    },
  );
  test('a network keeps its type when its packet size changes', [...network, 'networks.update mtu'], changedNetwork);
  test(
    'a port is started, stopped and changed, and keeps its network from being deleted',
    [...network, ...making('networkPorts'), 'networkPorts.stop', 'networkPorts.start', 'networkPorts.update portType'],
    ports,
  );
  test('a machine gets an interface in each network, and an address that goes with it', place, passing);
  test('an interface has the address that its machine was created with', [...place, 'addressesAtCreate'], chosen);
  test('a machine is not created with an address that another has', [...place, 'addressesAtCreate'], taken);
  test(
    'a static address is bound and released, each twice, and outlives the machine',
    [...place, ...making('addresses'), 'addresses.bind', 'addresses.release'],
    fixed,
  );
  test('a dynamic address that was made static outlives the machine', [...place, 'addresses.delete', 'addresses.update allocation'], kept);
  test(
    'an interface takes a port of its own network, and moves to another network',
    [...MACHINE, ...network, ...making('networkPorts'), ...making('interfaces'), 'interfaces.update network', 'interfaces.update state'],
    nics,
  );
  test(
    'a forwarding group takes networks in and lets them go, and only of one type',
    [...network, ...making('forwardingGroups'), 'forwardingGroups.bind', 'forwardingGroups.release'],
    groups,
  );
}
