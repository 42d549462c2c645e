import type { MeterOffer } from '../clouds/monitoring';
import { aspectOf } from '../model/aspects';
import { momentOf } from '../operations/meter';
import { thresholdsOf } from '../operations/meter-thresholds';
import type { Series } from '../store/monitoring';
import type { ResourcePath, ResourceRow } from '../store/store';
import { endOfInterval } from './intervals';

/** A Meter as the collector sees it. */
export interface Metering {
  path: ResourcePath;
  tenant: string;
  /** Key of the cloud that is asked; null where its members are in many. */
  cloud: string | null;
  /** Path of what is measured; null for the Cloud Entry Point. */
  target: ResourcePath | null;
  type: string;
  /** The provider's key when the Meter was made. */
  key: string | null;
  /** Name of the aspect, or its URI where it is nobody's but the consumer's. */
  aspect: string;
  /** Distance of the values that the cloud is asked for, in s. */
  interval: number;
  /** Duration that a Sample is the mean of, of a Meter whose timeScope is Interval. */
  duration: string | undefined;
  /** Time from which it records, in ms since the epoch. */
  since: number;
  /** True where `since` is the time at which it was started once more: what was measured before it is not wanted. */
  restarted: boolean;
  /** Time from which it does not record any more, in ms since the epoch. */
  until: number;
  /** Time at which it is to be deleted, in ms since the epoch. */
  expires: number;
  /** True where it has thresholds: its values are held against them as soon as there are any. */
  watched: boolean;
}

/** Timing of a cloud's values: how late they come, for how long they can be had, and how often they are asked for; all in s. */
export type Timing = Pick<MeterOffer, 'delay' | 'kept'> & { every: number };

/** Part of time that a cloud is asked for, in ms since the epoch. */
export interface Window {
  /** Points later than this. */
  after: number;
  /** Points up to this. */
  upTo: number;
  /** Time up to which the Meter has been asked for then: later than `upTo` where the Meter has ended. */
  reached: number;
}

/** Points of one question. */
const POINTS = 1_000;
/** A mean over a long interval is made of questions for so much at a time, s. */
const LONG = 3_600;

export function meteringOf({ path, tenant, owner, created, values, internal }: ResourceRow): Metering {
  const stop = momentOf(values.stopTime) ?? Number.POSITIVE_INFINITY;
  const expires = momentOf(values.expiresTime) ?? Number.POSITIVE_INFINITY;
  const { since } = internal;
  return {
    ...{ path, tenant, target: owner },
    cloud: typeof internal.cloud === 'string' ? internal.cloud : null,
    type: String(internal.type),
    key: typeof internal.key === 'string' ? internal.key : null,
    aspect: aspectOf(String(values.aspect))?.name ?? String(values.aspect),
    interval: Number(internal.interval),
    duration: values.timeScope === 'Interval' ? String(values.intervalDuration) : undefined,
    since: typeof since === 'number' ? since : Date.parse(created),
    restarted: typeof since === 'number',
    until: Math.min(stop, expires),
    expires,
    watched: thresholdsOf(values) !== undefined,
  };
}

/** Distance of two questions for a Meter, in s: a multiple of that of its values. Thresholds do not wait for a cheaper question. */
export function askedEvery({ interval, duration, watched }: Metering, askEvery: number, windowSeconds: number): number {
  const long = duration === undefined ? 0 : LONG;
  return Math.ceil(Math.max(interval, watched ? 0 : askEvery, windowSeconds, long) / interval) * interval;
}

/**
 * Works out what to ask a cloud for now. Points of one resource are asked for up to this moment, and those that may have changed
 * since the last question once more: a later value of the same time replaces the earlier one. What is made of many points (a mean
 * over an interval, an aggregate of members) takes each point once, when the cloud can be relied on to tell it. Of a Meter that has
 * ended is asked for what was measured before that, until all of it was told.
 * @param settled true for what is made of many points
 * @param now ms since the epoch
 * @returns undefined where nothing is due
 */
export function windowOf(meter: Metering, standing: Series | undefined, timing: Timing, settled: boolean, now: number): Window | undefined {
  if (now < dueAt(meter, standing, timing, settled, now)) return undefined;
  const distance = meter.interval * 1000;
  const after = afterOf(meter, standing, timing, settled, now);
  const most = POINTS * distance;
  if (!settled) {
    const reached = Math.min(now, after + most);
    return { after, upTo: Math.min(reached, lastOf(meter, settled)), reached };
  }
  const upTo = Math.min(floor(now - timing.delay * 1000, distance), lastOf(meter, settled), floor(after, distance) + most);
  return upTo > after ? { after, upTo, reached: upTo } : undefined;
}

/**
 * Time at which a Meter is to be asked for next, in ms since the epoch: with all others of its interval, as soon as the cloud can
 * be relied on. What was never asked for is due now, what has ended and was told whole never.
 */
export function dueAt(meter: Metering, standing: Series | undefined, timing: Timing, settled: boolean, now: number): number {
  if (afterOf(meter, standing, timing, settled, now) >= lastOf(meter, settled)) return Number.POSITIVE_INFINITY;
  const late = timing.delay * 1000;
  const distance = timing.every * 1000;
  if (!settled) return standing ? floor(standing.reached - late, distance) + distance + late : Number.NEGATIVE_INFINITY;
  const reached = standing?.reached ?? floor(meter.since, meter.interval * 1000);
  const ended = meter.duration === undefined ? undefined : endOfInterval(meter.duration, reached + 1);
  return Math.min(floor(reached, distance) + distance, ended ?? Number.POSITIVE_INFINITY) + late;
}

/** Time after which points are wanted that were not told yet, or may have changed since. */
function afterOf(meter: Metering, standing: Series | undefined, { delay, kept }: Timing, settled: boolean, now: number): number {
  const distance = meter.interval * 1000;
  const oldest = now - kept * 1000;
  if (settled) {
    const begun = floor(meter.since, distance);
    return Math.max(standing?.reached ?? begun, meter.restarted ? begun : oldest, oldest);
  }
  const unsure = delay * 1000 + distance;
  const earlier = standing ? standing.reached - unsure : meter.since - unsure - distance;
  return Math.max(meter.restarted ? Math.max(earlier, meter.since) : earlier, oldest);
}

/** Time of the last point that a Meter takes: before its end, of a mean over an interval also that of the end itself. */
function lastOf({ until, interval, duration }: Metering, settled: boolean): number {
  const last = duration === undefined ? until - 1 : until;
  return settled ? floor(last, interval * 1000) : last;
}

const floor = (at: number, distance: number): number => Math.floor(at / distance) * distance;
