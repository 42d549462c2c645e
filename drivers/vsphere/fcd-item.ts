import type { Item, Marks, Naming } from '../../src/clouds/driver';
import { ATTACHED, type Fcd, KUBERNETES } from './fcd';
import { ProviderError } from '../../src/clouds/errors';
import { BLOCK_VOLUME } from '../../src/model/volume';
import { asciiJson, heldProperties, objectOf, propertiesOf, suffixOf } from './naming';
import { diskReport } from './sizes';
import { isXmlText } from './xml';

/** First-class disks as Volumes and VolumeImages: what is ours on them is in their metadata. */

/** Our own keys. All are written whenever one is made: a copy may begin with its source's. */
export const META = {
  id: 'cimi.id',
  token: 'cimi.token',
  /** `volume` or `image`; what has none is a volume. */
  kind: 'cimi.kind',
  /** Name, description and properties, as JSON: what the disk's own name cannot hold. */
  about: 'cimi.about',
  bootable: 'cimi.bootable',
  /** MiB that its create was to give it, which for a copy takes a second call. */
  size: 'cimi.size',
} as const;

export type Kind = 'volume' | 'image';

/** vCenter shows names of so many characters; the whole name is in the metadata. */
const SHOWN = 80;
const MAX_NAME = 250;
const MAX_DESCRIPTION = 1000;
/** Longest JSON of all properties together, in characters. */
const MAX_PROPERTIES = 2000;

export const kindOfFcd = ({ metadata }: Fcd): Kind => (metadata.get(META.kind) === 'image' ? 'image' : 'volume');

/** Metadata of what a create makes. */
export function fcdMetadata(
  { tag, token }: Marks,
  naming: Naming,
  more: { kind: Kind; bootable: boolean; size: number },
): Record<string, string> {
  return {
    [META.id]: tag,
    [META.token]: token,
    [META.kind]: more.kind,
    [META.about]: aboutText(naming),
    [META.bootable]: String(more.bootable),
    [META.size]: String(more.size),
  };
}

/** The part of the naming that a first-class disk can hold. */
export function fcdHolds(naming: Naming): Naming {
  const { name, description } = naming;
  return {
    ...(name !== undefined && fits(name, MAX_NAME) && !/\p{Cc}/u.test(name) ? { name } : {}),
    ...(description !== undefined && fits(description, MAX_DESCRIPTION) ? { description } : {}),
    ...heldProperties(naming, MAX_PROPERTIES),
  };
}

const fits = (text: string, length: number): boolean => isXmlText(text) && text !== '' && text.trim() === text && text.length <= length;

/** Name, description and properties as one text; never empty, since vCenter takes an empty value for a tag. */
export const aboutText = ({ name, description, properties }: Naming): string => asciiJson({ name, description, properties });

/** The disk's own name: the readable one as far as it is shown, else one made of the tag. Undefined for neither. */
export function fcdName(name: string | undefined, tag: string | undefined): string | undefined {
  if (name !== undefined) return [...name].slice(0, SHOWN).join('').trimEnd();
  return tag === undefined ? undefined : `cimi-${suffixOf(tag)}`;
}

/** A name that was changed at vCenter itself since we wrote it is what counts. */
function namingOf({ name, metadata }: Fcd): Naming {
  const about = objectOf(metadata.get(META.about)) ?? {};
  const written = typeof about.name === 'string' ? about.name : undefined;
  const shown = name === fcdName(written, metadata.get(META.id)) ? written : name;
  const properties = propertiesOf(JSON.stringify(about.properties ?? null));
  return {
    ...(shown === undefined || shown === '' ? {} : { name: shown }),
    ...(typeof about.description === 'string' ? { description: about.description } : {}),
    ...(properties === undefined ? {} : { properties }),
  };
}

/** MiB that its create has not given it yet. */
export function missingSize({ capacity, metadata }: Fcd): number | undefined {
  const size = Number(metadata.get(META.size));
  return size > capacity ? size : undefined;
}

const marksOf = ({ metadata, created }: Fcd): Pick<Item, 'tag' | 'token' | 'created'> => ({
  tag: metadata.get(META.id),
  token: metadata.get(META.token),
  created,
});

/** A first-class disk has no states: it is there, or vCenter says why it cannot tell of it. */
export const FCD_STATES = { told: 'AVAILABLE', fault: 'ERROR' } as const;
const stateOf = ({ error }: Fcd): string => (error === undefined ? FCD_STATES.told : FCD_STATES.fault);

/** vCenter's Cloud Native Storage, which serves Kubernetes, keeps its own keys among the metadata. */
export const isCns = ({ metadata }: Fcd): boolean => [...metadata.keys()].some((key) => key.startsWith('cns.'));

/** @throws ProviderError `forbidden` for a disk of Kubernetes */
export function refuseCns(fcd: Fcd): void {
  if (isCns(fcd)) throw new ProviderError('forbidden', KUBERNETES, { code: 'ManagedBy', maybeDone: false });
}

function refusals(fcd: Fcd, attached: boolean): Pick<Item, 'refuses'> {
  const { error } = fcd;
  if (isCns(fcd)) return { refuses: { edit: KUBERNETES, delete: KUBERNETES } };
  if (error !== undefined) return { refuses: { edit: `Not possible: ${error}` } };
  return attached ? { refuses: { delete: ATTACHED } } : {};
}

/** Name of the datastore, as vCenter writes it before the path of a file. */
function datastoreOf({ path }: Fcd): { datastore?: string } {
  const name = /^\[([^\]]+)\]/.exec(path ?? '')?.[1];
  return name === undefined ? {} : { datastore: name };
}

/**
 * Converts a disk to a Volume, its capacity in kB.
 * @param attached whether a machine has it, which keeps it from being deleted
 */
export function volumeItem(fcd: Fcd, attached: boolean): Item {
  return {
    key: fcd.id,
    values: {
      ...namingOf(fcd),
      state: stateOf(fcd),
      type: BLOCK_VOLUME,
      capacity: diskReport(fcd.capacity),
      bootable: fcd.metadata.get(META.bootable) === 'true',
      ...datastoreOf(fcd),
    },
    ...marksOf(fcd),
    ...(fcd.error === undefined ? {} : { reason: fcd.error }),
    ...refusals(fcd, attached),
  };
}

/**
 * Converts a disk to a VolumeImage.
 * @param host name of the vCenter, for its location
 */
export function volumeImageItem(fcd: Fcd, host: string): Item {
  return {
    key: fcd.id,
    values: {
      ...namingOf(fcd),
      state: stateOf(fcd),
      imageLocation: { href: `vsphere://${host}/VStorageObject/${fcd.id}` },
      bootable: fcd.metadata.get(META.bootable) === 'true',
      ...datastoreOf(fcd),
    },
    ...marksOf(fcd),
    ...refusals(fcd, false),
  };
}
