import type { Cloud } from '../clouds/cloud';
import type { Catalogue } from '../model/catalogue';
import type { Value, Values } from '../model/values';
import { extensionNames } from './extensions';
import { Refusal, type PlanContext } from './family';

/** Template attributes that the gateway makes use of on any cloud that says nothing of the template itself. */
const BY_GATEWAY: Readonly<Record<string, readonly string[]>> = {
  MachineTemplate: ['initialState', 'machineConfig', 'machineImage', 'credential', 'userData'],
  VolumeTemplate: ['volumeConfig', 'volumeImage'],
  NetworkTemplate: ['initialState', 'networkConfig', 'forwardingGroup'],
  SystemTemplate: [],
  NetworkPortTemplate: ['initialState', 'network', 'networkPortConfig'],
};

/** Optional attributes of a type that a cloud supports; undefined where the cloud has no say in it. */
export function supportedBy(cloud: Cloud, type: string): readonly string[] | undefined {
  return cloud.capabilities.types[type]?.attributes ?? BY_GATEWAY[type];
}

/**
 * An attribute that no cloud of the caller supports is refused rather than kept without effect (5.2).
 * @throws Refusal 400 naming it.
 */
export function refuseUnsupported(context: Pick<PlanContext, 'clouds' | 'principal' | 'catalogue'>, type: string, values: Values): void {
  const lists = context.clouds.forTenant(context.principal.tenant).map((cloud) => supportedBy(cloud, type));
  if (lists.length === 0 || lists.includes(undefined)) return;
  for (const [name, value] of Object.entries(values)) {
    if (isEmpty(value) || !isOptional(context.catalogue, type, name)) continue;
    if (!lists.some((list) => list?.includes(name)))
      throw new Refusal(400, `${name} of ${type} is not supported by any cloud here`, { kind: 'unsupported' });
  }
}

/**
 * What a template says that the cloud chosen for it would leave without effect (5.2).
 * @throws Refusal 400 naming the attribute.
 */
export function refuseForeign(catalogue: Catalogue, cloud: Cloud, type: string, template: Values, at: string): void {
  const supported = [...(supportedBy(cloud, type) ?? []), ...extensionNames(catalogue, cloud, type)];
  for (const [name, value] of Object.entries(template)) {
    if (!isEmpty(value) && !supported.includes(name))
      throw new Refusal(400, `${at}.${name} is not supported by cloud '${cloud.key}'`, { kind: 'unsupported' });
  }
}

function isOptional(catalogue: Catalogue, type: string, name: string): boolean {
  const attribute = catalogue.resource(type).attributes[name];
  return attribute?.provider.startsWith('optional') === true && attribute.extension !== true;
}

export function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
