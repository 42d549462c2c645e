import type { Item } from '../../src/clouds/driver';
import { guestOf } from '../../src/clouds/image-facts';
import type { Values } from '../../src/model/values';
import type { Seen } from './collector';
import { isHalfImage, isImage, text } from './machine-item';
import { EXTRA, extraOf, readableName, readSnapshotDescription } from './naming';
import { ARCHITECTURE } from './sizes';
import { imageState } from './states';
import { isA, type Typed } from './types';

/** Key of the image that stands for nothing to copy from. */
export const BLANK = 'blank';

/** Properties that images are read by: of templates, and of the snapshots of any machine. */
export const IMAGE_PATHS: readonly string[] = [
  'name',
  'config.template',
  'config.annotation',
  'config.createDate',
  'config.extraConfig',
  'config.firmware',
  'config.bootOptions.efiSecureBootEnabled',
  'config.guestId',
  'summary.config.template',
  'runtime.powerState',
  'runtime.connectionState',
  'snapshot',
];

type Tree = Typed<'VirtualMachineSnapshotTree'>;

/** A snapshot in its tree. */
export interface Branch {
  item: Tree;
  /** Key of the one that it was taken after. */
  parent: string | undefined;
}

/** Every snapshot of a machine. */
export function snapshotsOf(seen: Seen): Branch[] {
  const info = seen.properties.get('snapshot');
  return isA(info, 'VirtualMachineSnapshotInfo') ? flat(info.rootSnapshotList, undefined) : [];
}

function flat(list: readonly Tree[] | undefined, parent: string | undefined): Branch[] {
  return (list ?? []).flatMap((item) => [{ item, parent }, ...flat(item.childSnapshotList, item.snapshot?.value)]);
}

/** The images that a virtual machine is or has. */
export function imageItems(seen: Seen, host: string): Item[] {
  const snapshots = snapshotsOf(seen).flatMap((branch) => snapshotItem(branch, seen, host) ?? []);
  return isImage(seen) ? [templateItem(seen, host), ...snapshots] : snapshots;
}

const location = (host: string, type: string, key: string): string => `vsphere://${host}/${type}/${key}`;

/** Facts of the machine that an image is, or is a snapshot of. */
function factsOf(seen: Seen): Values {
  const [firmware, guestId] = [text(seen, 'config.firmware'), text(seen, 'config.guestId')];
  const guestOs = guestOf(guestId);
  return {
    cpuArch: ARCHITECTURE,
    ...(firmware === undefined ? {} : { bootMode: firmware === 'efi' ? 'uefi' : 'legacy-bios' }),
    ...(seen.properties.get('config.bootOptions.efiSecureBootEnabled') === true ? { secureBoot: true } : {}),
    ...(guestOs === undefined ? {} : { guestOs }),
  };
}

function templateItem(seen: Seen, host: string): Item {
  const extra = extraOf(seen.properties.get('config.extraConfig'));
  const tag = extra.get(EXTRA.id);
  const runs = text(seen, 'runtime.powerState') === 'poweredOn';
  const half = isHalfImage(seen);
  const { state: shown, unmapped, message } = imageState({ connection: text(seen, 'runtime.connectionState'), runs });
  const state = half && shown === 'AVAILABLE' ? 'CREATING' : shown;
  const name = readableName(text(seen, 'name'), tag);
  const description = text(seen, 'config.annotation');
  return {
    key: seen.ref.value,
    values: {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined || description === '' ? {} : { description }),
      state,
      type: 'IMAGE',
      imageLocation: location(host, 'VirtualMachine', seen.ref.value),
      ...factsOf(seen),
    },
    cpuArch: ARCHITECTURE,
    tag,
    token: extra.get(EXTRA.token),
    created: text(seen, 'config.createDate'),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(half ? { unfinished: true } : {}),
    ...(message === undefined ? {} : { refuses: { edit: `Not possible: ${message}`, delete: `Not possible: ${message}` } }),
  };
}

function snapshotItem({ item, parent }: Branch, seen: Seen, host: string): Item | undefined {
  const key = item.snapshot?.value;
  if (key === undefined) return undefined;
  const { description, tag, token } = readSnapshotDescription(item.description);
  const { state, unmapped } = imageState({ connection: text(seen, 'runtime.connectionState'), runs: false });
  const name = readableName(item.name, tag);
  return {
    key,
    values: {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      state,
      type: 'SNAPSHOT',
      imageLocation: location(host, 'VirtualMachineSnapshot', key),
      ...(parent === undefined ? {} : { relatedImage: { item: { type: 'MachineImage', key: parent } } }),
      ...factsOf(seen),
    },
    cpuArch: ARCHITECTURE,
    tag,
    token,
    created: item.createTime,
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
  };
}

/** A machine made from nothing begins as this. */
export function blankItem(host: string): Item {
  const words = 'It stands for a machine made from nothing: there is nothing at vCenter to change';
  return {
    key: BLANK,
    values: {
      name: BLANK,
      description: 'No operating system: disks and networks as asked for, started from the network or by hand',
      state: 'AVAILABLE',
      type: 'IMAGE',
      imageLocation: location(host, 'none', BLANK),
    },
    public: true,
    refuses: { edit: words, delete: words },
  };
}
