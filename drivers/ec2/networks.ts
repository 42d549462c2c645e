import { CreateSubnetCommand, DeleteSubnetCommand, ModifySubnetAttributeCommand, type Subnet, type Vpc } from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { type Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateNetwork, Networks } from '../../src/clouds/infrastructure';
import { freeBlocks, networkPrefix } from './cidr';
import { oneById, type Wire } from './client';
import { stillHeld } from './dependents';
import { itemRef, unseenIsPassing } from './enis';
import { thing, unlessGone } from './gone';
import { literal, createTags, holds, namingOf, TAG, tagList, tagsOf } from './naming';
import { networkExtensions } from './network-capabilities';
import { refusedBy } from './poll';
import { type NetworkType, type Routes, Routing } from './routing';
import { networkState } from './states';
import { blocksOfVpc, PUBLIC_NETWORK, subnetPages, subnetsById, vpcPages, vpcsById, whole } from './subnets';
import { renameTags } from './tags';
import type { Zones } from './zones';

/** Number of free blocks that are tried where others take them at the same time. */
const BLOCKS_TRIED = 16;
const PUBLIC_NETWORK_WORDS = 'This network is Amazon’s own: it stands for the addresses of the internet';

/** Network of the Elastic IPs: there is always one, and nothing can be done to it. */
const publicNetwork: Item = {
  key: PUBLIC_NETWORK,
  values: { name: 'Public addresses of Amazon', state: 'STARTED', networkType: 'PUBLIC' },
  public: true,
  refuses: { edit: PUBLIC_NETWORK_WORDS, delete: PUBLIC_NETWORK_WORDS },
};

/** Subnets as Networks. */
export class Ec2Networks implements Networks {
  private readonly routing: Routing;

  constructor(
    private readonly wire: Wire,
    private readonly zones: Zones,
  ) {
    this.routing = new Routing(wire);
  }

  async *list(context: CallContext): Pages {
    yield [publicNetwork];
    const routes = await this.routing.routes(context);
    for await (const page of subnetPages(this.wire, undefined, context)) yield page.map((subnet) => networkItem(subnet, routes));
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const own = keys.includes(PUBLIC_NETWORK) ? [publicNetwork] : [];
    const others = keys.filter((key) => key !== PUBLIC_NETWORK);
    const { found, gone } = await subnetsById(this.wire, others, context);
    return [...own, ...(await this.#items(found, context)), ...gone];
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    return this.#items(await this.#tagged(marks, context), context);
  }

  async #items(subnets: readonly Subnet[], context: CallContext): Promise<Item[]> {
    if (subnets.length === 0) return [];
    const vpcs = subnets.flatMap(({ VpcId }) => VpcId ?? []);
    const routes = await this.routing.routes(context, vpcs);
    return subnets.map((subnet) => networkItem(subnet, routes));
  }

  async #tagged({ tag }: Marks, context: CallContext): Promise<Subnet[]> {
    const found = await whole(subnetPages(this.wire, [{ Name: `tag:${TAG.id}`, Values: [literal(tag)] }], context));
    return found.filter(({ Tags }) => tagsOf(Tags)[TAG.id] === tag);
  }

  holds(naming: Naming): Naming {
    return holds(naming, this.wire.maxProperties);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    refusePublic(key);
    await renameTags(this.wire, key, naming, context);
  }

