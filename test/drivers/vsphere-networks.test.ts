import { driver as module } from '../../drivers/vsphere/index';
import type { CreateMachine, Driver, Item, ListedGroup } from '../../src/clouds/driver';
import type { CreateInterface, CreateNetwork } from '../../src/clouds/infrastructure';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { addPortgroups, addSwitch, destroy, ended, portgroupsOf, switchesOf } from '../backends/vsphere-networks';
import { ref } from './contract/scene';
import type { Counterpart } from './counterpart';
import { context, dropMachine, machinesMethod, marks, pagesOf, reaches, read } from './counterpart';

const PATIENCE_MS = 10_000;
const STANDARD = 'VM Network';

/** What vSphere has of networks beyond the contract suite, and what holds there of the tests that are skipped. */
describeWith('vcsim', vcsimAvailable(), () => {
  let account: VsphereAccount;
  let driver: Driver;
  let template: string;
  const call = (body: string) => account.call(body);
  const connected = (more: Record<string, unknown> = {}): Promise<Driver> =>
    module.connect(module.options.parse({ ...account.options, ...more }), { dataDir: '', warn: () => undefined });
  const all = async (group: ListedGroup, of = driver): Promise<Item[]> => (await pagesOf(of, group)).flat();
  const values = async (group: ListedGroup, key: string): Promise<Item['values']> => {
    const item = await read(driver, group, key);
    if (!item) throw new Error(`${group} ${key} is gone`);
    return item.values;
  };
  const network = async (more: Partial<CreateNetwork> = {}, of = driver): Promise<string> =>
    (await of.networks!.create!({ ...marks('net'), networkType: 'PRIVATE', ...more }, context())).key;
  const dropNetwork = (key: string) => driver.networks!.delete!(key, context());
  const machine = async (more: Partial<CreateMachine> = {}): Promise<string> => {
    const { key } = await machinesMethod(driver, 'create')({ ...marks(), config: 'c1-m1024', image: template, ...more }, context());
    return key;
  };
  const dropped = (key: string) => dropMachine({ driver } as Counterpart, key, PATIENCE_MS);
  const add = async (request: Omit<CreateInterface, 'tag' | 'token'>, own = marks('nic')): Promise<string> =>
    (await driver.interfaces!.create!({ ...own, ...request }, context())).key;
  const update = (key: string, to: object) => driver.interfaces!.update!(key, to, context());
  const nicsOf = async (owner: string): Promise<Item[]> => (await all('interfaces')).filter((item) => item.owner === owner);
  const keyOf = async (name: string): Promise<string> => (await portgroupsOf(call)).find((each) => each.name === name)?.key ?? '';
  const refused = async (promise: Promise<unknown>, kind: string, words: RegExp): Promise<void> => {
    await expect(promise).rejects.toMatchObject({ name: 'ProviderError', kind, message: expect.stringMatching(words) as string });
  };

  describe('one vCenter', () => {
    beforeAll(async () => {
      account = await startVsphere({ machines: 2, templates: 1 });
      driver = await connected();
      template = (await account.machines()).find((each) => each.template)?.key ?? '';
    }, 300_000);
    afterEach(async () => {
      account.proxy.reset();
      await account.sim.order({ clear: true });
      expect(await account.leftovers()).toEqual([]);
    });
    afterAll(async () => {
      await driver.close();
      await account.stop();
    });

    test('port groups of both kinds are Networks, but not those of uplinks; a list is one call', async () => {
      await all('networks');
      account.proxy.reset();
      const found = await all('networks');
      expect(account.proxy.calls()).toEqual(['RetrievePropertiesEx']);
      const there = await portgroupsOf(call);
      expect(there.filter(({ name }) => name.includes('-DVUplinks-'))).toHaveLength(1);
      expect(found.map(({ values: { name } }) => name).sort()).toEqual(['DC0_DVPG0', STANDARD]);
      expect(found.map(({ values: { networkType, state } }) => [networkType, state])).toEqual(Array(2).fill(['PRIVATE', 'STARTED']));
    });

    test('an uplink port group is one by what vCenter says of it, whatever its name', async () => {
      const [key = ''] = await addPortgroups(call, ['odd-DVUplinks-name']);
      expect(await read(driver, 'networks', key)).toBeUndefined();
      const said = (uplink: boolean) => (xml: string) =>
        xml.replaceAll(
          '<propSet><name>name</name>',
          `<propSet><name>config.uplink</name><val xsi:type="xsd:boolean">${uplink}</val></propSet><propSet><name>name</name>`,
        );
      account.proxy.add({ method: 'RetrievePropertiesEx', rewrite: said(false), times: 1 });
      expect(await read(driver, 'networks', key)).toBeDefined();
      account.proxy.add({ method: 'RetrievePropertiesEx', rewrite: said(true), times: 1 });
      expect(await read(driver, 'networks', await keyOf('DC0_DVPG0'))).toBeUndefined();
      // Nobody deletes an uplink port group by its key.
      await dropNetwork(key);
      expect(await keyOf('odd-DVUplinks-name')).toBe(key);
      await destroy(call, 'DistributedVirtualPortgroup', key);
    });

    test('which networks are PUBLIC the option says, by name or key; a consumer’s own name says nothing', async () => {
      const standard = await keyOf(STANDARD);
      const own = await connected({ publicNetworks: ['DC0_DVPG0', standard] });
      const mine = await network({ name: 'DC0_DVPG0' }, own);
      const types = Object.fromEntries((await all('networks', own)).map(({ key, values: { networkType } }) => [key, networkType]));
      expect(types).toEqual({ [standard]: 'PUBLIC', [await keyOf('DC0_DVPG0')]: 'PUBLIC', [mine]: 'PRIVATE' });
      await dropNetwork(mine);
      await own.close();
    });

    test('a standard port group is the hosts’: listed, neither renamed nor deleted, and says why', async () => {
      const key = await keyOf(STANDARD);
      const item = await read(driver, 'networks', key);
      const words = expect.stringMatching(/each host’s own/) as string;
      expect(item).toMatchObject({ refuses: { edit: words, delete: words } });
      await refused(dropNetwork(key), 'unsupported', /each host’s own/);
      await refused(driver.networks!.rename!(key, { name: 'mine' }, context()), 'unsupported', /each host’s own/);
    });

    test('a network no host provides is in ERROR', async () => {
      const rewrite = (xml: string) => xml.replaceAll(/(<name>summary\.accessible<\/name><val[^>]*>)true/g, '$1false');
      account.proxy.add({ method: 'RetrievePropertiesEx', rewrite, times: 1 });
      expect((await all('networks')).map(({ values: { state } }) => state)).toEqual(['ERROR', 'ERROR']);
    });

    test('a VLAN ID is taken and told; what a port group cannot be is refused in words', async () => {
      const key = await network({ name: 'a/b %', description: 'desks', extensions: { vlan: 120 } });
      expect(await values('networks', key)).toMatchObject({ name: 'a/b %', description: 'desks', vlan: 120, networkType: 'PRIVATE' });
      const inventory = (await portgroupsOf(call)).find((each) => each.key === key);
      expect(inventory?.name).toMatch(/^a%2fb %25-\w{12}$/);
      await dropNetwork(key);
      await dropNetwork(key);
      await refused(network({ networkType: 'PUBLIC' }), 'unsupported', /publicNetworks/);
      await refused(network({ mtu: 9000 }), 'unsupported', /mtu: .*switch/);
      await refused(network({ classOfService: 'GOLD' }), 'unsupported', /classOfService/);
      await refused(network({ forwardingGroup: 'any' }), 'unsupported', /no routers/);
      for (const vlan of [4095, -1, 1.5]) await refused(network({ extensions: { vlan } }), 'invalid', /from 0 to 4094/);
    });

    test('the switch is the named one, else the only one; else the candidates are named', async () => {
      const [first = ''] = await switchesOf(call);
      const folder = /group-n\d+|group-\d+/;
      const text = await call(
        `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet><propSet>` +
          `<type>DistributedVirtualSwitch</type><pathSet>parent</pathSet></propSet><objectSet><obj type="DistributedVirtualSwitch">${first}` +
          `</obj></objectSet></specSet><options/></RetrievePropertiesEx>`,
      );
      const parent = folder.exec(/<val[^>]*>([^<]*)</.exec(text)?.[1] ?? '')?.[0] ?? '';
      const second = await addSwitch(call, parent, 'lonely');
      await refused(network(), 'invalid', /which switch: candidates are 'DVS0' \(dvs-\d+\), 'lonely' \(dvs-\d+\)$/);
      await refused(network({ extensions: { switch: 'none' } }), 'invalid', /'none': candidates are 'DVS0'/);
      await refused(network({ extensions: { switch: 'lonely' } }), 'invalid', /no host/);
      const own = await connected({ switch: first });
      for (const key of [await network({ extensions: { switch: 'DVS0' } }), await network({}, own)]) await dropNetwork(key);
      await own.close();
      for (const { key, name } of await portgroupsOf(call))
        if (name.startsWith('lonely-')) await destroy(call, 'DistributedVirtualPortgroup', key);
      await destroy(call, 'DistributedVirtualSwitch', second);
    });

    test.each(['before', 'after'] as const)('a create of a network whose answer was lost %s it took effect makes one', async (drop) => {
      const own = marks('lost');
      account.proxy.add({ method: 'AddDVPortgroup_Task', drop, times: 1 });
      await expect(network({ ...own, name: 'once' })).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
      const key = await network({ ...own, name: 'once' });
      expect(await driver.networks!.find!(own, context())).toEqual([await read(driver, 'networks', key)]);
      await dropNetwork(key);
    });

    test('one made elsewhere is renamed as it is, and deleted; another name that is there is a conflict', async () => {
      const [key = ''] = await addPortgroups(call, ['their%2fs'], '<description>of theirs</description>');
      expect(await values('networks', key)).toMatchObject({ name: 'their/s', description: 'of theirs' });
      await driver.networks!.rename!(key, { name: 'adopted %' }, context());
      expect(await portgroupsOf(call)).toContainEqual({ key, name: 'adopted %25', description: '' });
      await driver.networks!.rename!(key, { description: 'kept' }, context());
      expect(await values('networks', key)).toMatchObject({ name: 'adopted %', description: 'kept' });
      await refused(driver.networks!.rename!(key, { name: 'DC0_DVPG0' }, context()), 'conflict', /DuplicateName/);
      await dropNetwork(key);
    });

    test('a card is added to a machine that runs, switched, moved to another network, and taken away', async () => {
      const [one, standard] = [await network(), await keyOf(STANDARD)];
      const owner = await machine({ networks: [one] });
      await reaches(driver, owner, 'STARTED', PATIENCE_MS);
      const nic = await add({ machine: owner, network: standard, state: 'DISABLED', macAddress: '00:50:56:00:AB:CD' });
      expect(await read(driver, 'interfaces', nic)).toMatchObject({
        owner,
        values: { network: ref('Network', standard), state: 'DISABLED', macAddress: '00:50:56:00:ab:cd' },
      });
      expect((await all('addresses')).filter((item) => item.owner === nic)).toEqual([]);
      for (let time = 0; time < 2; time += 1) await update(nic, { state: 'ACTIVE' });
      expect((await values('interfaces', nic))['state']).toBe('ACTIVE');
      await update(nic, { network: one, state: 'DISABLED' });
      expect(await values('interfaces', nic)).toMatchObject({ network: ref('Network', one), state: 'DISABLED' });
      expect(await nicsOf(owner)).toHaveLength(2);
      await refused(dropNetwork(one), 'conflict', /ResourceInUse/);
      for (let time = 0; time < 2; time += 1) await driver.interfaces!.delete!(nic, context());
      expect(await nicsOf(owner)).toHaveLength(1);
      await dropped(owner);
      await driver.interfaces!.delete!(nic, context());
      await dropNetwork(one);
    });

    test('a stopped machine’s card is what it will be; its MAC address can be changed then, and only then', async () => {
      const owner = await machine();
      const [nic] = await nicsOf(owner);
      const key = String(nic?.key);
      const macAddress = '00:50:56:00:00:7f';
      await refused(update(key, { macAddress }), 'conflict', /stopped/);
      await update(key, { macAddress: String(nic?.values['macAddress']).toUpperCase() });
      await machinesMethod(driver, 'stop')(owner, { force: true }, context());
      expect((await values('interfaces', key))['state']).toBe('ACTIVE');
      await update(key, { macAddress, state: 'DISABLED' });
      expect(await values('interfaces', key)).toMatchObject({ macAddress, state: 'DISABLED' });
      await machinesMethod(driver, 'start')(owner, context());
      await reaches(driver, owner, 'STARTED', PATIENCE_MS);
      expect(await values('interfaces', key)).toMatchObject({ macAddress, state: 'DISABLED' });
      await dropped(owner);
    });

    test('what an interface cannot be is refused in words', async () => {
      const owner = await machine();
      const [nic] = await nicsOf(owner);
      const key = String(nic?.key);
      const there = { machine: owner, network: await keyOf('DC0_DVPG0') };
      for (const [given, words] of [
        [{ state: 'PASSIVE' }, /ACTIVE or DISABLED/],
        [{ mtu: 9000 }, /mtu: .*switch/],
        [{ networkPort: 'port-1' }, /no ports/],
      ] as const) {
        await refused(add({ ...there, ...given }), 'unsupported', words);
        await refused(update(key, given), 'unsupported', words);
      }
      await refused(add({ ...there, macAddress: 'a:b' }), 'invalid', /six bytes/);
      await refused(add({ ...there, network: 'dvportgroup-99999' }), 'notFound', /no network/);
      await refused(update(key, { network: 'network-99999' }), 'notFound', /no network/);
      const uplinks = (await portgroupsOf(call)).find(({ name }) => name.includes('-DVUplinks-'));
      await refused(add({ ...there, network: String(uplinks?.key) }), 'notFound', /no network/);
      await refused(add({ ...there, machine: 'vm-99999' }), 'notFound', /vm-99999/);
      await refused(add({ ...there, machine: template }), 'notFound', new RegExp(template));
      await refused(update(`${owner}:4999`, { state: 'ACTIVE' }), 'notFound', /4999/);
      expect(await nicsOf(owner)).toHaveLength(1);
      await dropped(owner);
    });

    test.each(['before', 'after'] as const)('an interface whose create was cut off %s it took effect is there once', async (drop) => {
      const owner = await machine();
      const own = marks('cut');
      const request = { machine: owner, network: await keyOf('DC0_DVPG0') };
      account.proxy.add({ method: 'ReconfigVM_Task', drop, times: 1 });
      await expect(add(request, own)).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
      const key = await add(request, own);
      expect((await driver.interfaces!.find!(own, context())).map((item) => item.key)).toEqual([key]);
      expect(await nicsOf(owner)).toHaveLength(2);
      await dropped(owner);
    });

    test('of two creates with the same marks at the same time one adds the card, and both answer it', async () => {
      const owner = await machine();
      const own = marks('twin');
      const request = { machine: owner, network: await keyOf('DC0_DVPG0') };
      account.proxy.add({ method: 'ReconfigVM_Task', delayMs: 600, times: 1 });
      const late = add(request, own);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(await add(request, own)).toBe(await late);
      expect(await nicsOf(owner)).toHaveLength(2);
      await dropped(owner);
    });

    test('a machine that somebody keeps changing is read anew, up to a point', async () => {
      const owner = await machine();
      const request = { machine: owner, network: await keyOf('DC0_DVPG0') };
      await account.sim.order({ fault: { method: 'ReconfigVM_Task', fault: 'ConcurrentAccess', times: 2 } });
      const key = await add(request);
      await account.sim.order({ clear: true, fault: { method: 'ReconfigVM_Task', fault: 'ConcurrentAccess' } });
      account.proxy.reset();
      await refused(driver.interfaces!.delete!(key, context()), 'conflict', /ConcurrentAccess/);
      expect(account.proxy.count('ReconfigVM_Task')).toBe(3);
      await account.sim.order({ clear: true });
      await dropped(owner);
    });

    test('a copy of a machine has a copy of its cards, which nobody’s create made', async () => {
      const owner = await machine();
      const own = marks('copied');
      await add({ machine: owner, network: await keyOf('DC0_DVPG0') }, own);
      const snapshot = await driver.machineImages!.capture!({ ...marks(), machine: owner, type: 'SNAPSHOT' }, context());
      const copy = await machine({ image: snapshot.key });
      expect((await nicsOf(copy)).map(({ tag }) => tag)).toEqual([undefined, undefined]);
      const macs = [...(await nicsOf(owner)), ...(await nicsOf(copy))].map((item) => item.values['macAddress']);
      expect(new Set(macs).size).toBe(4);
      expect((await driver.interfaces!.find!(own, context())).map((item) => item.owner)).toEqual([owner]);
      for (const key of [copy, owner]) await dropped(key);
    });

    test('a card in a network that this user is not shown is listed, and so is one of a machine that is out of reach', async () => {
      const owner = await machine();
      const [nic] = await nicsOf(owner);
      const rewrite = (xml: string) => xml.replaceAll(/<portgroupKey>[^<]*</g, '<portgroupKey>dvportgroup-777<');
      account.proxy.add({ method: 'RetrievePropertiesEx', rewrite, times: 1 });
      expect((await read(driver, 'interfaces', String(nic?.key)))?.values['network']).toEqual(ref('Network', 'dvportgroup-777'));
      await account.sim.order({ machine: { key: owner, connectionState: 'disconnected' } });
      const words = expect.stringContaining('disconnected') as string;
      expect(await read(driver, 'interfaces', String(nic?.key))).toMatchObject({ refuses: { edit: words, delete: words } });
      await account.sim.order({ machine: { key: owner, connectionState: 'connected' } });
      await dropped(owner);
    });

    test('addresses are what the guest tells: one call a page, with mask, without link-local ones, gone when it stops', async () => {
      const owner = await machine();
      await reaches(driver, owner, 'STARTED', PATIENCE_MS);
      const [nic] = await nicsOf(owner);
      account.proxy.reset();
      const mine = async () => (await all('addresses')).filter((item) => item.owner === nic?.key);
      const [address, ...more] = await mine();
      expect(account.proxy.calls()).toEqual(['RetrievePropertiesEx']);
      expect(more).toEqual([]);
      expect(address).toMatchObject({
        key: `${nic?.key}/${String(address?.values['ip'])}`,
        values: {
          allocation: 'dynamic',
          protocol: 'IPv4',
          mask: '255.0.0.0',
          network: nic?.values['network'],
          resource: ref('Machine', owner),
        },
        refuses: { delete: expect.stringMatching(/guest/) as string },
      });
      expect(Object.keys(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(driver.addresses)))).toEqual([
        'constructor',
        'list',
        'getMany',
      ]);
      await machinesMethod(driver, 'stop')(owner, { force: true }, context());
      expect(await mine()).toEqual([]);
      await dropped(owner);
    });

    test('a guest tells more than its cards’ addresses: IPv6 is one, its own bridges are none, by MAC where it has no other link', async () => {
      const owner = await machine();
      await reaches(driver, owner, 'STARTED', PATIENCE_MS);
      const [nic] = await nicsOf(owner);
      const device = Number(String(nic?.key).split(':')[1]);
      const ip = (address: string, prefix: number) =>
        `<ipAddress><ipAddress>${address}</ipAddress><prefixLength>${prefix}</prefixLength></ipAddress>`;
      const told = (mac: string, id: number, inner: string) =>
        `<GuestNicInfo><macAddress>${mac}</macAddress><connected>true</connected><deviceConfigId>${id}</deviceConfigId>${inner}</GuestNicInfo>`;
      const guest = [
        told('02:42:00:00:00:01', -1, `<ipConfig>${ip('172.17.0.1', 16)}</ipConfig>`),
        told('02:42:00:00:00:02', device, `<ipConfig>${ip('2001:db8::7', 64)}${ip('169.254.3.4', 16)}${ip('192.0.2.7', 25)}</ipConfig>`),
        told(String(nic?.values['macAddress']), -1, '<ipAddress>198.51.100.9</ipAddress><ipAddress>fe80::1</ipAddress>'),
      ].join('');
      const rewrite = (xml: string) => xml.replaceAll(/(<name>guest\.net<\/name><val[^>]*>).*?(<\/val>)/gs, `$1${guest}$2`);
      account.proxy.add({ method: 'RetrievePropertiesEx', rewrite, times: 1 });
      const found = (await all('addresses')).filter((item) => item.owner === nic?.key);
      expect(found.map(({ values: { ip: address, protocol, mask } }) => [address, protocol, mask])).toEqual([
        ['2001:db8::7', 'IPv6', undefined],
        ['192.0.2.7', 'IPv4', '255.255.255.128'],
        ['198.51.100.9', 'IPv4', undefined],
      ]);
      await dropped(owner);
    });
  });

  describe('two clusters', () => {
    beforeAll(async () => {
      account = await startVsphere({ clusters: 2, machines: 1, templates: 1 });
      driver = await connected();
      template = (await account.machines()).find((each) => each.template)?.key ?? '';
    }, 300_000);
    afterAll(async () => {
      await driver.close();
      await account.stop();
    });

    test('a machine goes to the cluster that has its networks; a host has no network of a switch that it left', async () => {
      const [, elsewhere] = await account.machines();
      const text = (await account.read(['runtime.host'])).find((each) => each.includes(`>${elsewhere?.key}<`)) ?? '';
      const host = /<val type="HostSystem"[^>]*>([^<]*)</.exec(text)?.[1] ?? '';
      const standard = await keyOf(STANDARD);
      await dropped(String(elsewhere?.key));
      const [on = ''] = await switchesOf(call);
      await ended(
        call,
        `<ReconfigureDvs_Task xmlns="urn:vim25"><_this type="DistributedVirtualSwitch">${on}</_this><spec xsi:type="VMwareDVSConfigSpec">` +
          `<host><operation>remove</operation><host type="HostSystem">${host}</host></host></spec></ReconfigureDvs_Task>`,
      );
      await refused(machine({ networks: [standard] }), 'invalid', /which cluster.*'DC0_C0', 'DC0_C1'/);
      const inside = await network();
      const placed = await machine({ networks: [inside, standard] });
      expect((await nicsOf(placed)).map((item) => item.values['network'])).toEqual([ref('Network', inside), ref('Network', standard)]);
      await refused(machine({ networks: [inside], extensions: { cluster: 'DC0_C1' } }), 'invalid', new RegExp(`${inside}.*'${STANDARD}'`));
      // The simulator copies into the source's networks first, so a machine made from nothing it is.
      const other = await machine({ image: 'blank', networks: [standard], extensions: { cluster: 'DC0_C1' } });
      await refused(add({ machine: other, network: inside }), 'invalid', new RegExp(`\\(${inside}\\) is not at the host`));
      for (const key of [placed, other]) await dropped(key);
      await dropNetwork(inside);
      expect(await account.leftovers()).toEqual([]);
    });
  });
});
