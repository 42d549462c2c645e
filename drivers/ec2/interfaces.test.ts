import type { NetworkInterface } from '@aws-sdk/client-ec2';
import type { Wire } from './client';
import { Ec2Interfaces } from './interfaces';

/** A wire that has these ENIs, each on a page of its own. */
function wireOf(enis: readonly NetworkInterface[]): Wire {
  const pages = (): Iterable<unknown> => enis.map((eni) => ({ NetworkInterfaces: [eni] }));
  const keyed = (_type: string, list: readonly NetworkInterface[]) => list;
  return { options: { pageSize: 1 }, pages, keyed } as unknown as Wire;
}

const eni = (DeviceIndex: number): NetworkInterface => ({
  NetworkInterfaceId: `eni-000000000000000${DeviceIndex}`,
  Attachment: { InstanceId: 'i-0000000000000001', DeviceIndex, Status: 'attached', AttachTime: new Date(0) },
});

test('an interface tells which card it is, for EC2 lists them in any order and those of a launch have one time', async () => {
  const places: (number | undefined)[] = [];
  const interfaces = new Ec2Interfaces(wireOf([eni(2), eni(0), eni(1)]));
  for await (const page of interfaces.list({ signal: AbortSignal.timeout(5_000) })) places.push(...page.map(({ place }) => place));
  expect(places).toEqual([2, 0, 1]);
});
