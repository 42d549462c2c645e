import type { Clouds } from '../clouds/cloud';
import { aspectOf } from '../model/aspects';
import type { Value } from '../model/values';
import type { ResourcePath, ResourceRow } from '../store/store';

/** Facts that a Meter's row says of what it measures. */
export interface MeterFacts {
  /** Path and type of the measured resource. */
  target: ResourcePath;
  type: string;
  /** Key of its cloud; empty where it spans clouds. */
  cloud: string;
  /** Name of the aspect, or the URI of one that is not the standard's. */
  aspect: string;
  units: string;
  /** Distance of two samples, in s. */
  interval: number;
  /** Age that a sample has when the cloud tells it, in s. */
  delay: number;
}

/** Reads what a Meter's row says. */
export function meterFacts({ values, internal }: Pick<ResourceRow, 'values' | 'internal'>, clouds: Pick<Clouds, 'byKey'>): MeterFacts {
  const { targetResource, aspect: uri, units, sampleInterval } = values;
  const type = textOf(internal.type);
  const cloud = textOf(internal.cloud);
  const aspect = aspectOf(textOf(uri))?.name ?? textOf(uri);
  const offers = clouds.byKey(cloud)?.meterOffers() ?? [];
  return {
    target: hrefOf(targetResource),
    type,
    cloud,
    aspect,
    units: textOf(units),
    interval: typeof sampleInterval === 'number' ? sampleInterval : 0,
    delay: offers.find((offer) => offer.type === type && offer.aspect === aspect)?.delay ?? 0,
  };
}

function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : '';
}

function hrefOf(value: Value | undefined): string {
  return typeof value === 'object' && value !== null && 'href' in value ? textOf(value.href) : '';
}
