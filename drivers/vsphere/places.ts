import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { everything, type Seen } from './collector';
import { refOf, text } from './machine-item';
import { bestOf, DATASTORE_PATHS, isPodInCharge, isUsableBy, POD_PATHS } from './datastore-choice';
import { unescapeName } from './naming';
import { isA, type Ref } from './types';

/** Wishes for a machine's place: of the request, else of the configuration. */
export interface Wishes {
  datacenter?: string | undefined;
  cluster?: string | undefined;
  resourcePool?: string | undefined;
  folder?: string | undefined;
  datastore?: string | undefined;
  /** Keys of networks that it is to have: of several clusters that fit, one that has them. */
  networks?: readonly string[] | undefined;
}

/** Place of a machine. */
export interface Place {
  folder: Ref;
  pool: Ref;
  datastore: Ref;
  datastoreName: string;
  /** The datastore cluster that it is a member of, where that cluster's storage DRS is to choose the member. */
  pod: Ref | undefined;
  /** The hosts of the cluster, where vCenter does not choose one of them by itself (no DRS). */
  hosts: readonly Ref[];
  /** Networks of the cluster, by key. */
  networks: ReadonlyMap<string, Network>;
}

/** A network that a card can be plugged into. */
export interface Network {
  ref: Ref;
  name: string;
  /** Key of a distributed port group and UUID of its switch. */
  port?: { portgroupKey: string; switchUuid: string };
}

const COMPUTE: readonly string[] = ['name', 'parent', 'resourcePool', 'datastore', 'network', 'host'];
const DRS = 'configuration.drsConfig.enabled';

const WANTED = {
  Folder: ['name', 'parent'],
  Datacenter: ['name', 'parent', 'vmFolder'],
  ComputeResource: COMPUTE,
  ClusterComputeResource: [...COMPUTE, DRS],
  ResourcePool: ['name', 'parent', 'owner'],
  Datastore: DATASTORE_PATHS,
  StoragePod: POD_PATHS,
  Network: ['name'],
  DistributedVirtualPortgroup: ['name', 'key', 'config.distributedVirtualSwitch', 'tag'],
  DistributedVirtualSwitch: ['uuid'],
};

/** vCenter's inventory without its machines, as of one read. */
export class Inventory {
  private constructor(private readonly byKey: ReadonlyMap<string, Seen>) {}

  /** Reads the inventory: one property-collector call a page. */
  static async read(wire: Wire, context: CallContext): Promise<Inventory> {
    const all = new Map<string, Seen>();
    for await (const page of everything(wire, WANTED, context)) for (const seen of page) all.set(seen.ref.value, seen);
    return new Inventory(all);
  }

  /**
   * Chooses folder, pool and datastore.
   * @param from folder (or anything) in the datacenter to prefer: that of what is copied
   * @throws ProviderError `invalid` for what is not there, and naming the candidates where nothing decides
   */
  place(wishes: Wishes, from: Ref | undefined): Place {
    const pools = wishes.resourcePool === undefined ? undefined : this.named('ResourcePool', wishes.resourcePool, 'resourcePool');
    const compute = this.compute(wishes, from, pools);
    const datacenter = this.datacenterOf(compute);
    if (!datacenter) throw wrong(`${this.nameOf(compute)} is in no datacenter`);
    const inside = pools?.filter((pool) => ownerOf(pool) === compute.ref.value);
    const pool = inside ? this.only(inside, 'resourcePool', wishes.resourcePool).ref : refOf(compute.properties.get('resourcePool'));
    if (!pool) throw wrong(`${this.nameOf(compute)} has no resource pool`);
    const datastore = this.datastore(wishes, compute);
    const parent = refOf(datastore.properties.get('parent'));
    const pod = parent && this.byKey.get(parent.value);
    // Who names the datastore itself has chosen.
    const named = wishes.datastore !== undefined && this.isCalled(datastore, wishes.datastore);
    return {
      folder: this.folder(wishes, datacenter),
      pool,
      datastore: datastore.ref,
      datastoreName: this.nameOf(datastore),
      pod: pod && !named && isPodInCharge(pod) ? pod.ref : undefined,
      hosts: compute.properties.get(DRS) === true ? [] : refsOf(compute.properties.get('host')),
      networks: this.networks(compute),
    };
  }

