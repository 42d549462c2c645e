import { z } from 'zod';
import { sizesOption } from '../../src/clouds/sizes';
import { proxyOption } from '../../src/net/proxies';

const text = z.string().min(1);
const which = z.enum(['public', 'internal', 'admin']);
/** Services that this driver speaks to, by the names of its `endpoints` option. */
export const SERVICES = ['compute', 'image', 'network', 'volume', 'metric'] as const;
export type Service = (typeof SERVICES)[number];

/** Options of an OpenStack cloud in the configuration file. What is said here wins over the entry of a clouds.yaml. */
export const openstackOptions = z
  .strictObject({
    cloud: text.optional().describe('Entry of a clouds.yaml; found where openstacksdk looks, unless cloudsFile says where'),
    cloudsFile: text.optional().describe('Path of the clouds.yaml; its secure.yaml lies beside it'),
    authUrl: z.url().optional().describe('Keystone, for instance https://keystone.example.org:5000/v3'),
    username: text.optional().describe('User name, with userDomainName or userDomainId'),
    userId: text.optional().describe('User id, instead of username'),
    password: text.optional().describe('Password of the user'),
    userDomainName: text.optional().describe('Domain of the user, by name'),
    userDomainId: text.optional().describe('Domain of the user, by id'),
    applicationCredentialId: text.optional().describe('Application credential, by id'),
    applicationCredentialName: text.optional().describe('Application credential, by name; needs the user'),
    applicationCredentialSecret: text.optional().describe('Secret of the application credential'),
    token: text.optional().describe('A token that exists; it cannot be renewed'),
    projectName: text.optional().describe('Project, by name, with projectDomainName or projectDomainId'),
    projectId: text.optional().describe('Project, by id'),
    projectDomainName: text.optional().describe('Domain of the project, by name'),
    projectDomainId: text.optional().describe('Domain of the project, by id'),
    domainName: text.optional().describe('Domain to be scoped to instead of a project, by name'),
    domainId: text.optional().describe('Domain to be scoped to instead of a project, by id'),
    trustId: text.optional().describe('Trust to be scoped to instead of a project, by id'),
    region: text.optional().describe('Region; needed where the catalogue names several'),
    interface: z
      .union([which, z.array(which).min(1)])
      .optional()
      .describe('Which endpoints of the catalogue; of several the first that is there; public unless said'),
    endpoints: z
      .strictObject({
        compute: z.url().optional(),
        image: z.url().optional(),
        network: z.url().optional(),
        volume: z.url().optional(),
        metric: z.url().optional(),
      })
      .optional()
      .describe('Endpoints that win over the catalogue'),
    cacert: text.optional().describe('File with the certificates (PEM) that sign the endpoints’ own'),
    verify: z.boolean().optional().describe('false: endpoints’ certificates are not checked'),
    networks: z.array(text).min(1).optional().describe('Networks (ids) of machines that name none; absent: the project’s only one'),
    securityGroups: z.array(text).min(1).optional().describe('Security groups of machines that name none; absent: default'),
    networkRange: z
      .string()
      .regex(/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/)
      .default('10.128.0.0/9')
      .describe('Private range (CIDR) that new networks without a block or pool of their own get the next free /24 of'),
    subnetPool: text.optional().describe('Subnet pool (name or id) of new networks that name no block; it wins over networkRange'),
    floatingNetwork: text.optional().describe('External network (name or id) of addresses that name no network; absent: the only one'),
    availabilityZone: text.optional().describe('Availability zone of machines that name none'),
    volumeZone: z
      .enum(['machine', 'any'])
      .default('machine')
      .describe('Where a volume is made that is made for a machine: in its zone (if Cinder has one of that name), or in any'),
    bootVolumeType: text.optional().describe('Volume type of root volumes that name none; absent: the cloud’s default'),
    bootVolumeGib: z
      .int()
      .min(1)
      .max(65_536)
      .default(1)
      .describe('Least size in GiB of a root volume; it is as large as flavor and image ask'),
    meters: z
      .enum(['gnocchi', 'diagnostics', 'none'])
      .optional()
      .describe('Source of measured values; absent: gnocchi where the catalogue has a metric service, else none'),
    meterSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .default(300)
      .describe('Distance of measured values in s: how often Ceilometer measures, or diagnostics are read'),
    sizes: sizesOption,
    proxy: proxyOption,
    sockets: z.int().min(1).max(500).default(50).describe('Most connections to one service at the same time'),
    pageSize: z.int().min(1).max(1000).default(1000).describe('Items asked for in one page; the services may answer fewer'),
    settleMs: z.int().min(0).max(600_000).default(5000).describe('How long a new thing may stay invisible, in ms'),
  })
  .refine((o) => o.cloud !== undefined || o.authUrl !== undefined, {
    message: 'cloud (of a clouds.yaml) or authUrl is needed',
    path: ['authUrl'],
  })
  .refine((o) => o.cloudsFile === undefined || o.cloud !== undefined, {
    message: 'cloudsFile needs cloud, the entry in it',
    path: ['cloud'],
  })
  .superRefine((o, problems) => {
    for (const [first, second] of EXCLUSIVE_OPTIONS) {
      if (o[first] === undefined || o[second] === undefined) continue;
      const message = `${second} contradicts ${first}: give one of them`;
      problems.addIssue({ code: 'custom', message, path: [second] });
    }
    if (o.verify === false && o.cacert !== undefined)
      problems.addIssue({ code: 'custom', message: 'cacert contradicts verify: false, which checks no certificate', path: ['cacert'] });
  });

/** Options that say the same thing in two ways, or two things of which only one can be. */
const EXCLUSIVE_OPTIONS = [
  ['userId', 'username'],
  ['userDomainId', 'userDomainName'],
  ['projectId', 'projectName'],
  ['projectDomainId', 'projectDomainName'],
  ['domainId', 'domainName'],
  ['applicationCredentialId', 'applicationCredentialName'],
  ['password', 'applicationCredentialSecret'],
  ['password', 'token'],
  ['applicationCredentialSecret', 'token'],
  ['projectId', 'domainId'],
  ['projectId', 'domainName'],
  ['projectName', 'domainId'],
  ['projectName', 'domainName'],
  ['trustId', 'projectId'],
  ['trustId', 'projectName'],
  ['trustId', 'domainId'],
  ['trustId', 'domainName'],
  ['trustId', 'applicationCredentialSecret'],
] as const;

export type OpenstackOptions = z.infer<typeof openstackOptions>;
