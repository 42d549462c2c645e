import { ProviderError } from '../../src/clouds/errors';
import type { Seen } from './collector';
import { coresFor } from './hardware';
import { HOT_PATHS } from './hot-plug';
import type { Size } from './sizes';
import type { Typed } from './types';

/** Properties by which a change of size is decided. */
export const RESIZE_PATHS: readonly string[] = [
  ...HOT_PATHS,
  'config.hardware.numCPU',
  'config.hardware.numCoresPerSocket',
  'config.hardware.memoryMB',
  'config.hotPlugMemoryLimit',
  'config.hotPlugMemoryIncrementSize',
  'runtime.powerState',
];

const number = (seen: Seen, path: string): number | undefined => {
  const value = seen.properties.get(path);
  return typeof value === 'number' ? value : undefined;
};

/**
 * The change that gives a machine a size, in MiB; undefined where it has it already. One that is off takes any.
 * @throws ProviderError `conflict` where it takes this one only when it is off
 */
export function sizeChange(seen: Seen, size: Size): Typed<'VirtualMachineConfigSpec'> | undefined {
  const cores = number(seen, 'config.hardware.numCoresPerSocket');
  const now = { cpu: number(seen, 'config.hardware.numCPU'), memory: number(seen, 'config.hardware.memoryMB') };
  const otherCpu = now.cpu !== size.cpu;
  const otherMemory = now.memory !== size.memory;
  if (!otherCpu && !otherMemory) return undefined;
  const numCoresPerSocket = coresFor(size.cpu, cores);
  const power = seen.properties.get('runtime.powerState');
  if (power === 'poweredOff') return { numCPUs: size.cpu, memoryMB: size.memory, numCoresPerSocket };
  const reason =
    power === 'poweredOn'
      ? ((otherCpu ? cpuRefusal(seen, now.cpu ?? 0, size.cpu) : undefined) ??
        (otherMemory ? memoryRefusal(seen, now.memory ?? 0, size.memory) : undefined))
      : `it is ${String(power)}`;
  if (reason !== undefined) {
    const message = `cpu and memory stay as they are: ${reason}; the machine takes this size while it is STOPPED`;
    throw new ProviderError('conflict', message, { maybeDone: false });
  }
  return { ...(otherCpu ? { numCPUs: size.cpu } : {}), ...(otherMemory ? { memoryMB: size.memory } : {}) };
}

function cpuRefusal(seen: Seen, now: number, cpu: number): string | undefined {
  const cores = number(seen, 'config.hardware.numCoresPerSocket') ?? 1;
  if (cpu > now && seen.properties.get('config.cpuHotAddEnabled') !== true)
    return `a running machine of this kind gets no more CPUs than its ${now}`;
  if (cpu < now && seen.properties.get('config.cpuHotRemoveEnabled') !== true)
    return `a running machine of this kind keeps its ${now} CPUs`;
  return coresFor(cpu, cores) === undefined ? undefined : `while it runs, its CPUs are a multiple of ${cores}, the cores of a socket`;
}

function memoryRefusal(seen: Seen, now: number, memory: number): string | undefined {
  if (memory < now) return `a running machine keeps its ${now} MiB of memory`;
  if (seen.properties.get('config.memoryHotAddEnabled') !== true)
    return `a running machine of this kind gets no more memory than its ${now} MiB`;
  const limit = number(seen, 'config.hotPlugMemoryLimit') ?? 0;
  const step = number(seen, 'config.hotPlugMemoryIncrementSize') ?? 0;
  if (limit > 0 && memory > limit) return `while it runs it takes at most ${limit} MiB of memory`;
  const over = step > 0 ? (memory - now) % step : 0;
  if (over === 0) return undefined;
  return `while it runs its memory grows in steps of ${step} MiB: ${memory - over} or ${memory - over + step} MiB would do`;
}
