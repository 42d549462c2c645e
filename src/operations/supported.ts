import type { Cloud } from '../clouds/cloud';
import type { Catalogue } from '../model/catalogue';
import { placeIn } from '../model/place';
import type { Values } from '../model/values';
import { extensionNames } from './extensions';
import { Refusal, type PlanContext } from './resource-handler';
import { isEmpty } from './value-equality';

/** Template attributes that the gateway makes use of on any cloud that says nothing of the template itself. */
const BY_GATEWAY: Readonly<Record<string, readonly string[]>> = {
  MachineTemplate: ['initialState', 'machineConfig', 'machineImage', 'credential', 'userData'],
  VolumeTemplate: ['volumeConfig', 'volumeImage'],
  NetworkTemplate: ['initialState', 'networkConfig', 'forwardingGroup'],
  SystemTemplate: [],
  NetworkPortTemplate: ['initialState', 'network', 'networkPortConfig'],
};

/** Template attributes that the gateway alone makes something of, on any cloud. */
const MONITORING = ['meterTemplates', 'eventLogTemplate'];

/** Optional attributes of a type that a cloud supports; undefined where the cloud has no say in it. */
export function supportedBy(cloud: Cloud, type: string): readonly string[] | undefined {
  const list = cloud.capabilities.types[type]?.attributes ?? BY_GATEWAY[type];
  return list && BY_GATEWAY[type] ? [...list, ...MONITORING] : list;
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
      throw new Refusal(400, `no cloud here supports this attribute of ${type}`, { at: name, kind: 'unsupported' });
  }
}

/**
 * Refuses what a template says that the cloud chosen for it would leave without effect (5.2).
 * @throws Refusal 400 naming the attribute.
 */
export function refuseForeign(catalogue: Catalogue, cloud: Cloud, type: string, template: Values, at: string): void {
  const supported = [...(supportedBy(cloud, type) ?? []), ...extensionNames(catalogue, cloud, type)];
  for (const [name, value] of Object.entries(template)) {
    if (!isEmpty(value) && !supported.includes(name) && !isAdded(catalogue, type, name))
      throw new Refusal(400, `is not supported by cloud '${cloud.key}'`, { at: placeIn(at, name), kind: 'unsupported' });
  }
}

/** Tells whether the operator added an attribute to the type, which no cloud has to do with. */
function isAdded(catalogue: Catalogue, type: string, name: string): boolean {
  const attribute = catalogue.attributesOf(type)[name];
  return attribute?.namespace !== undefined && attribute.ofClouds !== true;
}

function isOptional(catalogue: Catalogue, type: string, name: string): boolean {
  const attribute = catalogue.resource(type).attributes[name];
  return attribute?.provider.startsWith('optional') === true && attribute.namespace === undefined;
}
