import { aspectOf, isGroup } from '../model/aspects';
import { partedFromCloud } from '../model/cloud-path';
import { instantOf } from '../model/time';
import type { Value, Values } from '../model/values';
import type { ResourceRow } from '../store/store';
import { readSoon } from './collecting';
import { METER, meterable, mustStillBe, planMeter, rowsFor, targetOf } from './meter-plan';
import { mustFit, resolutionOf, roundedInterval } from './meter-settings';
import { checkThresholds } from './meter-thresholds';
import {
  Refusal,
  type ChangePlan,
  type CreateRequest,
  type Found,
  type PlanContext,
  type ResourceHandler,
  type UpdateRequest,
} from './resource-handler';
import { withDetail } from './size-messages';
import { planStoredRemove, planStoredUpdate } from './stored';
import { asRef } from './template-merge';
import { isSame } from './value-equality';

const TEMPLATE = 'meterTemplate';

/**
 * Tells whether a Meter records samples: as long as it has no past stopTime and has not expired. `stop` sets stopTime, `start`
 * takes it away (D171, D172).
 * @param values of the Meter
 * @param now ms since the epoch
 */
export function isRecording({ stopTime, expiresTime }: Values, now: number): boolean {
  return !isPast(stopTime, now) && !isPast(expiresTime, now);
}

/** Tells whether a Meter is to be deleted: its expiresTime has come. @param now ms since the epoch */
export function isExpired({ expiresTime }: Values, now: number): boolean {
  return isPast(expiresTime, now);
}

function isPast(time: Value | undefined, now: number): boolean {
  const moment = momentOf(time);
  return moment !== undefined && moment <= now;
}

/** Reads a time of a Meter, in ms since the epoch; undefined for none. */
export const momentOf = (time: Value | undefined): number | undefined => (typeof time === 'string' ? instantOf(time) : undefined);

/**
 * Meter (DSP0263 5.17.3): a row of the gateway's, owned by what it measures, so that it goes with that. What its `internal` says is
 * for who collects: `cloud` (key; null where it spans clouds), `type` of the target, `key` (the provider's, as it was when the Meter
 * was made; null for groups and while the target is being made: the owner's row has it), `interval` (s, a multiple of the cloud's
 * resolution), `since` (ms since the epoch, where it was started once more).
 */
export const meterHandler: ResourceHandler = {
  type: METER,
  stored: true,
  hasOwners: true,
  apart: true,
  about: { capabilities: { MeterConfigByValue: true, MeterTemplateByValue: true } },
  create: planCreate,
  update: planUpdate,
  remove: planStoredRemove,
  act: {
    start: (_context, found) => planChange(found, started(found), 'Started'),
    stop: (_context, found) => planChange(found, stopped(found), 'Stopped'),
  },
  offered: (found) => {
    if (found.held || !found.row) return [];
    const now = Date.now();
    if (isExpired(found.values, now)) return ['edit', 'delete'];
    return ['edit', 'delete', isRecording(found.values, now) ? 'stop' : 'start'];
  },
  changesAt({ values: { stopTime, expiresTime } }, now) {
    const times = [stopTime, expiresTime].flatMap((time) => momentOf(time) ?? []).filter((time) => time > now);
    return times.length > 0 ? Math.min(...times) : undefined;
  },
};

/** Sample (5.17.3.1.1): what was measured once; nobody makes, changes or deletes one. */
export const sampleHandler: ResourceHandler = { type: 'Sample', stored: true, offered: () => [] };

async function planCreate(context: PlanContext, { values, template, collection }: CreateRequest): Promise<ChangePlan> {
  const target = await targetAsked(context, template, collection);
  const { row, told } = await planMeter(context, targetOf(target), { template, naming: values }, TEMPLATE);
  return {
    target: collection,
    affected: [collection, row.path],
    insert: [...rowsFor(target), row],
    also: async (unit) => {
      await mustStillBe(unit, row.owner);
      await readSoon(unit, row);
    },
    statusMessage: withDetail('Created', told),
    location: row.path,
  };
}

