import { driver as module } from '../../drivers/openstack/index';
import type { Driver, Item } from '../../src/clouds/driver';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { type OpenstackAccount, startOpenstackAccount } from '../backends/openstack-account';
import type { OpenstackRule } from '../backends/openstack-proxy';
import type { Counterpart } from './counterpart';
import { context, dropMachine, endedDriver, marks, pagesOf, reaches, read, until } from './counterpart';
import { ref } from './contract/scene';

/** Tests of what Neutron has beyond the contract suite, and of what holds there of the tests that are skipped. */
describeWith('OpenStack networks', openstackAvailable(), () => {
  let account: OpenstackAccount;
  let driver: Driver;
  /** The same, its calls coming back when the provider's work has ended. */
  const does = () => endedDriver(driver);
  const connect = (more: object = {}): Promise<Driver> =>
    Promise.resolve(
      module.connect(module.options.parse({ ...account.options, settleMs: 300, floatingNetwork: 'public', ...more }), {
        dataDir: '',
        warn: () => undefined,
      }),
    );
  beforeAll(async () => {
    account = await startOpenstackAccount();
    driver = await connect();
  }, 1_800_000);
  afterEach(async () => {
    account.proxy.reset();
    expect(await account.leftovers()).toEqual([]);
  });
  afterAll(async () => {
    await driver.close();
    await account.stop();
  });

  type Making = 'networks' | 'networkPorts' | 'addresses' | 'forwardingGroups' | 'interfaces';
  const create = async (group: Making, request: object, own = marks(group)): Promise<string> => {
    const { key } = await does()[group]!.create!({ ...own, ...request } as never, context());
    return key;
  };
  const values = async (group: Making, key: string): Promise<Item['values']> => {
    const item = await read(driver, group, key);
    if (!item) throw new Error(`${group} ${key} is gone`);
    return item.values;
  };
  const drop = async (group: Making, key: string): Promise<void> => {
    await does()[group]!.delete!(key, context());
    await until(driver, group, key, (item) => item === undefined);
  };
  const network = (more: object = {}) => create('networks', { networkType: 'PRIVATE', ...more });
  const machine = async (more: object): Promise<string> => {
    const { key } = await does().machines!.create!({ ...marks(), config: '1', image: account.image, ...more }, context());
    await reaches(driver, key, 'STARTED');
    return key;
  };
  const dropped = (key: string) => dropMachine({ driver } as Counterpart, key);
  const ownPorts = async () => {
    const { ports } = await account.direct.call<{ ports: { id: string; network_id: string }[] }>(
      'GET',
      'network',
      `/v2.0/ports?project_id=${account.direct.projectId}`,
    );
    return ports.map(({ id }) => id);
  };

  test('a network gets the block asked for, one of a pool, or the next that is free', async () => {
    const { direct } = account;
    const named = await network({ extensions: { cidr: '10.99.7.0/24' } });
    expect(await values('networks', named)).toMatchObject({ cidr: '10.99.7.0/24', networkType: 'PRIVATE', state: 'STARTED' });
    const { subnetpool: pool } = await direct.call<{ subnetpool: { id: string } }>('POST', 'network', '/v2.0/subnetpools', {
      subnetpool: { name: 'tests', prefixes: ['10.98.0.0/16'], default_prefixlen: 26 },
    });
    const pooled = await network({ extensions: { subnetPool: 'tests' } });
    expect((await values('networks', pooled))['cidr']).toMatch(/^10\.98\.\d+\.\d+\/26$/);
    await expect(network({ extensions: { subnetPool: 'none' } })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('tests') as string,
    });
    const narrow = await connect({ networkRange: '10.97.0.0/23' });
    const own = [];
    for (const _ of [1, 2]) own.push((await endedDriver(narrow).networks!.create!({ ...marks(), networkType: 'PRIVATE' }, context())).key);
    expect(await Promise.all(own.map(async (key) => (await values('networks', key))['cidr']))).toEqual(['10.97.0.0/24', '10.97.1.0/24']);
    const none = endedDriver(narrow).networks!.create!({ ...marks(), networkType: 'PRIVATE' }, context());
    await expect(none).rejects.toMatchObject({ kind: 'quota', message: expect.stringContaining('10.97.0.0/23') as string });
    await narrow.close();
    // What was refused half-way is found by its mark, and taken away.
    const all = (await pagesOf(driver, 'networks')).flat().filter(({ refuses, key }) => !refuses && key !== account.network);
    for (const { key } of all) await drop('networks', key);
    expect(all).toHaveLength(6);
    await direct.call('DELETE', 'network', `/v2.0/subnetpools/${pool.id}`);
  });

  const network1: OpenstackRule = { service: 'network', times: 1 };
  test.each([
    ['before the network itself', { ...network1, method: 'POST', path: /\/networks$/, drop: 'before' }, false],
    ['after the network itself', { ...network1, method: 'POST', path: /\/networks$/, drop: 'after' }, true],
    ['after its subnet', { ...network1, method: 'POST', path: /\/subnets$/, drop: 'after' }, true],
    ['before it is joined', { ...network1, method: 'PUT', path: /add_router_interface$/, drop: 'before' }, true],
    ['before its description', { ...network1, method: 'PUT', path: /\/networks\/[0-9a-f-]+$/, drop: 'before' }, true],
  ] as const)('a create of a network that was cut off %s goes on with what there is', async (_when, rule, begun) => {
    const group = await create('forwardingGroups', { networks: [] });
    const own = marks('cut');
    const asked = { networkType: 'PRIVATE', forwardingGroup: group, name: 'whole', description: 'as given', properties: { a: '1' } };
    account.proxy.add(rule as OpenstackRule);
    await expect(create('networks', asked, own)).rejects.toMatchObject({ maybeDone: true });
    const before = await does().networks!.find!(own, context());
    expect(before.map(({ unfinished, tag }) => [unfinished, tag])).toEqual(begun ? [[true, own.tag]] : []);
    const key = await create('networks', asked, own);
    if (begun) expect(key).toBe(before[0]?.key);
    const [item, ...more] = await does().networks!.find!(own, context());
    expect(more).toEqual([]);
    expect(item).toMatchObject({ key, tag: own.tag, token: own.token });
    expect(item?.unfinished).toBeUndefined();
    expect(item?.values).toMatchObject({
      ...{ name: 'whole', description: 'as given', properties: { a: '1' }, forwardingGroup: ref('ForwardingGroup', group) },
      cidr: expect.stringMatching(/\/24$/) as string,
    });
    await drop('networks', key);
    await drop('forwardingGroups', group);
  });

  test('an interface takes a port of its own network, is switched off, and gives the port back', async () => {
    const [one, other] = [await network(), await network()];
    const port = await create('networkPorts', { network: one, portType: 'ACCESS', extensions: { securityGroups: ['default'] } });
    const server = await machine({ networks: [other] });
    const asked = { machine: server, network: one, networkPort: port };
    await expect(create('interfaces', { ...asked, network: other })).rejects.toMatchObject({ kind: 'invalid' });
    await expect(create('interfaces', { ...asked, state: 'PASSIVE' })).rejects.toMatchObject({ kind: 'unsupported' });
    const nic = await create('interfaces', asked);
    expect(await values('interfaces', nic)).toMatchObject({
      network: ref('Network', one),
      networkPort: ref('NetworkPort', port),
      state: 'ACTIVE',
    });
    await expect(does().networkPorts!.delete!(port, context())).rejects.toMatchObject({ kind: 'conflict' });
    await does().interfaces!.update!(nic, { state: 'DISABLED', network: one }, context());
    await until(driver, 'interfaces', nic, (item) => item?.values['state'] === 'DISABLED');
    await expect(does().interfaces!.update!(nic, { network: other }, context())).rejects.toMatchObject({ kind: 'unsupported' });
    await drop('interfaces', nic);
    await until(driver, 'networkPorts', port, (item) => item?.refuses === undefined);

    // Ports that interfaces were given by us go with them: one by one, and with their machine.
    const made = await create('interfaces', { machine: server, network: one });
    await drop('interfaces', made);
    expect(await ownPorts()).not.toContain(made);
    const kept = await create('interfaces', { machine: server, network: one });
    await dropped(server);
    await until(driver, 'networkPorts', kept, (item) => item === undefined);
    expect(await ownPorts()).toEqual([port]);
    await drop('networkPorts', port);
    for (const key of [one, other]) await drop('networks', key);
  });

  test.each(['before', 'after'] as const)('an interface whose create was cut off %s it was plugged in is gone on with', async (when) => {
    const inside = await network();
    const server = await machine({ networks: [account.network] });
    const own = marks('nic');
    account.proxy.add({ service: 'compute', method: 'POST', path: /\/os-interface$/, drop: when, times: 1 });
    await expect(create('interfaces', { machine: server, network: inside }, own)).rejects.toMatchObject({ maybeDone: true });
    const [begun] = await does().interfaces!.find!(own, context());
    expect(begun).toMatchObject({ tag: own.tag, unfinished: true });
    expect(await create('interfaces', { machine: server, network: inside }, own)).toBe(begun?.key);
    expect((await pagesOf(driver, 'interfaces')).flat().filter(({ owner }) => owner === server)).toHaveLength(2);
    await dropped(server);
    await drop('networks', inside);
  });

  test('a floating address needs a way there; bound, it is the machine’s, and it outlives the machine', async () => {
    const inside = await network();
    const port = await create('networkPorts', { network: inside, portType: 'ACCESS' });
    const server = await machine({ networks: [inside], networkPorts: [port] });
    const address = await create('addresses', { allocation: 'static', protocol: 'IPv4', name: 'front', description: 'door' });
    expect(await values('addresses', address)).toMatchObject({
      ...{ name: 'front', description: 'door', allocation: 'static', ip: expect.stringMatching(/^203\.0\.113\.\d+$/) as string },
    });
    const bind = () => does().addresses!.bind!(address, { interface: port }, context());
    await expect(bind()).rejects.toMatchObject({ kind: 'conflict', maybeDone: false });
    const outside = (await pagesOf(driver, 'networks')).flat().find(({ values: { name } }) => name === 'public');
    expect(outside).toMatchObject({ public: true, values: { networkType: 'PUBLIC' }, refuses: { delete: expect.any(String) as string } });
    const group = await create('forwardingGroups', { networks: [inside, outside?.key] });
    const [router] = await does().forwardingGroups!.getMany([group], context());
    expect(router?.values['gatewayNetwork']).toBe(outside?.key);
    expect((await values('networks', String(outside?.key)))['forwardingGroup']).toEqual(ref('ForwardingGroup', group));
    for (let time = 0; time < 2; time += 1) await bind();
    const [bound] = await does().addresses!.getMany([address], context());
    expect(bound).toMatchObject({ owner: port, values: { resource: ref('Machine', server) } });
    await expect(does().addresses!.delete!(address, context())).rejects.toMatchObject({ kind: 'conflict' });
    await expect(does().forwardingGroups!.release!(group, { network: inside }, context())).rejects.toMatchObject({ kind: 'conflict' });
    for (let time = 0; time < 2; time += 1) await does().addresses!.release!(address, context());
    for (let time = 0; time < 2; time += 1) await does().forwardingGroups!.release!(group, { network: String(outside?.key) }, context());
    await dropped(server);
    await drop('addresses', address);
    await drop('networkPorts', port);
    await drop('forwardingGroups', group);
    await drop('networks', inside);
  });

  test('what cannot be is refused in words', async () => {
    const given = { allocation: 'static', protocol: 'IPv4', network: account.network };
    const refusals: [Making, object, string, RegExp][] = [
      ['addresses', { ...given, allocation: 'dynamic' }, 'unsupported', /ask for a static one/],
      ['addresses', { ...given, hostname: 'a.example.org' }, 'unsupported', /hostname/],
      ['addresses', { ...given, protocol: 'IPv6' }, 'invalid', /no IPv6 subnet/],
      ['networks', { networkType: 'PRIVATE', classOfService: 'GOLD' }, 'unsupported', /classOfService/],
      ['networkPorts', { network: account.network, portType: 'ACCESS', classOfService: 'GOLD' }, 'unsupported', /BEST_EFFORT/],
      [
        'networkPorts',
        { network: account.network, portType: 'ACCESS', extensions: { securityGroups: ['none'] } },
        'invalid',
        /there are: default/,
      ],
      ['forwardingGroups', { networks: ['00000000-0000-4000-8000-000000000000'] }, 'notFound', /Network .* could not be found/],
    ];
    for (const [group, request, kind, message] of refusals) {
      await expect(create(group, request)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) as string });
    }
    for (const { key } of (await pagesOf(driver, 'forwardingGroups')).flat()) await drop('forwardingGroups', key);
  });

  test('another project’s things are not seen; what is shared is, and refuses to be changed', async () => {
    const { admin } = account;
    const { network: theirs } = await admin.call<{ network: { id: string } }>('POST', 'network', '/v2.0/networks', {
      network: { name: 'theirs' },
    });
    expect((await pagesOf(driver, 'networks')).flat().map(({ key }) => key)).not.toContain(theirs.id);
    await admin.call('PUT', 'network', `/v2.0/networks/${theirs.id}`, { network: { shared: true } });
    const [shared] = await does().networks!.getMany([theirs.id], context());
    expect(shared).toMatchObject({ public: true, refuses: { edit: expect.any(String) as string } });
    await admin.call('DELETE', 'network', `/v2.0/networks/${theirs.id}`);
  });
});
