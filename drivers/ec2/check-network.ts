import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AttachNetworkInterfaceCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteInternetGatewayCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeAddressesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  DetachNetworkInterfaceCommand,
  DisassociateAddressCommand,
  ModifyNetworkInterfaceAttributeCommand,
  ModifySubnetAttributeCommand,
  ReleaseAddressCommand,
  ReplaceRouteCommand,
} from '@aws-sdk/client-ec2';
import type { Attempt } from './check-storage';

const DryRun = true;
const MaxResults = 5;
/** Well-formed ids of nothing: a dry run asks for the permission alone. */
const none = (prefix: string) => `${prefix}-00000000000000000`;
const VpcId = none('vpc');
const SubnetId = none('subnet');
const RouteTableId = none('rtb');
const InternetGatewayId = none('igw');
const NetworkInterfaceId = none('eni');
const InstanceId = none('i');
const AllocationId = none('eipalloc');
const AttachmentId = none('eni-attach');
const route = { DryRun, RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId };

const NETWORKS = 'to create networks';
const GONE = 'to delete networks';

/** Permissions for networks (DescribeSubnets is asked for with the storage), groups, ports, interfaces and addresses. */
export const NETWORK_ATTEMPTS: readonly Attempt[] = [
  ['DescribeVpcs', 'to list forwarding groups', (w, c) => w.send(new DescribeVpcsCommand({ DryRun, MaxResults }), c)],
  ['CreateVpc', 'to create forwarding groups', (w, c) => w.send(new CreateVpcCommand({ DryRun, CidrBlock: '10.0.0.0/28' }), c)],
  ['DeleteVpc', 'to delete forwarding groups', (w, c) => w.send(new DeleteVpcCommand({ DryRun, VpcId }), c)],
  ['DescribeRouteTables', 'to list networks', (w, c) => w.send(new DescribeRouteTablesCommand({ DryRun, MaxResults }), c)],
  ['DescribeInternetGateways', NETWORKS, (w, c) => w.send(new DescribeInternetGatewaysCommand({ DryRun, MaxResults }), c)],
  ['CreateSubnet', NETWORKS, (w, c) => w.send(new CreateSubnetCommand({ DryRun, VpcId, CidrBlock: '10.0.0.0/28' }), c)],
  [
    'ModifySubnetAttribute',
    'to create PUBLIC networks',
    // This one has no dry run: on a subnet that is not there it does nothing either.
    (w, c) => w.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }), c),
  ],
  ['CreateRouteTable', NETWORKS, (w, c) => w.send(new CreateRouteTableCommand({ DryRun, VpcId }), c)],
  ['AssociateRouteTable', NETWORKS, (w, c) => w.send(new AssociateRouteTableCommand({ DryRun, RouteTableId, SubnetId }), c)],
  ['CreateRoute', 'to create PUBLIC networks', (w, c) => w.send(new CreateRouteCommand(route), c)],
  ['ReplaceRoute', 'to create PUBLIC networks', (w, c) => w.send(new ReplaceRouteCommand(route), c)],
  ['CreateInternetGateway', 'to create PUBLIC networks', (w, c) => w.send(new CreateInternetGatewayCommand({ DryRun }), c)],
  [
    'AttachInternetGateway',
    'to create PUBLIC networks',
    (w, c) => w.send(new AttachInternetGatewayCommand({ DryRun, InternetGatewayId, VpcId }), c),
  ],
  ['DeleteSubnet', GONE, (w, c) => w.send(new DeleteSubnetCommand({ DryRun, SubnetId }), c)],
  ['DeleteRouteTable', GONE, (w, c) => w.send(new DeleteRouteTableCommand({ DryRun, RouteTableId }), c)],
  ['DetachInternetGateway', GONE, (w, c) => w.send(new DetachInternetGatewayCommand({ DryRun, InternetGatewayId, VpcId }), c)],
  ['DeleteInternetGateway', GONE, (w, c) => w.send(new DeleteInternetGatewayCommand({ DryRun, InternetGatewayId }), c)],
  [
    'DescribeNetworkInterfaces',
    'to list ports, interfaces and addresses',
    (w, c) => w.send(new DescribeNetworkInterfacesCommand({ DryRun, MaxResults }), c),
  ],
  ['DescribeSecurityGroups', 'to create ports', (w, c) => w.send(new DescribeSecurityGroupsCommand({ DryRun, MaxResults }), c)],
  [
    'CreateNetworkInterface',
    'to create ports and interfaces',
    (w, c) => w.send(new CreateNetworkInterfaceCommand({ DryRun, SubnetId }), c),
  ],
  [
    'DeleteNetworkInterface',
    'to delete ports and interfaces',
    (w, c) => w.send(new DeleteNetworkInterfaceCommand({ DryRun, NetworkInterfaceId }), c),
  ],
  [
    'AttachNetworkInterface',
    'to create interfaces',
    (w, c) => w.send(new AttachNetworkInterfaceCommand({ DryRun, NetworkInterfaceId, InstanceId, DeviceIndex: 1 }), c),
  ],
  [
    'ModifyNetworkInterfaceAttribute',
    'to create interfaces',
    (w, c) =>
      w.send(
        new ModifyNetworkInterfaceAttributeCommand({ DryRun, NetworkInterfaceId, Attachment: { AttachmentId, DeleteOnTermination: true } }),
        c,
      ),
  ],
  ['DetachNetworkInterface', 'to delete interfaces', (w, c) => w.send(new DetachNetworkInterfaceCommand({ DryRun, AttachmentId }), c)],
  ['DescribeAddresses', 'to list addresses', (w, c) => w.send(new DescribeAddressesCommand({ DryRun }), c)],
  ['AllocateAddress', 'to create addresses', (w, c) => w.send(new AllocateAddressCommand({ DryRun, Domain: 'vpc' }), c)],
  [
    'AssociateAddress',
    'to give addresses to interfaces',
    (w, c) => w.send(new AssociateAddressCommand({ DryRun, AllocationId, NetworkInterfaceId, AllowReassociation: false }), c),
  ],
  [
    'DisassociateAddress',
    'to take addresses from interfaces',
    (w, c) => w.send(new DisassociateAddressCommand({ DryRun, AssociationId: none('eipassoc') }), c),
  ],
  ['ReleaseAddress', 'to delete addresses', (w, c) => w.send(new ReleaseAddressCommand({ DryRun, AllocationId }), c)],
];