/** Finds what is to be metered: the owner of the collection posted to, or what the template names (5.17.5). */
async function targetAsked(context: PlanContext, { targetResource }: Values, collection: string): Promise<Found> {
  const at = `${TEMPLATE}.targetResource`;
  const href = asRef(targetResource)?.href;
  const owner = context.catalogue.locate(partedFromCloud(collection).path)?.owner;
  if (!owner) {
    if (href === undefined) throw new Refusal(400, 'is missing: what is to be metered has to be named here (5.17.5)', { at });
    return meterable(context, href, at);
  }
  if (href !== undefined && partedFromCloud(href).path !== owner.path)
    throw new Refusal(400, `a Meter in ${partedFromCloud(collection).path} is of ${owner.path}: leave it out, or name that (5.17.5)`, {
      at,
    });
  return meterable(context, owner.path, at);
}

async function planUpdate(context: PlanContext, found: Found, request: UpdateRequest): Promise<ChangePlan> {
  const row = rowOf(found);
  const { expiresTime, sampleInterval } = request.set;
  if (isPast(expiresTime, Date.now()) && !isSame(expiresTime, found.values.expiresTime))
    throw new Refusal(400, 'has passed: to be rid of a Meter now, delete it', { at: 'expiresTime' });
  const erased = Object.fromEntries(request.erase.map((name) => [name, null]));
  checkThresholds({ ...found.values, ...erased, ...request.set });
  const { interval, told } = intervalFor(context, found, row, sampleInterval);
  const set = sampleInterval === undefined ? request.set : { ...request.set, sampleInterval: interval };
  const plan = await planStoredUpdate(context, found, { ...request, set });
  const internal = { ...row.internal, interval };
  const { path } = row;
  return {
    ...plan,
    also: async (unit) => {
      const written = await unit.resource(path);
      if (written) await readSoon(unit, written);
    },
    change: (plan.change ?? []).map((each) => ({ ...each, change: { ...each.change, internal } })),
    statusMessage: withDetail(plan.statusMessage, told),
  };
}

/** The distance of samples that an update leads to; a cloud that does not measure it any more leaves it as it is. */
function intervalFor(
  { clouds, principal }: PlanContext,
  { values }: Found,
  { internal }: ResourceRow,
  asked: Value | undefined,
): { interval: number; told?: string | undefined } {
  const former = Number(internal.interval);
  if (asked === undefined || asked === values.sampleInterval) return { interval: former };
  const type = String(internal.type);
  const cloud = internal.cloud === null ? null : (clouds.byKey(String(internal.cloud)) ?? null);
  const aspect = aspectOf(String(values.aspect));
  const among = cloud ? [cloud] : isGroup(type) ? clouds.forTenant(principal.tenant) : [];
  const resolution = aspect && resolutionOf(aspect, { type, cloud }, among);
  const at = 'sampleInterval';
  if (resolution === undefined) throw new Refusal(409, 'nothing measures this any more: it cannot be changed', { at, kind: 'conflict' });
  const rounded = roundedInterval(asked, resolution, at);
  mustFit(rounded.interval, values.intervalDuration, at);
  return rounded;
}

/** The row's values from now on, without an end that has passed; one that is still to come ends it then (D172). */
function started(found: Found): Pick<ResourceRow, 'values' | 'internal'> {
  const { values: kept, internal: former } = rowOf(found);
  const { stopTime: _past, ...others } = kept;
  const { stopsAt, ...internal } = former;
  const still = typeof stopsAt === 'string' && !isPast(stopsAt, Date.now());
  // What was measured while it was stopped is not recorded afterwards.
  return { values: { ...others, ...(still ? { stopTime: stopsAt } : {}) }, internal: { ...internal, since: Date.now() } };
}

/** The row's values from now on, ended; an end that was to come is remembered for a start before it. */
function stopped(found: Found): Pick<ResourceRow, 'values' | 'internal'> {
  const { values: kept, internal } = rowOf(found);
  const { stopTime } = kept;
  return {
    values: { ...kept, stopTime: new Date().toISOString() },
    internal: stopTime === undefined ? internal : { ...internal, stopsAt: stopTime },
  };
}

function planChange(found: Found, change: Pick<ResourceRow, 'values' | 'internal'>, statusMessage: string): Promise<ChangePlan> {
  const { path, version } = rowOf(found);
  return Promise.resolve({
    target: path,
    affected: [path],
    change: [{ path, version, change: { ...change, explicit: true } }],
    also: (unit) => readSoon(unit, { path, ...change }),
    statusMessage,
  });
}

function rowOf({ row }: Pick<Found, 'row'>): ResourceRow {
  if (!row) throw new Refusal(409, 'this Meter is not there any more', { kind: 'conflict' });
  return row;
}
