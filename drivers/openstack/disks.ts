import type { CallContext, Item, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Disks } from '../../src/clouds/infrastructure';
import { gibToKb, mibToKb } from '../../src/model/units';
import type { Volume } from './cinder';
import { enc, type Wire } from './client';
import type { Flavors } from './configs';
import { few } from './reads';
import { doomedOf, type ServerStorage } from './server-volumes';
import { extendVolume, readVolumes } from './volumes';

const OF_FLAVOR = 'The disk belongs to the size of the machine: give the machine another configuration';
const OF_MACHINE = 'The machine boots from this disk or has it for its lifetime; it goes when the machine goes';
const SERVERS = '/servers/detail';

/** What lives and dies with a server: the disks of its flavor, and volumes that Nova deletes with it. */
export class OpenstackDisks implements Disks {
  constructor(
    private readonly wire: Wire,
    private readonly flavors: Flavors,
  ) {}

  async *list(context: CallContext): Pages {
    for await (const page of this.wire.pages<ServerStorage>('compute', SERVERS, 'servers', context)) yield await this.#items(page, context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const owners = [...new Set(keys.flatMap((key) => (key.includes(':') ? (key.split(':')[0] ?? []) : [])))];
    const read = async (id: string) =>
      (await this.wire.getIfThere<{ server: ServerStorage }>('compute', `/servers/${enc(id)}`, context))?.server;
    const servers = await few(owners, read, () => this.wire.pages<ServerStorage>('compute', SERVERS, 'servers', context));
    return (await this.#items(servers, context)).filter(({ key }) => keys.includes(key));
  }

  /** Grows a boot volume; the disks of a flavor grow with the machine's size only. */
  async update(key: string, { capacity }: { capacity: number }, context: CallContext): Promise<void> {
    const volume = key.split(':')[1] ?? '';
    if (volume.includes('-')) return extendVolume(this.wire, volume, capacity, context);
    throw new ProviderError('unsupported', OF_FLAVOR, { maybeDone: false });
  }

  async #items(servers: readonly ServerStorage[], context: CallContext): Promise<Item[]> {
    const alive = servers.filter(({ status }) => status !== 'DELETED' && status !== 'SOFT_DELETED');
    const doomed = alive.flatMap(doomedOf);
    const [volumes, figures] = await Promise.all([
      doomed.length === 0 ? [] : readVolumes(this.wire, doomed, context),
      this.flavors.figures(
        alive.flatMap(({ flavor }) => flavor.id ?? []),
        context,
      ),
    ]);
    const byId = new Map(volumes.map((volume) => [volume.id, volume]));
    return alive.flatMap((server) => {
      const known = server.flavor.id === undefined ? undefined : figures.get(server.flavor.id);
      const flavor = known ? { ...known, ephemeral: known['OS-FLV-EXT-DATA:ephemeral'] ?? 0 } : server.flavor;
      return [...flavorDisks(server, flavor), ...doomedOf(server).flatMap((id) => volumeDisk(server.id, byId.get(id)))];
    });
  }
}

/** Root, ephemeral and swap of the flavor; a server that boots from a volume has no root of its flavor. A size of 0 is none told. */
function flavorDisks(server: ServerStorage, flavor: { disk?: number; ephemeral?: number; swap?: number | string }): Item[] {
  const local = server.image !== '' && server.image !== null && server.image !== undefined;
  const disks: [string, number][] = [
    ['root', local ? gibToKb(flavor.disk ?? 0) : 0],
    ['ephemeral', gibToKb(flavor.ephemeral ?? 0)],
    ['swap', mibToKb(Number(flavor.swap ?? 0))],
  ];
  return disks
    .filter(([, capacity]) => capacity > 0)
    .map(([name, capacity]) => ({
      key: `${server.id}:${name}`,
      owner: server.id,
      values: { capacity },
      refuses: { edit: OF_FLAVOR, delete: OF_MACHINE },
      ...(server.created === undefined ? {} : { created: server.created }),
    }));
}

function volumeDisk(server: string, volume: Volume | undefined): Item[] {
  if (!volume) return [];
  const device = volume.attachments?.find(({ server_id: id }) => id === server)?.device;
  return [
    {
      key: `${server}:${volume.id}`,
      owner: server,
      values: { capacity: gibToKb(volume.size), ...(device ? { initialLocation: device } : {}) },
      refuses: { delete: OF_MACHINE },
    },
  ];
}
