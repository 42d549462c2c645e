import {
  DescribeAddressesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';

/**
 * Words for each part of a network that is in a test's account besides what moto begins with (the default VPC with its
 * subnets and main route table). Moto keeps the interfaces of instances that have ended: those are not counted.
 */
export async function networkLeftovers(direct: EC2Client): Promise<string[]> {
  const [enis, addresses, subnets, vpcs, tables, gateways] = await Promise.all([
    direct.send(new DescribeNetworkInterfacesCommand({})),
    direct.send(new DescribeAddressesCommand({})),
    direct.send(new DescribeSubnetsCommand({})),
    direct.send(new DescribeVpcsCommand({})),
    direct.send(new DescribeRouteTablesCommand({})),
    direct.send(new DescribeInternetGatewaysCommand({})),
  ]);
  const loose = (enis.NetworkInterfaces ?? []).filter(({ Attachment, TagSet }) => !Attachment || (TagSet ?? []).length > 0);
  const made = (subnets.Subnets ?? []).filter(({ DefaultForAz, Tags }) => DefaultForAz !== true || (Tags ?? []).length > 0);
  const side = (tables.RouteTables ?? []).filter(({ Associations }) => !(Associations ?? []).some(({ Main }) => Main === true));
  return [
    ...loose.map(({ NetworkInterfaceId }) => `network interface ${NetworkInterfaceId}`),
    ...(addresses.Addresses ?? []).map(({ PublicIp }) => `address ${PublicIp}`),
    ...made.map(({ SubnetId }) => `subnet ${SubnetId}`),
    ...(vpcs.Vpcs ?? []).filter(({ IsDefault }) => IsDefault !== true).map(({ VpcId }) => `vpc ${VpcId}`),
    ...side.map(({ RouteTableId }) => `route table ${RouteTableId}`),
    ...(gateways.InternetGateways ?? []).map(({ InternetGatewayId }) => `internet gateway ${InternetGatewayId}`),
  ];
}
