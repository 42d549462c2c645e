import type { Item, Naming } from '../../src/clouds/driver';
import type { Names } from './requests';

/** Limits of the provider: lengths of a label and of a note, number of labels and lengths of their parts, in characters. */
const LIMITS = { label: 128, note: 1024, labels: 32, key: 64, value: 256 };

/** The part of a naming that the provider can hold. */
export function holds({ name, description, properties }: Naming): Naming {
  const held: Naming = {};
  if (name !== undefined && name.length > 0 && name.length <= LIMITS.label) held.name = name;
  if (description !== undefined && description.length > 0 && description.length <= LIMITS.note) held.description = description;
  if (properties !== undefined) {
    const fitting = Object.entries(properties).filter(
      ([key, value]) => key.length > 0 && key.length <= LIMITS.key && value.length <= LIMITS.value,
    );
    held.properties = Object.fromEntries(fitting.slice(0, LIMITS.labels));
  }
  return held;
}

/** CIMI's names in the provider's words. */
export function toNames(naming: Naming): Names {
  const { name, description, properties } = holds(naming);
  return { label: name, note: description, labels: properties };
}

/** Translates back; empty names are left out. */
export function fromNames(thing: { label: string | null; note: string | null; labels: { [key: string]: string } }): Naming {
  return {
    ...(thing.label === null ? {} : { name: thing.label }),
    ...(thing.note === null ? {} : { description: thing.note }),
    ...(Object.keys(thing.labels).length === 0 ? {} : { properties: thing.labels }),
  };
}

/** Identity and age of a thing, as the contract wants them. */
export function fromMarks(thing: { madeAt: number; tag: string | null; token: string | null }): Pick<Item, 'tag' | 'token' | 'created'> {
  return {
    ...(thing.tag === null ? {} : { tag: thing.tag }),
    ...(thing.token === null ? {} : { token: thing.token }),
    created: new Date(thing.madeAt).toISOString(),
  };
}
