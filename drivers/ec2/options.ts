import { z } from 'zod';
import { sizesOption } from '../../src/clouds/sizes';
import { proxyOption } from '../../src/net/proxies';
import { ALIASES, aliasNames } from './aliases';
import { MAX_OWN_TAGS } from './naming';

const ZONE = /^[a-z]{2,4}(-[a-z]+)+-\d+[a-z0-9-]*[a-z]$/;
const text = z.string().min(1);

/** A tag's key that a person may choose: not one of AWS's, nor of the gateway's own. */
const tagKey = z
  .string()
  .min(1)
  .max(128)
  .regex(/^(?!aws:|cimi:)/i, 'aws: and cimi: are not for own tags')
  .refine((key) => key !== 'Name', 'Name is the tag of the resource’s own name');

const volumeOptions = z.strictObject({
  encrypted: z.boolean().optional().describe('Encrypted; absent: as the account and the image have it'),
  kmsKey: text.optional().describe('KMS key (id, ARN or alias) that encrypts them'),
});

const logins = {
  profile: text.optional().describe('Profile of the shared AWS configuration; absent: the standard chain'),
  accessKeyId: text.optional().describe('Access key; absent: the standard chain'),
  secretAccessKey: text.optional().describe('Secret key to the access key'),
  sessionToken: text.optional().describe('Session token of temporary keys'),
  roleArn: z
    .string()
    .regex(/^arn:[\w-]+:iam::\d{12}:role\/.+/)
    .optional()
    .describe('Role to assume with these credentials, for every call'),
  externalId: text.optional().describe('External id that the role asks for'),
  roleSessionName: z
    .string()
    .regex(/^[\w+=,.@-]{2,64}$/)
    .optional()
    .describe('Name of the session in CloudTrail; absent: cimi-gateway'),
  stsEndpoint: z.url().optional().describe('Another endpoint for assuming the role than the region’s own'),
};

const images = {
  imageOwners: z.array(text).min(1).default(['self']).describe('Whose images are listed: self, amazon, account numbers'),
  imageNames: z.array(text).min(1).optional().describe('Names (with * and ?) of the images listed of others than self'),
  imageArchitectures: z
    .array(z.enum(['x86_64', 'arm64', 'i386', 'x86_64_mac', 'arm64_mac']))
    .min(1)
    .optional()
    .describe('Architectures of the images listed of others than self'),
  images: z
    .array(z.string().refine((name) => Object.hasOwn(ALIASES, name), { error: `one of ${aliasNames()}` }))
    .default([])
    .describe('Well-known images of which the newest is listed'),
  imageListMs: z.int().min(0).max(86_400_000).default(3_600_000).describe('How long the list of others’ images is kept, in ms'),
};

const meters = {
  cloudWatchEndpoint: z
    .url()
    .optional()
    .describe('Another endpoint of CloudWatch than the region’s own; where `endpoint` is not AWS’s, nothing is measured without it'),
  detailedMonitoring: z
    .boolean()
    .default(false)
    .describe('New machines are measured every minute (AWS charges for it), and Meters of machines may be as fine'),
  meterAskMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(3_600_000)
    .describe('How often CloudWatch is asked for each Meter while nobody waits for its samples, in ms; 0: for each point'),
};

const disks = {
  ebsEndpoint: z
    .url()
    .optional()
    .describe(
      'Another endpoint of the EBS direct APIs than the region’s own; where `endpoint` is not AWS’s, no disks are copied without it',
    ),
};

const machines = {
  tags: z
    .record(tagKey, z.string().max(256))
    .default({})
    .refine((tags) => Object.keys(tags).length <= MAX_OWN_TAGS, `at most ${MAX_OWN_TAGS}`)
    .describe('Tags of one’s own on everything that is made'),
  propertyTags: z.array(tagKey).default([]).describe('Properties that are tags by their plain keys (CostCenter), not by cimi:p:'),
  instanceProfile: text.optional().describe('Name or ARN of the instance profile of new machines'),
  metadataOptions: z
    .strictObject({
      httpTokens: z.enum(['required', 'optional']).optional(),
      httpEndpoint: z.enum(['enabled', 'disabled']).optional(),
      httpPutResponseHopLimit: z.int().min(1).max(64).optional(),
      instanceMetadataTags: z.enum(['enabled', 'disabled']).optional(),
    })
    .refine((o) => o.httpEndpoint !== 'disabled' || (o.httpTokens === undefined && o.httpPutResponseHopLimit === undefined), {
      error: 'httpTokens and httpPutResponseHopLimit say nothing of an endpoint that is disabled',
      path: ['httpEndpoint'],
    })
    .optional()
    .describe('The instance metadata service of new machines'),
  rootVolume: volumeOptions
    .extend({
      sizeGib: z.int().min(1).max(65_536).optional().describe('Smallest size, in GiB; the image’s where that is larger'),
      type: z.enum(['gp3', 'gp2', 'io2', 'io1', 'standard']).optional(),
      iops: z.int().min(1).optional(),
      throughput: z.int().min(125).optional().describe('MiB a second, of gp3'),
    })
    .refine((o) => o.throughput === undefined || o.type === undefined || o.type === 'gp3', {
      error: 'throughput is of gp3 alone',
      path: ['throughput'],
    })
    .refine((o) => o.iops === undefined || o.type === undefined || ['gp3', 'io1', 'io2'].includes(o.type), {
      error: 'iops is of gp3, io1 and io2 alone',
      path: ['iops'],
    })
    .optional()
    .describe('The root volume of new machines'),
  volumes: volumeOptions.optional().describe('New volumes'),
};

