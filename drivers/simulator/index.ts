import { join } from 'node:path';
import type { Driver, DriverModule } from '../../src/clouds/driver';
import { Account } from './account';
import { capabilitiesOf } from './capabilities';
import { SimulatorClient } from './client';
import { DownloadClient } from './contents';
import { credentials } from './credentials';
import { attachments, disks } from './disks';
import { translate } from './errors';
import { IMAGE_NAMES, machineImages } from './images';
import { addresses, interfaces } from './interfaces';
import { machineConfigs, machines } from './machines';
import { MeterClient, meters } from './meters';
import { NetClient } from './nets';
import { networkPorts } from './network-ports';
import { forwardingGroups, networkConfigs, networks } from './networks';
import { NicClient } from './nics';
import { events, NoticeClient } from './notices';
import type { SimulatorOptions } from './options';
import { optionsSchema } from './options';
import { sent } from './pages';
import { StorageClient } from './storage';
import { answeringByTasks } from './tasks';
import { volumeConfigs, volumeImages, volumes } from './volumes';
import { UploadClient } from './uploads';
import { Wire } from './wire';

/** Rules of the configuration, kept in the state file with their counts for as long as the configuration has them. */
function installFailures(account: Account, options: SimulatorOptions): void {
  account.transaction(() => {
    const wanted = options.failures.map((rule, index) => ({ origin: `options.${index}`, rule: JSON.stringify(rule) }));
    const present = account.db.prepare("SELECT origin, rule FROM fault WHERE origin LIKE 'options.%'").all() as {
      origin: string;
      rule: string;
    }[];
    for (const old of present) {
      if (wanted.some((rule) => rule.origin === old.origin && rule.rule === old.rule)) continue;
      account.db.prepare('DELETE FROM fault WHERE origin = ?').run(old.origin);
    }
    for (const { origin, rule } of wanted) {
      if (present.some((old) => old.origin === origin && old.rule === rule)) continue;
      account.db.prepare('INSERT INTO fault (origin, rule) VALUES (?, ?)').run(origin, rule);
    }
  });
}

/** The embedded cloud: a provider in a file. */
export const driver: DriverModule<SimulatorOptions> = {
  name: 'simulator',
  options: optionsSchema,
  imageNames: IMAGE_NAMES,
  connect(options, { dataDir }): Driver {
    const account = new Account(join(dataDir, options.file));
    account.seed(options.seed);
    installFailures(account, options);
    const wire = new Wire(account, options);
    const client = new SimulatorClient(wire);
    const [uploads, downloads] = [new UploadClient(wire), new DownloadClient(wire)];
    const [storage, nets, nics] = [new StorageClient(wire), new NetClient(wire), new NicClient(wire)];
    const groups: Driver = {
      capabilities: capabilitiesOf(options),
      machines: machines(client),
      machineConfigs: machineConfigs(client, options.sizes),
      machineImages: machineImages(client, uploads, downloads),
      disks: disks(storage),
      attachments: attachments(storage),
      interfaces: interfaces(nics),
      volumes: volumes(storage),
      volumeConfigs: volumeConfigs(storage),
      volumeImages: volumeImages(storage, uploads, downloads),
      networks: networks(nets),
      networkConfigs: networkConfigs(nets),
      networkPorts: networkPorts(nets),
      addresses: addresses(nics),
      forwardingGroups: forwardingGroups(nets),
      credentials: credentials(client),
      meters: meters(new MeterClient(wire)),
      events: events(new NoticeClient(wire), options.eventsOfOne),
      async quotas(context) {
        const { maxInstances: limit } = options;
        const used = await sent(wire.request('account.quotas', context, () => account.all('instance').length));
        return limit === undefined ? [] : [{ of: 'machines', limit, used }];
      },
      async check(context) {
        try {
          await wire.request('account.check', context, () => undefined);
          return [{ ok: true, what: `the simulated account in ${options.file}` }];
        } catch (error) {
          return [{ ok: false, what: `the simulated account in ${options.file}`, message: translate(error).message }];
        }
      },
      close() {
        account.close();
        return Promise.resolve();
      },
    };
    return options.tasks ? answeringByTasks(groups, wire) : groups;
  },
};
