import type { CallContext, Item, ReadGroup } from '../../src/clouds/driver';
import { encodeId } from '../../src/clouds/identity';
import type { Values } from '../../src/model/values';
import type { Found } from '../../src/operations/resource-handler';
import { chooseSize, type Chosen, type Wish } from '../../src/operations/sizing';

const context: CallContext = { signal: new AbortController().signal };

/** Reads what a driver lists, as the core sees it. */
export async function offered(group: ReadGroup, cloud = 'sim'): Promise<Found[]> {
  const items: Item[] = [];
  for await (const page of group.list(context)) items.push(...page);
  return items.map((item) => foundOf(item, cloud));
}

export function foundOf(item: Item, cloud = 'sim'): Found {
  return {
    path: `machineConfigs/${encodeId(cloud, item.key)}`,
    type: 'MachineConfiguration',
    tenant: 'default',
    cloud: null,
    row: undefined,
    item,
    key: item.key,
    values: item.values,
    held: undefined,
    at: 0,
  };
}

export const GIB = 1024 * 1024;

/** The size for figures with memory in GiB. */
export function choose(sizes: readonly Found[], figures: Values, more: Partial<Wish> = {}): Chosen {
  const memory = typeof figures.memory === 'number' ? { memory: Math.round(figures.memory * GIB) } : {};
  return chooseSize({ atMost: 2, moreDisks: true, cloud: 'sim', ...more, figures: { ...figures, ...memory } }, sizes);
}

/** Key of the same, or the refusal's words after `refused: `. */
export function keyOr(sizes: readonly Found[], figures: Values, more: Partial<Wish> = {}): string {
  try {
    return choose(sizes, figures, more).found.key ?? '';
  } catch (error) {
    return `refused: ${error instanceof Error ? error.message : String(error)}`;
  }
}