/** Options of an EC2 cloud in the configuration file. */
export const ec2Options = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/)
      .describe('AWS region, for instance eu-central-1'),
    endpoint: z.url().optional().describe('Another endpoint than the region’s own, for instance a VPC endpoint or a test server'),
    ...logins,
    ...images,
    subnet: z
      .string()
      .regex(/^subnet-/)
      .optional()
      .describe('Subnet of new machines; absent: the default VPC'),
    vpc: z
      .string()
      .regex(/^vpc-/)
      .optional()
      .describe('VPC of new networks for which no forwarding group is named; absent: the default VPC'),
    availabilityZone: z
      .string()
      .regex(ZONE)
      .optional()
      .describe(
        'Where new volumes and machines go unless the request says; absent: where the subnet is, else the first zone with a default subnet',
      ),
    securityGroups: z
      .array(z.string().regex(/^sg-/))
      .optional()
      .describe('Security groups of new machines; absent: the VPC’s default group'),
    sizes: sizesOption,
    ...machines,
    ...meters,
    ...disks,
    patienceMs: z
      .int()
      .min(0)
      .max(7_200_000)
      .default(1_200_000)
      .describe('How long what EC2 refuses because something else has not ended yet is tried again, in ms'),
    proxy: proxyOption,
    sockets: z.int().min(1).max(500).default(50).describe('Most connections at the same time'),
    pageSize: z.int().min(5).max(1000).default(1000).describe('Items asked for in one page'),
    settleMs: z.int().min(0).max(600_000).default(60_000).describe('How long a new thing may stay invisible, in ms'),
  })
  .refine((o) => (o.accessKeyId === undefined) === (o.secretAccessKey === undefined), {
    message: 'accessKeyId and secretAccessKey go together',
    path: ['secretAccessKey'],
  })
  .refine((o) => o.sessionToken === undefined || o.accessKeyId !== undefined, {
    message: 'sessionToken needs accessKeyId and secretAccessKey',
    path: ['sessionToken'],
  })
  .superRefine((options, context) => {
    for (const [path, message] of contradictions(options)) context.addIssue({ code: 'custom', path: [path], message });
  });

type Contradictory = Partial<{
  region: string;
  availabilityZone: string;
  profile: string;
  accessKeyId: string;
  roleArn: string;
  externalId: string;
  roleSessionName: string;
  stsEndpoint: string;
  imageOwners: readonly string[];
  imageNames: readonly string[];
  imageArchitectures: readonly string[];
  tags: Readonly<Record<string, string>>;
  propertyTags: readonly string[];
  rootVolume: { encrypted?: boolean | undefined; kmsKey?: string | undefined };
  volumes: { encrypted?: boolean | undefined; kmsKey?: string | undefined };
}>;

/** Options that say one thing and its opposite, or that nothing would come of, each with words. */
function* contradictions(o: { [K in keyof Contradictory]: Contradictory[K] | undefined }): Generator<readonly [string, string]> {
  if (o.profile !== undefined && o.accessKeyId !== undefined) yield ['profile', 'profile and accessKeyId are two logins: give one'];
  for (const name of ['externalId', 'roleSessionName', 'stsEndpoint'] as const)
    if (o[name] !== undefined && o.roleArn === undefined) yield [name, `${name} is for a role: roleArn is missing`];
  if (o.availabilityZone !== undefined && !o.availabilityZone.startsWith(o.region ?? ''))
    yield ['availabilityZone', `availabilityZone ${o.availabilityZone} is not in the region ${o.region ?? ''}`];
  const others = (o.imageOwners ?? []).some((owner) => owner !== 'self');
  for (const name of ['imageNames', 'imageArchitectures'] as const)
    if (o[name] !== undefined && !others) yield [name, `${name} is for images of others, and imageOwners names none but self`];
  const twice = (o.propertyTags ?? []).find((key) => Object.hasOwn(o.tags ?? {}, key));
  if (twice !== undefined) yield ['propertyTags', `${twice} is in tags too: it can be a fixed tag or a property`];
  for (const name of ['rootVolume', 'volumes'] as const)
    if (o[name]?.kmsKey !== undefined && o[name].encrypted === false)
      yield [name, `${name}.kmsKey encrypts, and ${name}.encrypted says not to`];
}

export type Ec2Options = z.infer<typeof ec2Options>;
