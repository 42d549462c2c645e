import type { Image } from '@aws-sdk/client-ec2';
import type { Item } from '../../src/clouds/driver';
import { guestOf } from '../../src/clouds/image-facts';
import { imageFit } from './choice';
import { cpuArch } from './configs';
import { namingOf, TAG, tagsOf } from './naming';
import { partition } from './regions';
import { imageState } from './states';

/** An image as a MachineImage; undefined for one that is gone. */
export function imageItem(image: Image, region: string): Item | undefined {
  const { state, unmapped } = imageState(image);
  if (state === 'absent') return undefined;
  const tags = tagsOf(image.Tags);
  const key = image.ImageId ?? '';
  const related = tags[TAG.related];
  const arch = cpuArch(image.Architecture === undefined ? undefined : [image.Architecture]);
  const guestOs = tags[TAG.guest] ?? guestOf(image.Platform) ?? guestOf(image.PlatformDetails);
  return {
    key,
    values: {
      name: image.Name,
      ...(image.Description ? { description: image.Description } : {}),
      ...namingOf(tags),
      state,
      type: tags[TAG.type] ?? 'IMAGE',
      imageLocation: `arn:${partition(region)}:ec2:${region}::image/${key}`,
      ...(related === undefined ? {} : { relatedImage: { item: { type: 'MachineImage', key: related } } }),
      ...(arch === undefined ? {} : { cpuArch: arch }),
      ...(image.BootMode === undefined ? {} : { bootMode: image.BootMode }),
      ...(guestOs === undefined ? {} : { guestOs }),
    },
    tag: tags[TAG.id],
    token: tags[TAG.token],
    created: timeOf(image.CreationDate),
    cpuArch: arch,
    fit: imageFit(image),
    ...(image.Public === true ? { public: true } : {}),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(image.StateReason?.Message ? { reason: image.StateReason.Message } : {}),
    ...refused(image),
  };
}

function refused(image: Image): Pick<Item, 'refuses'> {
  // An alias stands on the images of AWS and its marketplace alone.
  const other = !image.ImageOwnerAlias || image.ImageOwnerAlias === 'self' ? undefined : `The image belongs to ${image.ImageOwnerAlias}`;
  const unread = whyNotDownloaded(image);
  const refuses = { ...(other === undefined ? {} : { delete: other }), ...(unread === undefined ? {} : { download: unread }) };
  return Object.keys(refuses).length === 0 ? {} : { refuses };
}

/** Returns in words why an image's contents cannot be read; undefined where, as far as the image tells, they can. */
export function whyNotDownloaded(image: Image): string | undefined {
  const { ImageId = '', State, ImageOwnerAlias, ProductCodes = [], RootDeviceType } = image;
  if (ImageOwnerAlias && ImageOwnerAlias !== 'self')
    return `The image belongs to ${ImageOwnerAlias}; contents are read of images of one's own`;
  if (ProductCodes.length > 0) return 'The image has product codes of the AWS Marketplace, whose contents EC2 gives to nobody';
  if (RootDeviceType === 'instance-store') return 'The image lies in instance storage: it has no snapshot';
  if (State !== 'available') return `The image is ${State ?? 'in no state'}: only an available one has contents`;
  return rootSnapshotOf(image) === undefined ? `EC2 tells of no snapshot behind ${ImageId}` : undefined;
}

/** Snapshot of an image's root volume; other volumes of it are no part of its contents. */
export function rootSnapshotOf({ BlockDeviceMappings = [], RootDeviceName }: Image): string | undefined {
  const root = BlockDeviceMappings.find(({ DeviceName }) => DeviceName === RootDeviceName) ?? BlockDeviceMappings[0];
  return root?.Ebs?.SnapshotId;
}

/** A time that is told as text; undefined where it is none. */
const timeOf = (text: string | undefined): string | undefined => (text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text);
