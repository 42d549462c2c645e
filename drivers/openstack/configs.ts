import type { CallContext, Item, Pages, ReadGroup } from '../../src/clouds/driver';
import type { SizesOption } from '../../src/clouds/sizes';
import { gibToKb, mibToKb, mibToKib } from '../../src/model/units';
import type { Values } from '../../src/model/values';
import { flavorChoice, flavorFit } from './choice';
import { enc, type Wire } from './client';
import { few } from './reads';

/** A flavor: memory in MiB, disks in GiB, swap in MiB ("" for none before 2.75). */
export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  ram: number;
  disk: number;
  swap?: number | string;
  'OS-FLV-EXT-DATA:ephemeral'?: number;
  description?: string | null;
  'OS-FLV-DISABLED:disabled'?: boolean;
  extra_specs?: Readonly<Record<string, string>>;
}

const FIXED = 'Flavors belong to the administrators of the cloud';
/** How long a flavor that Nova does not tell about is not asked for again, in ms. */
const UNKNOWN_FOR_MS = 3_600_000;

/** What a flavor gives, in CIMI's units. The root disk is first; 0 GiB means that it is as large as the image. */
export function flavorValues(flavor: Flavor): Values {
  const ephemeral = flavor['OS-FLV-EXT-DATA:ephemeral'] ?? 0;
  const swap = Number(flavor.swap ?? 0);
  const disks = [gibToKb(flavor.disk), gibToKb(ephemeral), mibToKb(swap)].filter((capacity) => capacity > 0);
  return {
    name: flavor.name,
    description: flavor.description ?? undefined,
    cpu: flavor.vcpus,
    memory: mibToKib(flavor.ram),
    ...(disks.length === 0 ? {} : { disks: disks.map((capacity) => ({ capacity, format: 'raw' })) }),
  };
}

function flavorItem(flavor: Flavor, sizes: SizesOption): Item {
  return {
    key: flavor.id,
    values: flavorValues(flavor),
    choice: flavorChoice(flavor, sizes),
    fit: flavorFit(flavor),
    refuses: { edit: FIXED, delete: FIXED },
  };
}

/** Flavors as MachineConfigurations. */
export class MachineConfigs implements ReadGroup {
  constructor(
    private readonly flavors: Flavors,
    private readonly sizes: SizesOption,
  ) {}

  async *list(context: CallContext): Pages {
    for await (const page of this.flavors.pages(context)) yield page.map((flavor) => flavorItem(flavor, this.sizes));
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    return (await this.flavors.named(keys, context)).map((flavor) => flavorItem(flavor, this.sizes));
  }
}

/** What Nova tells about flavors. */
export class Flavors {
  /** A flavor's figures never change and outlive its retirement: kept as long as the connection. */
  private readonly known = new Map<string, Flavor>();
  private readonly unknownUntil = new Map<string, number>();

  constructor(private readonly wire: Wire) {}

  async *pages(context: CallContext): AsyncIterable<readonly Flavor[]> {
    for await (const page of this.wire.pages<Flavor>('compute', '/flavors/detail', 'flavors', context)) yield this.remember(page);
  }

  /** Those of these ids that are there. */
  async named(ids: readonly string[], context: CallContext): Promise<Flavor[]> {
    const read = async (id: string) => (await this.wire.getIfThere<{ flavor: Flavor }>('compute', `/flavors/${enc(id)}`, context))?.flavor;
    return this.remember(await few(ids, read, () => this.pages(context)));
  }

  /** One flavor, remembered or read. */
  async of(id: string, context: CallContext): Promise<Flavor | undefined> {
    return this.known.get(id) ?? (await this.named([id], context))[0];
  }

  /** Figures by id of flavors that servers name (Nova before 2.47 does not embed them); retired ones may be missing. */
  async figures(ids: readonly string[], context: CallContext): Promise<ReadonlyMap<string, Flavor>> {
    const now = Date.now();
    const missing = [...new Set(ids)].filter((id) => !this.known.has(id) && (this.unknownUntil.get(id) ?? 0) <= now);
    if (missing.length > 0) await this.named(missing, context);
    for (const id of missing) if (!this.known.has(id)) this.unknownUntil.set(id, now + UNKNOWN_FOR_MS);
    return this.known;
  }

  private remember<T extends readonly Flavor[]>(flavors: T): T {
    for (const flavor of flavors) this.known.set(flavor.id, flavor);
    return flavors;
  }
}
