import { withGroups } from '../clouds/meter-configs';
import type { Cloud } from '../clouds/cloud';
import type { MeterOffer } from '../clouds/monitoring';
import { aspectOf, aspects, type Aspect } from '../model/aspects';
import { intervals, intervalWords } from '../model/monitoring';
import { placeIn } from '../model/place';
import { shown } from '../model/shown';
import type { Values } from '../model/values';
import { Refusal } from './resource-handler';
import { isEmpty } from './value-equality';

/** Part of a resource that a Meter is put on which decides what can be measured of it. */
export interface Measurable {
  type: string;
  /** Null for what spans clouds: the values of its members come from whichever have them. */
  cloud: Cloud | null;
}

/** Settings of a Meter as a MeterConfiguration asks for them, and as the cloud can keep them. */
export interface MeterSettings {
  /** Attributes of the Meter (Table 49) that follow from its configuration. */
  values: Values;
  /** Distance of the points that the cloud is asked for, in s. */
  interval: number;
  /** Words about what was asked for and is not so: a sampleInterval finer than the cloud's. */
  told: string | undefined;
}

/**
 * Works out what a Meter of a target measures, and how often.
 * @param config attributes of a MeterConfiguration: of what it leaves out, only the aspect is no matter of course
 * @param clouds that the tenant may use
 * @param at place of the configuration in the request
 * @throws Refusal 400 for what no cloud serves, naming what is served
 */
export function settingsOf(config: Values, target: Measurable, clouds: readonly Cloud[], at: string): MeterSettings {
  const aspect = checkedAspect(config, at);
  const among = target.cloud ? [target.cloud] : clouds;
  const resolution = resolutionOf(aspect, target, among);
  if (resolution === undefined)
    throw new Refusal(400, notServed(aspect, target, among), { at: placeIn(at, 'aspect'), kind: 'unsupported' });
  checkFixed(config, aspect, at);
  const scope = scopeOf(config, at);
  const { interval, told } = roundedInterval(config.sampleInterval, resolution, placeIn(at, 'sampleInterval'));
  mustFit(interval, scope.intervalDuration, placeIn(at, 'sampleInterval'));
  const { uri, units, maximum } = aspect;
  const limits = { minValue: '0', ...(maximum === undefined ? {} : { maxValue: maximum }) };
  return { values: { aspect: uri, units, sampleInterval: interval, ...scope, isContinuous: true, ...limits }, interval, told };
}

/** Finest distance of the values of a resource, in s: of a group the coarsest of its clouds'; undefined where none measures it. */
export function resolutionOf({ name }: Aspect, { type }: Measurable, clouds: readonly Cloud[]): number | undefined {
  const offers = clouds.flatMap((cloud) => withGroups(cloud.meterOffers())).filter((one) => one.type === type && one.aspect === name);
  return offers.length === 0 ? undefined : Math.max(...offers.map(({ resolution }) => resolution));
}

/**
 * Rounds a sampleInterval up to what a cloud has: the next multiple of its resolution, both in s.
 * @throws Refusal 400 for what is no distance
 */
export function roundedInterval(asked: Values[string], resolution: number, at: string): { interval: number; told: string | undefined } {
  if (asked === undefined || asked === null) return { interval: resolution, told: undefined };
  if (typeof asked !== 'number' || asked < 1) throw new Refusal(400, 'a number of seconds is needed, at least 1', { at });
  const interval = Math.ceil(asked / resolution) * resolution;
  const words = `sampleInterval ${asked} was asked for, the values come every ${resolution} s: it is ${interval}`;
  return { interval, told: interval === asked ? undefined : words };
}

/** @throws Refusal 400 where values are further apart than the interval that is summed up. */
export function mustFit(interval: number, duration: Values[string], at: string): void {
  const length = intervals.get(String(duration));
  if (length !== undefined && interval > length)
    throw new Refusal(400, `values every ${interval} s do not fit into an interval of ${String(duration)}`, { at });
}

/** @throws Refusal 400 for an aspect that there is not, naming those that there are */
export function checkedAspect({ aspect: given }: Values, at: string): Aspect {
  const names = aspects.map(({ uri }) => uri).join(', ');
  if (typeof given !== 'string' || given === '') throw new Refusal(400, `is missing: one of ${names}`, { at: placeIn(at, 'aspect') });
  const aspect = aspectOf(given);
  if (!aspect) throw new Refusal(400, `there is no aspect '${shown(given)}'; aspects are ${names}`, { at: placeIn(at, 'aspect') });
  return aspect;
}

/** Attributes that are the same for an aspect on every cloud: others are refused rather than ignored. */
function checkFixed({ units, isContinuous }: Values, aspect: Aspect, at: string): void {
  if (!isEmpty(units) && units !== aspect.units)
    throw new Refusal(400, `${aspect.name} is measured in '${aspect.units}' on every cloud`, { at: placeIn(at, 'units') });
  if (isContinuous === false)
    throw new Refusal(400, `${aspect.name} is continuous: leave it out, or say true`, { at: placeIn(at, 'isContinuous') });
}

/** The time that a value is about; of an interval one of the lengths that the standard names (D059, D060). */
function scopeOf({ timeScope = 'Point', intervalDuration: given }: Values, at: string): Values {
  const place = placeIn(at, 'intervalDuration');
  if (timeScope !== 'Interval') {
    if (!isEmpty(given)) throw new Refusal(400, "goes with timeScope 'Interval' only", { at: place });
    return { timeScope: 'Point' };
  }
  const words = Object.entries(intervalWords).map(([word, duration]) => `${duration} (${word})`);
  if (typeof given !== 'string' || !intervals.has(given))
    throw new Refusal(400, `${isEmpty(given) ? 'is missing' : `is '${shown(String(given))}'`}: one of ${words.join(', ')}`, { at: place });
  return { timeScope, intervalDuration: given };
}

function notServed({ name }: Aspect, { type, cloud }: Measurable, clouds: readonly Cloud[]): string {
  const who = cloud ? `cloud '${cloud.key}' does not measure` : 'no cloud here measures';
  return `${who} ${name} of a ${type}; ${servedWords(clouds.flatMap((each) => withGroups(each.meterOffers())))}`;
}

/** Pairs that are measured, in words. */
export function servedWords(offers: readonly MeterOffer[]): string {
  const types = [...new Set(offers.map(({ type }) => type))];
  if (types.length === 0) return 'nothing is measured here';
  const pairs = types.map((type) => {
    const names = new Set(offers.flatMap((offer) => (offer.type === type ? [offer.aspect] : [])));
    return `${[...names].join(', ')} of a ${type}`;
  });
  return `measured are ${pairs.join('; ')}`;
}

/** URIs of the aspects that some of these clouds measure of anything. */
export function servedAspects(clouds: readonly Cloud[]): readonly string[] {
  const names = new Set(clouds.flatMap((cloud) => cloud.meterOffers().map(({ aspect }) => aspect)));
  return aspects.flatMap(({ name, uri }) => (names.has(name) ? [uri] : []));
}
