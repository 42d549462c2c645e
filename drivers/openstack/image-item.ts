import type { Item } from '../../src/clouds/driver';
import { imageFit } from './choice';
import { Gone } from '../../src/clouds/errors';
import type { Image } from './glance';
import { decodeKey, isImageKey, type Metadata, shownName, TAG } from './naming';
import { imageState } from './states';

/** Where Nova keeps a shelved server; no image of anybody's. */
export const isShelf = (image: Image): boolean => image.image_type === 'snapshot' && image.name?.endsWith('-shelved') === true;

/**
 * Another project's image that is not for everybody: administrators are shown all of them, and cannot be told which are
 * shared with their project.
 */
export const isForeign = (image: Image, { projectId, roles }: { projectId: string | undefined; roles: readonly string[] }): boolean =>
  roles.includes('admin') &&
  image.owner !== undefined &&
  image.owner !== projectId &&
  (image.visibility === 'private' || image.visibility === 'shared');

/** String properties by name. */
export function propertiesIn(image: Image): Metadata {
  return Object.fromEntries(Object.entries(image).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/**
 * Our marks on an image. A snapshot takes over the properties of the image its server was made from: marks that name
 * another server than the one it was made of are not its own.
 */
export function marksOf(image: Image): Metadata {
  const properties = propertiesIn(image);
  if (properties[TAG.id] === undefined || (properties[TAG.machine] ?? '') !== (properties.instance_uuid ?? '')) return {};
  return Object.fromEntries(Object.entries(properties).filter(([key, value]) => Object.values<string>(TAG).includes(key) && value !== ''));
}

/** Consumer's properties on an image; Glance's and Nova's own ones are not shown. */
function consumerProperties(image: Image): { [key: string]: string } | undefined {
  const own = Object.entries(propertiesIn(image)).flatMap(([key, value]) => {
    const name = isImageKey(key) ? decodeKey(key) : undefined;
    return name === undefined ? [] : [[name, value] as const];
  });
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

/** Glance's architectures in CIMI's words. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'x86_64',
  aarch64: 'ARM',
  armv7l: 'ARM',
  i686: 'x86',
  i386: 'x86',
  ppc64le: 'ppc64',
  ppc64: 'ppc64',
};

/**
 * An image as a MachineImage, or the proof that it is gone.
 * @param base URL of Glance with its version
 * @param login whose images may be changed: those of its project, or all
 */
export function imageItem(image: Image, base: string, login: { projectId: string | undefined; roles: readonly string[] }): Item | Gone {
  const { state, unmapped } = imageState(image.status);
  if (state === 'absent') return Gone.shown({ type: 'image', key: image.id }, `Glance shows the image ${image.id} as ${image.status}`);
  const marks = marksOf(image);
  const related = marks[TAG.related];
  const { description, hw_architecture: architecture = image.architecture } = image;
  const refuses = refusals(image, login);
  const fit = imageFit(image);
  return {
    key: image.id,
    values: {
      name: shownName(image.name, [marks[TAG.id], image.id]),
      ...(typeof description === 'string' && description !== '' ? { description } : {}),
      properties: consumerProperties(image),
      state,
      type: marks[TAG.type] ?? 'IMAGE',
      imageLocation: `${base}/images/${image.id}`,
      ...(related === undefined ? {} : { relatedImage: { item: { type: 'MachineImage', key: related } } }),
    },
    tag: marks[TAG.id],
    token: marks[TAG.token],
    created: image.created_at,
    ...(typeof architecture === 'string' && Object.hasOwn(ARCHITECTURES, architecture) ? { cpuArch: ARCHITECTURES[architecture] } : {}),
    ...(fit ? { fit } : {}),
    ...(image.visibility === 'public' ? { public: true } : {}),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(Object.keys(refuses).length === 0 ? {} : { refuses }),
  };
}

function refusals(image: Image, { projectId, roles }: { projectId: string | undefined; roles: readonly string[] }): Record<string, string> {
  if (image.owner !== projectId && !roles.includes('admin')) {
    const reason = 'The image belongs to another project';
    return { edit: reason, delete: reason };
  }
  return image.protected === true ? { delete: 'The image is protected; take that off at the cloud first' } : {};
}