  /** The cluster (or host of its own) that fits what is said; where that leaves several, those near what is copied. */
  private compute(wishes: Wishes, from: Ref | undefined, pools: readonly Seen[] | undefined): Seen {
    const all = [...this.ofType('ClusterComputeResource'), ...this.ofType('ComputeResource')];
    const within = wishes.datacenter === undefined ? all : all.filter((each) => this.isIn(each, this.datacenter(wishes.datacenter ?? '')));
    const owners = pools && new Set(pools.map(ownerOf));
    const fitting = within.filter(
      (each) => (wishes.cluster === undefined || this.isCalled(each, wishes.cluster)) && (!owners || owners.has(each.ref.value)),
    );
    if (fitting.length === 0) throw wrong(`there is no cluster '${wishes.cluster ?? 'any'}' to choose: ${this.list(within)}`);
    const home = wishes.datacenter === undefined && from ? this.above(from, 'Datacenter') : undefined;
    const wired = fitting.filter((each) => this.hasNetworks(each, wishes.networks ?? []));
    const usable = wired.length > 0 ? wired : fitting;
    const near = home ? usable.filter((each) => this.isIn(each, home)) : [];
    return this.only(near.length > 0 ? near : usable, 'cluster', wishes.cluster);
  }

  private datacenter(name: string): Seen {
    return this.only(this.named('Datacenter', name, 'datacenter'), 'datacenter', name);
  }

  private datacenterOf(seen: Seen): Seen | undefined {
    return this.above(seen.ref, 'Datacenter');
  }

  private isIn(seen: Seen, datacenter: Seen): boolean {
    return this.datacenterOf(seen)?.ref.value === datacenter.ref.value;
  }

  /** Names repeat; keys do not. */
  private isCalled(seen: Seen, name: string): boolean {
    return this.nameOf(seen) === name || seen.ref.value === name;
  }

  /** The named one, or one of the named datastore cluster; else one that all hosts of the cluster share, with the most free space. */
  private datastore(wishes: Wishes, compute: Seen): Seen {
    const hosts = refsOf(compute.properties.get('host'));
    const all = refsOf(compute.properties.get('datastore')).flatMap(({ value }) => this.byKey.get(value) ?? []);
    const usable = all.filter((each) => isUsableBy(each, hosts));
    const { datastore: wanted } = wishes;
    if (wanted === undefined) return this.best(usable, compute, hosts);
    const named = usable.filter((each) => this.isCalled(each, wanted));
    if (named.length > 0) return this.only(named, 'datastore', wanted);
    const pods = this.ofType('StoragePod').filter((each) => this.isCalled(each, wanted));
    const members = usable.filter((each) => pods.some(({ ref }) => ref.value === refOf(each.properties.get('parent'))?.value));
    if (pods.length > 0 && members.length > 0) return this.best(members, compute, hosts);
    const pooled = this.ofType('StoragePod');
    throw wrong(`${this.nameOf(compute)} has no usable datastore '${wanted}': ${this.list([...usable, ...pooled])}`);
  }

  private best(usable: readonly Seen[], compute: Seen, hosts: readonly Ref[]): Seen {
    const best = bestOf(usable, hosts);
    if (best) return best;
    throw new ProviderError('unavailable', `${this.nameOf(compute)} has no usable datastore`, { maybeDone: false, lasting: true });
  }

