import { amount, type Doc, doc, docs, flag, number, text, textMap, time, told, whole } from './documents';
import type { Metadata } from './naming';
import type { ServerState } from './states';

/** A server, as far as it is of use here. */
export interface Server extends ServerState {
  id: string;
  /** "" where Nova does not tell it. */
  name: string;
  description?: string;
  metadata: Metadata;
  created?: string;
  /** "" where the server boots from a volume; absent where Nova does not tell. */
  image?: { id: string } | '';
  /** Flavor: up to 2.46 the id alone, from 2.47 on the figures without the id. Memory in MiB, disks in GiB, swap in MiB. */
  flavor: { id?: string; original_name?: string; vcpus?: number; ram?: number; disk?: number; ephemeral?: number; swap?: number };
  locked?: boolean;
  locked_reason?: string;
  fault?: string;
  faultAt?: string;
  security_groups: readonly string[];
  'OS-EXT-AZ:availability_zone'?: string;
  /** Volumes, and whether each goes with the server; absent where Nova does not tell them. */
  volumes?: readonly { id: string; goes: boolean }[];
  /** Nova could not ask the cell that has the server, and tells next to nothing of it. */
  partial: boolean;
}

export function serverFrom(given: Doc): Server | undefined {
  const id = text(given.id);
  if (id === undefined) return undefined;
  const flavor = doc(given.flavor);
  const image = given.image === '' ? '' : text(doc(given.image).id);
  const status = text(given.status);
  return told<Server>({
    id,
    name: text(given.name) ?? '',
    status: status ?? 'UNKNOWN',
    'OS-EXT-STS:task_state': text(given['OS-EXT-STS:task_state']),
    'OS-EXT-STS:power_state': number(given['OS-EXT-STS:power_state']),
    description: text(given.description),
    metadata: textMap(given.metadata),
    created: time(given.created),
    image: image === undefined || image === '' ? image : { id: image },
    flavor: told<Server['flavor']>({
      id: text(flavor.id),
      original_name: text(flavor.original_name),
      vcpus: amount(flavor.vcpus),
      ram: amount(flavor.ram),
      disk: amount(flavor.disk),
      ephemeral: amount(flavor.ephemeral),
      swap: amount(flavor.swap),
    }),
    locked: flag(given.locked),
    locked_reason: text(given.locked_reason),
    fault: text(doc(given.fault).message),
    faultAt: time(doc(given.fault).created),
    security_groups: docs(given.security_groups).flatMap(({ name }) => text(name) ?? []),
    'OS-EXT-AZ:availability_zone': text(given['OS-EXT-AZ:availability_zone']),
    volumes: whole(given['os-extended-volumes:volumes_attached'], (each) => {
      const volume = text(each.id);
      return volume === undefined ? undefined : { id: volume, goes: each.delete_on_termination === true };
    }),
    partial: status === undefined || status === 'UNKNOWN',
  });
}

/** Volumes that Nova deletes together with their server: those are its Disks, all others are Volumes. */
export const doomedOf = ({ volumes = [] }: Server): string[] => volumes.flatMap(({ id, goes }) => (goes ? [id] : []));

/**
 * Begins what stands for a flavor's id where a server tells its name only (from 2.47 on): ids have no colon. Good for the
 * confirmation of a size alone.
 */
export const FLAVOR_NAMED = 'name:';

/** A flavor: memory in MiB, disks in GiB, swap in MiB. */
export interface Flavor {
  id: string;
  name: string;
  vcpus?: number;
  ram?: number;
  /** 0: as large as the image, where the cloud allows that. */
  disk?: number;
  swap?: number;
  ephemeral?: number;
  description?: string;
  'OS-FLV-DISABLED:disabled'?: boolean;
  extra_specs?: Readonly<Record<string, string>>;
}

export function flavorFrom(given: Doc): Flavor | undefined {
  const id = text(given.id);
  if (id === undefined) return undefined;
  return told<Flavor>({
    id,
    name: text(given.name) ?? id,
    vcpus: amount(given.vcpus),
    ram: amount(given.ram),
    disk: amount(given.disk),
    // "" for none before 2.75.
    swap: amount(given.swap),
    ephemeral: amount(given['OS-FLV-EXT-DATA:ephemeral']),
    'OS-FLV-DISABLED:disabled': flag(given['OS-FLV-DISABLED:disabled']),
    extra_specs: given.extra_specs === undefined ? undefined : textMap(given.extra_specs),
    description: text(given.description),
  });
}

/** A key pair; its id is its name. */
export interface KeyPair {
  id: string;
  public_key: string;
}

export function keyPairFrom(given: Doc): KeyPair | undefined {
  const [id, key] = [text(given.name), text(given.public_key)];
  return id === undefined || key === undefined ? undefined : { id, public_key: key };
}
