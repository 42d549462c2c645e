import { guestOf } from '../../src/clouds/image-facts';
import { BLOCK_VOLUME } from '../../src/model/volume';
import type { Net, NetPlan, Router, Shape, Snapshot, Thing, VolumePlan } from './things';

/** Time at which the things of a new account were made. */
const BEGAN = Date.UTC(2024, 0, 15, 9, 30);

const shape = (id: string, label: string, vcpus: number, memoryMiB: number, disksGiB: number[], arch = 'x86_64'): Shape => ({
  ...{ kind: 'shape', id, label, vcpus, memoryMiB, disksGiB, arch },
});

const shapes: Shape[] = [
  shape('s1.nano', 'Nano', 1, 512, [8]),
  shape('s1.micro', 'Micro', 1, 1024, [10]),
  shape('s1.small', 'Small', 1, 2048, [20]),
  shape('s1.medium', 'Medium', 2, 4096, [40]),
  shape('s1.large', 'Large', 2, 8192, [80]),
  shape('s1.xlarge', 'Extra large', 4, 16_384, [160]),
  shape('c1.large', 'Compute large', 4, 8192, [80]),
  shape('c1.xlarge', 'Compute extra large', 8, 16_384, [160]),
  shape('m1.large', 'Memory large', 4, 32_768, [80]),
  shape('m1.xlarge', 'Memory extra large', 16, 131_072, [160, 400]),
  shape('r1.medium', 'Medium (ARM)', 2, 4096, [40], 'ARM'),
  shape('r1.xlarge', 'Extra large (ARM)', 8, 32_768, [160], 'ARM'),
];

const image = (id: string, label: string, note: string, days: number, arch = 'x86_64'): Snapshot => {
  const madeAt = BEGAN + days * 86_400_000;
  const guestOs = guestOf(note);
  return {
    ...{ kind: 'snapshot', id, label, note, labels: {}, holds: 'disk', builtin: true, arch },
    ...{ parent: null, power: null, timeline: [{ phase: 'ready', from: madeAt }], madeAt, tag: null, token: null },
    ...(guestOs === undefined ? {} : { facts: { guestOs } }),
  };
};

const images: Snapshot[] = [
  image('img-debian-12', 'Debian 12', 'Debian GNU/Linux 12, cloud image', 0),
  image('img-debian-13', 'Debian 13', 'Debian GNU/Linux 13, cloud image', 560),
  image('img-ubuntu-22.04', 'Ubuntu 22.04 LTS', 'Ubuntu Server 22.04 LTS', 3),
  image('img-ubuntu-24.04', 'Ubuntu 24.04 LTS', 'Ubuntu Server 24.04 LTS', 120),
  image('img-alma-9', 'AlmaLinux 9', 'AlmaLinux OS 9, minimal', 20),
  image('img-freebsd-14', 'FreeBSD 14', 'FreeBSD 14-RELEASE', 40),
  image('img-windows-2022', 'Windows Server 2022', 'Windows Server 2022 Datacenter', 60),
  image('img-debian-12-arm', 'Debian 12 (ARM)', 'Debian GNU/Linux 12 for ARM, cloud image', 0, 'ARM'),
];

const builtin = { note: null, labels: {}, builtin: true, madeAt: BEGAN, tag: null, token: null };

const router: Router = { ...builtin, kind: 'router', id: 'router-internal', label: 'internal' };

const net = (id: string, label: string, reach: Net['reach'], block: number): Net => ({
  ...{ ...builtin, kind: 'net', id, label, reach, block, mtu: 1500, quality: null, router: reach === 'private' ? router.id : null },
  timeline: [{ phase: 'up', from: BEGAN }],
});
const nets: Net[] = [
  net('net-default', 'default', 'private', 0),
  net('net-dmz', 'dmz', 'private', 1),
  net('net-public', 'public', 'public', 0),
];

const volumePlan = (id: string, label: string, note: string, sizeGiB: number, format: string | null = null): VolumePlan => ({
  ...{ kind: 'volumePlan', id, label, note, sizeGiB, grade: BLOCK_VOLUME, format },
});
const volumePlans: VolumePlan[] = [
  volumePlan('v1.small', 'Small volume', '10 GiB, unformatted', 10),
  volumePlan('v1.medium', 'Medium volume', '100 GiB, unformatted', 100),
  volumePlan('v1.large', 'Large volume', '1 TiB, unformatted', 1024),
  volumePlan('v1.ext4', 'Formatted volume', '50 GiB with an ext4 file system', 50, 'ext4'),
];

const netPlan = (id: string, label: string, note: string, reach: Net['reach'], quality: string, mtu = 1500): NetPlan => ({
  ...{ kind: 'netPlan', id, label, note, reach, mtu, quality },
});
const netPlans: NetPlan[] = [
  netPlan('n1.private', 'Private network', 'best effort', 'private', 'BRONZE'),
  netPlan('n1.private-jumbo', 'Private network for storage', 'large packets, low latency', 'private', 'GOLD', 9000),
  netPlan('n1.public', 'Public network', 'routed from the Internet', 'public', 'SILVER'),
];

/** Things that a new account holds. */
export const SEED: readonly Thing[] = [...shapes, ...images, router, ...nets, ...volumePlans, ...netPlans];
