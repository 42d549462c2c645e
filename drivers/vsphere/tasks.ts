import type { CallContext } from '../../src/clouds/driver';
import { Gone, HandleForgotten, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { propSets, type Seen, seenOf } from './collector';
import { translate } from './errors';
import { SoapFault } from './soap';
import type { MethodName } from './methods';
import { isA, type Ref, type Typed } from './types';

/** vCenter's tasks: how far they are, and which have been begun lately. */

/** A task as vCenter tells it. */
export interface TaskSeen {
  ref: Ref;
  ended: 'success' | 'error' | undefined;
  result: unknown;
  error: Typed<'LocalizedMethodFault'> | undefined;
  /** Percent. */
  progress: number | undefined;
  /** Name of the task in vCenter's words: `VirtualMachine.clone`. */
  what: string;
  /** Name of the method that began it, where vCenter tells it. */
  method: string | undefined;
  /** Time at which it was begun, by vCenter's clock, in ms since the epoch. */
  begun: number;
  /** User who began it; undefined where that is no person. */
  user: string | undefined;
}

const WANTED = { Task: ['info'] };
/** Tolerance between vCenter's clock and this one, in ms. */
const SKEW_MS = 300_000;

/**
 * Looks how far a task is: one call.
 * @throws HandleForgotten where vCenter no longer knows it, ProviderError where it does not say
 */
export async function readTask(wire: Wire, task: Ref, context: CallContext): Promise<TaskSeen> {
  const { propertyCollector } = await wire.service(context);
  const specSet = [{ propSet: propSets(WANTED), objectSet: [{ obj: task, skip: false }] }];
  try {
    const answer = await wire.faulty('RetrievePropertiesEx', propertyCollector, { specSet, options: {} }, context);
    const told = (answer?.objects ?? []).map(seenOf).find(({ ref }) => ref.value === task.value);
    const seen = told && taskSeen(told);
    if (seen) return seen;
    throw new ProviderError('unavailable', `vCenter does not tell how far the task ${task.value} is`, { maybeDone: false });
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    const translated = error.translated();
    if (translated instanceof Gone && translated.key === task.value)
      throw new HandleForgotten(`vCenter no longer knows the task ${task.value}`, { code: error.code, cause: translated });
    throw translated;
  }
}

/** The tasks that vCenter still tells of an object (or, by its task manager, of all), oldest first: one call. */
export async function recentTasks(wire: Wire, of: Ref, context: CallContext): Promise<TaskSeen[]> {
  const { propertyCollector } = await wire.service(context);
  const selectSet = [{ $type: 'TraversalSpec', name: 'recent', type: of.type, path: 'recentTask', skip: false }];
  const specSet = [{ propSet: propSets(WANTED), objectSet: [{ obj: of, skip: true, selectSet }] }];
  const answer = await wire.call('RetrievePropertiesEx', propertyCollector, { specSet, options: {} }, context);
  return (answer?.objects ?? []).flatMap((told) => taskSeen(seenOf(told)) ?? []).sort((a, b) => a.begun - b.begun);
}

function taskSeen({ ref, properties }: Seen): TaskSeen | undefined {
  const info = properties.get('info');
  if (ref.type !== 'Task' || !isA(info, 'TaskInfo') || info.state === undefined) return undefined;
  return {
    ref,
    ended: info.state === 'success' || info.state === 'error' ? info.state : undefined,
    result: info.result,
    error: info.error,
    progress: info.progress,
    what: info.descriptionId ?? info.name ?? 'a task',
    method: info.name,
    begun: Date.parse(info.queueTime ?? info.startTime ?? ''),
    user: isA(info.reason, 'TaskReasonUser') ? info.reason.userName : undefined,
  };
}

/** Words of vCenter's for methods, where they are not the method's own name. */
const TASK_NAMES: Readonly<Partial<Record<MethodName, readonly string[]>>> = {
  RevertToSnapshot_Task: ['revert', 'revertsnapshot'],
  RemoveSnapshot_Task: ['remove'],
  ReconfigVM_Task: ['reconfigure'],
  CreateDisk_Task: ['createdisk'],
  CreateSnapshot_Task: ['createsnapshotex'],
  CloneVStorageObject_Task: ['clone'],
};

const plain = (word: string): string => word.toLowerCase().replace(/_task$|task$|vm(?=_task$|$)/g, '');

/** Tells whether a task is of this method, and ours: begun since then (ms by our clock) by the user whom the driver is. */
export function isOurs(task: TaskSeen, method: MethodName, since: number, user: string): boolean {
  const words = [plain(method.replace(/_Task$/, '')), ...(TASK_NAMES[method] ?? [])];
  const last = task.what.split('.').at(-1) ?? '';
  const same = [task.method ?? '', last].some((word) => words.includes(plain(word.replace(/_Task$/, ''))));
  if (method === 'CloneVStorageObject_Task' && !/vstorageobject/i.test(`${task.what} ${task.method ?? ''}`)) return false;
  const late = Number.isNaN(task.begun) || task.begun >= since - SKEW_MS;
  return same && late && (task.user === undefined || sameUser(task.user, user));
}

/** vCenter writes users as `DOMAIN\name` and takes `name@domain`. */
function sameUser(told: string, ours: string): boolean {
  const nameOf = (user: string): string => (user.includes('\\') ? (user.split('\\')[1] ?? '') : (user.split('@')[0] ?? '')).toLowerCase();
  return nameOf(told) === nameOf(ours);
}

/** Returns the error of a failed task. */
export const taskError = ({ error }: TaskSeen): ProviderError => translate(error?.fault, error?.localizedMessage);
