import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { type Fault, translate } from './errors';
import { SoapFault } from './soap';
import type { Ref, Result, Typed } from './types';

/** One managed object with the properties asked for, as far as vCenter tells them. */
export interface Seen {
  ref: Ref;
  /** By path; an array of a declared type where the API says so. */
  properties: ReadonlyMap<string, unknown>;
  /** Paths that vCenter did not tell, with the name of the fault. */
  missing: ReadonlyMap<string, string>;
}

/** Property paths wanted of each type. */
export type Wanted = Readonly<Record<string, readonly string[]>>;

/** Longest wait for changes in one call, in seconds. */
const WAIT_S = 60;
const BATCH = 500;

/** Every object of the wanted types in the inventory: a call for each page, and one for the view where this session has none yet. */
export async function* everything(wire: Wire, wanted: Wanted, context: CallContext): AsyncIterable<Seen[]> {
  let result: Result<'RetrievePropertiesEx'> | undefined = await firstPage(wire, wanted, context);
  const { propertyCollector } = await wire.service(context);
  for (;;) {
    yield (result?.objects ?? []).map(seen);
    const token: string | undefined = result?.token;
    if (token === undefined || token === '') return;
    result = await wire.call('ContinueRetrievePropertiesEx', propertyCollector, { token }, context);
  }
}

async function firstPage(wire: Wire, wanted: Wanted, context: CallContext): Promise<Result<'RetrievePropertiesEx'>> {
  for (let again = false; ; again = true) {
    const view = await wire.view(Object.keys(wanted), context);
    const selectSet = [{ $type: 'TraversalSpec', name: 'view', type: 'ContainerView', path: 'view', skip: false }];
    const specSet = [{ propSet: propSets(wanted), objectSet: [{ obj: view, skip: true, selectSet }] }];
    const options = { maxObjects: wire.options.pageSize };
    const { propertyCollector } = await wire.service(context);
    try {
      return await wire.faulty('RetrievePropertiesEx', propertyCollector, { specSet, options }, context);
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      // A view lives as long as its session: where that was opened again meanwhile, so is the view.
      if (again || error.code !== 'ManagedObjectNotFound' || error.fault?.obj?.value !== view.value) throw error.translated();
      wire.forgetViews();
    }
  }
}

/** These objects, without those that are gone. */
export async function objects(wire: Wire, refs: readonly Ref[], wanted: Wanted, context: CallContext): Promise<Seen[]> {
  const found: Seen[] = [];
  let left = [...refs];
  while (left.length > 0) {
    const batch = left.slice(0, BATCH);
    try {
      found.push(...(await batchOf(wire, batch, wanted, context)));
      left = left.slice(BATCH);
    } catch (error) {
      // Where a server refuses all for one that is gone, it names it: the rest is asked again.
      const gone = error instanceof SoapFault && error.code === 'ManagedObjectNotFound' ? error.fault?.obj : undefined;
      const rest = gone === undefined ? left : left.filter((ref) => ref.value !== gone.value);
      if (rest.length === left.length) throw error instanceof SoapFault ? error.translated() : error;
      left = rest;
    }
  }
  return found;
}

async function batchOf(wire: Wire, refs: readonly Ref[], wanted: Wanted, context: CallContext): Promise<Seen[]> {
  const { propertyCollector } = await wire.service(context);
  const objectSet = refs.map((obj) => ({ obj, skip: false }));
  const specSet = [{ propSet: propSets(wanted), objectSet, reportMissingObjectsInResults: true }];
  const found: Seen[] = [];
  let result = await wire.faulty('RetrievePropertiesEx', propertyCollector, { specSet, options: {} }, context);
  for (;;) {
    found.push(...(result?.objects ?? []).map(seen));
    const token: string | undefined = result?.token;
    if (token === undefined || token === '') return found;
    result = await wire.faulty('ContinueRetrievePropertiesEx', propertyCollector, { token }, context);
  }
}

function propSets(wanted: Wanted): Typed<'PropertySpec'>[] {
  return Object.entries(wanted).map(([type, pathSet]) => ({ type, all: false, pathSet }));
}

function seen({ obj, propSet, missingSet }: Typed<'ObjectContent'>): Seen {
  return {
    ref: obj ?? { type: '', value: '' },
    properties: new Map((propSet ?? []).map(({ name, val }) => [name ?? '', val])),
    missing: new Map((missingSet ?? []).map(({ path, fault }) => [path ?? '', fault?.fault?.$type ?? 'unknown'])),
  };
}

/**
 * Waits until a task has ended, by long waits for its changes; a signal that is aborted ends the waiting, not the task.
 * @returns what the task resulted in
 * @throws ProviderError: of the task's own fault; `timeout` where nobody waits any more
 */
export async function finished(wire: Wire, task: Ref, context: CallContext): Promise<unknown> {
  const { propertyCollector } = await wire.service(context);
  // A collector of its own: to end it cancels this wait and no other.
  const collector = await wire.call('CreatePropertyCollector', propertyCollector, {}, context);
  try {
    const propSet = [{ type: 'Task', all: false, pathSet: ['info.state', 'info.error', 'info.result'] }];
    await wire.call('CreateFilter', collector, { spec: { propSet, objectSet: [{ obj: task }] }, partialUpdates: false }, context);
    return await ended(wire, collector, context);
  } finally {
    await dropped(wire, collector);
  }
}

async function ended(wire: Wire, collector: Ref, context: CallContext): Promise<unknown> {
  const known = new Map<string, unknown>();
  let version = '';
  for (;;) {
    const update = await wire.call('WaitForUpdatesEx', collector, { version, options: { maxWaitSeconds: WAIT_S } }, context);
    version = update?.version ?? version;
    for (const { objectSet } of update?.filterSet ?? []) {
      for (const { changeSet } of objectSet ?? []) for (const { name, val } of changeSet ?? []) known.set(name ?? '', val);
    }
    const state = known.get('info.state');
    if (state === 'success') return known.get('info.result');
    if (state === 'error') throw taskError(known.get('info.error'));
  }
}

function taskError(error: unknown): ProviderError {
  const { fault, localizedMessage } = (typeof error === 'object' && error !== null ? error : {}) as {
    fault?: Fault;
    localizedMessage?: string;
  };
  return translate(fault, localizedMessage);
}

/** With a signal of its own: the caller's may be aborted. */
async function dropped(wire: Wire, collector: Ref): Promise<void> {
  try {
    await wire.call('DestroyPropertyCollector', collector, {}, { signal: AbortSignal.timeout(5_000) });
  } catch (error) {
    // It dies with its session; what the task said counts.
    if (!(error instanceof ProviderError)) throw error;
  }
}
