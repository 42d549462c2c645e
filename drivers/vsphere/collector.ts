import type { CallContext, Item } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { SoapFault } from './soap';
import type { Ref, Result, Typed } from './types';

/** Managed object with the properties asked for, as far as vCenter tells them. */
export interface Seen {
  ref: Ref;
  /** Properties by path; an array of a declared type where the API says so. */
  properties: ReadonlyMap<string, unknown>;
  /** Paths that vCenter did not tell, with the name of the fault. */
  missing: ReadonlyMap<string, string>;
}

/** Property paths wanted of each type. */
export type Wanted = Readonly<Record<string, readonly string[]>>;

const BATCH = 500;

/** Every object of the wanted types in the inventory: a call for each page, and one for the view where this session has none yet. */
export async function* everything(wire: Wire, wanted: Wanted, context: CallContext): AsyncIterable<Seen[]> {
  let result: Result<'RetrievePropertiesEx'> | undefined = await firstPage(wire, wanted, context);
  const { propertyCollector } = await wire.service(context);
  for (;;) {
    yield (result?.objects ?? []).map(seenOf).filter(({ ref }) => ref.value !== '');
    const token: string | undefined = result?.token;
    if (token === undefined || token === '') return;
    result = await nextPage(wire, propertyCollector, token, context);
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
      // A view lives as long as its session: where that was opened again meanwhile, so is the view.
      const lost = error instanceof SoapFault && error.code === 'ManagedObjectNotFound' && error.fault?.obj?.value === view.value;
      if (again || !lost) throw unsteady(error);
      wire.forgetViews();
    }
  }
}

async function nextPage(wire: Wire, collector: Ref, token: string, context: CallContext): Promise<Result<'RetrievePropertiesEx'>> {
  try {
    return await wire.faulty('ContinueRetrievePropertiesEx', collector, { token }, context);
  } catch (error) {
    throw unsteady(error);
  }
}

/** Translates the error of a thing that vanishes during a long read: it proves nothing of the rest, which is read again. */
function unsteady(error: unknown): unknown {
  const translated = error instanceof SoapFault ? error.translated() : error;
  if (!(translated instanceof Gone)) return translated;
  const message = `what vCenter has changed while it was read: ${translated.message}`;
  return new ProviderError('unavailable', message, { code: translated.code, maybeDone: false, cause: translated });
}

/** Answer about objects that were asked for by reference. */
export interface Told {
  seen: readonly Seen[];
  /** Proofs, by key, of objects that are gone. A key in neither map is unknown. */
  gone: ReadonlyMap<string, Gone>;
}

/**
 * Reads objects, and proofs for those that vCenter does not have: one call for 500. An object left out of the answer is asked for
 * once more by itself, so that vCenter's own fault names it.
 */
export async function told(wire: Wire, refs: readonly Ref[], wanted: Wanted, context: CallContext): Promise<Told> {
  const seen: Seen[] = [];
  const gone = new Map<string, Gone>();
  let left = [...refs];
  while (left.length > 0) {
    const batch = left.slice(0, BATCH);
    try {
      seen.push(...(await batchOf(wire, batch, { wanted, report: true }, context)));
      left = left.slice(BATCH);
    } catch (error) {
      // Where a server refuses all for one that is gone, it names it: the rest is asked again.
      const proof = proofOf(error, left);
      if (!proof) throw unsteady(error);
      gone.set(proof.key, proof);
      left = left.filter((ref) => ref.value !== proof.key);
    }
  }
  const known = new Set([...seen.map(({ ref }) => ref.value), ...gone.keys()]);
  for (const ref of refs.filter(({ value }) => !known.has(value))) {
    const answer = await alone(wire, ref, wanted, context);
    if (answer instanceof Gone) gone.set(ref.value, answer);
    else if (answer) seen.push(answer);
  }
  return { seen, gone };
}

