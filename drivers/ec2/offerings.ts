import { DescribeInstanceTypeOfferingsCommand, type InstanceTypeOffering } from '@aws-sdk/client-ec2';
import type { CallContext, Choice } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { Zones } from './zones';
import { steadyTime } from '../../src/model/steady-time';

/** Time for which the zones of a type are remembered, in ms. */
const KEPT_MS = 3_600_000;
/** Offerings a page: EC2's most. */
const PAGE = 1000;

/** Zones in which instance types are offered. */
export interface Offered {
  /** Zones by type, in the order of their names. */
  zones: ReadonlyMap<string, readonly string[]>;
  /** Zone of machines that nobody places; undefined where it cannot be told. */
  home: string | undefined;
  /** True where machines go to the home zone unless they say another. */
  fixed: boolean;
}

/** Zones of every type, read with the list of types and kept for an hour. */
export class Offerings {
  private last: { at: number; offered: Offered } | undefined;

  constructor(
    private readonly wire: Wire,
    private readonly zones: Zones,
  ) {}

  /** Returns what is remembered, without a request. */
  kept(): Offered | undefined {
    return this.last && steadyTime() - this.last.at <= KEPT_MS ? this.last.offered : undefined;
  }

  /** Returns what is remembered, else reads it; undefined where this login may not ask (every zone then counts as having every type). */
  async known(context: CallContext): Promise<Offered | undefined> {
    const kept = this.kept();
    if (kept) return kept;
    try {
      const zones = zonesByType(await this.#ask(undefined, context));
      const { availabilityZone, subnet } = this.wire.options;
      const offered = { zones, home: await this.#home(context), fixed: availabilityZone !== undefined || subnet !== undefined };
      this.last = { at: steadyTime(), offered };
      return offered;
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  /** Zones that have one type, by their names. */
  async zonesOf(type: string, context: CallContext): Promise<readonly string[]> {
    return this.kept()?.zones.get(type) ?? zonesByType(await this.#ask(type, context)).get(type) ?? [];
  }

  async #ask(type: string | undefined, context: CallContext): Promise<InstanceTypeOffering[]> {
    const found: InstanceTypeOffering[] = [];
    const Filters = type === undefined ? undefined : [{ Name: 'instance-type', Values: [type] }];
    const ask = (NextToken: string | undefined) => {
      const input = { LocationType: 'availability-zone' as const, MaxResults: PAGE, Filters, NextToken };
      return this.wire.send(new DescribeInstanceTypeOfferingsCommand(input), context);
    };
    for await (const page of this.wire.pages(ask)) found.push(...(page.InstanceTypeOfferings ?? []));
    return found;
  }

  async #home(context: CallContext): Promise<string | undefined> {
    try {
      return await this.zones.home(context);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }
}

/** A login that may list types and no more chooses among all of them. */
function isRefusal(error: unknown): boolean {
  return error instanceof ProviderError && (error.kind === 'forbidden' || error.kind === 'unsupported');
}

function zonesByType(offerings: readonly InstanceTypeOffering[]): Map<string, string[]> {
  const zones = new Map<string, string[]>();
  for (const { InstanceType, Location } of offerings) {
    if (InstanceType === undefined || Location === undefined) continue;
    const known = zones.get(InstanceType);
    if (known) known.push(Location);
    else zones.set(InstanceType, [Location]);
  }
  for (const known of zones.values()) known.sort();
  return zones;
}

/** Zones of one type, for the choice among types. */
export function placeOf(type: string, { zones, home, fixed }: Offered): Pick<Choice, 'zones' | 'elsewhere' | 'excluded'> {
  const own = zones.get(type) ?? [];
  if (own.length === 0) return { zones: own, excluded: 'is not offered in any zone of the region' };
  return { zones: own, ...(home === undefined || own.includes(home) ? {} : { elsewhere: fixed ? 'impossible' : 'possible' }) };
}
