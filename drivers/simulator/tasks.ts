import type { CallContext, Created, Driver, Groups, WorkHandle, Outcome } from '../../src/clouds/driver';
import { HandleForgotten, ProviderError } from '../../src/clouds/errors';
import { sent } from './pages';
import type { Kind, Phased } from './things';
import { phaseAt } from './things';
import type { Wire } from './wire';

/** Groups whose writes take time, and the kind of thing that each is about. */
const KINDS: Readonly<Partial<Record<keyof Groups, Phased['kind']>>> = {
  machines: 'instance',
  machineImages: 'snapshot',
  volumes: 'volume',
  volumeImages: 'copy',
  networks: 'net',
  networkPorts: 'port',
};
/** Writes that make a thing: what they answer at their end is its key. */
const MAKING: readonly string[] = ['create', 'capture', 'upload'];
const LONG_RUNNING: readonly string[] = [
  ...MAKING,
  'start',
  'stop',
  'restart',
  'pause',
  'suspend',
  'restore',
  'resize',
  'update',
  'delete',
];
/** Phases in which a thing is at work. */
const WORKING = /ing$/;
/** `pending` is the one that does not end so; `running` is no work. */
const isWorking = (phase: string): boolean => phase === 'pending' || (phase !== 'running' && WORKING.test(phase));

/**
 * The driver as that of a provider which answers with tasks, as vCenter does: a write tells no more than a handle, what
 * it makes has a key only when its task has ended, and a thing at work takes no other request.
 */
export function answeringByTasks(driver: Driver, wire: Wire): Driver {
  const groups = Object.entries(KINDS).map(([group, kind]) => [group, withTasks(driver, group as keyof Groups, kind, wire)]);
  return { ...driver, ...(Object.fromEntries(groups) as Groups), poll: (handle, context) => poll(wire, handle, context) };
}

type Method = (...args: unknown[]) => Promise<unknown>;

function withTasks(driver: Driver, group: keyof Groups, kind: Phased['kind'], wire: Wire): object {
  const owner: object = driver[group] ?? {};
  const methods = Object.entries(owner).map(([name, run]: [string, unknown]) => {
    if (typeof run !== 'function' || !LONG_RUNNING.includes(name)) return [name, run];
    const call: Method = (...args) => Reflect.apply(run, owner, args) as Promise<unknown>;
    return [name, (...args: unknown[]) => begun(wire, { group, name, kind }, call, args)];
  });
  return Object.fromEntries(methods) as object;
}

async function begun(
  wire: Wire,
  { name, kind }: { group: keyof Groups; name: string; kind: Phased['kind'] },
  call: Method,
  args: readonly unknown[],
): Promise<Outcome<Created | void>> {
  const making = MAKING.includes(name);
  const id = making ? undefined : String(args[0]);
  try {
    const made = (await call(...args)) as Created | undefined;
    return outcomeOf(wire, { kind, id: made?.key ?? id ?? '', making });
  } catch (error) {
    // The thing is at work for another request: later it will not be.
    if (!(error instanceof ProviderError) || error.kind !== 'conflict' || id === undefined || !isWorking(phaseOf(wire, kind, id) ?? ''))
      throw error;
    throw new ProviderError('unavailable', `The simulated cloud is busy with it: ${error.message}`, { code: 'Busy', maybeDone: false });
  }
}

/** The provider's own knowledge, whether reads show it yet or not. */
function phaseOf(wire: Wire, kind: Phased['kind'], id: string): string | undefined {
  const thing = wire.account.find(kind as Kind, id) as Phased | undefined;
  return thing && phaseAt(thing.timeline, Date.now());
}

function outcomeOf(wire: Wire, task: { kind: Phased['kind']; id: string; making: boolean }): Outcome<Created | void> {
  const phase = phaseOf(wire, task.kind, task.id);
  if (phase !== undefined && isWorking(phase)) return { ongoing: task, message: `the task of ${task.id} goes on (${phase})` };
  if (!task.making) return undefined;
  if (phase === undefined) throw new HandleForgotten(`the simulated cloud no longer knows the task that made ${task.id}`);
  return { key: task.id };
}

function poll(wire: Wire, handle: WorkHandle, context: CallContext): Promise<Outcome<Created | void>> {
  const kind = Object.values(KINDS).find((each) => each === handle.kind);
  if (!kind) throw new ProviderError('invalid', 'this is no handle of the simulated cloud', { maybeDone: false });
  const task = { kind, id: String(handle.id), making: handle.making === true };
  return sent(wire.request('tasks.poll', context, () => outcomeOf(wire, task)));
}
