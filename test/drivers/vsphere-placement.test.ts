import type { CreateMachine } from '../../src/clouds/driver';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { context, dropMachine, machinesMethod, marks } from './counterpart';
import { vcenter } from './vsphere-kit';

/** Tests of where vCenter is asked to put a machine: the datastore cluster's member, the host, the shared datastore. */
describeWith('vcsim', vcsimAvailable(), () => {
  const vc = vcenter({ machines: 1, templates: 1, hosts: 2, datastores: 2, pods: 1 }, { network: 'DC0_DVPG0' });
  const VIM = 'xmlns="urn:vim25"';

  /** Collects what goes over the wire in calls of a method. */
  const sent = (method: string): string[] => {
    const bodies: string[] = [];
    vc.account.proxy.add({ method, when: (body) => bodies.push(body) === 0 });
    return bodies;
  };
  const keysOf = async (type: string): Promise<string[]> => {
    const text = await vc.account.call(
      `<CreateContainerView ${VIM}><_this type="ViewManager">ViewManager</_this><container type="Folder">group-d1</container><type>${type}</type><recursive>true</recursive></CreateContainerView>`,
    );
    const view = /<returnval[^>]*>([^<]*)</.exec(text)?.[1] ?? '';
    const seen = await vc.account.call(
      `<RetrievePropertiesEx ${VIM}><_this type="PropertyCollector">propertyCollector</_this><specSet><propSet><type>ContainerView</type><pathSet>view</pathSet></propSet><objectSet><obj type="ContainerView">${view}</obj></objectSet></specSet><options/></RetrievePropertiesEx>`,
    );
    return [...seen.matchAll(new RegExp(`type="${type}"[^>]*>([^<]*)<`, 'g'))].map(([, key]) => key ?? '');
  };
  const machine = async (image: string, extensions: CreateMachine['extensions'] = {}): Promise<string> =>
    (await machinesMethod(vc.driver, 'create')({ ...marks(), config: 'c1-m1024', image, extensions }, context())).key;

  test('in a datastore cluster the member is the one that storage DRS recommends; a datastore that is named is taken', async () => {
    const [pod = ''] = await keysOf('StoragePod');
    const [first = '', second = ''] = (await keysOf('Datastore')).sort();
    await vc.account.console(
      `<MoveIntoFolder_Task ${VIM}><_this type="StoragePod">${pod}</_this><list type="Datastore">${first}</list><list type="Datastore">${second}</list></MoveIntoFolder_Task>`,
    );
    await vc.account.console(
      `<ConfigureStorageDrsForPod_Task ${VIM}><_this type="StorageResourceManager">StorageResourceManager</_this><pod type="StoragePod">${pod}</pod><spec><podConfigSpec><enabled>true</enabled></podConfigSpec></spec><modify>true</modify></ConfigureStorageDrsForPod_Task>`,
    );
    const clones = sent('CloneVM_Task');
    const asked = sent('RecommendDatastores');
    vc.account.proxy.add({ method: 'RecommendDatastores', rewrite: (xml) => xml.replace(/>datastore-\d+</g, `>${second}<`) });
    const placed = await machine(vc.template);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain(`<storagePod type="StoragePod">${pod}</storagePod>`);
    const named = await machine(vc.template, { datastore: first });
    expect(asked).toHaveLength(1);
    const cluster = await machine(vc.template, { datastore: 'DC0_POD0' });
    expect(asked).toHaveLength(2);
    const datastores = clones.map((body) => /<datastore type="Datastore">([^<]*)</.exec(body)?.[1]);
    expect(datastores).toEqual([second, first, second]);
    for (const key of [placed, named, cluster]) await dropMachine({ driver: vc.driver } as never, key);
  });

  test('a machine made from nothing names a host where the cluster has no DRS, and none where it has', async () => {
    const creates = sent('CreateVM_Task');
    const drs = (enabled: boolean) => (xml: string) =>
      xml.replace(
        /(<obj type="ClusterComputeResource">[^<]*<\/obj>)/g,
        `$1<propSet><name>configuration.drsConfig.enabled</name><val xmlns:x="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="http://www.w3.org/2001/XMLSchema" x:type="d:boolean">${enabled}</val></propSet>`,
      );
    const keys: string[] = [];
    for (const enabled of [false, true]) {
      const without = (xml: string) => xml.replace(/<propSet><name>configuration\.drsConfig\.enabled<.*?<\/propSet>/gs, '');
      const stop = ['RetrievePropertiesEx', 'ContinueRetrievePropertiesEx'].map((method) =>
        vc.account.proxy.add({ method, rewrite: (xml) => drs(enabled)(without(xml)) }),
      );
      keys.push(await machine('blank'));
      for (const each of stop) each();
    }
    const hosts = await keysOf('HostSystem');
    expect(creates.map((body) => /<host type="HostSystem">([^<]*)</.exec(body)?.[1])).toEqual([
      expect.stringMatching(new RegExp(`^(${hosts.join('|')})$`)),
      undefined,
    ]);
    for (const key of keys) await dropMachine({ driver: vc.driver } as never, key);
  });
});
