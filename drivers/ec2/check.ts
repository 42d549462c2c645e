import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateImageCommand,
  CreateReplaceRootVolumeTaskCommand,
  CreateTagsCommand,
  DeleteKeyPairCommand,
  DeleteSnapshotCommand,
  DeleteTagsCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeKeyPairsCommand,
  DescribeRegionsCommand,
  DescribeReplaceRootVolumeTasksCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  ImportKeyPairCommand,
  ModifyInstanceAttributeCommand,
  RebootInstancesCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { CallContext, Finding } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { atOnce } from './at-once';
import { NETWORK_ATTEMPTS } from './check-network';
import { type Attempt, STORAGE_ATTEMPTS } from './check-storage';
import { checkOptions } from './check-options';
import type { Wire } from './client';
import type { CloudWatch } from './cloudwatch';
import { DISK_ATTEMPTS } from './check-disks';
import type { EbsDirect } from './ebs';
import { credentialsIn } from './login';
import type { Ec2Options } from './options';
import { alwaysEnabled } from './regions';

const DryRun = true;
/** Well-formed ids of nothing: a dry run asks for the permission alone. */
const InstanceId = 'i-00000000000000000';
const InstanceIds = [InstanceId];
const ImageId = 'ami-00000000000000000';
const Tags = [{ Key: 'cimi:id', Value: 'check' }];

/** A dry run of each action this driver uses: permission, what it is needed for, the call. */
const ACTIONS: readonly Attempt[] = [
  ['DescribeInstances', 'to list machines', (w, c) => w.send(new DescribeInstancesCommand({ DryRun }), c)],
  [
    'DescribeInstanceTypeOfferings',
    'to choose instance types by zone',
    (w, c) => w.send(new DescribeInstanceTypeOfferingsCommand({ DryRun, MaxResults: 5 }), c),
  ],
  [
    'DescribeInstanceTypes',
    'to list machine configurations',
    (w, c) => w.send(new DescribeInstanceTypesCommand({ DryRun, MaxResults: 5 }), c),
  ],
  ['DescribeImages', 'to list machine images', (w, c) => w.send(new DescribeImagesCommand({ DryRun, Owners: ['self'] }), c)],
  ['DescribeInstanceStatus', 'to tell what AWS plans for machines', (w, c) => w.send(new DescribeInstanceStatusCommand({ DryRun }), c)],
  ['DescribeTags', 'to change names and properties', (w, c) => w.send(new DescribeTagsCommand({ DryRun, MaxResults: 5 }), c)],
  ['DescribeKeyPairs', 'to import credentials', (w, c) => w.send(new DescribeKeyPairsCommand({ DryRun }), c)],
  [
    'DescribeSnapshots',
    'to list volume images, and to delete machine images',
    (w, c) => w.send(new DescribeSnapshotsCommand({ DryRun, OwnerIds: ['self'], MaxResults: 5 }), c),
  ],
  ['DescribeReplaceRootVolumeTasks', 'to restore machines', (w, c) => w.send(new DescribeReplaceRootVolumeTasksCommand({ DryRun }), c)],
  ['RunInstances', 'to create machines', (w, c) => w.send(new RunInstancesCommand({ DryRun, ImageId, MinCount: 1, MaxCount: 1 }), c)],
  ['StartInstances', 'to start machines', (w, c) => w.send(new StartInstancesCommand({ DryRun, InstanceIds }), c)],
  ['StopInstances', 'to stop and suspend machines', (w, c) => w.send(new StopInstancesCommand({ DryRun, InstanceIds }), c)],
  ['RebootInstances', 'to restart machines', (w, c) => w.send(new RebootInstancesCommand({ DryRun, InstanceIds }), c)],
  ['TerminateInstances', 'to delete machines', (w, c) => w.send(new TerminateInstancesCommand({ DryRun, InstanceIds }), c)],
  [
    'ModifyInstanceAttribute',
    'to change the size of machines',
    (w, c) => w.send(new ModifyInstanceAttributeCommand({ DryRun, InstanceId, InstanceType: { Value: 't3.micro' } }), c),
  ],
  [
    'CreateReplaceRootVolumeTask',
    'to restore machines',
    (w, c) => w.send(new CreateReplaceRootVolumeTaskCommand({ DryRun, InstanceId, ImageId }), c),
  ],
  ['CreateTags', 'to write names and properties', (w, c) => w.send(new CreateTagsCommand({ DryRun, Resources: InstanceIds, Tags }), c)],
  ['DeleteTags', 'to erase names and properties', (w, c) => w.send(new DeleteTagsCommand({ DryRun, Resources: InstanceIds, Tags }), c)],
  ['CreateImage', 'to capture machines', (w, c) => w.send(new CreateImageCommand({ DryRun, InstanceId, Name: 'cimi-check' }), c)],
  ['DeregisterImage', 'to delete machine images', (w, c) => w.send(new DeregisterImageCommand({ DryRun, ImageId }), c)],
  [
    'DeleteSnapshot',
    'to delete volume images and machine images',
    (w, c) => w.send(new DeleteSnapshotCommand({ DryRun, SnapshotId: 'snap-00000000000000000' }), c),
  ],
  [
    'ImportKeyPair',
    'to import credentials',
    (w, c) => w.send(new ImportKeyPairCommand({ DryRun, KeyName: 'cimi-check', PublicKeyMaterial: Buffer.from('ssh-ed25519 AAAA') }), c),
  ],
  ['DeleteKeyPair', 'to delete credentials', (w, c) => w.send(new DeleteKeyPairCommand({ DryRun, KeyName: 'cimi-check' }), c)],
  ...STORAGE_ATTEMPTS,
  ...NETWORK_ATTEMPTS,
];

