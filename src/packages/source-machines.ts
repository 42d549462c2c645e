import { cloudOf, nestedFailure, StepFailure, type StepContext, type StepOutcome } from '../jobs/workflow';
import type { Value } from '../model/values';
import type { DeferredPlanning } from '../operations/deferred-planning';
import { stateOf } from '../operations/reach-state';
import { heldBy, Refusal, type Found, type PlanContext, type ResourceHandler } from '../operations/resource-handler';
import type { Hold, NewResourceRow, ResourcePath } from '../store/store';
import { draftOf, type Draft } from '../systems/members';
import { MachineExport } from './export-machine';
import { PackageBuilder } from './package-builder';
import type { Captured, PackagedImage } from './package-images';
import type { PackageRecord } from './package-record';

/** Machines that are moved: stopped before their disks are read, and started again where nothing comes of it. */

/** Machine that an import moves, as it was when that was asked for. */
export interface SourceMachine {
  path: ResourcePath;
  cloud: string;
  key: string;
  /** Nested Jobs that stop it and, where nothing comes of the move, start it again; absent where it was STOPPED. */
  stop?: Draft;
  start?: Draft;
}

/** Services that the moving of Machines needs. */
export interface SourceDeps {
  /** Handlers of Machines and VolumeImages among others. */
  handlers: readonly ResourceHandler[];
  planning: DeferredPlanning;
}

type Context = StepContext<{ sources?: readonly SourceMachine[]; asker: PlanContext['principal'] }>;

const MACHINE = 'Machine';
const at = 'properties.source';
/** Time between two looks at a Machine that is on its way to a state, and for which it is looked at, in ms. */
const [LOOK_MS, PATIENCE_MS] = [500, 600_000];

/**
 * Finds the Machines that a package of the gateway's own was made of, to be stopped by the import.
 * @throws Refusal 400 where there are none, 403 for what the caller may not change, 409 for one that cannot be stopped now
 */
export async function sourceMachines(
  context: PlanContext,
  handlers: readonly ResourceHandler[],
  { origins = {} }: Pick<PackageRecord, 'origins'>,
): Promise<SourceMachine[]> {
  const paths = [...new Set(Object.values(origins))].filter((path) => context.catalogue.locate(path)?.type === MACHINE);
  if (paths.length === 0) throw new Refusal(400, 'the package is of no Machine that could be stopped', { at });
  return Promise.all(paths.map(async (path) => source(context, handlers, await context.resolve(path, MACHINE, at, { anywhere: true }))));
}

async function source(context: PlanContext, handlers: readonly ResourceHandler[], found: Found): Promise<SourceMachine> {
  const { path, key, values } = found;
  const machine = context.permit(found, 'stop');
  if (found.held) throw heldBy(found);
  const { cloud } = found;
  if (!cloud || key === undefined) throw new Refusal(409, `${path} does not exist at its provider`, { at, kind: 'conflict' });
  const base = { path, cloud: cloud.key, key };
  if (values.state === 'STOPPED') return base;
  if (values.state !== 'STARTED')
    throw new Refusal(409, `${path} is ${String(values.state)}: a Machine is moved while STARTED or STOPPED`, { at, kind: 'conflict' });
  for (const method of ['stop', 'start'] as const)
    if (!cloud.offers('machines', method))
      throw new Refusal(400, `cloud '${cloud.key}', in which ${path} is, does not ${method} machines`, { at, kind: 'unsupported' });
  const { act = {} } = handlers.find(({ type }) => type === MACHINE) ?? {};
  const stop = await act.stop?.(context, machine, {});
  // Planned now, with the rights of now: it has to be started again whatever becomes of these.
  const start = await act.start?.(context, { ...machine, values: { ...values, state: 'STOPPED' } }, {});
  const [stopping, starting] = [stop && draftOf(stop, 'stop'), start && draftOf(start, 'start')];
  if (!stopping || !starting) throw new Error(`the stop and start of ${path} have no work`);
  return { ...base, stop: stopping, start: starting };
}

/** Holds by which nobody else changes the Machines meanwhile. */
export const sourceHolds = (sources: readonly SourceMachine[]): Hold[] => sources.map(({ path }) => ({ path, shows: null }));

