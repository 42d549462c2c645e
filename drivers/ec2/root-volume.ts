import type { EbsBlockDevice, Image, RunInstancesCommandInput, VolumeType } from '@aws-sdk/client-ec2';
import type { CallContext, CreateMachine } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { oneById, type Wire } from './client';
import type { InstanceTypes } from './configs';
import { ImageLists } from './image-lists';
import type { MachineExtensions } from './placement';

const KIB_PER_GIB = 1_048_576;

/**
 * The root volume where it is to be another than the image's: by the request, the option `rootVolume`, or for hibernation.
 * One read of the image then, else none.
 * @throws ProviderError invalid for an image without an EBS root volume
 */
export async function rootOf(
  wire: Wire,
  types: InstanceTypes,
  { image: id, config }: CreateMachine,
  { hibernation, root: asked }: MachineExtensions,
  context: CallContext,
): Promise<Partial<RunInstancesCommandInput>> {
  const { rootVolume } = wire.options;
  if (!hibernation && rootVolume === undefined && Object.values(asked).every((value) => value === undefined)) return {};
  const image = await oneById('image', id, (ids) => new ImageLists(wire).byId(ids, context));
  const own = rootVolumeOf(image);
  const memory = hibernation ? await memoryGib(types, config, context) : 0;
  const Ebs: EbsBlockDevice = {
    DeleteOnTermination: true,
    VolumeSize: asked.size ?? sizeOf(own, rootVolume?.sizeGib, memory),
    // EC2 tells the words it knows.
    VolumeType: (asked.type as VolumeType | undefined) ?? rootVolume?.type,
    Iops: rootVolume?.iops,
    Throughput: rootVolume?.throughput,
    ...encryptionOf({ ...asked, encrypted: hibernation ? true : asked.encrypted }, rootVolume),
  };
  return {
    ...(hibernation ? { HibernationOptions: { Configured: true } } : {}),
    BlockDeviceMappings: [{ DeviceName: image.RootDeviceName, Ebs }],
  };
}

function rootVolumeOf(image: Image): EbsBlockDevice {
  const own = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === image.RootDeviceName)?.Ebs;
  if (own) return own;
  const message = `The image ${image.ImageId ?? ''} has no EBS root volume: its root disk can neither be changed nor hibernate`;
  throw new ProviderError('invalid', message, { maybeDone: false });
}

/** The image's size, or the configured one where that is larger; a hibernation writes the whole memory there too. */
function sizeOf({ VolumeSize = 0 }: EbsBlockDevice, wished = 0, memory: number): number | undefined {
  const size = Math.max(VolumeSize, wished) + memory;
  return size > 0 ? size : undefined;
}

async function memoryGib(types: InstanceTypes, config: string, context: CallContext): Promise<number> {
  const kib = (await types.figures([config], context)).get(config)?.memory;
  return typeof kib === 'number' ? Math.ceil(kib / KIB_PER_GIB) : 0;
}

/** Encryption as asked for, else as the options have it; a key means encrypted. */
export function encryptionOf(
  asked: { encrypted: boolean | undefined; kmsKey: string | undefined },
  options: { encrypted?: boolean | undefined; kmsKey?: string | undefined } = {},
): Pick<EbsBlockDevice, 'Encrypted' | 'KmsKeyId'> {
  const { encrypted = options.encrypted, kmsKey = encrypted === false ? undefined : options.kmsKey } = asked;
  if (asked.kmsKey !== undefined && asked.encrypted === false)
    throw new ProviderError('invalid', 'kmsKey encrypts the volume, but encrypted is false: leave one of them out', { maybeDone: false });
  return kmsKey === undefined ? { Encrypted: encrypted } : { Encrypted: true, KmsKeyId: kmsKey };
}
