import type { ImageChoice, Item } from '../../src/clouds/driver';
import { imageFit } from './choice';
import { Gone } from '../../src/clouds/errors';
import { type BootMode, factsGiven, guestOf, type Hardware } from '../../src/clouds/image-facts';
import type { Values } from '../../src/model/values';
import type { Image } from './glance';
import { whyNotDownloaded } from './image-download';
import { isReadByCopy } from './image-mapping';
import { decodeKey, isImageKey, type Metadata, shownName, TAG } from './naming';
import { imageState } from './states';

/** Tells whether it is where Nova keeps a shelved server, and no image for anybody. */
export const isShelf = (image: Image): boolean => image.image_type === 'snapshot' && image.name?.endsWith('-shelved') === true;

/**
 * Tells whether it is another project's image that is not public: administrators are shown all of them, and cannot be told which
 * are shared with their project.
 */
export const isForeign = (image: Image, { projectId, roles }: { projectId: string | undefined; roles: readonly string[] }): boolean =>
  roles.includes('admin') &&
  image.owner !== undefined &&
  image.owner !== projectId &&
  (image.visibility === 'private' || image.visibility === 'shared');

/** Type, among our marks, of an image that is kept for volumes: it is a VolumeImage and no MachineImage. */
export const VOLUME = 'VOLUME';
/** Property that tells whether volumes made of such an image boot. */
export const BOOTABLE = 'cimi:bootable';

/** Tells whether an image is kept for volumes. */
export const isVolumeImage = (image: Image): boolean => marksOf(image)[TAG.type] === VOLUME;

