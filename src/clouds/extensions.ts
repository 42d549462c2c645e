import type { ExtensionAttribute } from '../model/common';
import { array, boolean, integer, string, type Attribute, type Resource } from '../model/define';
import type { Clouds } from './cloud';
import type { DriverExtension } from './driver';
import { ConfigurationError } from './registry';

/** On what was made the attribute is only told; a create may say it (5.2). */
const OF_RESOURCES = {
  provider: 'optional immutable',
  consumer: 'optional read-only',
  onCreate: true,
  extension: true,
  ofClouds: true,
} as const;
const OF_TEMPLATES = { provider: 'optional mutable', consumer: 'optional read-write', extension: true, ofClouds: true } as const;

/**
 * The extension attributes of all connected clouds as declarations for the catalogue: one per name, on the types that
 * any of the clouds has it for, and on their templates.
 * @throws ConfigurationError where two clouds mean different kinds by one name
 */
export function extensionsOfClouds(clouds: Clouds, resources: readonly Resource[]): ExtensionAttribute[] {
  const declared = new Map(resources.map((resource) => [resource.name, resource]));
  const byName = new Map<string, { kind: DriverExtension['kind']; cloud: string; types: Set<string> }>();
  for (const { key, capabilities } of clouds.all()) {
    for (const { name, kind, types } of capabilities.extensions ?? []) {
      const known = byName.get(name) ?? { kind, cloud: key, types: new Set<string>() };
      if (known.kind !== kind)
        throw new ConfigurationError(
          `Clouds "${known.cloud}" and "${key}" mean different kinds of value by ${name}: ${known.kind}, ${kind}`,
        );
      for (const type of types) {
        if (declared.get(type)?.attributes[name])
          throw new ConfigurationError(`Cloud "${key}": ${name} is the standard's own attribute of ${type}`);
        known.types.add(type);
      }
      byName.set(name, known);
    }
  }
  return [...byName].flatMap(([name, { kind, types }]) => {
    const templates = [...types].flatMap((type) => declared.get(type)?.create?.template ?? []);
    return [
      { name, attribute: attributeOf(name, kind, OF_RESOURCES), types: [...types] },
      { name, attribute: attributeOf(name, kind, OF_TEMPLATES), types: templates },
    ];
  });
}

function attributeOf(name: string, kind: DriverExtension['kind'], options: typeof OF_RESOURCES | typeof OF_TEMPLATES): Attribute {
  if (kind === 'strings') return array(name.replace(/s$/, ''), { kind: 'string' }, options);
  if (kind === 'integer') return integer(options);
  return kind === 'boolean' ? boolean(options) : string(options);
}