  /** Finds a folder by its path below the datacenter's machine folder, with `/` between names. */
  private folder(wishes: Wishes, datacenter: Seen): Ref {
    let at = refOf(datacenter.properties.get('vmFolder'));
    for (const name of (wishes.folder ?? '').split('/').filter((part) => part !== '')) {
      const inside = this.ofType('Folder').filter((each) => refOf(each.properties.get('parent'))?.value === at?.value);
      const next = inside.find((each) => this.nameOf(each) === name);
      if (!next) throw wrong(`there is no folder '${wishes.folder}' in ${this.nameOf(datacenter)}: ${this.list(inside)}`);
      at = next.ref;
    }
    if (!at) throw wrong(`${this.nameOf(datacenter)} has no folder for machines`);
    return at;
  }

  private networks(compute: Seen): Map<string, Network> {
    const found = new Map<string, Network>();
    for (const ref of refsOf(compute.properties.get('network'))) {
      const seen = this.byKey.get(ref.value);
      if (!seen || ref.type === 'OpaqueNetwork' || isUplink(seen)) continue;
      const name = this.nameOf(seen);
      const key = text(seen, 'key');
      const owner = refOf(seen.properties.get('config.distributedVirtualSwitch'));
      const uuid = owner && this.byKey.get(owner.value)?.properties.get('uuid');
      const port = key !== undefined && typeof uuid === 'string' ? { port: { portgroupKey: key, switchUuid: uuid } } : {};
      found.set(ref.value, { ref: seen.ref, name, ...port });
    }
    return found;
  }

  private hasNetworks(compute: Seen, keys: readonly string[]): boolean {
    const there = new Set(refsOf(compute.properties.get('network')).map(({ value }) => value));
    return keys.every((key) => there.has(key));
  }

  private above(ref: Ref, type: string): Seen | undefined {
    let at = this.byKey.get(ref.value);
    for (let steps = 0; at && steps < 100; steps += 1) {
      if (at.ref.type === type) return at;
      const parent = refOf(at.properties.get('parent'));
      at = parent && this.byKey.get(parent.value);
    }
    return undefined;
  }

  private ofType(type: string): Seen[] {
    return [...this.byKey.values()].filter(({ ref }) => ref.type === type);
  }

  private named(type: string, name: string, what: string): Seen[] {
    const all = this.ofType(type);
    const found = all.filter((each) => this.isCalled(each, name));
    if (found.length === 0) throw wrong(`there is no ${what} '${name}': ${this.list(all)}`);
    return found;
  }

  private only(found: readonly Seen[], what: string, asked: string | undefined): Seen {
    const [one, ...others] = found;
    if (one && others.length === 0) return one;
    if (!one) throw wrong(asked === undefined ? `there is no ${what} to choose` : `there is no ${what} '${asked}' there`);
    throw wrong(
      asked === undefined
        ? `the request does not say which ${what}: ${this.list(found)}`
        : `several are called ${what} '${asked}': say more, or name it by its key: ${found.map(({ ref }) => ref.value).join(', ')}`,
    );
  }

  private nameOf(seen: Seen): string {
    return unescapeName(text(seen, 'name') ?? seen.ref.value);
  }

  private list(found: readonly Seen[]): string {
    const names = found.map((each) => `'${this.nameOf(each)}'`).sort();
    return `candidates are ${names.length === 0 ? 'none' : names.slice(0, 20).join(', ')}${names.length > 20 ? ' and more' : ''}`;
  }
}

/** Port groups for a switch's own uplinks are no networks for machines. vCenter tags them. */
export function isUplink(seen: Seen): boolean {
  const tags = seen.properties.get('tag');
  return Array.isArray(tags) && tags.some((tag) => isA(tag, 'Tag') && tag.key === 'SYSTEM/DVS.UPLINKPG');
}

const ownerOf = (pool: Seen): string | undefined => refOf(pool.properties.get('owner'))?.value;

/** References, where the property is a list of them. */
export const refsOf = (value: unknown): Ref[] => (Array.isArray(value) ? value.flatMap((each) => refOf(each) ?? []) : []);

function wrong(message: string): ProviderError {
  return new ProviderError('invalid', message, { maybeDone: false });
}
