import type { Wire } from './client';
import type { InstanceTypes } from './configs';
import { launchInput } from './launch';
import type { Zones } from './zones';

test('each interface is asked for with its port, or with its addresses, the first of IPv4 as the main one', async () => {
  const wire = { options: {}, ownTags: { any: false } } as unknown as Wire;
  const launch = { types: {} as InstanceTypes, zones: {} as Zones };
  const request = {
    ...{ tag: 'm', token: 't', config: 't3.micro', image: 'ami-1', networks: ['subnet-a', 'subnet-b', 'subnet-c', 'subnet-d'] },
    ...{ networkPorts: [null, null, 'eni-1', null], addresses: [['10.0.0.5'], ['10.0.1.5', 'fd00::5', '10.0.1.6'], [], []] },
  };
  const { NetworkInterfaces } = await launchInput(wire, launch, request, { signal: AbortSignal.timeout(5000) });
  const made = { DeleteOnTermination: true };
  expect(NetworkInterfaces).toEqual([
    { ...made, SubnetId: 'subnet-a', DeviceIndex: 0, PrivateIpAddress: '10.0.0.5' },
    {
      ...{ ...made, SubnetId: 'subnet-b', DeviceIndex: 1 },
      PrivateIpAddresses: [
        { PrivateIpAddress: '10.0.1.5', Primary: true },
        { PrivateIpAddress: '10.0.1.6', Primary: false },
      ],
      Ipv6Addresses: [{ Ipv6Address: 'fd00::5' }],
    },
    { NetworkInterfaceId: 'eni-1', DeviceIndex: 2 },
    { ...made, SubnetId: 'subnet-d', DeviceIndex: 3 },
  ]);
});
