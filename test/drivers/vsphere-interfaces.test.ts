import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { portgroupsOf } from '../backends/vsphere-networks';
import { ref } from './contract/scene';
import { context, machinesMethod, marks, reaches, read } from './counterpart';
import { vcenter } from './vsphere-kit';
import { networking, refused, STANDARD } from './vsphere-network-kit';
import { waitUntil } from '../harness/wait';

/** Interfaces and addresses on vSphere beyond the contract suite, and what holds there of the tests that are skipped. */
describeWith('vcsim', vcsimAvailable(), () => {
  describe('one vCenter', () => {
    const vc = vcenter({ machines: 2, templates: 1 });
    const { add, all, call, dropNetwork, dropped, keyOf, machine, network, nicsOf, update, values } = networking(vc);

    test('a card is added to a machine that runs, switched, moved to another network, and taken away', async () => {
      const [one, standard] = [await network(), await keyOf(STANDARD)];
      const owner = await machine({ networks: [one] });
      await reaches(vc.driver, owner, 'STARTED');
      const nic = await add({ machine: owner, network: standard, state: 'DISABLED', macAddress: '00:50:56:00:AB:CD' });
      expect(await read(vc.driver, 'interfaces', nic)).toMatchObject({
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
      for (let time = 0; time < 2; time += 1) await vc.ended.interfaces!.delete!(nic, context());
      expect(await nicsOf(owner)).toHaveLength(1);
      await dropped(owner);
      await vc.ended.interfaces!.delete!(nic, context());
      await dropNetwork(one);
    });

    test('a stopped machine’s card is what it will be; its MAC address can be changed then, and only then', async () => {
      const owner = await machine();
      const [nic] = await nicsOf(owner);
      const key = String(nic?.key);
      const macAddress = '00:50:56:00:00:7f';
      await refused(update(key, { macAddress }), 'conflict', /stopped/);
      await update(key, { macAddress: String(nic?.values['macAddress']).toUpperCase() });
      await machinesMethod(vc.driver, 'stop')(owner, { force: true }, context());
      expect((await values('interfaces', key))['state']).toBe('ACTIVE');
      await update(key, { macAddress, state: 'DISABLED' });
      expect(await values('interfaces', key)).toMatchObject({ macAddress, state: 'DISABLED' });
      await machinesMethod(vc.driver, 'start')(owner, context());
      await reaches(vc.driver, owner, 'STARTED');
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
      await refused(add({ ...there, macAddress: 'a:b' }), 'invalid', /six hexadecimal bytes/);
      await refused(add({ ...there, network: 'dvportgroup-99999' }), 'notFound', /no dvportgroup-99999/);
      await refused(update(key, { network: 'network-99999' }), 'notFound', /no network-99999/);
      const uplinks = (await portgroupsOf(call)).find(({ name }) => name.includes('-DVUplinks-'));
      await refused(add({ ...there, network: String(uplinks?.key) }), 'invalid', /no network/);
      await refused(add({ ...there, network: 'network-o7' }), 'unsupported', /segment of NSX/);
      await refused(add({ ...there, machine: 'vm-99999' }), 'notFound', /vm-99999/);
      await refused(add({ ...there, machine: vc.template }), 'notFound', new RegExp(vc.template));
      await refused(update(`${owner}:4999`, { state: 'ACTIVE' }), 'notFound', /4999/);
      expect(await nicsOf(owner)).toHaveLength(1);
      await dropped(owner);
    });

    test.each(['before', 'after'] as const)('an interface whose create was cut off %s it took effect is there once', async (drop) => {
      const owner = await machine();
      const own = marks('cut');
      const request = { machine: owner, network: await keyOf('DC0_DVPG0') };
      vc.account.proxy.add({ method: 'ReconfigVM_Task', drop, times: 1 });
      await expect(add(request, own)).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
      const key = await add(request, own);
      expect((await vc.ended.interfaces!.find!(own, context())).map((item) => item.key)).toEqual([key]);
      expect(await nicsOf(owner)).toHaveLength(2);
      await dropped(owner);
    });

    test('of two creates with the same marks at the same time one adds the card, and both answer it', async () => {
      const owner = await machine();
      const own = marks('twin');
      const request = { machine: owner, network: await keyOf('DC0_DVPG0') };
      vc.account.proxy.add({ method: 'ReconfigVM_Task', delayMs: 1_500, times: 1 });
      const before = vc.account.proxy.count('ReconfigVM_Task');
      const late = add(request, own);
      await waitUntil(() => vc.account.proxy.count('ReconfigVM_Task') > before);
      expect(await add(request, own)).toBe(await late);
      expect(await nicsOf(owner)).toHaveLength(2);
      await dropped(owner);
    });

    test('a machine that somebody keeps changing is read anew, up to a point', async () => {
      const owner = await machine();
      const request = { machine: owner, network: await keyOf('DC0_DVPG0') };
      await vc.account.sim.order({ fault: { method: 'ReconfigVM_Task', fault: 'ConcurrentAccess', times: 2 } });
      const key = await add(request);
      await vc.account.sim.order({ clear: true, fault: { method: 'ReconfigVM_Task', fault: 'ConcurrentAccess' } });
      vc.account.proxy.reset();
      await refused(vc.ended.interfaces!.delete!(key, context()), 'unavailable', /ConcurrentAccess/);
      expect(vc.account.proxy.count('ReconfigVM_Task')).toBe(51);
      await vc.account.sim.order({ clear: true });
      await dropped(owner);
    });

    test('a copy of a machine has a copy of its cards, which nobody’s create made', async () => {
      const owner = await machine();
      const own = marks('copied');
      await add({ machine: owner, network: await keyOf('DC0_DVPG0') }, own);
      const snapshot = await vc.ended.machineImages!.capture!({ ...marks(), machine: owner, type: 'SNAPSHOT' }, context());
      const copy = await machine({ image: snapshot.key });
      expect((await nicsOf(copy)).map(({ tag }) => tag)).toEqual([undefined, undefined]);
      const macs = [...(await nicsOf(owner)), ...(await nicsOf(copy))].map((item) => item.values['macAddress']);
      expect(new Set(macs).size).toBe(4);
      expect((await vc.ended.interfaces!.find!(own, context())).map((item) => item.owner)).toEqual([owner]);
      for (const key of [copy, owner]) await dropped(key);
    });

    test('a card in a network that this user is not shown is listed, and so is one of a machine that is out of reach', async () => {
      const owner = await machine();
      const [nic] = await nicsOf(owner);
      const rewrite = (xml: string) => xml.replaceAll(/<portgroupKey>[^<]*</g, '<portgroupKey>dvportgroup-777<');
      vc.account.proxy.add({ method: 'RetrievePropertiesEx', rewrite, times: 1 });
      expect((await read(vc.driver, 'interfaces', String(nic?.key)))?.values['network']).toEqual(ref('Network', 'dvportgroup-777'));
      await vc.account.sim.order({ machine: { key: owner, connectionState: 'disconnected' } });
      const words = expect.stringContaining('disconnected') as string;
      expect(await read(vc.driver, 'interfaces', String(nic?.key))).toMatchObject({ refuses: { edit: words, delete: words } });
      await vc.account.sim.order({ machine: { key: owner, connectionState: 'connected' } });
      await dropped(owner);
    });

    test('addresses are what the guest tells: one call a page, with mask, without link-local ones, gone when it stops', async () => {
      const owner = await machine();
      await reaches(vc.driver, owner, 'STARTED');
      const [nic] = await nicsOf(owner);
      vc.account.proxy.reset();
      const mine = async () => (await all('addresses')).filter((item) => item.owner === nic?.key);
      const [address, ...more] = await mine();
      expect(vc.account.proxy.calls()).toEqual(['RetrievePropertiesEx']);
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
      for (const name of ['create', 'update', 'bind', 'release', 'rename', 'delete'])
        expect(Reflect.get(vc.driver.addresses ?? {}, name)).toBeUndefined();
      await machinesMethod(vc.driver, 'stop')(owner, { force: true }, context());
      expect(await mine()).toEqual([]);
      await dropped(owner);
    });

    test('a guest tells more than its cards’ addresses: IPv6 is one, its own bridges are none, by MAC where it has no other link', async () => {
      const owner = await machine();
      await reaches(vc.driver, owner, 'STARTED');
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
      vc.account.proxy.add({ method: 'RetrievePropertiesEx', rewrite, times: 1 });
      const found = (await all('addresses')).filter((item) => item.owner === nic?.key);
      expect(found.map(({ values: { ip: address, protocol, mask } }) => [address, protocol, mask])).toEqual([
        ['2001:db8::7', 'IPv6', undefined],
        ['192.0.2.7', 'IPv4', '255.255.255.128'],
        ['198.51.100.9', 'IPv4', undefined],
      ]);
      await dropped(owner);
    });
  });
});
