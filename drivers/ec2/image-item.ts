import type { Image } from '@aws-sdk/client-ec2';
import type { Item } from '../../src/clouds/driver';
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
    },
    tag: tags[TAG.id],
    token: tags[TAG.token],
    created: timeOf(image.CreationDate),
    cpuArch: cpuArch(image.Architecture === undefined ? undefined : [image.Architecture]),
    fit: imageFit(image),
    ...(image.Public === true ? { public: true } : {}),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(image.StateReason?.Message ? { reason: image.StateReason.Message } : {}),
    // An alias stands on the images of AWS and its marketplace alone.
    ...(!image.ImageOwnerAlias || image.ImageOwnerAlias === 'self'
      ? {}
      : { refuses: { delete: `The image belongs to ${image.ImageOwnerAlias}` } }),
  };
}

/** A time that is told as text; undefined where it is none. */
const timeOf = (text: string | undefined): string | undefined => (text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text);
