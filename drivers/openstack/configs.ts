import type { CallContext, Item, Pages, SizedGroup } from '../../src/clouds/driver';
import { Gone } from '../../src/clouds/errors';
import type { SizesOption } from '../../src/clouds/sizes';
import { gibToKb, mibToKb, mibToKib } from '../../src/model/units';
import type { Values } from '../../src/model/values';
import { flavorChoice, flavorFit } from './choice';
import type { Wire } from './client';
import type { Flavor } from './nova';
import { type Answered, answers, byIds } from './reads';
import { steadyTime } from '../../src/model/steady-time';

export type { Flavor } from './nova';

const FIXED = 'Flavors belong to the administrators of the cloud';
/** Time for which a flavor that Nova does not know is not asked for again, in ms. */
const UNKNOWN_FOR_MS = 3_600_000;

/** Returns the values of a flavor in CIMI's units. The root disk is first; 0 GiB means that it is as large as the image. */
export function flavorValues(flavor: Flavor): Values {
  const { disk = 0, ephemeral = 0, swap = 0 } = flavor;
  const disks = [gibToKb(disk), gibToKb(ephemeral), mibToKb(swap)].filter((capacity) => capacity > 0);
  return {
    name: flavor.name,
    description: flavor.description,
    cpu: flavor.vcpus,
    memory: flavor.ram === undefined ? undefined : mibToKib(flavor.ram),
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
export class MachineConfigs implements SizedGroup {
  constructor(
    private readonly flavors: Flavors,
    private readonly sizes: SizesOption,
  ) {}

  async *list(context: CallContext): Pages {
    for await (const page of this.flavors.pages(context)) yield page.map((flavor) => flavorItem(flavor, this.sizes));
  }

  getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const read = (ids: readonly string[]) => this.flavors.named(ids, context);
    return answers('flavor', keys, read, (flavors) => Promise.resolve(flavors.map((flavor) => flavorItem(flavor, this.sizes))), /^[^/]+$/);
  }
}

/** Reader of Nova's flavors. */
export class Flavors {
  /** A flavor's figures never change and outlive its retirement: kept as long as the connection. */
  private readonly known = new Map<string, Flavor>();
  private readonly unknownUntil = new Map<string, number>();

  constructor(private readonly wire: Wire) {}

  async *pages(context: CallContext): AsyncIterable<readonly Flavor[]> {
    for await (const page of this.wire.pages('flavor', context)) {
      this.remember(page);
      yield page;
    }
  }

  /** Each of these ids with its flavor, or the proof that there is none. */
  async named(ids: readonly string[], context: CallContext): Promise<Answered<Flavor>> {
    const found = await byIds(this.wire, 'flavor', ids, context);
    this.remember([...found.values()].flatMap((each) => (each instanceof Gone ? [] : each)));
    return found;
  }

  /**
   * Returns one flavor, remembered or read.
   * @throws Gone where there is none
   */
  async of(id: string, context: CallContext): Promise<Flavor> {
    const known = this.known.get(id) ?? (await this.wire.one('flavor', id, context));
    this.remember([known]);
    return known;
  }

  /** Figures by id of flavors that servers name (Nova before 2.47 does not embed them); retired ones may be missing. */
  async figures(ids: readonly string[], context: CallContext): Promise<ReadonlyMap<string, Flavor>> {
    const now = steadyTime();
    const missing = [...new Set(ids)].filter((id) => !this.known.has(id) && (this.unknownUntil.get(id) ?? 0) <= now);
    if (missing.length > 0) await this.named(missing, context);
    for (const id of missing) if (!this.known.has(id)) this.unknownUntil.set(id, now + UNKNOWN_FOR_MS);
    return this.known;
  }

  private remember(flavors: readonly Flavor[]): void {
    for (const flavor of flavors) this.known.set(flavor.id, flavor);
  }
}
