import type { Values } from '../model/values';
import { placeIn } from '../model/place';
import { shown } from '../model/shown';
import { meterable, meteredTypes, mustBeFor } from './meter-plan';
import { checkedAspect, servedAspects, settingsOf } from './meter-settings';
import { Refusal, type Found, type PlanContext, type ResourceHandler } from './resource-handler';
import { planStoredCreate, planStoredUpdate, storedHandler } from './stored';
import { asRef, mergeTemplate } from './template-merge';

/**
 * MeterConfiguration (DSP0263 5.17.7): what the clouds measure, and the consumers' own beside it, which are held against that when
 * they are made.
 */
export const meterConfigHandler: ResourceHandler = storedHandler('MeterConfiguration', {
  group: 'meterConfigs',
  shared: true,
  constraints: (clouds) => ({ aspect: { values: servedAspects(clouds) } }),
  create: (context, request) => {
    checkConfig(context, request.values);
    return planStoredCreate('MeterConfiguration', context, request);
  },
  update: (context, found, request) => {
    const erased = new Set(request.erase);
    const kept = Object.entries(found.values).filter(([name]) => !erased.has(name));
    if (found.row) checkConfig(context, { ...Object.fromEntries(kept), ...request.set });
    return planStoredUpdate(context, found, request);
  },
});

/** @throws Refusal 400 for a type without Meters, and for what no cloud of the caller measures */
function checkConfig({ catalogue, clouds, principal }: PlanContext, values: Values): void {
  checkedAspect(values, '');
  const types = Array.isArray(values.associatedTo) ? values.associatedTo.map(String) : [];
  const metered = meteredTypes(catalogue);
  if (types.length === 0)
    throw new Refusal(400, `is missing: the URI of one type at least, of ${metered.join(', ')}`, { at: 'associatedTo' });
  for (const [index, uri] of types.entries()) {
    const type = catalogue.byTypeURI(uri)?.name;
    if (type === undefined || !metered.includes(type))
      throw new Refusal(400, `'${shown(uri)}' is no type that has Meters: these are ${metered.join(', ')}`, {
        at: placeIn('associatedTo', index),
      });
    settingsOf(values, { type, cloud: null }, clouds.forTenant(principal.tenant), '');
  }
}

/** MeterTemplate (5.17.5): whatever it names has to fit together, as far as it can be told before it is used. */
export const meterTemplateHandler: ResourceHandler = storedHandler('MeterTemplate', {
  create: async (context, request) => {
    await checkTemplate(context, request.values);
    return planStoredCreate('MeterTemplate', context, request);
  },
  update: async (context, found, request) => {
    await checkTemplate(context, { ...targetOf(found), ...request.set });
    return planStoredUpdate(context, found, request);
  },
});

const targetOf = ({ values: { meterConfig } }: Found): Values => (meterConfig === undefined ? {} : { meterConfig });

async function checkTemplate(context: PlanContext, { meterConfig, targetResource }: Values): Promise<void> {
  const at = 'meterConfig';
  const ref = asRef(meterConfig);
  const referred = ref?.href === undefined ? {} : (await context.resolve(ref.href, 'MeterConfiguration', at)).values;
  const config = mergeTemplate(referred, ref ?? {});
  if (ref) checkedAspect(config, at);
  const href = asRef(targetResource)?.href;
  if (href === undefined) return;
  const { type } = await meterable(context, href, 'targetResource');
  mustBeFor(context.catalogue, config, type, at);
}
