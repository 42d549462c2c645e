import type { Cloud } from '../clouds/cloud';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import { Refusal } from './resource-handler';

/**
 * Collects the extension attributes of a create (placement), beside the name or in the template; beside the name wins.
 * @throws Refusal 400 naming an attribute that the chosen cloud does not have for the type
 */
export function extensionsFor(
  catalogue: Catalogue,
  cloud: Cloud,
  type: string,
  given: { values: Values; template?: Values | undefined },
): Values {
  const asked: Values = {};
  for (const name of ofClouds(catalogue, type)) {
    const value = given.values[name] ?? given.template?.[name];
    if (value === undefined || value === null) continue;
    if (!extensionNames(catalogue, cloud, type).includes(name))
      throw new Refusal(400, `cloud '${cloud.key}' does not support this attribute of ${type}`, { at: name, kind: 'unsupported' });
    // The bound of sizes by figures is the core's own business (machine-size.ts).
    if (cloud.capabilities.extensions?.find((each) => each.name === name)?.choosing !== 'atMost') asked[name] = value;
  }
  return asked;
}

/** Attributes that the cloud's driver brings for a type: of resources, or of templates of them. */
export function extensionNames(catalogue: Catalogue, cloud: Cloud, type: string): string[] {
  const isFor = (one: string) => one === type || (catalogue.has(one) && catalogue.resource(one).create?.template === type);
  return (cloud.capabilities.extensions ?? []).filter(({ types }) => types.some(isFor)).map(({ name }) => name);
}

/** Attributes of a type that a driver of any configured cloud brings. */
export function ofClouds(catalogue: Catalogue, type: string): string[] {
  return Object.entries(catalogue.attributesOf(type)).flatMap(([name, attribute]) => (attribute.ofClouds ? [name] : []));
}
