import { driver as module } from '../../drivers/vsphere/index';
import { describeWith } from '../backends/need';
import { startVcsim, vcsimAvailable } from '../backends/vcsim';
import { pagesOf } from './counterpart';
import { strangersSuite, type Struck } from './strangers/suite';

let login = { username: '', password: '' };
const VSPHERE_STRUCK: Struck = {
  start: async () => {
    const sim = await startVcsim({ machines: 2, templates: 1 });
    login = { username: sim.username, password: sim.password };
    // Disks come by the way that is struck, too.
    await sim.order({ nfc: { star: true } });
    const driver = await VSPHERE_STRUCK.connect(sim.url);
    const images = (await pagesOf(driver, 'machineImages')).flat();
    await driver.close();
    const known = {
      config: 'c1-m1024',
      otherConfig: 'c2-m2048',
      image: images.find(({ key }) => key.startsWith('vm-'))?.key ?? '',
      publicKey: 'ssh-ed25519 A x',
    };
    return { url: sim.url, known, stop: () => sim.stop() };
  },
  connect: (url) => {
    const options = { url, ...login, insecure: true, settleMs: 100, network: 'DC0_DVPG0' };
    return module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined });
  },
  nameOf: ({ method, path, body }) =>
    path.startsWith('/nfc/') ? `${method} of a disk` : (/<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body)?.[1] ?? 'nothing'),
  // What a disk's place answers decides nothing: vCenter's own manifest tells what has come.
  changes: (name) =>
    !/^(GET|POST|Retrieve|ContinueRetrieve|Log|Query|Find|Fetch|Has|CurrentTime|CreateContainerView|CreateCollector|Vslm?Query|VslmRetrieve|VslmList|List|Destroy(View|Property|Collector)|Read|Rewind|Set\w*Page|CreateCollectorForTasks)/.test(
      name,
    ),
  tells: (name) => /^(Continue)?RetrieveProperties|^Vslm|^Retrieve(VStorage|Snapshot)/.test(name),
  service: /vCenter|vSphere/,
  says: [],
  cannot: {
    'addresses.getMany': 'the simulator’s guests tell no addresses',
    'disks.delete': 'the disk is part of the snapshot that the script has taken',
  },
};

describeWith('vcsim', vcsimAvailable(), () => {
  strangersSuite('vsphere', VSPHERE_STRUCK, 3);
});