async function alone(wire: Wire, ref: Ref, wanted: Wanted, context: CallContext): Promise<Seen | Gone | undefined> {
  try {
    const found = await batchOf(wire, [ref], { wanted, report: false }, context);
    return found.find((each) => each.ref.value === ref.value);
  } catch (error) {
    const proof = proofOf(error, [ref]);
    if (proof) return proof;
    throw unsteady(error);
  }
}

function proofOf(error: unknown, refs: readonly Ref[]): Gone | undefined {
  const translated = error instanceof SoapFault ? error.translated() : undefined;
  const named = translated instanceof Gone ? translated : undefined;
  return named && refs.some(({ type, value }) => value === named.key && type === named.thing.type) ? named : undefined;
}

/** Reads those of the objects that are there. */
export async function objects(wire: Wire, refs: readonly Ref[], wanted: Wanted, context: CallContext): Promise<readonly Seen[]> {
  return refs.length === 0 ? [] : (await told(wire, refs, wanted, context)).seen;
}

/**
 * Reads one object that must be there.
 * @throws Gone where vCenter proves that it is not; `unavailable` where it says nothing
 */
export async function present(wire: Wire, ref: Ref, paths: readonly string[], context: CallContext): Promise<Seen> {
  const { seen, gone } = await told(wire, [ref], { [ref.type]: paths }, context);
  const found = seen.find((each) => each.ref.value === ref.value);
  if (found) return found;
  throw gone.get(ref.value) ?? new ProviderError('unavailable', `vCenter says nothing of ${ref.value}`, { maybeDone: false });
}

/**
 * Reads one object; undefined where vCenter proves that it is gone.
 * @throws ProviderError `unavailable` where it says nothing
 */
export async function ifThere(wire: Wire, ref: Ref, paths: readonly string[], context: CallContext): Promise<Seen | undefined> {
  try {
    return await present(wire, ref, paths, context);
  } catch (error) {
    if (error instanceof Gone && error.key === ref.value) return undefined;
    throw error;
  }
}

async function batchOf(
  wire: Wire,
  refs: readonly Ref[],
  { wanted, report }: { wanted: Wanted; report: boolean },
  context: CallContext,
): Promise<Seen[]> {
  const { propertyCollector } = await wire.service(context);
  const objectSet = refs.map((obj) => ({ obj, skip: false }));
  const specSet = [{ propSet: propSets(wanted), objectSet, reportMissingObjectsInResults: report }];
  const found: Seen[] = [];
  let result = await wire.faulty('RetrievePropertiesEx', propertyCollector, { specSet, options: {} }, context);
  for (;;) {
    found.push(...(result?.objects ?? []).map(seenOf));
    const token: string | undefined = result?.token;
    if (token === undefined || token === '') return found;
    result = await wire.faulty('ContinueRetrievePropertiesEx', propertyCollector, { token }, context);
  }
}

export function propSets(wanted: Wanted): Typed<'PropertySpec'>[] {
  return Object.entries(wanted).map(([type, pathSet]) => ({ type, all: false, pathSet }));
}

/** Converts one object of an answer; undefined where the answer has no reference. */
export function seenOf({ obj, propSet, missingSet }: Typed<'ObjectContent'>): Seen {
  return {
    ref: obj ?? { type: '', value: '' },
    properties: new Map((propSet ?? []).map(({ name, val }) => [name ?? '', val])),
    missing: new Map((missingSet ?? []).map(({ path, fault }) => [path ?? '', fault?.fault?.$type ?? 'unknown'])),
  };
}

/** Answers of getMany: for each key what was found, else the proof that `proof` has for it; else nothing is said of it. */
export function answers(keys: readonly string[], items: readonly Item[], proof: (key: string) => Gone | undefined): (Item | Gone)[] {
  const byKey = new Map(items.map((item) => [item.key, item]));
  return [...new Set(keys)].flatMap((key) => byKey.get(key) ?? proof(key) ?? []);
}
