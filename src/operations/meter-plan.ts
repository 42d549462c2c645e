import type { Cloud } from '../clouds/cloud';
import { isGroup } from '../model/aspects';
import type { Catalogue } from '../model/catalogue';
import { partedFromCloud } from '../model/cloud-path';
import { placeIn } from '../model/place';
import { shown } from '../model/shown';
import type { Values } from '../model/values';
import type { NewResourceRow, ResourcePath, UnitOfWork } from '../store/store';
import { rowOfDiscovered } from './discovered-row';
import { ENTRY_POINT } from './gateway-resources';
import { settingsOf } from './meter-settings';
import { checkThresholds, thresholdsIn } from './meter-thresholds';
import { Refusal, type Found, type PlanContext } from './resource-handler';
import { asRef, mergeTemplate } from './template-merge';

export const METER = 'Meter';
const CONFIGURATION = 'MeterConfiguration';

/** Resource that a Meter is put on. */
export interface MeterTarget {
  path: ResourcePath;
  type: string;
  /** Null for what spans clouds. */
  cloud: Cloud | null;
  /** Provider key; null for groups, and for what is still to be made. */
  key: string | null;
}

/** A Meter to be. */
export interface PlannedMeter {
  row: NewResourceRow;
  /** Words about what is not as it was asked for. */
  told: string | undefined;
}

/** Names of the types that have Meters. */
export function meteredTypes(catalogue: Catalogue): string[] {
  return catalogue.collections.flatMap(({ item, owner, entryPoint }) =>
    item !== METER ? [] : owner === undefined ? (entryPoint === undefined ? [] : [ENTRY_POINT]) : [owner],
  );
}

/**
 * Plans a Meter of a target, from the attributes of a MeterTemplate.
 * @param at place of the template in the request
 * @throws Refusal 400 for what the target cannot be asked
 */
export async function planMeter(
  context: PlanContext,
  target: MeterTarget,
  { template, naming }: { template: Values; naming: Values },
  at: string,
): Promise<PlannedMeter> {
  const place = placeIn(at, 'meterConfig');
  const config = await configOf(context, template, target, place);
  mustBeFor(context.catalogue, config, target.type, place);
  const settings = settingsOf(config, target, context.clouds.forTenant(context.principal.tenant), place);
  const thresholds = thresholdsIn({ ...template, ...naming });
  checkThresholds(thresholds, (name) => (naming[name] == null ? placeIn(at, name) : name));
  const row: NewResourceRow = {
    path: `${context.catalogue.pathOf(METER) ?? ''}/${context.newId()}`,
    type: METER,
    tenant: context.principal.tenant,
    cloud: null,
    providerKey: null,
    // What is deleted takes its Meters with it (R5.17.3-01).
    owner: target.type === ENTRY_POINT ? null : target.path,
    state: null,
    values: { ...naming, ...thresholds, targetResource: { href: target.path }, ...settings.values },
    secrets: null,
    internal: { cloud: target.cloud?.key ?? null, type: target.type, key: target.key, interval: settings.interval },
  };
  return { row, told: settings.told };
}

/** Attributes of the configuration: by reference, by value, or a reference with others laid over it. */
async function configOf({ resolve }: PlanContext, template: Values, { cloud }: MeterTarget, at: string): Promise<Values> {
  const ref = asRef(template.meterConfig);
  if (!ref) throw new Refusal(400, `is missing: a ${CONFIGURATION} is needed, by reference or by value`, { at });
  if (ref.href === undefined) return mergeTemplate({}, ref);
  const referred = await resolve(ref.href, CONFIGURATION, at);
  if (cloud && referred.cloud && referred.cloud.key !== cloud.key)
    throw new Refusal(400, `is a configuration of cloud '${referred.cloud.key}', what is to be metered is in cloud '${cloud.key}'`, { at });
  return mergeTemplate(referred.values, ref);
}

/** Tells the types that a configuration is for; all where it does not say. */
function typesOf({ associatedTo }: Values): readonly string[] | undefined {
  return Array.isArray(associatedTo) && associatedTo.length > 0 ? associatedTo.map(String) : undefined;
}

/** @throws Refusal 400 where a configuration is for other types than this (5.17.5) */
export function mustBeFor(catalogue: Catalogue, config: Values, type: string, at: string): void {
  const types = typesOf(config);
  const { typeURI } = catalogue.resource(type);
  if (types && !types.includes(typeURI))
    throw new Refusal(400, `is for ${types.map((each) => `'${shown(each)}'`).join(', ')}; what is to be metered is of type '${typeURI}'`, {
      at: placeIn(at, 'associatedTo'),
    });
}

/**
 * Resolves what a Meter is to be put on.
 * @param href relative reference, below whichever entry point
 * @throws Refusal 400, 403, 404, 409
 */
export async function meterable(context: PlanContext, href: string, at: string): Promise<Found> {
  const { path } = partedFromCloud(href);
  const type = context.catalogue.locate(path)?.type;
  const types = meteredTypes(context.catalogue);
  if (type === undefined || !types.includes(type))
    throw new Refusal(400, `${shown(href)} is nothing that has Meters: these are of type ${types.join(', ')}`, { at });
  const found = await context.resolve(type === ENTRY_POINT ? href : path, type, at);
  context.mustOwn(found);
  return found;
}

export function targetOf({ path, type, cloud, key }: Found): MeterTarget {
  if (cloud && key === undefined && !isGroup(type))
    throw new Refusal(409, `${path} does not exist at its provider: there is nothing to measure`, { kind: 'conflict' });
  return { path, type, cloud, key: key ?? null };
}

/** Rows that a Meter of a target needs beside its own: what was found at a provider gets one, so that the Meter goes with it. */
export function rowsFor({ row, item, cloud, ...found }: Found): NewResourceRow[] {
  return row || !item || !cloud ? [] : [rowOfDiscovered({ ...found, row, item, cloud })];
}

/** Makes sure that the owner of a new Meter is there, and stays until the Meter is. @throws StaleError */
export async function mustStillBe(unit: UnitOfWork, path: ResourcePath | null): Promise<void> {
  if (path !== null) await unit.keep(path);
}