  /**
   * CreateSubnet in the forwarding group given, else the configured or default VPC, then what makes it PUBLIC or
   * PRIVATE. EC2 knows no token here: a subnet with this one's tag and token is gone on with.
   */
  async create(request: CreateNetwork, context: CallContext): Promise<Created> {
    refuseQualities(request);
    const before = (await this.#tagged(request, context)).find(({ Tags }) => tagsOf(Tags)[TAG.token] === request.token);
    const subnet = before ?? (await this.#subnet(request, context));
    const SubnetId = subnet.SubnetId ?? '';
    await unseenIsPassing('subnet', SubnetId, async () => {
      if (request.networkType === 'PUBLIC' && subnet.MapPublicIpOnLaunch !== true)
        await this.wire.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }), context);
      await this.routing.lead(subnet, request.networkType, context);
    });
    return { key: SubnetId };
  }

  async #subnet(request: CreateNetwork, context: CallContext): Promise<Subnet> {
    const vpc = await this.#vpcFor(request, context);
    const { cidr, availabilityZone } = networkExtensions(request.extensions);
    const AvailabilityZone = availabilityZone ?? (await this.zones.home(context));
    const Tags = tagList({ ...createTags(request), [TAG.network]: request.networkType });
    const TagSpecifications = [{ ResourceType: 'subnet' as const, Tags }];
    const make = async (CidrBlock: string): Promise<Subnet> => {
      const input = { VpcId: vpc.VpcId, CidrBlock, AvailabilityZone, TagSpecifications };
      const { Subnet: made } = await this.wire.send(new CreateSubnetCommand(input), context);
      if (made) return made;
      throw new ProviderError('unavailable', 'CreateSubnet answered without a subnet', { maybeDone: true });
    };
    return cidr === undefined ? this.#inFreeBlock(vpc, make, context) : make(cidr);
  }

  /** Makes a subnet in the lowest free block of the VPC; a block that somebody else took at this moment is passed over. */
  async #inFreeBlock(vpc: Vpc, make: (cidr: string) => Promise<Subnet>, context: CallContext): Promise<Subnet> {
    const present = await whole(subnetPages(this.wire, [{ Name: 'vpc-id', Values: [vpc.VpcId ?? ''] }], context));
    const taken = present.flatMap(({ CidrBlock }) => CidrBlock ?? []);
    let tried = 0;
    for (const cidr of freeBlocks(blocksOfVpc(vpc), taken, networkPrefix)) {
      try {
        return await make(cidr);
      } catch (error) {
        tried += 1;
        if (!(error instanceof ProviderError) || error.code !== 'InvalidSubnet.Conflict' || tried === BLOCKS_TRIED) throw error;
      }
    }
    throw new ProviderError('quota', `No block of addresses is free in ${vpc.VpcId ?? 'the VPC'}: name one as \`cidr\``, {
      maybeDone: false,
    });
  }

  async #vpcFor({ forwardingGroup }: CreateNetwork, context: CallContext): Promise<Vpc> {
    const wanted = forwardingGroup ?? this.wire.options.vpc;
    const [vpc] =
      wanted === undefined
        ? await whole(vpcPages(this.wire, [{ Name: 'is-default', Values: ['true'] }], context))
        : [await oneById('VPC', wanted, (ids) => vpcsById(this.wire, ids, context))];
    if (vpc) return vpc;
    const words = 'This account has no default VPC: name a forwarding group, or set the option vpc of this cloud';
    throw new ProviderError('invalid', words, { maybeDone: false });
  }

  /**
   * Deletes a network; succeeds if it is gone already. Route tables and gateways made for it go with the last of their networks. A
   * subnet that still has what is about to end is asked for again (NotYet).
   * @throws ProviderError conflict where something stays in it
   */
  async delete(key: string, context: CallContext): Promise<void> {
    refusePublic(key);
    try {
      await unlessGone(thing('subnet', key), this.wire.send(new DeleteSubnetCommand({ SubnetId: key }), context));
    } catch (error) {
      const refusal = refusedBy(error, 'DependencyViolation');
      throw refusal ? await stillHeld(this.wire, refusal, [{ Name: 'subnet-id', Values: [key] }], context) : error;
    }
    await this.routing.tidy(context);
  }
}

/** A subnet as a Network. */
function networkItem(subnet: Subnet, routes: Routes): Item {
  const tags = tagsOf(subnet.Tags);
  const { state, unmapped } = networkState(subnet);
  const networkType = routes.typeOf(subnet);
  return {
    key: subnet.SubnetId ?? '',
    values: {
      ...namingOf(tags),
      state,
      networkType,
      forwardingGroup: itemRef('ForwardingGroup', subnet.VpcId ?? ''),
      cidr: subnet.CidrBlock,
      availabilityZone: subnet.AvailabilityZone,
    },
    tag: tags[TAG.id],
    token: tags[TAG.token],
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(isUnfinished(subnet, tags[TAG.network], networkType) ? { unfinished: true } : {}),
  };
}

/** The gateway made it, and it is not what it was asked to be. */
function isUnfinished(subnet: Subnet, asked: string | undefined, is: NetworkType): boolean {
  return asked !== undefined && (asked !== is || (asked === 'PUBLIC' && subnet.MapPublicIpOnLaunch !== true));
}

function refusePublic(key: string): void {
  if (key === PUBLIC_NETWORK) throw new ProviderError('conflict', PUBLIC_NETWORK_WORDS, { maybeDone: false });
}

/** EC2 sets packet sizes and qualities itself: what cannot be had is not left out in silence. */
function refuseQualities({ mtu, classOfService }: CreateNetwork): void {
  const [name] = [mtu === undefined ? [] : ['mtu'], classOfService === undefined ? [] : ['classOfService']].flat();
  if (name !== undefined) throw new ProviderError('unsupported', `${name}: a subnet of EC2 has none`, { maybeDone: false });
}
