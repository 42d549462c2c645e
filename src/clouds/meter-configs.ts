import { aspectOf, groupsOf } from '../model/aspects';
import { CIMI } from '../model/define';
import type { Seen, Answers } from './cloud';
import type { Item } from './driver';
import type { MeterOffer, Meters } from './monitoring';
import type { GroupReads } from './reads';
import { steadyTime } from '../model/steady-time';

/**
 * Lists the pairs of type and aspect of which there can be Meters: what a cloud measures, and the groups of it (System,
 * CloudEntryPoint), whose values are made of their members'. Pure.
 */
export function withGroups(offers: readonly MeterOffer[]): readonly MeterOffer[] {
  return offers.flatMap((offer) => [offer, ...groupsOf(offer.type, offer.aspect).map((type) => ({ ...offer, type }))]);
}

/** MeterConfigurations (5.17.7) of a cloud: one for each pair, as often as the cloud measures it. */
export function meterConfigsOf(offers: readonly MeterOffer[]): readonly Item[] {
  return withGroups(offers).flatMap(({ type, aspect: name, resolution }) => {
    const aspect = aspectOf(name);
    if (!aspect) return [];
    const values = {
      name: `${name} of a ${type}`,
      associatedTo: [`${CIMI}/${type}`],
      aspect: aspect.uri,
      units: aspect.units,
      sampleInterval: resolution,
      timeScope: 'Point',
      isContinuous: true,
    };
    return [{ key: `${type.charAt(0).toLowerCase()}${type.slice(1)}-${name}`, values }];
  });
}

class Configs extends Map<string, Item> implements Answers {
  readonly unknown = new Map<string, never>();
}

/** Reads of the MeterConfigurations of a cloud: they follow from its offers, so no provider is asked. */
export function meterConfigReads(meters: Meters): Pick<GroupReads, 'list' | 'getMany'> {
  const seen = <T>(value: T): Promise<Seen<T>> => Promise.resolve({ value, at: steadyTime() });
  const all = () => meterConfigsOf(meters.offers());
  return {
    list: () => seen(all()),
    getMany: (keys) => seen(new Configs(all().flatMap((item) => (keys.includes(item.key) ? [[item.key, item] as const] : [])))),
  };
}
