import type { NetworkInterface } from '@aws-sdk/client-ec2';
import type { Wire } from './client';
import { Ec2Interfaces } from './interfaces';

/** A wire that has these ENIs, each on a page of its own. */
function wireOf(enis: readonly NetworkInterface[]): Wire {
  const pages = (): Iterable<unknown> => enis.map((eni) => ({ NetworkInterfaces: [eni] }));
  const keyed = (_type: string, list: readonly NetworkInterface[]) => list;
  return { options: { pageSize: 1 }, pages, keyed } as unknown as Wire;
}

const eni = (instance: number, DeviceIndex: number): NetworkInterface => ({
  NetworkInterfaceId: `eni-0000000000000${instance}${DeviceIndex}`,
  Attachment: { InstanceId: `i-000000000000000${instance}`, DeviceIndex, Status: 'attached', AttachTime: new Date(0) },
});

test('an instance’s interfaces are listed in the order of its cards, whatever the order in which EC2 tells of them', async () => {
  const told = [eni(1, 2), eni(2, 1), eni(1, 0), eni(2, 0), eni(1, 1)];
  const listed: { owner?: string | undefined; key: string }[] = [];
  for await (const page of new Ec2Interfaces(wireOf(told)).list({ signal: AbortSignal.timeout(5_000) })) listed.push(...page);
  const of = (instance: number) => listed.filter(({ owner }) => owner === `i-000000000000000${instance}`).map(({ key }) => key.slice(-1));
  expect([of(1), of(2)]).toEqual([
    ['0', '1', '2'],
    ['0', '1'],
  ]);
});