/** String properties by name. */
export function propertiesIn(image: Image): Metadata {
  return Object.fromEntries(Object.entries(image).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/**
 * Tells whether our marks on an image are another's. A snapshot takes over the properties of the image its server was made from:
 * marks that name another server than the one it was made of are not its own.
 */
export function isHandedDown(image: Image): boolean {
  const { [TAG.id]: id, [TAG.machine]: machine = '', [TAG.type]: type, instance_uuid: server = '' } = propertiesIn(image);
  // An image of a server that boots from a volume takes over what the image of that volume had.
  return id !== undefined && (machine !== server || (type === VOLUME && image.block_device_mapping !== undefined));
}

/** Our marks on an image: its own ones. */
export function marksOf(image: Image): Metadata {
  const properties = propertiesIn(image);
  if (properties[TAG.id] === undefined || isHandedDown(image)) return {};
  return Object.fromEntries(Object.entries(properties).filter(([key, value]) => Object.values<string>(TAG).includes(key) && value !== ''));
}

/** Properties that a Consumer gave this image (5.2); Glance's and Nova's own ones, and those of another, are not shown. */
function consumerProperties(image: Image): { [key: string]: string } | undefined {
  if (isHandedDown(image)) return undefined;
  const own = Object.entries(propertiesIn(image)).flatMap(([key, value]) => {
    const name = isImageKey(key) ? decodeKey(key) : undefined;
    return name === undefined ? [] : [[name, value] as const];
  });
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

/** Properties by which portable names may choose it: those of the operating system, whose it is and who sees it. */
function labelsOf(image: Image): Record<string, string> {
  const all = Object.entries(propertiesIn(image));
  return Object.fromEntries(all.filter(([name]) => name.startsWith('os_') || name === 'owner' || name === 'visibility'));
}

/** Public images by the properties that Glance's documentation gives their distribution and its version. */
const DISTRIBUTIONS: Readonly<Record<string, readonly [distro: string, version: string]>> = {
  'debian-12': ['debian', '12'],
  'debian-13': ['debian', '13'],
  'ubuntu-22.04': ['ubuntu', '22.04'],
  'ubuntu-24.04': ['ubuntu', '24.04'],
};

/** The same as portable names of the configuration take them by `default`: what anybody uploads for himself is not meant. */
export const IMAGE_NAMES: Readonly<Record<string, ImageChoice>> = Object.fromEntries(
  Object.entries(DISTRIBUTIONS).map(([name, [os_distro, os_version]]) => [
    name,
    { properties: { os_distro, os_version, visibility: 'public' } },
  ]),
);

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

/** Glance's word for an architecture of CIMI's: that of the first that it stands for; undefined where there is none. */
export const architectureOf = (cpuArch: string | undefined): string | undefined =>
  Object.keys(ARCHITECTURES).find((name) => ARCHITECTURES[name] === cpuArch);

/** Glance's words for the ways of starting; an image for both says nothing. */
const FIRMWARE: Readonly<Record<string, BootMode>> = { bios: 'legacy-bios', uefi: 'uefi' };

/** Facts of an image for its machines, from properties that Nova reads. */
function factsOf(image: Image): Values {
  const { hw_firmware_type: firmware = '', os_secure_boot: secure, os_type: type, os_distro: distro } = propertiesIn(image);
  const guestOs = guestOf(type) ?? guestOf(distro);
  return {
    ...(FIRMWARE[firmware] === undefined ? {} : { bootMode: FIRMWARE[firmware] }),
    ...(secure === 'required' ? { secureBoot: true } : {}),
    ...(guestOs === undefined ? {} : { guestOs }),
  };
}

/** Devices by the kind of hardware that an image asks for. */
const DEVICES: Readonly<Record<Hardware, Metadata>> = {
  safe: { hw_disk_bus: 'sata', hw_vif_model: 'e1000' },
  native: { hw_disk_bus: 'virtio', hw_vif_model: 'virtio' },
};

/** Properties by which Nova gives the machines of an image what it is for. @throws ProviderError (invalid) */
export function propertiesOfFacts(extensions: Values | undefined): Metadata {
  const { bootMode, secureBoot, guestOs, hardware } = factsGiven(extensions);
  const firmware = Object.keys(FIRMWARE).find((word) => FIRMWARE[word] === bootMode);
  return {
    ...(firmware === undefined ? {} : { hw_firmware_type: firmware }),
    // libvirt has secure boot for machines of this type alone.
    ...(secureBoot === true ? { hw_firmware_type: 'uefi', hw_machine_type: 'q35', os_secure_boot: 'required' } : {}),
    ...(guestOs === undefined ? {} : { os_type: guestOs }),
    ...(hardware === undefined ? {} : DEVICES[hardware]),
  };
}

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
  const copied = isReadByCopy(image);
  const refuses = refusals(image, login, copied);
  const fit = imageFit(image);
  const cpuArch =
    typeof architecture === 'string' && Object.hasOwn(ARCHITECTURES, architecture) ? { cpuArch: ARCHITECTURES[architecture] } : {};
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
      ...cpuArch,
      ...factsOf(image),
    },
    tag: marks[TAG.id],
    token: marks[TAG.token],
    created: image.created_at,
    ...cpuArch,
    ...(fit ? { fit } : {}),
    ...(image.visibility === 'public' ? { public: true } : {}),
    ...(copied ? { contentsBy: 'copy' as const } : {}),
    labels: labelsOf(image),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(Object.keys(refuses).length === 0 ? {} : { refuses }),
  };
}

/** An image that is kept for volumes as a VolumeImage, or the proof that it is gone. @param key its key among VolumeImages */
export function volumeImageItem(image: Image, key: string, ...of: Tail<typeof imageItem>): Item | Gone {
  const item = imageItem(image, ...of);
  if (item instanceof Gone) return item.as({ type: 'image', key });
  const { values, tag, token, created, unmappedState, refuses } = item;
  const { name, description, properties, state, imageLocation } = values;
  return {
    key,
    values: {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(properties === undefined ? {} : { properties }),
      state,
      imageLocation: { href: String(imageLocation) },
      bootable: image[BOOTABLE] === 'true',
    },
    ...{ tag, token, created },
    ...(unmappedState === undefined ? {} : { unmappedState }),
    ...(refuses ? { refuses } : {}),
  };
}

type Tail<F> = F extends (first: Image, ...rest: infer R) => unknown ? R : never;

function refusals(
  image: Image,
  { projectId, roles }: { projectId: string | undefined; roles: readonly string[] },
  copied: boolean,
): Record<string, string> {
  const unread = copied ? undefined : whyNotDownloaded(image);
  const download: Record<string, string> = unread === undefined ? {} : { download: unread };
  if (image.owner !== projectId && !roles.includes('admin')) {
    const reason = 'The image belongs to another project';
    return { ...download, edit: reason, delete: reason };
  }
  return image.protected === true ? { ...download, delete: 'The image is protected; take that off at the cloud first' } : download;
}
