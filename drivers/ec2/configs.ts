import { DescribeInstanceTypesCommand, type InstanceTypeInfo, type _InstanceType } from '@aws-sdk/client-ec2';
import type { CallContext, Item, Pages, ReadGroup } from '../../src/clouds/driver';
import type { Gone } from '../../src/clouds/errors';
import { gbToKb, mibToKib } from '../../src/model/units';
import type { Values } from '../../src/model/values';
import { typeChoice, typeFit } from './choice';
import { batches, readByIds, type Wire } from './client';
import { type Offered, type Offerings, placeOf } from './offerings';
import type { Ec2Options } from './options';
import { steadyTime } from '../../src/model/steady-time';

/** EC2 takes no more than 100 types a page, and 200 values a filter. */
const PAGE = 100;
const FILTER_VALUES = 200;
/** Time for which an instance type that EC2 does not know is not asked for again, in ms. */
const UNKNOWN_FOR_MS = 3_600_000;

/** EC2's architectures in CIMI's words; the first that a type offers counts. */
const ARCHITECTURES: readonly (readonly [string, string])[] = [
  ['x86_64', 'x86_64'],
  ['x86_64_mac', 'x86_64'],
  ['arm64', 'ARM'],
  ['arm64_mac', 'ARM'],
  ['i386', 'x86'],
];

/** CIMI cpuArch of the first known of EC2's architectures. */
export function cpuArch(offered: readonly string[] | undefined): string | undefined {
  return cpuArchs(offered)[0];
}

/** The same of all. */
function cpuArchs(offered: readonly string[] | undefined): string[] {
  return ARCHITECTURES.flatMap(([name, arch]) => (offered?.includes(name) === true ? [arch] : []));
}

/** Returns the values of an instance type in CIMI's units: memory in KiB, speed in MHz, capacity in kB of 1000 bytes. */
export function typeValues(type: InstanceTypeInfo): Values {
  const memory = type.MemoryInfo?.SizeInMiB;
  const speed = type.ProcessorInfo?.SustainedClockSpeedInGhz;
  const disks = storeDisks(type);
  return {
    name: type.InstanceType,
    cpu: type.VCpuInfo?.DefaultVCpus,
    memory: memory === undefined ? undefined : mibToKib(memory),
    ...(disks.length === 0 ? {} : { disks }),
    cpuArch: cpuArch(type.ProcessorInfo?.SupportedArchitectures),
    cpuSpeed: speed === undefined || speed === 0 ? undefined : Math.round(speed * 1000),
  };
}

/** Instance storage is told in GB of 10⁹ bytes, and comes unformatted. */
function storeDisks(type: InstanceTypeInfo): { capacity: number; format: string }[] {
  return (type.InstanceStorageInfo?.Disks ?? []).flatMap((disk) =>
    Array.from({ length: disk.Count ?? 0 }, () => ({ capacity: gbToKb(disk.SizeInGB ?? 0), format: 'raw' })),
  );
}

/** Instance types as MachineConfigurations. */
export class MachineConfigs implements ReadGroup {
  constructor(
    private readonly types: InstanceTypes,
    private readonly offerings: Offerings,
    private readonly options: Pick<Ec2Options, 'sizes'>,
  ) {}

  async *list(context: CallContext): Pages {
    const where = await this.offerings.known(context);
    for await (const page of this.types.all(context)) yield page.map((type) => this.#item(type, where));
  }

  /** Reads several types; those of the zones that are known already are taken from memory. */
  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const where = this.offerings.kept();
    const named = await this.types.named(keys, context);
    const found = new Set<string | undefined>(named.map(({ InstanceType }) => InstanceType));
    const missing = keys.filter((key) => !found.has(key));
    return [...named.map((type) => this.#item(type, where)), ...(missing.length === 0 ? [] : await this.types.proofs(missing, context))];
  }

  #item(type: InstanceTypeInfo, where: Offered | undefined): Item {
    const own = typeChoice(type, cpuArchs(type.ProcessorInfo?.SupportedArchitectures), this.options.sizes);
    return {
      key: type.InstanceType ?? '',
      values: typeValues(type),
      choice: { ...own, ...(where ? placeOf(type.InstanceType ?? '', where) : {}) },
      fit: typeFit(type),
    };
  }
}

/** Reader of EC2's instance types, and of what a Machine takes over from them. */
export class InstanceTypes {
  /** A type's figures never change, and outlive its retirement: kept as long as the connection. */
  private readonly known = new Map<string, Values>();
  private readonly storesOf = new Map<string, readonly number[]>();
  private readonly unknownUntil = new Map<string, number>();

