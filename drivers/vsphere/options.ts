import { z } from 'zod';
import { proxyOption } from '../../src/net/proxies';

/** 62 TB, vSphere's largest virtual disk, in MiB. */
export const MAX_DISK = 65_011_712;
/** Limits of one machine on vSphere: virtual CPUs, memory in MiB, disks. */
export const MAX_CPU = 960;
export const MAX_MEMORY = 25_165_824;
export const MAX_DISKS = 60;

const size = z.strictObject({
  name: z.string().min(1).max(80),
  cpu: z.int().min(1).max(MAX_CPU).describe('Virtual CPUs'),
  memory: z.int().min(4).max(MAX_MEMORY).multipleOf(4).describe('Memory in MiB, a multiple of 4'),
  disks: z.array(z.int().min(1).max(MAX_DISK)).max(MAX_DISKS).default([]).describe('Disks in MiB'),
});

/** The machine configurations that come with the driver: name, cpu, memory in MiB. */
export const SIZES: readonly z.infer<typeof size>[] = [
  { name: 'tiny', cpu: 1, memory: 1024, disks: [] },
  { name: 'small', cpu: 1, memory: 2048, disks: [] },
  { name: 'medium', cpu: 2, memory: 4096, disks: [] },
  { name: 'large', cpu: 4, memory: 8192, disks: [] },
  { name: 'xlarge', cpu: 8, memory: 16_384, disks: [] },
  { name: '2xlarge', cpu: 16, memory: 32_768, disks: [] },
  { name: 'memory-medium', cpu: 2, memory: 16_384, disks: [] },
  { name: 'memory-large', cpu: 4, memory: 32_768, disks: [] },
];

const place = z.string().min(1).max(500);

/** Options of a vSphere cloud in the configuration file. */
export const vsphereOptions = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe('vCenter, for instance https://vcenter.example.org'),
    username: z.string().min(1).describe('User, for instance gateway@vsphere.local'),
    password: z.string().min(1).describe('Password of that user'),
    ca: z.string().startsWith('-----BEGIN CERTIFICATE-----').optional().describe('Certificate (PEM) of the authority to trust'),
    thumbprint: z
      .string()
      .regex(/^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$|^([0-9A-Fa-f]{2}:){19}[0-9A-Fa-f]{2}$/)
      .optional()
      .describe('SHA-256 (or SHA-1) thumbprint of vCenter’s own certificate: this one and no other'),
    insecure: z.boolean().default(false).describe('Trust any certificate, and allow http: for tests'),
    datacenter: place.optional().describe('Datacenter of new machines where the image does not say'),
    cluster: place.optional().describe('Cluster (or host of its own) of new machines; needed where there are several'),
    resourcePool: place.optional().describe('Resource pool of new machines; absent: the cluster’s own'),
    folder: place.optional().describe('Folder of new machines (a path below the datacenter); absent: the datacenter’s own'),
    datastore: place
      .optional()
      .describe('Datastore or datastore cluster of new machines and volumes; absent: one that all hosts share, with the most free space'),
    network: place.optional().describe('Network of machines made from nothing; needed where there are several'),
    switch: place.optional().describe('Distributed switch of new networks; needed where there are several'),
    publicNetworks: z.array(place).max(500).default([]).describe('Networks (names or keys) that are PUBLIC; all others are PRIVATE'),
    guestId: place.default('otherLinux64Guest').describe('Guest of machines made from nothing'),
    customization: place.optional().describe('Guest customization specification, kept in vCenter, of machines that are copies'),
    blankImage: z.boolean().default(true).describe('List an image that stands for a machine made from nothing'),
    machineConfigs: z
      .array(size)
      .min(1)
      .default([...SIZES])
      .describe('Machine configurations to offer; any other size can be asked for by value'),
    pageSize: z.int().min(1).max(1000).default(500).describe('Objects asked for in one page'),
    proxy: proxyOption,
    sockets: z.int().min(1).max(100).default(16).describe('Most connections at the same time'),
    keepAliveMs: z.int().min(1000).max(1_500_000).default(300_000).describe('How often an idle session is kept alive, in ms'),
    guestPatienceMs: z
      .int()
      .min(1000)
      .max(86_400_000)
      .default(600_000)
      .describe('How long a guest may take to shut down before its stop fails, in ms'),
    hideManaged: z.boolean().default(false).describe('List neither machines of other products (vCLS, agents) nor volumes of Kubernetes'),
    settleMs: z.int().min(0).max(600_000).default(5_000).describe('How long a new thing may stay invisible, in ms'),
  })
  .refine((o) => o.insecure || o.url.startsWith('https:'), { message: 'http needs insecure: true', path: ['url'] })
  .refine((o) => [o.ca !== undefined, o.thumbprint !== undefined, o.insecure].filter(Boolean).length <= 1, {
    message: 'only one of ca, thumbprint and insecure',
    path: ['insecure'],
  })
  .refine((o) => new Set(o.machineConfigs.map(({ name }) => name)).size === o.machineConfigs.length, {
    message: 'two have the same name',
    path: ['machineConfigs'],
  });

export type VsphereOptions = z.infer<typeof vsphereOptions>;
