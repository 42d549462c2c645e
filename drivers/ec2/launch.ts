import { isIPv4 } from 'node:net';
import type {
  InstanceMetadataOptionsRequest,
  InstanceNetworkInterfaceSpecification,
  Placement,
  RunInstancesCommandInput,
  Tenancy,
} from '@aws-sdk/client-ec2';
import type { CallContext, CreateMachine } from '../../src/clouds/driver';
import type { Wire } from './client';
import { instanceType, type InstanceTypes } from './configs';
import { createTags, TAG, tagList } from './naming';
import type { Offerings } from './offerings';
import { type MachineExtensions, machineExtensions } from './placement';
import { rootOf } from './root-volume';
import { groupsFor, requireSubnet } from './subnets';
import type { Zones } from './zones';

/**
 * Builds the request to RunInstances, the same on every attempt: one instance, always in a subnet, with the token as its
 * ClientToken.
 * @throws ProviderError invalid where the account has no subnet for it
 */
export async function launchInput(
  wire: Wire,
  { types, zones }: { types: InstanceTypes; zones: Zones },
  request: CreateMachine,
  context: CallContext,
): Promise<RunInstancesCommandInput> {
  const asked = machineExtensions(request.extensions);
  return {
    ImageId: request.image,
    InstanceType: instanceType(request.config),
    MinCount: 1,
    MaxCount: 1,
    ClientToken: request.token,
    UserData: request.userData,
    KeyName: request.credential,
    ...placementOf(asked),
    ...(await networking(wire, zones, request, asked, context)),
    ...profileOf(asked.instanceProfile ?? wire.options.instanceProfile),
    ...metadataOf(wire, asked.httpTokens),
    ...(wire.options.detailedMonitoring ? { Monitoring: { Enabled: true } } : {}),
    ...(await rootOf(wire, types, request, asked, context)),
    TagSpecifications: [
      { ResourceType: 'instance', Tags: tagList(createTags(request)) },
      // The root volume is the machine's Disk: it names its owner and is no item of its own.
      { ResourceType: 'volume', Tags: tagList({ [TAG.owner]: request.tag }) },
      // Of our own, on what is made for it: policies ask for them there too.
      ...(wire.ownTags.any && !request.networkPorts?.some(Boolean) ? [{ ResourceType: 'network-interface' as const, Tags: [] }] : []),
    ],
  };
}

/** EC2 takes no longer tokens. */
const MAX_TOKEN = 64;

/**
 * The same launch in another zone, after EC2 has refused it because the zone taken by default does not have the type. It
 * is a request of its own, with a token of its own.
 * @returns undefined where the place was said, or no other zone with a default subnet has the type
 */
export async function launchElsewhere(
  zones: Zones,
  offerings: Offerings,
  { request, input }: { request: CreateMachine; input: RunInstancesCommandInput },
  context: CallContext,
): Promise<RunInstancesCommandInput | undefined> {
  const { networks = [], extensions, config, token } = request;
  if (networks.length > 0 || machineExtensions(extensions).availabilityZone !== undefined) return undefined;
  const [home, possible, offered] = await Promise.all([zones.home(context), zones.possible(context), offerings.zonesOf(config, context)]);
  const zone = possible.find((each) => each !== home && offered.includes(each));
  if (zone === undefined) return undefined;
  return { ...input, SubnetId: await zones.subnetOf(zone, context), ClientToken: `${token.slice(0, MAX_TOKEN - 2)}-z` };
}

function placementOf({ availabilityZone, placementGroup, tenancy }: MachineExtensions): { Placement?: Placement } {
  const Placement: Placement = {
    ...(availabilityZone === undefined ? {} : { AvailabilityZone: availabilityZone }),
    ...(placementGroup === undefined ? {} : { GroupName: placementGroup }),
    // EC2 tells the words it knows.
    ...(tenancy === undefined ? {} : { Tenancy: tenancy as Tenancy }),
  };
  return Object.keys(Placement).length > 0 ? { Placement } : {};
}

/** Subnets and ports asked for become interfaces in their order; else the configured subnet, or the default one of the zone. */
async function networking(
  wire: Wire,
  zones: Zones,
  { networks = [], networkPorts = [], addresses = [] }: CreateMachine,
  { securityGroups, availabilityZone }: MachineExtensions,
  context: CallContext,
): Promise<Partial<RunInstancesCommandInput>> {
  if (networks.length === 0) {
    const Groups = securityGroups ?? wire.options.securityGroups;
    return { SubnetId: await zones.subnetOf(availabilityZone, context), ...(Groups ? { SecurityGroupIds: Groups } : {}) };
  }
  const subnets = networks.map(requireSubnet);
  const Groups = securityGroups ?? (await groupsFor(wire, subnets, context));
  return {
    NetworkInterfaces: subnets.map((SubnetId, DeviceIndex) => {
      const port = networkPorts[DeviceIndex];
      // A port brings its subnet and groups, and outlives the machine.
      if (port) return { NetworkInterfaceId: port, DeviceIndex };
      const own = ownAddresses(addresses[DeviceIndex] ?? []);
      return { SubnetId, DeviceIndex, DeleteOnTermination: true, ...own, ...(Groups ? { Groups } : {}) };
    }),
  };
}

/** Addresses of its subnet that an interface is to have; the first of IPv4 is the main one. */
function ownAddresses(
  ips: readonly string[],
): Pick<InstanceNetworkInterfaceSpecification, 'PrivateIpAddress' | 'PrivateIpAddresses' | 'Ipv6Addresses'> {
  const v4 = ips.filter((ip) => isIPv4(ip));
  const v6 = ips.filter((ip) => !isIPv4(ip)).map((Ipv6Address) => ({ Ipv6Address }));
  const several = { PrivateIpAddresses: v4.map((PrivateIpAddress, index) => ({ PrivateIpAddress, Primary: index === 0 })) };
  return {
    ...(v4.length === 0 ? {} : v4.length === 1 ? { PrivateIpAddress: v4[0] } : several),
    ...(v6.length === 0 ? {} : { Ipv6Addresses: v6 }),
  };
}

/** An instance profile by its ARN or its name. */
function profileOf(profile: string | undefined): Partial<RunInstancesCommandInput> {
  if (profile === undefined) return {};
  return { IamInstanceProfile: profile.startsWith('arn:') ? { Arn: profile } : { Name: profile } };
}

/** The instance metadata service as the options have it; a create may say whether it wants tokens. */
function metadataOf({ options: { metadataOptions } }: Wire, httpTokens: string | undefined): Partial<RunInstancesCommandInput> {
  if (metadataOptions === undefined && httpTokens === undefined) return {};
  const MetadataOptions: InstanceMetadataOptionsRequest = {
    HttpEndpoint: metadataOptions?.httpEndpoint ?? 'enabled',
    // EC2 tells the words it knows.
    HttpTokens: (httpTokens as InstanceMetadataOptionsRequest['HttpTokens']) ?? metadataOptions?.httpTokens,
    HttpPutResponseHopLimit: metadataOptions?.httpPutResponseHopLimit,
    InstanceMetadataTags: metadataOptions?.instanceMetadataTags,
  };
  return { MetadataOptions };
}
