import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { addPortgroups, addSwitch, destroy, ended, portgroupsOf, switchesOf } from '../backends/vsphere-networks';
import { ref } from './contract/scene';
import { context, marks, read } from './counterpart';
import { vcenter } from './vsphere-kit';
import { networking, refused, STANDARD } from './vsphere-network-kit';

/** Networks on vSphere beyond the contract suite, and what holds there of the tests that are skipped. */
describeWith('vcsim', vcsimAvailable(), () => {
  describe('one vCenter', () => {
    const vc = vcenter({ machines: 2, templates: 1 });
    const { all, call, connected, dropNetwork, keyOf, network, values } = networking(vc);

    test('port groups of both kinds are Networks, but not those of uplinks; a list is one call', async () => {
      await all('networks');
      vc.account.proxy.reset();
      const found = await all('networks');
      expect(vc.account.proxy.calls()).toEqual(['RetrievePropertiesEx']);
      const there = await portgroupsOf(call);
      expect(there.filter(({ name }) => name.includes('-DVUplinks-'))).toHaveLength(1);
      expect(found.map(({ values: { name } }) => name).sort()).toEqual(['DC0_DVPG0', STANDARD]);
      expect(found.map(({ values: { networkType, state } }) => [networkType, state])).toEqual(Array(2).fill(['PRIVATE', 'STARTED']));
    });

    test('an uplink port group is one by vCenter’s tag, whatever its name; nobody deletes it by its key', async () => {
      const [odd = ''] = await addPortgroups(call, ['odd-DVUplinks-name']);
      expect(await values('networks', odd)).toMatchObject({ name: 'odd-DVUplinks-name' });
      await dropNetwork(odd);
      const own = (await portgroupsOf(call)).find(({ name }) => name.includes('-DVUplinks-'));
      expect(await read(vc.driver, 'networks', String(own?.key))).toBeUndefined();
      await dropNetwork(String(own?.key));
      await refused(vc.ended.networks!.rename!(String(own?.key), { name: 'mine' }, context()), 'notFound', /no network/);
      expect(await portgroupsOf(call)).toContainEqual(own);
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
      const item = await read(vc.driver, 'networks', key);
      const words = expect.stringMatching(/each host’s own/) as string;
      expect(item).toMatchObject({ refuses: { edit: words, delete: words } });
      await refused(dropNetwork(key), 'unsupported', /each host’s own/);
      await refused(vc.ended.networks!.rename!(key, { name: 'mine' }, context()), 'unsupported', /each host’s own/);
    });

    test('a network no host provides is in ERROR', async () => {
      const rewrite = (xml: string) => xml.replaceAll(/(<name>summary\.accessible<\/name><val[^>]*>)true/g, '$1false');
      vc.account.proxy.add({ method: 'RetrievePropertiesEx', rewrite, times: 1 });
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
      vc.account.proxy.add({ method: 'AddDVPortgroup_Task', drop, times: 1 });
      await expect(network({ ...own, name: 'once' })).rejects.toMatchObject({ kind: 'timeout', maybeDone: true });
      const key = await network({ ...own, name: 'once' });
      expect(await vc.ended.networks!.find!(own, context())).toEqual([await read(vc.driver, 'networks', key)]);
      await dropNetwork(key);
    });

    test('one made elsewhere is renamed as it is, and deleted; another name that is there is a conflict', async () => {
      const [key = ''] = await addPortgroups(call, ['their%2fs'], '<description>of theirs</description>');
      expect(await values('networks', key)).toMatchObject({ name: 'their/s', description: 'of theirs' });
      await vc.ended.networks!.rename!(key, { name: 'adopted %' }, context());
      expect(await portgroupsOf(call)).toContainEqual({ key, name: 'adopted %25', description: '' });
      await vc.ended.networks!.rename!(key, { description: 'kept' }, context());
      expect(await values('networks', key)).toMatchObject({ name: 'adopted %', description: 'kept' });
      await refused(vc.ended.networks!.rename!(key, { name: 'DC0_DVPG0' }, context()), 'conflict', /DuplicateName/);
      await dropNetwork(key);
    });
  });

  describe('two clusters', () => {
    const vc = vcenter({ clusters: 2, machines: 1, templates: 1 });
    const { add, call, dropNetwork, dropped, keyOf, machine, network, nicsOf } = networking(vc);

    test('a machine goes to the cluster that has its networks; a host has no network of a switch that it left', async () => {
      const [, elsewhere] = await vc.account.machines();
      const text = (await vc.account.read(['runtime.host'])).find((each) => each.includes(`>${elsewhere?.key}<`)) ?? '';
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
    });
  });

  describe('NSX', () => {
    const vc = vcenter({ machines: 2, templates: 1, opaque: 1 });
    const { add, all, dropNetwork, machine, nicsOf } = networking(vc);

    test('an opaque network is listed and left to NSX: not renamed, not deleted, no machine or interface put into it', async () => {
      const opaque = (await all('networks')).find(({ values: { name } }) => name === 'DC0_NSX0');
      const key = String(opaque?.key);
      const words = expect.stringMatching(/segment of NSX/) as string;
      expect(opaque).toMatchObject({ values: { state: 'STARTED' }, refuses: { edit: words, delete: words } });
      expect(await read(vc.driver, 'networks', key)).toEqual(opaque);
      await refused(dropNetwork(key), 'unsupported', /segment of NSX/);
      await refused(vc.ended.networks!.rename!(key, { name: 'mine' }, context()), 'unsupported', /segment of NSX/);
      await refused(machine({ networks: [key] }), 'invalid', new RegExp(`${key} is not one of those`));
      const owner = (await vc.account.machines()).find(({ template }) => !template)?.key ?? '';
      await refused(add({ machine: owner, network: key }), 'unsupported', /segment of NSX/);
      expect(await nicsOf(owner)).toHaveLength(1);
    });
  });
});
