import type { Cloud } from '../clouds/cloud';
import type { Fetcher } from '../fetch/fetcher';
import type { Value, Values } from '../model/values';
import type { Found, ChangePlan, PlanContext, CreateRequest, ResourceHandler } from './resource-handler';
import { Refusal } from './resource-handler';
import { planCopy } from './image-copy';
import { isElsewhere, planUpload } from './image-upload';
import { asRef, inlineOf } from './template-merge';
import { chooseCloud } from './placement';
import { planCreateAtProvider } from './create-plan';
import { providerHandler } from './provider-handler';
import { refuseForeign } from './supported';

const VOLUME = 'Volume';
const IMAGE = 'VolumeImage';
const CONFIGURATION = 'VolumeConfiguration';

/** Volume (DSP0263 5.15.1): made from a template, grown, deleted. */
export const volumeHandler: ResourceHandler = providerHandler({
  type: VOLUME,
  group: 'volumes',
  createNeeds: ['volumes', 'create'],
  create: planVolume,
  change: changeVolume,
});

/** VolumeImage (5.15.7): the snapshot of a volume, or fetched from elsewhere. */
export const volumeImageHandler = (fetcher: Fetcher): ResourceHandler =>
  providerHandler({
    type: IMAGE,
    group: 'volumeImages',
    createNeeds: ['volumeImages', 'create'],
    create: (context, request) => planVolumeImage(fetcher, context, request),
  });

/** Plans a volume from a merged template. */
export async function planVolume(context: PlanContext, request: CreateRequest): Promise<ChangePlan> {
  const { template, values } = request;
  const imageRef = asRef(template.volumeImage);
  if (imageRef && imageRef.href === undefined)
    throw new Refusal(400, 'volume images by value are not supported, refer to one', { at: 'volumeTemplate.volumeImage' });
  const image = imageRef?.href === undefined ? undefined : await context.resolve(imageRef.href, IMAGE, 'volumeTemplate.volumeImage');
  if (image && imageRef && inlineOf(imageRef, image.values))
    throw new Refusal(400, 'volume images by value are not supported, refer to one', {
      at: 'volumeTemplate.volumeImage',
      kind: 'unsupported',
    });
  if (image && image.values.state !== 'AVAILABLE') {
    throw new Refusal(409, `${image.path} is ${String(image.values.state)}, not AVAILABLE`, {
      at: 'volumeTemplate.volumeImage',
      kind: 'conflict',
    });
  }
  const configRef = asRef(template.volumeConfig);
  if (!configRef)
    throw new Refusal(400, 'a VolumeConfiguration is needed, by reference or by value', { at: 'volumeTemplate.volumeConfig' });
  const config =
    configRef.href === undefined ? undefined : await context.resolve(configRef.href, CONFIGURATION, 'volumeTemplate.volumeConfig');
  const wanted: Values = { ...config?.values, ...inlineOf(configRef) };
  if (typeof wanted.capacity !== 'number' || wanted.capacity < 1)
    throw new Refusal(400, 'a capacity in kilobytes is needed', { at: 'volumeTemplate.volumeConfig.capacity' });
  const cloud = chooseCloud(
    context,
    [image, config].filter((one) => one !== undefined),
    values,
  );
  if (!cloud.offers('volumes', 'create')) throw new Refusal(400, `cloud '${cloud.key}' does not create volumes`, { kind: 'unsupported' });
  refuseForeign(context.catalogue, cloud, 'VolumeTemplate', template, 'volumeTemplate');
  const shape: Values = { capacity: wanted.capacity, bootable: image?.values.bootable === true };
  const extras: Values = {};
  if (typeof wanted.type === 'string') shape.type = extras.type = wanted.type;
  if (typeof wanted.format === 'string') extras.format = wanted.format;
  if (image?.key !== undefined) extras.image = image.key;
  return planCreateAtProvider(context, {
    type: VOLUME,
    group: 'volumes',
    cloud,
    collection: request.collection,
    naming: values,
    template,
    shows: shape,
    request: { capacity: wanted.capacity, bootable: shape.bootable, ...extras },
    goal: ['AVAILABLE'],
  });
}

function changeVolume(_context: PlanContext, found: Found, changed: Values): Values {
  const to: Values = {};
  if (changed.capacity !== undefined) {
    if (Number(changed.capacity) < Number(found.values.capacity))
      throw new Refusal(400, 'a volume can grow, not shrink', { at: 'capacity' });
    to.capacity = changed.capacity;
  }
  if (changed.bootable !== undefined) to.bootable = changed.bootable;
  return to;
}

/** A reference to a volume makes a snapshot of it (5.15.8.1), an image of another cloud is copied, what is elsewhere is fetched. */
async function planVolumeImage(fetcher: Fetcher, context: PlanContext, request: CreateRequest): Promise<ChangePlan> {
  const location = asRef(request.values.imageLocation)?.href ?? request.values.imageLocation;
  if (typeof location !== 'string')
    throw new Refusal(400, 'a reference to a Volume is needed, or the URI of an image (5.15.8.1)', { at: 'imageLocation' });
  if (isElsewhere(location)) {
    const made = { bootable: request.values.bootable === true };
    return planUpload(fetcher, context, request, { type: IMAGE, group: 'volumeImages', location, shows: made, request: made });
  }
  const { bootable: asked } = request.values;
  const shows = ({ values }: Found) => ({ bootable: (typeof asked === 'boolean' ? asked : values.bootable) === true });
  const copy = await planCopy(context, request, { type: IMAGE, group: 'volumeImages', location, shows });
  if (copy) return copy;
  const volume = await context.resolve(location, VOLUME, 'imageLocation');
  if (volume.key === undefined) throw new Refusal(409, `${volume.path} does not exist at its provider`, { kind: 'conflict' });
  const cloud = chooseCloud(context, [volume], request.values);
  if (volume.values.state !== 'AVAILABLE')
    throw new Refusal(409, `a volume can be captured while AVAILABLE; it is ${String(volume.values.state)}`, { kind: 'conflict' });
  if (!cloud.offers('volumeImages', 'create'))
    throw new Refusal(400, `cloud '${cloud.key}' does not capture volumes`, { kind: 'unsupported' });
  const bootable = typeof request.values.bootable === 'boolean' ? request.values.bootable : volume.values.bootable === true;
  return planCreateAtProvider(context, {
    type: IMAGE,
    group: 'volumeImages',
    cloud,
    collection: request.collection,
    naming: request.values,
    shows: { bootable },
    request: { volume: volume.key, bootable, ...(isToBeRead(context, cloud) ? { contents: true } : {}) },
    goal: ['AVAILABLE'],
    holds: [{ path: volume.path, shows: 'CAPTURING' }],
    internal: { volume: volume.path },
    remembered: [volume],
    insert: (path) => [
      {
        path: `${volume.path}/images/${path.split('/')[1] ?? ''}`,
        type: 'VolumeVolumeImage',
        tenant: context.principal.tenant,
        cloud: null,
        providerKey: null,
        owner: volume.path,
        state: null,
        values: { volumeImage: { href: path } as Value },
        secrets: null,
        internal: {},
      },
    ],
  });
}

/** Parameters of a create of a VolumeImage that is made to be read, and goes again soon. */
export const TO_BE_READ = { contents: 'read' } as const;
const isToBeRead = ({ parameters }: PlanContext, cloud: Cloud): boolean =>
  parameters.contents === TO_BE_READ.contents && cloud.offers('volumeImages', 'readable');
