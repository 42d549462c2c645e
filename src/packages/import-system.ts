import type { Cloud } from '../clouds/cloud';
import {
  cloudOf,
  LeftUnderWay,
  nestedFailure,
  StepFailure,
  type EndContext,
  type StepContext,
  type StepOutcome,
  type Workflow,
} from '../jobs/workflow';
import { spoken } from '../model/shown';
import type { Values } from '../model/values';
import { removeWithAssociations } from '../operations/associations';
import { Refusal, type ChangePlan, type ResourceHandler } from '../operations/resource-handler';
import { componentGroupsOf, kindsOf, SYSTEM } from '../systems/component-kinds';
import { draftOf } from '../systems/members';
import { planSystem } from '../systems/plan';
import { leaveFailed, takingBack } from '../systems/take-back';
import { imagesLeft, makeImages, takeImagesBack } from './package-images';
import { capturesOf, planCaptures, sourceHolds, sourcesTold, startSources, stopSources, type SourceMachine } from './source-machines';
import { readingOf, readPackage, rowOf, type ImportInput, type PackageDeps } from './read-package';

/** Services that importing Systems needs besides. */
export interface SystemDeps extends PackageDeps {
  /** Handlers of all that a System can consist of, Systems among them. */
  handlers: readonly ResourceHandler[];
}

export interface ImportSystemInput extends ImportInput {
  /** Machines that are moved; absent where the source is kept as it is. */
  sources?: readonly SourceMachine[];
}

type Context = StepContext<ImportSystemInput>;
/** Result of a cleaning that left something. */
const LEFT = 'left';

type Table = ReadonlyMap<string, ResourceHandler>;

/** Handlers by type. */
export const tableOf = ({ handlers }: SystemDeps): Table => new Map(handlers.map((handler) => [handler.type, handler]));

export const importSystem: Pick<Workflow, 'name' | 'version'> = { name: 'system.import', version: 1 };
export const moveSystem: Pick<Workflow, 'name' | 'version'> = { name: 'system.move', version: 1 };

/**
 * Makes a System of a package (5.13.2.1): its descriptor is read, its disks become images, and then the System is planned and made of
 * them as any other.
 */
export function importSystemWorkflow(deps: SystemDeps): Workflow<ImportSystemInput> {
  const { catalogue } = deps;
  const table = tableOf(deps);
  const groups = componentGroupsOf(table, kindsOf(catalogue));
  return {
    ...importSystem,
    steps: [
      { name: 'read', message: 'Reading the package', run: (context) => read(deps, table, context) },
      {
        name: 'images',
        message: 'Making images of the disks',
        run: ({ results, nested }) => Promise.resolve(makeImages(readingOf(results).images, nested)),
        undo: ({ results, nested, store }) => takeImagesBack(catalogue, store, readingOf(results).images, nested),
      },
      {
        name: 'create',
        message: 'Making the System',
        run: (context) => create(deps, table, context),
        async undo({ input: { path }, nested, store }) {
          // A create that failed or was stopped has taken back what it could, and what was not begun (CREATING) has nothing.
          if (nested !== undefined || (await store.resource(path))?.state !== null) return { done: null };
          return { nested: [await takingBack(store, { catalogue, groups }, path, SYSTEM)].filter((draft) => draft !== undefined) };
        },
      },
    ],
    async succeeded({ unit, input, results }) {
      const captures = capturesOf(results);
      const left = results.clean === LEFT ? await imagesLeft(unit, captures) : [];
      for (const { path } of captures) if (!left.includes(path)) await removeWithAssociations(unit, path);
      const told = [...sourcesTold(input.sources), ...left.map((path) => `${path} was made for it and could not be deleted`)];
      return { message: spoken(['Imported', ...told, ...readingOf(results).warnings].join('; ')) };
    },
    failed: (context) => tell(context, context.error.message, context.error instanceof LeftUnderWay),
    stopped: (context) => tell(context, 'Stopped; what had been made was taken back'),
  };
}

/** The same where its Machines are moved: they are stopped first, and their disks read as they are then. */
export function moveSystemWorkflow(deps: SystemDeps): Workflow<ImportSystemInput> {
  const { catalogue } = deps;
  const workflow = importSystemWorkflow(deps);
  return {
    ...workflow,
    ...moveSystem,
    steps: [
      {
        name: 'stop',
        message: 'Stopping the Machines that are moved',
        run: (context) => Promise.resolve(stopSources(context)),
        undo: startSources,
      },
      { name: 'look', message: 'Looking at the Machines that are moved', run: (context) => planCaptures(deps, context) },
      {
        name: 'capture',
        message: 'Making images of their disks',
        run: ({ input, results, nested }) => Promise.resolve(captured(input, makeImages(capturesOf(results), nested, 'captured'))),
        undo: ({ results, nested, store }) => takeImagesBack(catalogue, store, capturesOf(results), nested),
      },
      ...workflow.steps,
      { name: 'clean', message: 'Deleting the images that were made for it', run: (context) => clean(catalogue, context) },
    ],
  };
}

/** Machines are held again once the images are made: their nested Jobs gave them back. */
const captured = ({ sources = [] }: ImportSystemInput, outcome: StepOutcome): StepOutcome =>
  'done' in outcome ? { ...outcome, holds: sourceHolds(sources) } : outcome;

/** Deletes what was made to be read; what cannot be deleted now is named. */
async function clean(catalogue: SystemDeps['catalogue'], { results, nested, store }: Context): Promise<StepOutcome> {
  const captures = capturesOf(results);
  if (captures.length === 0) return { done: null };
  if (!nested) return takeImagesBack(catalogue, store, captures, nested);
  return { done: nested.every(({ state }) => state === 'SUCCESS') ? null : LEFT };
}