/** Delay before a permission that could not be tried is tried again, in ms. */
const AGAIN_MS = 500;

/** The wires to the services, where there are such. */
interface Clients {
  wire: Wire;
  cloudWatch: CloudWatch | undefined;
  ebs: EbsDirect | undefined;
}

/** Tries the endpoint, the login and, by dry runs, every permission. Throws nothing. */
export async function check({ wire, cloudWatch, ebs }: Clients, context: CallContext): Promise<Finding[]> {
  const login = await attempt(() => wire.send(new DescribeInstancesCommand({ MaxResults: 5 }), context));
  const place = wire.options.endpoint ?? `region ${wire.options.region}`;
  if (login && login.kind !== 'forbidden')
    return [{ ok: false, what: `Login at EC2 (${place})`, message: await loginWords(login, wire, context) }];
  const findings = await atOnce(ACTIONS, ([action, purpose, call]) => permission(`ec2:${action}`, purpose, () => call(wire, context)));
  const measured = cloudWatch ? [await metrics(cloudWatch, context)] : [];
  const copied = ebs
    ? await atOnce(DISK_ATTEMPTS, ([action, purpose, call]) => permission(action, purpose, () => call({ wire, ebs }, context)))
    : [];
  return [{ ok: true, what: `Login at EC2 (${place})` }, ...findings, ...measured, ...copied, ...(await checkOptions(wire, context))];
}

/** Tries CloudWatch, which has no dry run, with one metric of an instance that is not there. */
async function metrics(cloudWatch: CloudWatch, context: CallContext): Promise<Finding> {
  return permission('cloudwatch:GetMetricData', 'to read the samples of meters', () => cloudWatch.try(InstanceId, context));
}

/** Tries one permission. AWS checks permissions first, so any other error means that the permission is there. */
async function permission(action: string, purpose: string, call: () => Promise<unknown>): Promise<Finding> {
  const what = `Permission ${action}`;
  const first = await attempt(call);
  // Several permissions are tried at once; what failed in passing is tried once more on its own.
  const error = first?.passing ? await sleep(AGAIN_MS).then(() => attempt(call)) : first;
  if (!error || error.code === 'DryRunOperation') return { ok: true, what };
  if (error.kind === 'forbidden') return { ok: false, what, message: `Missing; needed ${purpose}. AWS says: ${error.message}` };
  if (error.passing || error.kind === 'auth') return { ok: false, what, message: `Could not be tried: ${error.message}` };
  return { ok: true, what };
}

async function attempt(call: () => Promise<unknown>): Promise<ProviderError | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error instanceof ProviderError ? error : new ProviderError('unavailable', String(error));
  }
}

function advice(error: ProviderError, options: Ec2Options): string {
  if (error.kind === 'auth') {
    return `EC2 does not accept the credentials (${error.message}): check ${credentialsIn(options)}, and this host's clock`;
  }
  if (error.kind === 'unavailable' || error.kind === 'timeout') {
    return `${error.message}: check region, endpoint, DNS, proxies and the way out of this network`;
  }
  return error.message;
}

/** A region that the account has not enabled refuses good keys with the words for bad ones: another region tells. */
async function loginWords(error: ProviderError, wire: Wire, context: CallContext): Promise<string> {
  const { region } = wire.options;
  const other = alwaysEnabled(region);
  if (error.kind !== 'auth' || other === undefined || other === region) return advice(error, wire.options);
  try {
    const { Regions } = await wire.sendTo(other, new DescribeRegionsCommand({ AllRegions: true }), context);
    const status = Regions?.find(({ RegionName }) => RegionName === region)?.OptInStatus;
    if (status === 'not-opted-in')
      return `The credentials are good, but the region ${region} is not enabled for this account: enable it in AWS's account settings, or take another`;
    if (Regions !== undefined && status === undefined) return `The credentials are good, but there is no region ${region} in EC2's list`;
  } catch (cause) {
    // The other region does not take them either.
    if (!(cause instanceof ProviderError)) throw cause;
  }
  return advice(error, wire.options);
}
