import { CreateVpcCommand, DeleteVpcCommand, type Vpc } from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { type Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateForwardingGroup, ForwardingGroups } from '../../src/clouds/infrastructure';
import { freeBlocks } from './cidr';
import type { Wire } from './client';
import { staysInVpc, stillHeld } from './dependents';
import { thing, unlessGone } from './gone';
import { literal, createTags, holds, namingOf, TAG, tagList, tagsOf } from './naming';
import { networkExtensions } from './network-capabilities';
import { refusedBy } from './poll';
import { Routing } from './routing';
import { blocksOfVpc, subnetPages, vpcPages, vpcsById, whole } from './subnets';
import { renameTags } from './tags';

/** Private addresses (RFC 1918) that new VPCs get a block of, and its prefix: the largest that EC2 gives. */
const POOLS = ['10.0.0.0/8', '172.16.0.0/12'];
const PREFIX = 16;

/**
 * VPCs as ForwardingGroups. A subnet is made in its VPC and stays there: networks join a group when they are created, so
 * there is neither bind nor release.
 */
export class Ec2ForwardingGroups implements ForwardingGroups {
  private readonly routing: Routing;

  constructor(private readonly wire: Wire) {
    this.routing = new Routing(wire);
  }

  async *list(context: CallContext): Pages {
    for await (const page of vpcPages(this.wire, undefined, context)) yield page.map(groupItem);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const { found, gone } = await vpcsById(this.wire, keys, context);
    return [...found.map(groupItem), ...gone];
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await whole(vpcPages(this.wire, [{ Name: `tag:${TAG.id}`, Values: [literal(marks.tag)] }], context));
    return found.map(groupItem).filter((item) => item.tag === marks.tag);
  }

  holds(naming: Naming): Naming {
    return holds(naming, this.wire.maxProperties);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameTags(this.wire, key, naming, context);
  }

  /** CreateVpc in a block that no other VPC has. EC2 knows no token here: one with this one's tag and token is the answer. */
  async create(request: CreateForwardingGroup, context: CallContext): Promise<Created> {
    if (request.networks.length > 0) {
      const words = 'A subnet stays in the VPC that it was made in: make the forwarding group first, then its networks with it';
      throw new ProviderError('unsupported', words, { maybeDone: false });
    }
    const present = await whole(vpcPages(this.wire, undefined, context));
    const before = present.map(groupItem).find(({ tag, token }) => tag === request.tag && token === request.token);
    if (before) return { key: before.key };
    const { cidr } = networkExtensions(request.extensions);
    const [CidrBlock] = cidr === undefined ? freeBlocks(POOLS, present.flatMap(blocksOfVpc), () => PREFIX) : [cidr];
    if (CidrBlock === undefined)
      throw new ProviderError('quota', 'No private block of addresses is free: name one as `cidr`', { maybeDone: false });
    const TagSpecifications = [{ ResourceType: 'vpc' as const, Tags: tagList(createTags(request)) }];
    const { Vpc: made } = await this.wire.send(new CreateVpcCommand({ CidrBlock, TagSpecifications }), context);
    if (made?.VpcId === undefined) throw new ProviderError('unavailable', 'CreateVpc answered without a VPC', { maybeDone: true });
    return { key: made.VpcId };
  }

  /**
   * Deletes a VPC; succeeds if it is gone already. Its networks stay, so one that has any is refused. What the gateway made in it
   * for networks goes first.
   * @throws ProviderError conflict
   */
  async delete(key: string, context: CallContext): Promise<void> {
    const [subnet] = await whole(subnetPages(this.wire, [{ Name: 'vpc-id', Values: [key] }], context));
    if (subnet) {
      const message = `${key} has networks (${subnet.SubnetId ?? 'a subnet'}), which cannot be in another: delete them first`;
      throw new ProviderError('conflict', message, { code: 'DependencyViolation', maybeDone: false });
    }
    await this.routing.tidy(context, key);
    try {
      await unlessGone(thing('VPC', key), this.wire.send(new DeleteVpcCommand({ VpcId: key }), context));
    } catch (error) {
      const refusal = refusedBy(error, 'DependencyViolation');
      if (!refusal) throw error;
      const stays = await staysInVpc(this.wire, key, context);
      if (stays === undefined) throw await stillHeld(this.wire, refusal, [{ Name: 'vpc-id', Values: [key] }], context);
      const words = `${refusal.message}; still there: ${stays}, which the gateway did not make`;
      throw new ProviderError('conflict', words, { code: refusal.code, requestId: refusal.requestId, maybeDone: false, cause: refusal });
    }
  }
}

function groupItem(vpc: Vpc): Item {
  const tags = tagsOf(vpc.Tags);
  return {
    key: vpc.VpcId ?? '',
    values: { ...namingOf(tags), cidr: vpc.CidrBlock },
    tag: tags[TAG.id],
    token: tags[TAG.token],
  };
}