/** Reads the package, and refuses before any disk is fetched what its cloud cannot make. */
async function read(deps: SystemDeps, table: Table, context: Context): Promise<StepOutcome> {
  const outcome = await readPackage(deps, context, 'resources', { captures: capturesOf(context.results) });
  const { root, resources } = readingOf({ read: outcome.done });
  mustCreate(deps, table, cloudOf(context.clouds, context.input.cloud), root);
  return {
    ...outcome,
    affected: [...(outcome.affected ?? []), ...resources.map(({ path }) => path)],
    async apply(unit) {
      await outcome.apply?.(unit);
      for (const { path, type, values } of resources) await unit.insertResource(rowOf(path, type, context.job.tenant, values));
    },
  };
}

/** @throws StepFailure where a cloud does not create something that a System is designed to consist of */
export function mustCreate(deps: SystemDeps, table: Table, cloud: Cloud, root: Values): void {
  for (const type of typesIn(deps, root)) {
    const needs = table.get(type)?.createNeeds;
    if (needs && !cloud.offers(...needs))
      throw new StepFailure(
        `cloud '${cloud.key}' creates no ${type}${type === 'Network' ? ": name existing Networks in properties 'ovf.network.NAME'" : ''}`,
        'unsupported',
      );
  }
}

/** Types of all that a System is designed to consist of. */
function typesIn({ catalogue }: SystemDeps, { componentDescriptors }: Values): Set<string> {
  const types = new Set<string>();
  const visit = (descriptors: readonly Values[]): void => {
    for (const { type, systemTemplate, machineTemplate } of descriptors) {
      types.add(catalogue.byTypeURI(String(type))?.name ?? '');
      if ((machineTemplate as Values | undefined)?.volumeTemplates !== undefined) types.add('Volume').add('MachineVolume');
      visit(descriptorsOf((systemTemplate as Values | undefined)?.componentDescriptors));
    }
  };
  visit(descriptorsOf(componentDescriptors));
  return types;
}

const descriptorsOf = (value: Values[string]): readonly Values[] => (Array.isArray(value) ? (value as readonly Values[]) : []);

/** Plans the System, with the rights that its asker has by now, and makes it by a nested Job. */
async function create(deps: SystemDeps, table: Table, context: Context): Promise<StepOutcome> {
  const { input, job, nested, results } = context;
  const [ended] = nested ?? [];
  if (ended?.state === 'SUCCESS') return { done: null };
  if (nested) throw nestedFailure(`${ended?.statusMessage ?? 'nothing was made'}${ended ? ` (jobs/${ended.id})` : ''}`, nested);
  const { root } = readingOf(results);
  const plan = await planned(deps, table, input, root);
  const draft = draftOf(plan, 'add');
  return {
    nested: draft ? [draft] : [],
    affected: plan.affected.filter((path) => path !== plan.target),
    async apply(unit) {
      for (const row of plan.insert ?? []) {
        if (row.path === input.path) await unit.updateResource(row.path, undefined, { values: row.values, state: row.state });
        else await unit.insertResource(row);
      }
      await plan.also?.(unit);
      await deps.planning.checkQuotas(unit, job.tenant, plan).catch((error: unknown) => refused(error, root));
    },
  };
}

/** @throws StepFailure in the words of what refuses the plan, ProviderError */
async function planned(
  { catalogue, planning }: SystemDeps,
  table: Table,
  { asker, cloud, path }: ImportSystemInput,
  { componentDescriptors, ...naming }: Values,
): Promise<ChangePlan> {
  const collection = catalogue.pathOf(SYSTEM) ?? '';
  try {
    const context = await planning.contextFor(asker, cloud);
    const request = { values: { ...naming, cloud }, template: { componentDescriptors }, collection };
    const plan = await planSystem(table)(context, request, path);
    await planning.permitPlan(asker, { ...plan, insert: (plan.insert ?? []).filter((row) => row.path !== path) });
    return plan;
  } catch (error) {
    return refused(error, { componentDescriptors });
  }
}

/** Refuses by the component that is at fault: its place in a request is nothing that the consumer wrote. */
function refused(error: unknown, { componentDescriptors }: Values): never {
  if (!(error instanceof Refusal)) throw error;
  const { at = '', kind = error.status === 403 ? 'forbidden' : 'invalid' } = error.details;
  const index = /^systemTemplate\.componentDescriptors\[(\d+)\]/.exec(at)?.[1];
  const name = index === undefined ? undefined : descriptorsOf(componentDescriptors)[Number(index)]?.name;
  throw new StepFailure(name === undefined ? error.reason : `the component '${String(name)}': ${error.reason}`, kind);
}

/**
 * The last words of a Job that makes no System: the rows of what is not there go, the System stays in ERROR as after any create that
 * failed, and what is still there is named.
 * @param underWay nothing was undone: what its parts are goes on
 */
async function tell(
  { unit, input, results, left }: EndContext<ImportSystemInput> & { left: readonly string[] },
  why: string,
  underWay = false,
) {
  const { images, resources } = readingOf(results);
  const row = await unit.resource(input.path);
  if (underWay) {
    // What its components are doing is theirs; before there are any it can be nothing else.
    if (row?.state === 'CREATING') await leaveFailed(unit, row, why, []);
    return { message: `${why}; nothing was undone` };
  }
  for (const { path } of resources) await removeWithAssociations(unit, path);
  const own = Array.isArray(row?.internal.left) ? row.internal.left.map(String) : [];
  const remaining = [...own, ...left, ...(await imagesLeft(unit, [...images, ...capturesOf(results)]))];
  if (row) await leaveFailed(unit, row, why, remaining);
  return { message: remaining.length > 0 ? `${why}; could not be taken back: ${remaining.join('; ')}` : why };
}
