import { aspects } from '../model/aspects';
import type { Value } from '../model/values';
import type { CallContext } from './contract';

/** Groups of the Driver contract by which a cloud tells what it measures and what happens in it; see driver.ts. */

/** A pair of type and aspect that the cloud measures (5.17.7). */
export interface MeterOffer {
  /** Resource type by name: Machine, Volume, NetworkPort, … */
  type: string;
  /** Name of the aspect (Table 53), without the base URI: cpu, memory, disk, bandwidth, inputBandwidth, outputBandwidth. */
  aspect: string;
  /** Finest distance of two points, in s. */
  resolution: number;
  /** Age that a point has when the cloud can be relied on to tell it, in s. */
  delay: number;
  /** Age up to which points can be asked for, in s. */
  kept: number;
  /**
   * Distance in s at which the cloud is asked while nobody waits for the points, where it charges by the question and not by the
   * point: one question for a longer time costs less. Absent: whenever a point is due. Who reads the samples, and a threshold,
   * ask sooner.
   */
  askEvery?: number;
}

/** Question for the points of one resource and aspect. */
export interface SeriesQuery {
  type: string;
  /** The provider's key of the resource. */
  key: string;
  aspect: string;
  /** Distance of the points, in s: a multiple of the offer's resolution. */
  interval: number;
  /** Points later than this, in ms since the epoch. */
  after: number;
  /** Points up to this, in ms since the epoch. */
  upTo: number;
}

/** Answer to one question, in the order of the questions. */
export interface Series {
  /**
   * Time (ms since the epoch, a multiple of the interval) and value in the aspect's unit (`ASPECT_UNITS`), oldest first. What the cloud
   * has no point of is left out: a gap stays a gap.
   */
  points: readonly (readonly [at: number, value: number])[];
  /** Reason why the cloud has no such series, in words: no permission for it, no such metric of this instance. */
  missing?: string | undefined;
}

/** Measured values of a cloud's resources. */
export interface Meters {
  /** Pairs that this account can measure. Pure. */
  offers(): readonly MeterOffer[];
  /** Reads points of many resources in as few provider calls as the provider's limits allow. */
  sample(queries: readonly SeriesQuery[], context: CallContext): Promise<readonly Series[]>;
}

/** Something that the provider tells of by itself: what it is about to do, what it or somebody else did, what is wrong. */
export interface ProviderEvent {
  /** Name of this event at the provider: told again, it is the same event. */
  id: string;
  /** Time of the occurrence (of one that is to come: of its announcement, where known), in ms since the epoch. */
  at: number;
  /** Resource type by name, and the provider's key; absent where it is of the cloud as a whole. */
  type?: string | undefined;
  key?: string | undefined;
  /** alarm: somebody should act; state: the resource's state has changed; model: it was made, changed or deleted. */
  kind: 'alarm' | 'state' | 'model';
  /** The provider's own name for its kind: instance-retirement, VmMigratedEvent. */
  code: string;
  /** Words for people, the provider's own included. */
  detail: string;
  severity?: 'critical' | 'high' | 'medium' | 'low' | undefined;
  /** State of the resource after it, of a state event. */
  state?: string | undefined;
  /** Change of the resource, of a model event. */
  change?: 'create' | 'update' | 'delete' | undefined;
}

/** The provider's own history of events. */
export interface Events {
  /**
   * Events after a cursor, oldest first, and the cursor to go on from; without a cursor only what is pending now. Repeatable: an
   * event may come again under its id.
   */
  since(cursor: Value | undefined, context: CallContext): Promise<{ events: readonly ProviderEvent[]; cursor: Value }>;
  /**
   * Reads the events of one resource, newest last, where the provider tells them of one only: all that it keeps, under the same ids
   * each time. A state that the resource is not in yet is left out.
   */
  of?(resource: { type: string; key: string }, context: CallContext): Promise<readonly ProviderEvent[]>;
}

/**
 * Units of the aspects on every cloud: base units without prefixes. Directions are the resource's own (Table 53): inputBandwidth of a
 * Volume is what is written to it, outputBandwidth what is read from it; of a Machine and of a port, what it receives and what it sends.
 */
export const ASPECT_UNITS: Readonly<Record<string, string>> = Object.fromEntries(aspects.map(({ name, units }) => [name, units]));