/** Stops the Machines that ran; nested Jobs give back what they held, and it is taken again. */
export function stopSources({ input: { sources = [] }, nested }: Context): StepOutcome {
  const running = sources.flatMap(({ path, stop }) => (stop ? [{ path, stop }] : []));
  if (!nested && running.length > 0) return { nested: running.map(({ stop }) => stop) };
  const failed = (nested ?? []).flatMap(({ id, state, statusMessage }, place) =>
    state === 'SUCCESS' ? [] : [`${running[place]?.path ?? 'a Machine'}: ${statusMessage} (jobs/${id})`],
  );
  if (failed.length > 0) throw nestedFailure(`could not be stopped: ${failed.join('; ')}`, nested ?? []);
  return { done: null, holds: sourceHolds(sources) };
}

/** Starts the Machines again that were stopped for it. @throws StepFailure naming those that could not be */
export async function startSources(context: Context): Promise<StepOutcome> {
  const { nested, input, elapsedMs } = context;
  const ran = (input.sources ?? []).filter(({ start }) => start !== undefined);
  if (nested) {
    const failed = nested.filter(({ state }) => state !== 'SUCCESS');
    if (failed.length === 0) return { done: null };
    const words = failed.map(({ id, statusMessage }) => `${statusMessage} (jobs/${id})`);
    throw nestedFailure(`Machines that were stopped could not be started again: ${words.join('; ')}`, nested);
  }
  const starts: Draft[] = [];
  for (const machine of ran) {
    const state = await stateOf({ ...context, input: { cloud: machine.cloud } }, 'machines', machine.key);
    if (state === 'STOPPED' && machine.start) starts.push(machine.start);
    // It is not known yet what it will be.
    else if (state?.endsWith('ING') && elapsedMs < PATIENCE_MS) return { wait: LOOK_MS, message: `${machine.path} is ${state}` };
  }
  return starts.length === 0 ? { done: null } : { nested: starts };
}

/** Plans an image of each disk as it is now, with the rights that the asker has by now. @throws StepFailure, ProviderError */
export async function planCaptures(deps: SourceDeps, context: Context): Promise<StepOutcome> {
  const { captures, insert } = await lookAtSources(deps, context, { running: false });
  return {
    done: { captures } as unknown as Value,
    affected: captures.map(({ path }) => path),
    async apply(unit) {
      for (const row of insert) await unit.insertResource(row);
    },
  };
}

/** Images that would be made of the disks as they are now; nothing is made. @throws StepFailure, ProviderError */
export async function capturesToBe(deps: SourceDeps, context: Context): Promise<Captured> {
  const { captures } = await lookAtSources(deps, context, { running: true });
  return { captures, planned: true };
}

async function lookAtSources(
  { handlers, planning }: SourceDeps,
  context: Context,
  options: { running: boolean },
): Promise<{ captures: PackagedImage[]; insert: NewResourceRow[] }> {
  const { sources = [], asker } = context.input;
  const captures: PackagedImage[] = [];
  const insert: NewResourceRow[] = [];
  const volumeImages = handlers.find(({ type }) => type === 'VolumeImage') ?? {};
  try {
    for (const { path, cloud } of sources) {
      const asking = ownHolds(await planning.contextFor(asker, cloudOf(context.clouds, cloud).key), context.job.id);
      const machines = new MachineExport(asking, new PackageBuilder(), volumeImages, options);
      await machines.machine(asking.permit(await asking.resolve(path, MACHINE, at), 'export'));
      captures.push(...machines.captures);
      insert.push(...machines.insert);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new StepFailure(error.reason, error.details.kind ?? (error.status === 403 ? 'forbidden' : 'conflict'));
  }
  return { captures, insert };
}

/** Images that the step `look` has planned; none before its end. */
export const capturesOf = (results: Context['results']): readonly PackagedImage[] =>
  (results.look as unknown as Captured | undefined)?.captures ?? [];

/** Frees a context of what this Job holds itself, which stands in nobody's way. */
function ownHolds(context: PlanContext, job: string): PlanContext {
  const freed = (found: Found): Found => (found.held?.job === job ? { ...found, held: undefined } : found);
  return {
    ...context,
    resolve: async (...args) => freed(await context.resolve(...args)),
    list: async (...args) => (await context.list(...args)).map(freed),
  };
}

/** Words for what becomes of the Machines that are moved. */
export const sourcesTold = (sources: readonly SourceMachine[] = []): string[] => sources.map(({ path }) => `${path} is left STOPPED`);
