import type { CallContext, Item, Pages, SizedGroup } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { kibToMib, mibToKib, roundDown, roundUp } from '../../src/model/units';
import type { Value, Values } from '../../src/model/values';
import { MAX_CPU, MAX_DISK, MAX_DISKS, MAX_MEMORY, type VsphereOptions } from './options';

/** vSphere takes memory in multiples of this many MiB. */
const MEMORY_STEP = 4;
/** The only architecture of vSphere's hosts that this driver makes machines for, in the words of Machine.cpuArch. */
export const ARCHITECTURE = 'x86_64';
/** Values of a size for figures that are not given: one CPU, 1 GiB. */
const LEAST_CPU = 1;
const LEAST_MEMORY = 1024;

/** A machine's size in vSphere's units: memory and disks in MiB. */
export interface Size {
  cpu: number;
  memory: number;
  disks: readonly number[];
}

/** KiB asked for → MiB given. Rounds up. */
export const memoryRequest = (kib: number): number => Math.ceil(kibToMib(kib) / MEMORY_STEP) * MEMORY_STEP;
/** kB asked for → MiB given. Rounds up. */
export const diskRequest = (kb: number): number => roundUp(kb, 'kilobyte', 'mebibyte');
/** The same for a disk that is to be made or to grow. @throws ProviderError `invalid` where there can be none so large */
export function diskAsked(kb: number): number {
  const mib = diskRequest(kb);
  if (mib <= MAX_DISK) return mib;
  throw new ProviderError('invalid', `capacity: the largest disk of vSphere has ${diskReport(MAX_DISK)} kB`, { maybeDone: false });
}
/** MiB → kB reported. Rounds down. */
export const diskReport = (mib: number): number => roundDown(mib, 'mebibyte', 'kilobyte');

/** A size as a configuration's key: everything that it says, so that no list is needed to read it back. */
export function sizeKey({ cpu, memory, disks }: Size): string {
  return [`c${cpu}`, `m${memory}`, ...disks.map((disk) => `d${disk}`)].join('-');
}

/** The size that a key says; undefined for a text that sizeKey does not write. */
export function sizeOf(key: string): Size | undefined {
  const found = /^c([1-9]\d{0,3})-m([1-9]\d{0,8})((?:-d[1-9]\d{0,8})*)$/.exec(key);
  if (!found) return undefined;
  const disks = (found[3] ?? '').split('-d').slice(1).map(Number);
  const size = { cpu: Number(found[1]), memory: Number(found[2]), disks };
  return size.memory % MEMORY_STEP === 0 ? size : undefined;
}

/** vSphere has no flavors: the driver's own configurations, and every other size by its key. */
export class VsphereSizes implements SizedGroup {
  constructor(private readonly options: VsphereOptions) {}

  async *list(context: CallContext): Pages {
    await refuseAborted(context);
    yield this.options.machineConfigs.map((size) => item(size, size.name));
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    await refuseAborted(context);
    return [...new Set(keys)].map((key) => {
      const size = sizeOf(key);
      return size ? item(size, this.#nameOf(key)) : Gone.impossible({ type: 'machine configuration', key });
    });
  }

  sized(figures: Values): Item | { impossible: string } {
    const { cpu, memory, disks, cpuArch, cpuSpeed } = figures;
    // Hosts are what they are: neither another architecture nor a clock can be had.
    if (typeof cpuSpeed === 'number') return { impossible: 'vSphere gives no machine a clock of its own: leave cpuSpeed away' };
    if (typeof cpuArch === 'string' && cpuArch !== ARCHITECTURE)
      return { impossible: `its machines are for ${ARCHITECTURE}, not for ${cpuArch}` };
    const size: Size = {
      cpu: typeof cpu === 'number' ? cpu : LEAST_CPU,
      memory: typeof memory === 'number' ? memoryRequest(memory) : LEAST_MEMORY,
      disks: capacities(disks).map(diskRequest),
    };
    if (size.disks.some((disk) => disk > MAX_DISK)) return { impossible: `its largest disk has ${diskReport(MAX_DISK)} kB` };
    if (size.cpu > MAX_CPU) return { impossible: `its largest machine has cpu ${MAX_CPU}` };
    if (size.memory > MAX_MEMORY) return { impossible: `its largest machine has memory ${mibToKib(MAX_MEMORY)} KiB` };
    if (size.disks.length > MAX_DISKS) return { impossible: `its machines have at most ${MAX_DISKS} disks` };
    return item(size, this.#nameOf(sizeKey(size)));
  }

  #nameOf(key: string): string | undefined {
    return this.options.machineConfigs.find((size) => sizeKey(size) === key)?.name;
  }
}

function item(size: Size, name: string | undefined): Item {
  const { cpu, memory, disks } = size;
  return {
    key: sizeKey(size),
    values: {
      name: name ?? `${cpu} CPU, ${memory} MiB`,
      cpu,
      memory: mibToKib(memory),
      ...(disks.length === 0 ? {} : { disks: disks.map((disk) => ({ capacity: diskReport(disk), format: 'raw' })) }),
    },
    public: true,
  };
}

function capacities(disks: Value | undefined): number[] {
  const list = Array.isArray(disks) ? (disks as readonly Values[]) : [];
  return list.flatMap(({ capacity }) => (typeof capacity === 'number' ? [capacity] : []));
}

/** Rejects an aborted call as everywhere, though nothing is asked here. */
function refuseAborted({ signal }: CallContext): Promise<void> {
  if (!signal.aborted) return Promise.resolve();
  return Promise.reject(new ProviderError('timeout', 'The call was cancelled: nobody waits for its answer any more', { maybeDone: false }));
}
