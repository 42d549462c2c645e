import type { Seen } from './collector';

/** Properties that tell whether a running machine takes another size. */
export const HOT_PATHS: readonly string[] = ['config.cpuHotAddEnabled', 'config.cpuHotRemoveEnabled', 'config.memoryHotAddEnabled'];

/** Returns the reason why a running machine takes no other size at all; undefined where it takes some. */
export function refusesHotResize(seen: Seen): string | undefined {
  if (HOT_PATHS.some((path) => seen.properties.get(path) === true)) return undefined;
  return 'cpu and memory can be changed while the machine is STOPPED: neither may be hot-plugged into it (vCenter’s setting of the machine)';
}
