import type { CallContext, Item, Outcome, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Disks } from '../../src/clouds/infrastructure';
import { gibToKb, mibToKb } from '../../src/model/units';
import type { Volume } from './cinder';
import type { Wire } from './client';
import type { Flavors } from './configs';
import { doomedOf, type Server } from './nova';
import { type Answered, byIds, present, UUID } from './reads';
import { machineState } from './states';
import { extend } from './volume-work';

const OF_FLAVOR = 'The disk belongs to the size of the machine: give the machine another configuration';
const OF_MACHINE = 'The machine boots from this disk or has it for its lifetime; it goes when the machine goes';
/** Key of a disk: its server's id, and its name or volume. */
const SHAPE = /^[0-9a-f-]{36}:(root|ephemeral|swap|[0-9a-f-]{36})$/i;
const ownerOf = (key: string): string => key.split(':')[0] ?? '';
const partOf = (key: string): string => key.split(':')[1] ?? '';

/** Disks that live and die with a server: those of its flavor, and volumes that Nova deletes with it. */
export class OpenstackDisks implements Disks {
  readonly changes = { capacity: 'sets' } as const;
  constructor(
    private readonly wire: Wire,
    private readonly flavors: Flavors,
  ) {}

  async *list(context: CallContext): Pages {
    for await (const page of this.wire.pages('server', context)) yield await this.#items(page, context);
  }

  /** The owner's own document is the proof that a disk is not there; one that tells too little is none. */
  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const possible = keys.filter((key) => SHAPE.test(key));
    const impossible = keys.filter((key) => !SHAPE.test(key)).map((key) => Gone.impossible({ type: 'disk', key }));
    if (possible.length === 0) return impossible;
    const servers = await byIds(this.wire, 'server', possible.map(ownerOf), context);
    const items = await this.#items(present(servers), context);
    return [
      ...impossible,
      ...possible.flatMap((key): (Item | Gone)[] => {
        const item = items.find((each) => each.key === key);
        return item ? [item] : missing(key, servers);
      }),
    ];
  }

  /** Grows a boot volume; the disks of a flavor grow with the machine's size only. */
  async update(key: string, { capacity }: { capacity: number }, context: CallContext): Promise<Outcome> {
    if (UUID.test(partOf(key))) return extend(this.wire, partOf(key), capacity, context);
    throw new ProviderError('unsupported', OF_FLAVOR, { maybeDone: false });
  }

  async #items(servers: readonly Server[], context: CallContext): Promise<Item[]> {
    const alive = servers.filter((server) => machineState(server).state !== 'absent');
    const doomed = alive.flatMap(doomedOf);
    const [volumes, figures] = await Promise.all([
      doomed.length === 0 ? [] : byIds(this.wire, 'volume', doomed, context).then(present),
      this.flavors.figures(
        alive.flatMap(({ flavor }) => flavor.id ?? []),
        context,
      ),
    ]);
    const byId = new Map(volumes.map((volume) => [volume.id, volume]));
    return alive.flatMap((server) => {
      const flavor = server.flavor.id === undefined ? server.flavor : (figures.get(server.flavor.id) ?? server.flavor);
      return [...flavorDisks(server, flavor), ...doomedOf(server).flatMap((id) => volumeDisk(server.id, byId.get(id)))];
    });
  }
}

/** Proves that the servers have no such disk; empty where Nova tells too little, or where it has it and Cinder does not tell of it. */
function missing(key: string, servers: Answered<Server>): Gone[] {
  const server = servers.get(ownerOf(key));
  const thing = { type: 'disk', key };
  if (server === undefined) return [];
  if (server instanceof Gone) return [server.as(thing)];
  const shown = Gone.shown(thing, `Nova shows the server ${server.id} without the disk ${partOf(key)}`);
  if (machineState(server).state === 'absent') return [shown];
  if (UUID.test(partOf(key))) return server.volumes !== undefined && !doomedOf(server).includes(partOf(key)) ? [shown] : [];
  const { disk, ephemeral, swap } = server.flavor;
  return server.image === undefined || [disk, ephemeral, swap].includes(undefined) ? [] : [shown];
}

/** Root, ephemeral and swap of the flavor; a server that boots from a volume has no root of its flavor. A size of 0 is none told. */
function flavorDisks(server: Server, flavor: { disk?: number; ephemeral?: number; swap?: number }): Item[] {
  const local = server.image !== '' && server.image !== undefined;
  const disks: [string, number][] = [
    ['root', local ? gibToKb(flavor.disk ?? 0) : 0],
    ['ephemeral', gibToKb(flavor.ephemeral ?? 0)],
    ['swap', mibToKb(flavor.swap ?? 0)],
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
  if (volume?.size === undefined) return [];
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
