import { DescribeAvailabilityZonesCommand, DescribeSubnetsCommand, type Subnet } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';

/**
 * Zones of what nobody placed. Volumes and machines of one account meet in one zone by default, for a volume can be attached in its
 * own zone only: the configured zone, else the configured subnet's, else the first with a default subnet.
 */
export class Zones {
  /** The configured subnet and the default ones: asked for once, subnets never move. */
  private readonly asked = new Map<string, Promise<readonly Subnet[]>>();

  constructor(private readonly wire: Wire) {}

  /** Zone of what is placed nowhere else. @throws ProviderError */
  async home(context: CallContext): Promise<string> {
    const { availabilityZone, subnet } = this.wire.options;
    if (availabilityZone !== undefined) return availabilityZone;
    const [first] = subnet === undefined ? await this.#defaults(context) : await this.#configured(subnet, context);
    return first?.AvailabilityZone ?? (await this.#anyZone(context));
  }

  /**
   * Subnet of a machine for which no network was named.
   * @param zone the zone asked for; absent: the configured subnet's or the home zone
   * @throws ProviderError invalid, saying what to do, where there is none: accounts may lack the default VPC
   */
  async subnetOf(zone: string | undefined, context: CallContext): Promise<string> {
    const { subnet } = this.wire.options;
    if (subnet !== undefined && (zone === undefined || (await this.#configured(subnet, context))[0]?.AvailabilityZone === zone))
      return subnet;
    const wanted = zone ?? (await this.home(context));
    const found = (await this.#defaults(context)).find(({ AvailabilityZone }) => AvailabilityZone === wanted)?.SubnetId;
    if (found !== undefined) return found;
    const message = `EC2 has no default subnet in ${wanted}: name a network, or set the option subnet of this cloud`;
    throw new ProviderError('invalid', message, { code: 'MissingDefaultSubnet' });
  }

  /** Zones with a default subnet, by their names: where machines can go that nobody places. */
  async possible(context: CallContext): Promise<string[]> {
    const { availabilityZone, subnet } = this.wire.options;
    if (availabilityZone !== undefined || subnet !== undefined) return [await this.home(context)];
    return (await this.#defaults(context)).flatMap(({ AvailabilityZone }) => AvailabilityZone ?? []);
  }

  #configured(subnet: string, context: CallContext): Promise<readonly Subnet[]> {
    return this.#once(subnet, () => this.#subnets({ SubnetIds: [subnet] }, context));
  }

  /** Default subnets, by the names of their zones. */
  #defaults(context: CallContext): Promise<readonly Subnet[]> {
    return this.#once('', () => this.#subnets({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }, context));
  }

  async #subnets(input: { SubnetIds: string[] } | { Filters: { Name: string; Values: string[] }[] }, context: CallContext) {
    const found: Subnet[] = [];
    for await (const page of this.wire.pages((NextToken) => this.wire.send(new DescribeSubnetsCommand({ ...input, NextToken }), context))) {
      found.push(...(page.Subnets ?? []));
    }
    return found.sort((a, b) => ((a.AvailabilityZone ?? '') < (b.AvailabilityZone ?? '') ? -1 : 1));
  }

  /** Reads once; an answer that failed or was empty is asked for again. */
  async #once(name: string, ask: () => Promise<readonly Subnet[]>): Promise<readonly Subnet[]> {
    const known = this.asked.get(name);
    if (known) return known;
    const answer = ask();
    this.asked.set(name, answer);
    try {
      const found = await answer;
      if (found.length === 0) this.asked.delete(name);
      return found;
    } catch (error) {
      this.asked.delete(name);
      throw error;
    }
  }

  async #anyZone(context: CallContext): Promise<string> {
    const Filters = [{ Name: 'zone-type', Values: ['availability-zone'] }];
    const { AvailabilityZones } = await this.wire.send(new DescribeAvailabilityZonesCommand({ Filters }), context);
    const names = (AvailabilityZones ?? []).flatMap((zone) => (zone.State === 'available' ? (zone.ZoneName ?? []) : [])).sort();
    const [first] = names;
    if (first === undefined)
      throw new ProviderError('unavailable', `EC2 names no available zone in ${this.wire.options.region}`, { maybeDone: false });
    return first;
  }
}
