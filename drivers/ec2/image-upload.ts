import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeImagesCommand, RegisterImageCommand, type RegisterImageCommandInput, type Snapshot } from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, UploadImage } from '../../src/clouds/driver';
import { type Gone, ProviderError } from '../../src/clouds/errors';
import { factsGiven, wordOf } from '../../src/clouds/image-facts';
import type { Wire } from './client';
import type { EbsDirect } from './ebs';
import { createTags, imageName, literal, namingOf, namingTags, holds, TAG, tagList, type Tags, tagsOf } from './naming';
import { refusedBy } from './poll';
import { partition } from './regions';
import { isLeft, takeBack, writeSnapshot } from './snapshot-write';
import { snapshotState } from './states';
import { snapshotPages, snapshotsById } from './storage-reads';

interface Clients {
  wire: Wire;
  ebs: EbsDirect;
}

/** Device of the root volume of images made here; instances see it as NVMe anyway. */
const ROOT = '/dev/xvda';
/** EC2's architectures by CIMI's words for them. */
const ARCHITECTURES = { x86_64: 'x86_64', ARM: 'arm64' } as const;
/** Delay between two looks at a snapshot that EBS still completes, in ms: the first, and the longest. */
const LOOK_MS = 100;
const LOOK_LONGEST_MS = 5_000;

/**
 * Makes an image of a disk: a snapshot that is tagged as an image's, and, when EBS has completed it, the image registered on it.
 * @param begun snapshot to go on with
 * @throws ProviderError
 */
export async function uploadImage(
  clients: Clients,
  request: UploadImage,
  begun: string | undefined,
  context: CallContext,
): Promise<Created> {
  const { wire } = clients;
  const registered = registration(request);
  const tags = { [TAG.upload]: request.tag, [TAG.token]: request.token, ...namingTags(holds(request, wire.maxProperties)) };
  const id = await writeSnapshot(clients, request.source, { tags, begun }, context);
  try {
    await completed(clients, id, context);
    const BlockDeviceMappings = [{ DeviceName: ROOT, Ebs: { SnapshotId: id, VolumeType: 'gp3' as const, DeleteOnTermination: true } }];
    const TagSpecifications = [
      { ResourceType: 'image' as const, Tags: tagList({ ...createTags(request), ...guestTag(request), [TAG.type]: 'IMAGE' }) },
    ];
    const input = { ...registered, Name: imageName(request), RootDeviceName: ROOT, BlockDeviceMappings, TagSpecifications };
    return { key: await register(clients, input, context) };
  } catch (error) {
    // Where the image may be there it has the snapshot, and is found by its tag.
    if (!(error instanceof ProviderError && error.maybeDone) && !isLeft(error, request.source)) await takeBack(wire, id);
    throw error;
  }
}

/** Registers an image once, by its name: EC2 refuses a second one of that. */
async function register({ wire, ebs }: Clients, input: RegisterImageCommandInput, context: CallContext): Promise<string> {
  const refused = (error: unknown): { ImageId?: string | undefined } => {
    if (refusedBy(error, 'InvalidAMIName.Duplicate')) return {};
    throw error;
  };
  const made = await ebs.insist(() => wire.send(new RegisterImageCommand(input), context).catch(refused), context);
  const Filters = [{ Name: 'name', Values: [literal(input.Name ?? '')] }];
  const known = made.ImageId ? [made] : (await wire.send(new DescribeImagesCommand({ Owners: ['self'], Filters }), context)).Images;
  const id = known?.[0]?.ImageId;
  if (!id) throw new ProviderError('unavailable', 'RegisterImage answered without an image', { maybeDone: true });
  return id;
}

/** Reads what RegisterImage is told of an image, as its request has it. @throws ProviderError (invalid) */
function registration({ extensions = {}, cpuArch = 'x86_64' }: UploadImage) {
  const Architecture = ARCHITECTURES[wordOf('The CPU architecture', cpuArch, ['x86_64', 'ARM'] as const) ?? 'x86_64'];
  const { bootMode: BootMode } = factsGiven(extensions);
  return { Architecture, VirtualizationType: 'hvm', EnaSupport: true, ...(BootMode === undefined ? {} : { BootMode }) };
}

/** EC2 tells the platform of images that AWS has licensed; that of others is a tag. */
const guestTag = ({ extensions }: UploadImage): Tags => {
  const { guestOs } = factsGiven(extensions);
  return guestOs === undefined ? {} : { [TAG.guest]: guestOs };
};

/** Waits until EBS has completed a snapshot: EC2 registers no other. */
async function completed({ wire, ebs }: Clients, id: string, context: CallContext): Promise<void> {
  for (let wait = LOOK_MS; ; wait = Math.min(2 * wait, LOOK_LONGEST_MS)) {
    const { found } = await ebs.insist(() => snapshotsById(wire, [id], context), context);
    const { State, StateMessage } = found[0] ?? {};
    if (State === 'completed') return;
    if (State === 'error')
      throw new ProviderError('unavailable', `EBS could not complete ${id}: ${StateMessage ?? 'no reason'}`, { maybeDone: false });
    // A new one may not show yet.
    await sleep(wait, undefined, { signal: context.signal }).catch(() => undefined);
    if (context.signal.aborted) throw new ProviderError('timeout', `EBS did not complete the snapshot ${id} in time`, { maybeDone: false });
  }
}

/** Snapshots that were begun for an image with this identity. */
export async function halfMade(wire: Wire, tag: string, context: CallContext): Promise<Snapshot[]> {
  const found: Snapshot[] = [];
  const Filters = [{ Name: `tag:${TAG.upload}`, Values: [literal(tag)] }];
  for await (const page of snapshotPages(wire, Filters, context))
    found.push(...page.filter((each) => tagsOf(each.Tags)[TAG.upload] === tag));
  return found;
}

/** A snapshot that was begun for an image, as the image that it is to be; undefined for one of anything else. */
export function halfItem(snapshot: Snapshot, region: string): Item | undefined {
  const { state } = snapshotState(snapshot);
  const tags = tagsOf(snapshot.Tags);
  if (state === 'absent' || tags[TAG.upload] === undefined) return undefined;
  const key = snapshot.SnapshotId ?? '';
  return {
    key,
    values: {
      ...namingOf(tags),
      state: state === 'ERROR' ? state : 'CREATING',
      type: 'IMAGE',
      imageLocation: `arn:${partition(region)}:ec2:${region}::snapshot/${key}`,
    },
    tag: tags[TAG.upload],
    token: tags[TAG.token],
    created: snapshot.StartTime?.toISOString(),
  };
}

/** Key of what an earlier call of an upload began and kept, where that is still there to be gone on with. */
export function toResume(earlier: readonly Item[], { source, token }: UploadImage): string | undefined {
  const isThere = (item: Item): boolean => item.key === source.resume?.key && item.token === token && item.values.state === 'CREATING';
  return source.disk ? earlier.find(isThere)?.key : undefined;
}

/** Reads images that are half made by the keys of their snapshots. */
export async function halfByKey(wire: Wire, keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
  if (keys.length === 0) return [];
  const { found, gone } = await snapshotsById(wire, keys, context);
  return [...found.flatMap((snapshot) => halfItem(snapshot, wire.options.region) ?? []), ...gone];
}
