import type { Naming } from '../clouds/driver';
import type { Values } from '../model/values';

/** Common attributes that a consumer gives, as the drivers' Naming (5.10.1). */
export function namingOf(values: Values): Naming {
  const naming: Naming = {};
  if (typeof values.name === 'string') naming.name = values.name;
  if (typeof values.description === 'string') naming.description = values.description;
  if (typeof values.properties === 'object' && values.properties !== null)
    naming.properties = values.properties as { [key: string]: string };
  return naming;
}

/** Returns the part of a naming that a provider which holds `held` does not hold: the gateway keeps it in its own row. */
export function restOf(naming: Naming, held: Naming): Naming {
  const rest: Naming = {};
  if (naming.name !== undefined && held.name === undefined) rest.name = naming.name;
  if (naming.description !== undefined && held.description === undefined) rest.description = naming.description;
  const properties = Object.entries(naming.properties ?? {}).filter(([key]) => held.properties?.[key] === undefined);
  if (properties.length > 0) rest.properties = Object.fromEntries(properties);
  return rest;
}
