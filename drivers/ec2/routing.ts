import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  DeleteInternetGatewayCommand,
  DeleteRouteTableCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DetachInternetGatewayCommand,
  type Filter,
  type InternetGateway,
  type NetworkInterface,
  ReplaceRouteCommand,
  type RouteTable,
  type Subnet,
} from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { batches, type Wire } from './client';
import { stillHeld } from './dependents';
import { thing, unlessGone } from './gone';
import { TAG, tagList, tagsOf } from './naming';
import { NotYet, refusedBy } from './poll';

/** EC2 takes no more than 100 route tables a page, and 200 values a filter. */
const PAGE = 100;
const FILTER_VALUES = 200;
const EVERYWHERE = '0.0.0.0/0';

export type NetworkType = 'PUBLIC' | 'PRIVATE';

/** Tells whether a route of the table leads to an internet gateway now. */
const leadsOut = (table: RouteTable | undefined): boolean =>
  (table?.Routes ?? []).some(({ GatewayId, State }) => GatewayId?.startsWith('igw-') === true && State !== 'blackhole');

/** Routes of subnets, as the route tables tell them. */
export class Routes {
  private readonly bySubnet = new Map<string, RouteTable>();
  private readonly mainOf = new Map<string, RouteTable>();

  constructor(readonly tables: readonly RouteTable[]) {
    for (const table of tables) {
      for (const { SubnetId, Main } of table.Associations ?? []) {
        if (SubnetId !== undefined) this.bySubnet.set(SubnetId, table);
        if (Main === true && table.VpcId !== undefined) this.mainOf.set(table.VpcId, table);
      }
    }
  }

  /** PUBLIC where the subnet's own table, or else its VPC's main one, leads to an internet gateway. */
  typeOf({ SubnetId = '', VpcId = '' }: Subnet): NetworkType {
    return leadsOut(this.bySubnet.get(SubnetId) ?? this.mainOf.get(VpcId)) ? 'PUBLIC' : 'PRIVATE';
  }
}

/** Route tables and internet gateways: what makes a subnet PUBLIC or PRIVATE. The gateway's own ones carry a tag. */
export class Routing {
  constructor(private readonly wire: Wire) {}

