import { z } from 'zod';
import { sizesOption } from '../../src/clouds/sizes';
import { proxyOption } from '../../src/net/proxies';

/** Options of an EC2 cloud in the configuration file. */
export const ec2Options = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d+$/)
      .describe('AWS region, for instance eu-central-1'),
    endpoint: z.url().optional().describe('Another endpoint than the region’s own, for instance a VPC endpoint or a test server'),
    profile: z.string().min(1).optional().describe('Profile of the shared AWS configuration; absent: the standard chain'),
    accessKeyId: z.string().min(1).optional().describe('Access key; absent: the standard chain'),
    secretAccessKey: z.string().min(1).optional().describe('Secret key to the access key'),
    sessionToken: z.string().min(1).optional().describe('Session token of temporary keys'),
    imageOwners: z.array(z.string().min(1)).min(1).default(['self']).describe('Whose images are listed: self, amazon, account numbers'),
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
      .regex(/^[a-z]{2}(-[a-z]+)+-\d+[a-z0-9-]*[a-z]$/)
      .optional()
      .describe(
        'Where new volumes and machines go unless the request says; absent: where the subnet is, else the first zone with a default subnet',
      ),
    securityGroups: z
      .array(z.string().regex(/^sg-/))
      .optional()
      .describe('Security groups of new machines; absent: the VPC’s default group'),
    sizes: sizesOption,
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
  });

export type Ec2Options = z.infer<typeof ec2Options>;
