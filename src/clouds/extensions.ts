import type { ExtensionAttribute } from '../model/common';
import { array, boolean, EXTENSION, integer, ref, string, type Attribute, type Resource } from '../model/define';
import type { Clouds } from './cloud';
import type { DriverExtension } from './driver';
import { namesIn } from './portable';
import { ConfigurationError } from './registry';

/** Constraints of an extension attribute: a create may set it, an existing resource only shows it (5.2). */
const OF_RESOURCES = {
  provider: 'optional immutable',
  consumer: 'optional read-only',
  onCreate: true,
  namespace: EXTENSION,
  ofClouds: true,
} as const;
const OF_TEMPLATES = { provider: 'optional mutable', consumer: 'optional read-write', namespace: EXTENSION, ofClouds: true } as const;

const OF_NAMES = { provider: 'optional mutable', consumer: 'optional read-only' } as const;

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
          `Clouds "${known.cloud}" and "${key}" declare the attribute ${name} with different types: ${known.kind}, ${kind}`,
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

/** Attribute of what a portable name stands for: where it is to be had, as what, and why not. For types of which there are such names. */
export function placesOfNames(clouds: Clouds): ExtensionAttribute[] {
  const members = { MachineImage: 'machineImage', MachineConfiguration: 'machineConfig' } as const;
  return Object.entries(members).flatMap(([type, member]) => {
    if (namesIn(clouds.all(), type).size === 0) return [];
    const fields = { cloud: string(OF_NAMES), [member]: ref(type, OF_NAMES), reason: string(OF_NAMES) };
    return [
      { name: 'places', attribute: array('place', { kind: 'struct', fields }, { ...OF_NAMES, namespace: EXTENSION }), types: [type] },
    ];
  });
}

function attributeOf(name: string, kind: DriverExtension['kind'], options: typeof OF_RESOURCES | typeof OF_TEMPLATES): Attribute {
  if (kind === 'strings') return array(name.replace(/s$/, ''), { kind: 'string' }, options);
  if (kind === 'integer') return integer(options);
  return kind === 'boolean' ? boolean(options) : string(options);
}