  /** Route tables of these VPCs; of all where none are named. */
  async routes(context: CallContext, vpcs?: readonly string[]): Promise<Routes> {
    if (!vpcs) return new Routes(await this.#tables(undefined, context));
    const tables: RouteTable[] = [];
    for (const Values of batches([...new Set(vpcs)], FILTER_VALUES))
      tables.push(...(await this.#tables([{ Name: 'vpc-id', Values }], context)));
    return new Routes(tables);
  }

  async #tables(Filters: Filter[] | undefined, context: CallContext): Promise<RouteTable[]> {
    const found: RouteTable[] = [];
    const ask = (NextToken: string | undefined) =>
      this.wire.send(new DescribeRouteTablesCommand({ Filters, MaxResults: PAGE, NextToken }), context);
    for await (const page of this.wire.pages(ask)) found.push(...(page.RouteTables ?? []));
    return found;
  }

  /**
   * Sees to it that a new subnet is of this type: through its VPC's main table where that does, else through a table of
   * the gateway's own, shared by the VPC's networks of the type. Repeatable.
   */
  async lead(subnet: Subnet, type: NetworkType, context: CallContext): Promise<void> {
    try {
      const routes = await this.routes(context, [subnet.VpcId ?? '']);
      if (routes.typeOf(subnet) === type) return;
      const RouteTableId = await this.#tableFor(routes, subnet.VpcId ?? '', type, context);
      await this.wire.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId: subnet.SubnetId }), context);
    } catch (error) {
      // The last network of the type went at this moment, and its table or internet gateway with it: it is led anew.
      const through = error instanceof Gone && ['route table', 'internet gateway'].includes(error.thing.type);
      throw through
        ? new NotYet(`the routes of ${subnet.SubnetId ?? 'the subnet'} were deleted meanwhile: ${error.message}`, error)
        : error;
    }
  }

  async #tableFor({ tables }: Routes, VpcId: string, type: NetworkType, context: CallContext): Promise<string> {
    const own = tables.find((table) => table.VpcId === VpcId && tagsOf(table.Tags)[TAG.network] === type);
    const id = own?.RouteTableId ?? (await this.#newTable(VpcId, type, context));
    if (type === 'PUBLIC' && !leadsOut(own)) {
      const GatewayId = await this.#gatewayOf(VpcId, context);
      await this.#route(id, GatewayId, context);
    }
    return id;
  }

  /** The table's way out; one that led to a gateway that is gone is led anew. */
  async #route(RouteTableId: string, GatewayId: string, context: CallContext): Promise<void> {
    const route = { RouteTableId, DestinationCidrBlock: EVERYWHERE, GatewayId };
    try {
      await this.wire.send(new CreateRouteCommand(route), context);
    } catch (error) {
      if (!refusedBy(error, 'RouteAlreadyExists')) throw error;
      await this.wire.send(new ReplaceRouteCommand(route), context);
    }
  }

  async #newTable(VpcId: string, type: NetworkType, context: CallContext): Promise<string> {
    const TagSpecifications = [{ ResourceType: 'route-table' as const, Tags: tagList({ [TAG.network]: type }) }];
    const { RouteTable: made } = await this.wire.send(new CreateRouteTableCommand({ VpcId, TagSpecifications }), context);
    return made?.RouteTableId ?? nothingMade('CreateRouteTable');
  }

  /** The VPC's internet gateway; a VPC has one at most, and one of the gateway's own is made where there is none. */
  async #gatewayOf(VpcId: string, context: CallContext): Promise<string> {
    const attached = () => this.#gateways([{ Name: 'attachment.vpc-id', Values: [VpcId] }], context);
    const [present] = await attached();
    if (present?.InternetGatewayId !== undefined) return present.InternetGatewayId;
    const [loose] = await this.#gateways([{ Name: `tag:${TAG.owner}`, Values: [VpcId] }], context);
    const InternetGatewayId = loose?.InternetGatewayId ?? (await this.#newGateway(VpcId, context));
    try {
      await this.wire.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }), context);
      return InternetGatewayId;
    } catch (error) {
      const [other] = await attached();
      if (other?.InternetGatewayId === undefined) throw error;
      if (other.InternetGatewayId !== InternetGatewayId) await this.#dropGateway(InternetGatewayId, undefined, context);
      return other.InternetGatewayId;
    }
  }

  async #newGateway(VpcId: string, context: CallContext): Promise<string> {
    const TagSpecifications = [{ ResourceType: 'internet-gateway' as const, Tags: tagList({ [TAG.owner]: VpcId }) }];
    const { InternetGateway: made } = await this.wire.send(new CreateInternetGatewayCommand({ TagSpecifications }), context);
    return made?.InternetGatewayId ?? nothingMade('CreateInternetGateway');
  }

  async #gateways(Filters: Filter[], context: CallContext): Promise<InternetGateway[]> {
    const found: InternetGateway[] = [];
    const ask = (NextToken: string | undefined) =>
      this.wire.send(new DescribeInternetGatewaysCommand({ Filters, MaxResults: PAGE, NextToken }), context);
    for await (const page of this.wire.pages(ask)) found.push(...(page.InternetGateways ?? []));
    return found;
  }

  /** A table that another network was given at this moment stays. */
  async #dropTable(RouteTableId: string, context: CallContext): Promise<void> {
    try {
      await unlessGone(thing('route table', RouteTableId), this.wire.send(new DeleteRouteTableCommand({ RouteTableId }), context));
    } catch (error) {
      if (!refusedBy(error, 'DependencyViolation')) throw error;
    }
  }

  /**
   * Deletes an internet gateway, unless another deletes it, or begins to use it, at this moment.
   * @throws NotYet where EC2 still shows public addresses of what is about to end in the VPC
   */
  async #dropGateway(InternetGatewayId: string, VpcId: string | undefined, context: CallContext): Promise<void> {
    const gateway = thing('internet gateway', InternetGatewayId);
    if (VpcId !== undefined) {
      try {
        await unlessGone(gateway, this.wire.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }), context));
      } catch (error) {
        const refusal = refusedBy(error, 'DependencyViolation', 'Gateway.NotAttached');
        if (!refusal) throw error;
        if (refusal.code === 'DependencyViolation') return this.#orStays(refusal, VpcId, context);
      }
    }
    try {
      await unlessGone(gateway, this.wire.send(new DeleteInternetGatewayCommand({ InternetGatewayId }), context));
    } catch (error) {
      if (!refusedBy(error, 'DependencyViolation')) throw error;
    }
  }

  /** Public addresses that stay in the VPC keep its gateway: that is no failure of what was to be deleted. */
  async #orStays(refusal: ProviderError, VpcId: string, context: CallContext): Promise<void> {
    const held = await stillHeld(this.wire, refusal, [{ Name: 'vpc-id', Values: [VpcId] }], context, hasPublicAddress);
    if (held instanceof NotYet) throw held;
  }

  /**
   * Takes away what the gateway made for networks that are gone: its route tables without a subnet, and its internet
   * gateways that no table leads to. Repeatable.
   * @param vpc in this VPC alone
   * @throws NotYet
   */
  async tidy(context: CallContext, vpc?: string): Promise<void> {
    const all = await this.#tables([{ Name: 'tag-key', Values: [TAG.network] }], context);
    const own = all.filter(({ VpcId }) => vpc === undefined || VpcId === vpc);
    const idle = own.filter((table) => (table.Associations ?? []).every(({ SubnetId }) => SubnetId === undefined));
    for (const { RouteTableId } of idle) await this.#dropTable(RouteTableId ?? '', context);
    const ours = await this.#gateways([{ Name: 'tag-key', Values: [TAG.owner] }], context);
    const gateways = ours.filter(({ Tags }) => vpc === undefined || tagsOf(Tags)[TAG.owner] === vpc);
    if (gateways.length === 0) return;
    const gone = new Set(idle.map(({ RouteTableId }) => RouteTableId));
    const { tables } = await this.routes(
      context,
      gateways.flatMap(({ Attachments }) => (Attachments ?? []).flatMap(({ VpcId }) => VpcId ?? [])),
    );
    const used = new Set(
      tables
        .filter(({ RouteTableId }) => !gone.has(RouteTableId))
        .flatMap(({ Routes: routes }) => routes ?? [])
        .map(({ GatewayId }) => GatewayId),
    );
    for (const { InternetGatewayId, Attachments } of gateways)
      if (InternetGatewayId !== undefined && !used.has(InternetGatewayId))
        await this.#dropGateway(InternetGatewayId, Attachments?.[0]?.VpcId, context);
  }
}

const hasPublicAddress = ({ Association, PrivateIpAddresses = [] }: NetworkInterface): boolean =>
  [Association, ...PrivateIpAddresses.map((each) => each.Association)].some((one) => one?.PublicIp);

function nothingMade(call: string): never {
  throw new ProviderError('unavailable', `${call} answered without an id`, { maybeDone: true });
}