  constructor(private readonly wire: Wire) {}

  /** Every type of the region, page by page. */
  async *all(context: CallContext): AsyncIterable<readonly InstanceTypeInfo[]> {
    const ask = (NextToken: string | undefined) =>
      this.wire.send(new DescribeInstanceTypesCommand({ MaxResults: PAGE, NextToken }), context);
    for await (const page of this.wire.pages(ask)) yield this.remember(page.InstanceTypes);
  }

  /** Figures of the named types, with at most one call for each 200 not seen before. */
  async figures(names: readonly string[], context: CallContext): Promise<ReadonlyMap<string, Values>> {
    const now = steadyTime();
    const missing = [...new Set(names)].filter((name) => !this.known.has(name) && (this.unknownUntil.get(name) ?? 0) <= now);
    await this.named(missing, context);
    for (const name of missing) if (!this.known.has(name)) this.unknownUntil.set(name, now + UNKNOWN_FOR_MS);
    return this.known;
  }

  /** Capacities, in kB, of the instance store disks that every instance of the named types has; a type without any is missing. */
  async stores(names: readonly string[], context: CallContext): Promise<ReadonlyMap<string, readonly number[]>> {
    await this.figures(names, context);
    return this.storesOf;
  }

  /** The named types, without those that are not there. By filter: a retired name makes EC2 refuse a whole call by name. */
  async named(names: readonly string[], context: CallContext): Promise<InstanceTypeInfo[]> {
    const found: InstanceTypeInfo[] = [];
    for (const Values of batches([...new Set(names)], FILTER_VALUES)) {
      const Filters = [{ Name: 'instance-type', Values }];
      const ask = (NextToken: string | undefined) =>
        this.wire.send(new DescribeInstanceTypesCommand({ Filters, MaxResults: PAGE, NextToken }), context);
      for await (const page of this.wire.pages(ask)) {
        found.push(...this.remember(page.InstanceTypes).filter((type) => Values.includes(type.InstanceType ?? '')));
      }
    }
    return found;
  }

  /** EC2's own word for each of these types that there is none; asked only of those that a list by filter leaves out. */
  async proofs(names: readonly string[], context: CallContext): Promise<Gone[]> {
    const read = async (InstanceTypes: string[]) =>
      this.remember(
        (await this.wire.send(new DescribeInstanceTypesCommand({ InstanceTypes: InstanceTypes.map(instanceType) }), context)).InstanceTypes,
      );
    return (await readByIds('instance type', names, read, ({ InstanceType }) => InstanceType)).gone;
  }

  private remember(types: readonly InstanceTypeInfo[] | undefined): readonly InstanceTypeInfo[] {
    const keyed = this.wire.keyed('instance type', types, ({ InstanceType }) => InstanceType);
    for (const type of keyed) {
      const name = type.InstanceType ?? '';
      this.known.set(name, typeValues(type));
      // Older types have their disks only where the image or the launch maps them, which EC2 does not tell afterwards.
      if (type.InstanceStorageInfo?.NvmeSupport === 'required')
        this.storesOf.set(
          name,
          storeDisks(type).map(({ capacity }) => capacity),
        );
    }
    return keyed;
  }
}

/** EC2's enumeration of types is older than the cloud: names go through as they are. */
export const instanceType = (key: string): _InstanceType => key as _InstanceType;
