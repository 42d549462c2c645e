import {
  type Address,
  AllocateAddressCommand,
  AssociateAddressCommand,
  DescribeAddressesCommand,
  type DescribeAddressesCommandInput,
  DisassociateAddressCommand,
  type NetworkInterface,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import type { Addresses, CreateAddress } from '../../src/clouds/infrastructure';
import { type ById, oneById, readByIds, type Wire } from './client';
import { attachedAs, endsOf, eniPages, enisById, instanceOf, interfaceKey, itemRef } from './enis';
import { thing, unlessGone } from './gone';
import { literal, createTags, holds, namingOf, TAG, tagList, tagsOf } from './naming';
import { NotYet, refusedBy } from './poll';
import { PUBLIC_NETWORK } from './subnets';
import { renameTags } from './tags';

const OF_INTERFACE = 'EC2 gave this address to an interface: it comes and goes with it';

/** Elastic IPs as static Addresses, the addresses that machines' interfaces have of EC2 as dynamic ones. */
export class Ec2Addresses implements Addresses {
  constructor(private readonly wire: Wire) {}

  /** Interfaces page by page, then the Elastic IPs, which EC2 tells in one answer. */
  async *list(context: CallContext): Pages {
    const instances = new Map<string, string>();
    for await (const page of eniPages(this.wire, undefined, context)) {
      for (const eni of page) remember(instances, eni);
      yield page.flatMap(dynamicItems);
    }
    yield (await this.#elastic({}, context)).map((address) => staticItem(address, instances));
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const dynamic = keys.filter((key) => eniOf(key) !== undefined);
    const elastic = await this.#byId(
      keys.filter((key) => eniOf(key) === undefined),
      context,
    );
    return [...(await this.#items(elastic.found, context)), ...elastic.gone, ...(await this.#dynamic(dynamic, context))];
  }

  async #dynamic(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    if (keys.length === 0) return [];
    const ids = keys.flatMap((key) => eniOf(key) ?? []);
    const { found, gone } = await enisById(this.wire, ids, context);
    const items = new Map(found.flatMap(dynamicItems).map((item) => [item.key, item]));
    return keys.flatMap((key) => {
      const id = eniOf(key);
      const what = { type: 'address', key };
      const shown = found.some(({ NetworkInterfaceId }) => NetworkInterfaceId === id);
      const without = shown ? Gone.shown(what, `EC2 shows ${id ?? ''} without this address`) : [];
      return items.get(key) ?? gone.find((proof) => proof.key === id)?.as(what) ?? without;
    });
  }

  /** Elastic IPs by allocation id. */
  #byId(keys: readonly string[], context: CallContext): Promise<ById<Address>> {
    const read = (AllocationIds: string[]) => this.#elastic({ AllocationIds }, context);
    return readByIds('Elastic IP', keys, read, ({ AllocationId }) => AllocationId);
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await this.#elastic({ Filters: [{ Name: `tag:${TAG.id}`, Values: [literal(marks.tag)] }] }, context);
    return (await this.#items(found, context)).filter((item) => item.tag === marks.tag);
  }

  async #elastic(input: DescribeAddressesCommandInput, context: CallContext): Promise<Address[]> {
    const { Addresses: found } = await this.wire.send(new DescribeAddressesCommand(input), context);
    // Addresses of EC2-Classic have no allocation.
    return (found ?? []).filter(({ AllocationId }) => AllocationId);
  }

  /** EC2 names the instance with the address as a rule; where it does not, the interface is asked. */
  async #items(elastic: readonly Address[], context: CallContext): Promise<Item[]> {
    const unsure = elastic.flatMap(({ NetworkInterfaceId, InstanceId }) => (InstanceId ? [] : (NetworkInterfaceId ?? [])));
    const instances = new Map<string, string>();
    for (const eni of (await enisById(this.wire, unsure, context)).found) remember(instances, eni);
    return elastic.map((address) => staticItem(address, instances));
  }

  /** @throws Gone */
  #one(key: string, context: CallContext): Promise<Address> {
    return oneById('Elastic IP', key, (ids) => this.#byId(ids, context));
  }

  holds(naming: Naming): Naming {
    return holds(naming, this.wire.maxProperties);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    refuseDynamic(key);
    await renameTags(this.wire, key, naming, context);
  }

  /** AllocateAddress. EC2 knows no token here: an address with this one's tag and token is the answer. */
  async create(request: CreateAddress, context: CallContext): Promise<Created> {
    refuseOthers(request);
    const before = (await this.find(request, context)).find(({ token }) => token === request.token);
    if (before) return { key: before.key };
    const TagSpecifications = [{ ResourceType: 'elastic-ip' as const, Tags: tagList(createTags(request)) }];
    const ip = request.ip === undefined ? {} : { Address: request.ip };
    const made = await this.wire.send(new AllocateAddressCommand({ Domain: 'vpc', ...ip, TagSpecifications }), context);
    if (made.AllocationId !== undefined) return { key: made.AllocationId };
    throw new ProviderError('unavailable', 'AllocateAddress answered without an address', { maybeDone: true });
  }

  /** AssociateAddress, never away from another. @throws ProviderError conflict where either has another already */
  async bind(key: string, to: { interface: string }, context: CallContext): Promise<void> {
    refuseDynamic(key);
    const ends = endsOf(to.interface);
    if (!ends) throw new ProviderError('invalid', `${to.interface} is no interface of an instance`, { maybeDone: false });
    if ((await this.#one(key, context)).NetworkInterfaceId === ends.eni) return;
    const input = { AllocationId: key, NetworkInterfaceId: ends.eni, AllowReassociation: false };
    await this.wire.send(new AssociateAddressCommand(input), context);
  }

  async release(key: string, context: CallContext): Promise<void> {
    refuseDynamic(key);
    const { AssociationId } = (await this.#unlessGone(key, context)) ?? {};
    if (!AssociationId) return;
    const release = this.wire.send(new DisassociateAddressCommand({ AssociationId }), context);
    await unlessGone(thing('association', AssociationId), release);
  }

  /**
   * Releases an address; succeeds if it is gone already.
   * @throws ProviderError conflict where something has it
   */
  async delete(key: string, context: CallContext): Promise<void> {
    refuseDynamic(key);
    const address = await this.#unlessGone(key, context);
    if (!address) return;
    if (address.AssociationId)
      throw new ProviderError('conflict', `${address.PublicIp ?? key} is used by ${userOf(address)}: release it first`, {
        maybeDone: false,
      });
    try {
      await unlessGone(thing('Elastic IP', key), this.wire.send(new ReleaseAddressCommand({ AllocationId: key }), context));
    } catch (error) {
      // Nothing has it any more by what EC2 shows: it was let go a moment ago.
      const refusal = refusedBy(error, 'InvalidIPAddress.InUse', 'DependencyViolation');
      throw refusal ? new NotYet(refusal.message, refusal) : error;
    }
  }

  async #unlessGone(key: string, context: CallContext): Promise<Address | undefined> {
    try {
      return await this.#one(key, context);
    } catch (error) {
      if (isGone(error, thing('Elastic IP', key))) return undefined;
      throw error;
    }
  }
}

function remember(instances: Map<string, string>, eni: NetworkInterface): void {
  const instance = instanceOf(eni);
  if (instance !== undefined && eni.NetworkInterfaceId !== undefined) instances.set(eni.NetworkInterfaceId, instance);
}

const userOf = ({ InstanceId, NetworkInterfaceId }: Address): string => InstanceId || NetworkInterfaceId || 'something';

function staticItem(address: Address, instances: ReadonlyMap<string, string>): Item {
  const tags = tagsOf(address.Tags);
  const eni = address.NetworkInterfaceId || undefined;
  const instance = eni === undefined ? undefined : address.InstanceId || instances.get(eni);
  const user = instance === undefined ? eni && itemRef('NetworkPort', eni) : itemRef('Machine', instance);
  return {
    key: address.AllocationId ?? '',
    values: {
      ...namingOf(tags),
      ip: address.PublicIp,
      allocation: 'static',
      protocol: 'IPv4',
      network: itemRef('Network', PUBLIC_NETWORK),
      ...(user === undefined ? {} : { resource: user }),
    },
    tag: tags[TAG.id],
    token: tags[TAG.token],
    ...(eni === undefined || instance === undefined ? {} : { owner: interfaceKey(instance, eni) }),
    ...(eni === undefined ? {} : { refuses: { delete: `The address is used by ${userOf(address)}: release it first` } }),
  };
}

const dynamicKey = (eni: string, ip: string): string => `${eni}/${ip}`;

/** The ENI of a dynamic address; undefined for a key of another shape. */
function eniOf(key: string): string | undefined {
  const [eni, ip, ...more] = key.split('/');
  return ip === undefined || more.length > 0 ? undefined : eni;
}

/** Lists the addresses that EC2 gave an attached ENI: private, IPv6, and public ones that are not Elastic IPs. */
function dynamicItems(eni: NetworkInterface): Item[] {
  const owner = attachedAs(eni);
  if (owner === undefined) return [];
  const item = (ip: string | undefined, hostname: string | undefined): Item[] =>
    ip === undefined
      ? []
      : [
          {
            key: dynamicKey(eni.NetworkInterfaceId ?? '', ip),
            values: {
              ip,
              ...(hostname ? { hostname } : {}),
              allocation: 'dynamic',
              protocol: ip.includes(':') ? 'IPv6' : 'IPv4',
              network: itemRef('Network', eni.SubnetId ?? ''),
              resource: itemRef('Machine', instanceOf(eni) ?? ''),
            },
            owner,
            refuses: { edit: OF_INTERFACE, delete: OF_INTERFACE, release: OF_INTERFACE },
          },
        ];
  const private4 = (eni.PrivateIpAddresses ?? []).flatMap((each) => [
    ...item(each.PrivateIpAddress, each.PrivateDnsName),
    ...(each.Association?.AllocationId ? [] : item(each.Association?.PublicIp, each.Association?.PublicDnsName)),
  ]);
  return [...private4, ...(eni.Ipv6Addresses ?? []).flatMap((each) => item(each.Ipv6Address, undefined))];
}

function refuseDynamic(key: string): void {
  if (eniOf(key) !== undefined) throw new ProviderError('conflict', OF_INTERFACE, { maybeDone: false });
}

/** Refuses what an Elastic IP cannot be, rather than ignoring it. */
function refuseOthers(request: CreateAddress): void {
  const { allocation, protocol, network } = request;
  const set = (['hostname', 'defaultGateway', 'dns', 'mask'] as const).find((name) => request[name] !== undefined);
  const message =
    allocation === 'dynamic'
      ? 'EC2 gives dynamic addresses to interfaces by itself; a static one can be made'
      : protocol !== 'IPv4'
        ? `Elastic IPs are IPv4, not ${protocol}`
        : network !== undefined && network !== PUBLIC_NETWORK
          ? `Elastic IPs are of no subnet: leave the network out, or name the one with key ${PUBLIC_NETWORK}`
          : set && `EC2 sets the ${set} of an address`;
  if (message !== undefined) throw new ProviderError('unsupported', message, { maybeDone: false });
}
