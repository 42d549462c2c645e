import { placeIn } from '../model/place';
import type { Value, Values } from '../model/values';
import { readSoon } from './collecting';
import { METER, planMeter, type MeterTarget, type PlannedMeter } from './meter-plan';
import { Refusal, type ChangePlan, type PlanContext, type ResourceHandler } from './resource-handler';
import { withDetail } from './size-messages';
import { asRef, mergeTemplate } from './template-merge';
import { isEmpty } from './value-equality';
import type { ResourcePath, UnitOfWork } from '../store/store';

const TEMPLATE = 'MeterTemplate';

/**
 * Handler whose creates also make the Meters that `meterTemplates` asks for: rows of the accepting transaction, which begin once the
 * resource is there. Whatever target a template names, what is made is metered (D064).
 */
export function metered(handler: ResourceHandler): ResourceHandler {
  const { create } = handler;
  if (!create) return handler;
  return {
    ...handler,
    async create(context, request) {
      const { meterTemplates, ...template } = request.template;
      const plan = await create(context, { ...request, template });
      return isEmpty(meterTemplates) ? plan : withMeters(context, plan, handler.type, meterTemplates);
    },
  };
}

async function withMeters(context: PlanContext, plan: ChangePlan, type: string, given: Value | undefined): Promise<ChangePlan> {
  const at = placeIn(context.catalogue.templateAttribute(type) ?? '', 'meterTemplates');
  const row = plan.insert?.find(({ path }) => path === plan.location);
  if (!row) throw new Error(`the plan of a ${type} has no row`);
  const cloud = row.cloud === null ? null : (context.clouds.byKey(row.cloud) ?? null);
  const target: MeterTarget = { path: row.path, type, cloud, key: null };
  const planned: PlannedMeter[] = [];
  for (const [index, each] of (Array.isArray(given) ? given : [given]).entries())
    planned.push(await fromTemplate(context, target, each as Value, placeIn(at, index)));
  const told = planned.flatMap((meter) => meter.told ?? []);
  return {
    ...plan,
    insert: [...(plan.insert ?? []), ...planned.map((meter) => meter.row)],
    affected: [...plan.affected, ...planned.map((meter) => meter.row.path)],
    async also(unit) {
      await plan.also?.(unit);
      for (const meter of planned) await readSoon(unit, meter.row);
    },
    statusMessage: withDetail(plan.statusMessage, told.length === 0 ? undefined : told.join('; ')),
  };
}

/** A Meter from a template by reference, by value, or both; it is called as the template is. */
async function fromTemplate(context: PlanContext, target: MeterTarget, given: Value, at: string): Promise<PlannedMeter> {
  const ref = asRef(given);
  if (!ref) throw new Refusal(400, `a ${TEMPLATE} is needed, by reference or by value`, { at });
  const referred = ref.href === undefined ? {} : (await context.resolve(ref.href, TEMPLATE, at)).values;
  const naming: Values = {};
  for (const name of ['name', 'description', 'properties']) {
    const value = ref[name] ?? referred[name];
    if (!isEmpty(value)) naming[name] = value;
  }
  return planMeter(context, target, { template: mergeTemplate(referred, ref), naming }, at);
}

/** Tells the Meters of a new resource its provider key: from now on they can be asked for. */
export async function knowMeters(unit: UnitOfWork, owner: ResourcePath, key: string): Promise<void> {
  for (const { path, internal } of await unit.resources({ type: METER, owner }))
    await readSoon(unit, await unit.updateResource(path, undefined, { internal: { ...internal, key } }));
}

/** Lets the Meters of a resource that is there again be asked for. */
export async function resumeMeters(unit: UnitOfWork, owner: ResourcePath): Promise<void> {
  for (const meter of await unit.resources({ type: METER, owner })) await readSoon(unit, meter);
}
