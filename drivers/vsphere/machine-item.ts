import type { Item } from '../../src/clouds/driver';
import { mibToKib } from '../../src/model/units';
import type { Wire } from './client';
import type { Seen } from './collector';
import { EXTRA, extraOf, propertiesOf, readableName } from './naming';
import { HOT_PATHS, refusesHotResize } from './hot-plug';
import { MANAGED_PATH, managedWords } from './managed';
import { readEach } from './partial';
import { machineState, type StateReading } from './states';
import { isRef, type Ref } from './types';

/** Properties of machines that are read. */
export const MACHINE_PATHS: readonly string[] = [
  'name',
  'config.template',
  'config.instanceUuid',
  'config.annotation',
  'config.createDate',
  'config.extraConfig',
  ...HOT_PATHS,
  'summary.config.template',
  'summary.config.numCpu',
  'summary.config.memorySizeMB',
  'runtime.powerState',
  'runtime.connectionState',
  'guest.guestState',
  'snapshot.currentSnapshot',
  MANAGED_PATH,
];

/** Operations that a machine in ERROR refuses; to take it out of the inventory is vCenter's own business to refuse. */
const ERROR_REFUSES: readonly string[] = [
  'start',
  'stop',
  'restart',
  'suspend',
  'restore',
  'capture',
  'snapshot',
  'edit',
  'rename',
  'resize',
];

/** A property as text. */
export function text(seen: Seen, path: string): string | undefined {
  const value = seen.properties.get(path);
  return typeof value === 'string' ? value : undefined;
}

/** A reference, where the property is one. */
export function refOf(value: unknown): Ref | undefined {
  return isRef(value) ? value : undefined;
}

const whole = (seen: Seen, path: string): number | undefined => {
  const value = seen.properties.get(path);
  return typeof value === 'number' ? value : undefined;
};

/** Templates are images, not machines; the summary knows it where the configuration cannot be read. */
export function isTemplate(seen: Seen): boolean {
  return (seen.properties.get('config.template') ?? seen.properties.get('summary.config.template')) === true;
}

/**
 * Tells whether it is an image whose disk was not all sent, or that was not marked as a template yet. A copy of an image has the
 * mark too, beside an id of its own.
 */
export function isHalfImage(seen: Seen): boolean {
  const extra = extraOf(seen.properties.get('config.extraConfig'));
  const upload = extra.get(EXTRA.upload);
  return !isTemplate(seen) && upload !== undefined && upload === extra.get(EXTRA.id) && text(seen, 'runtime.powerState') !== 'poweredOn';
}

/** Tells whether it is an image, whole or not, and thus no machine. */
export const isImage = (seen: Seen): boolean => isTemplate(seen) || isHalfImage(seen);

/** Tells whether vCenter tells the configuration of a machine or template: not yet while it is being made. */
export const isTold = (seen: Seen): boolean => [...seen.properties.keys()].some((each) => each.startsWith('config.'));

/** State of a machine, whether it is readable to us or not. */
function stateOf(seen: Seen): StateReading {
  const power = seen.properties.get('runtime.powerState');
  if (power !== undefined && typeof power !== 'string')
    return { state: 'ERROR', message: 'vCenter shows a power state that is not a text' };
  const [path, fault] = [...seen.missing].find(([each]) => each === 'runtime.powerState' || each.startsWith('config')) ?? [];
  if (path !== undefined) return { state: 'ERROR', message: `vCenter does not tell ${path} of it (${fault})` };
  return machineState({
    power: text(seen, 'runtime.powerState'),
    connection: text(seen, 'runtime.connectionState'),
    guest: text(seen, 'guest.guestState'),
    configured: isTold(seen),
  });
}

/** A virtual machine as a Machine. */
export function machineItem(seen: Seen): Item {
  const extra = extraOf(seen.properties.get('config.extraConfig'));
  const tag = extra.get(EXTRA.id);
  const { state, unmapped, message } = stateOf(seen);
  const cpu = whole(seen, 'summary.config.numCpu');
  const snapshot = refOf(seen.properties.get('snapshot.currentSnapshot'));
  const description = text(seen, 'config.annotation');
  const properties = propertiesOf(extra.get(EXTRA.properties));
  const name = readableName(text(seen, 'name'), tag);
  return {
    key: seen.ref.value,
    values: {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined || description === '' ? {} : { description }),
      ...(properties === undefined ? {} : { properties }),
      state,
      ...(cpu === undefined ? {} : { cpu }),
      memory: mibToKib(whole(seen, 'summary.config.memorySizeMB') ?? 0),
      ...(snapshot === undefined ? {} : { latestSnapshot: { item: { type: 'MachineImage', key: snapshot.value } } }),
    },
    tag,
    token: extra.get(EXTRA.token),
    created: text(seen, 'config.createDate'),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(message === undefined ? {} : { reason: message }),
    ...refusals(seen, message),
  };
}

/** The machines of a page; of what cannot be read, what can be, in ERROR. */
export function machineItems(page: readonly Seen[], wire: Wire): Item[] {
  return page.filter((each) => !isImage(each)).flatMap((seen) => readEach(seen, machineItem, wire, 'Machine'));
}

/** A page without what the operator hides. */
export function listable(page: readonly Seen[], { options }: Wire): readonly Seen[] {
  return options.hideManaged ? page.filter((seen) => managedWords(seen) === undefined) : page;
}

/** @param broken why it is in ERROR */
function refusals(seen: Seen, broken: string | undefined): Pick<Item, 'refuses'> {
  const managed = managedWords(seen);
  if (managed !== undefined) return { refuses: Object.fromEntries([...ERROR_REFUSES, 'delete'].map((each) => [each, managed])) };
  if (broken !== undefined) return { refuses: Object.fromEntries(ERROR_REFUSES.map((each) => [each, `Not possible: ${broken}`])) };
  const resize = text(seen, 'runtime.powerState') === 'poweredOn' ? refusesHotResize(seen) : undefined;
  return resize === undefined ? {} : { refuses: { resize } };
}
