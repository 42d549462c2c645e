import type { Operation, Value, Values } from '../model/values';

/** Looks at values without trusting their shape: providers and rows may hold less or other than is declared. */

export function isObject(value: Value | undefined): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isPresent(value: Value | undefined): value is NonNullable<Value> {
  return value !== undefined && value !== null;
}

/** The items of an array; none where it is no array. */
export function itemsOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

/** The text of a scalar. */
export function textOf(value: Value): string {
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The operations that an inlined resource carries in its values. */
export function operationsOf(values: Values): readonly Operation[] {
  return itemsOf(values['operations']).flatMap((entry) => {
    if (!isObject(entry)) return [];
    const { rel, href } = entry;
    return typeof rel === 'string' && typeof href === 'string' ? [{ rel, href }] : [];
  });
}
