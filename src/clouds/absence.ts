import type { Driver } from './driver';
import { GROUPS, type ListedGroup } from './driver';
import { Gone } from './errors';

/** For drivers that still tell what is gone by leaving it out: to be removed with the last of them. */
export function absenceAsProof(driver: Driver): Driver {
  for (const [name, type] of Object.entries(GROUPS) as [ListedGroup, string][]) {
    const group = driver[name];
    if (!group) continue;
    const ask = group.getMany.bind(group);
    group.getMany = async (keys, context) => {
      const found = await ask(keys, context);
      const told = new Set(found.map(({ key }) => key));
      return [...found, ...keys.filter((key) => !told.has(key)).map((key) => Gone.shown({ type, key }, `no ${type} ${key}`))];
    };
  }
  return driver;
}
