import type { Cloud } from '../clouds/cloud';
import { TransferRates } from '../clouds/rate';
import type { Workflow } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import type { Fetcher } from '../fetch/fetcher';
import { MOVE_DEFAULTS, type MoveLimits } from '../operations/image-copy';
import { pathToBe } from '../operations/create-plan';
import { resourceHandlers, workflows } from '../operations/handlers';
import {
  Refusal,
  type ChangePlan,
  type CollectionAction,
  type CollectionRequest,
  type PlanContext,
  type ResourceHandler,
} from '../operations/resource-handler';
import type { ResourcePath } from '../store/store';
import { SYSTEM } from '../systems/component-kinds';
import { systemWorkflows } from '../systems/handlers';
import { changeRecord, packageAt } from './package-record';
import { withExports } from './export';
import { exportWorkflow, type ExportDeps } from './export-job';
import { removeWorkflow } from './remove';
import { importRequest, type ImportOptions } from './import-request';
import {
  importSystem,
  importSystemWorkflow,
  moveSystem,
  moveSystemWorkflow,
  type ImportSystemInput,
  type SystemDeps,
} from './import-system';
import { importTemplate, importTemplateWorkflow } from './import-template';
import { planImport, planImportWorkflow, type PlanImportInput } from './plan';
import { refuseUnfitKept } from './kept-addresses';
import { parsed, rowOf, type ImportInput } from './read-package';
import { sourceHolds, sourceMachines } from './source-machines';

const TEMPLATE = 'SystemTemplate';
/** Driver method by which images come from other places: [group, method]. */
const UPLOAD = ['machineImages', 'upload'] as const;

/** Services that imports are planned with. */
interface Importing {
  fetcher: Fetcher;
  /** Bytes of disks that are copied from cloud to cloud without being confirmed. */
  maxBytes: number;
  handlers: readonly ResourceHandler[];
}

type PlanImport = (importing: Importing, context: PlanContext, request: CollectionRequest) => Promise<ChangePlan>;

/** Types that packages are imported as. */
const IMPORTED: Readonly<Record<string, Required<Pick<CollectionAction, 'needs'>> & { plan: PlanImport }>> = {
  [TEMPLATE]: { needs: [UPLOAD], plan: planImportTemplate },
  [SYSTEM]: { needs: [UPLOAD, ['machines', 'create']], plan: planImportSystem },
};

/** The handlers, with imports and exports of packages (DSP0263 4.3, 5.13.1.2, 5.13.3.1, Annex A). */
export function withPackages(
  handlers: readonly ResourceHandler[],
  fetcher: Fetcher,
  { maxBytes }: Pick<MoveLimits, 'maxBytes'> = MOVE_DEFAULTS,
): readonly ResourceHandler[] {
  return withExports(handlers, fetcher).map((handler) => {
    const imported = IMPORTED[handler.type];
    if (!imported) return handler;
    const { needs, plan } = imported;
    const action: CollectionAction = { needs, plan: (context, request) => plan({ fetcher, handlers, maxBytes }, context, request) };
    return { ...handler, actOnAll: { ...handler.actOnAll, import: action } };
  });
}

/**
 * Every workflow that a stored Job may name.
 * @param move limits of copies between clouds
 * @param out ways out of packages
 */
export function everyWorkflow(
  deps: SystemDeps,
  move: MoveLimits,
  out: Omit<ExportDeps, 'catalogue' | 'idleMs'>,
): readonly Workflow<Value>[] {
  const { fetcher, catalogue } = deps;
  const rates = new TransferRates();
  const exports = [exportWorkflow({ ...out, catalogue, idleMs: move.idleSeconds * 1000 }), removeWorkflow(catalogue)];
  const imports = [
    importTemplateWorkflow(deps),
    importSystemWorkflow(deps),
    moveSystemWorkflow(deps),
    planImportWorkflow(deps, { ...move, rates }),
    ...exports,
  ] as unknown as Workflow<Value>[];
  return [...workflows(fetcher, move, rates), ...systemWorkflows(resourceHandlers(fetcher), catalogue), ...imports];
}

/** Plans the import of a SystemTemplate (5.13.4.1): it is there at once, held until its package is read. */
async function planImportTemplate({ fetcher, maxBytes }: Importing, context: PlanContext, request: CollectionRequest): Promise<ChangePlan> {
  const { options, cloud } = await importRequest(fetcher, context, request);
  mustTakeImages(cloud);
  if (options.stopsSource === true)
    throw new Refusal(400, 'Machines are stopped where a System is made of them, and not for a SystemTemplate', {
      at: 'properties.source',
    });
  if (options.plan === true) return planOnly(context, request, { options, cloud: cloud.key, makes: 'templates' });
  await mustKeepAddresses(context, cloud, options);
  await mustBeConfirmed(context, options, maxBytes);
  const { path } = pathToBe(context, request.collection);
  const input: ImportInput = { path, cloud: cloud.key, options, asker: askerOf(context) };
  return {
    target: request.collection,
    affected: [request.collection, path],
    ...keeping(options),
    insert: [rowOf(path, TEMPLATE, context.principal.tenant, options.name === undefined ? {} : { name: options.name })],
    holds: [{ path, shows: null }],
    work: { workflow: importTemplate.name, version: importTemplate.version, input: input as unknown as Values },
    statusMessage: 'Waiting to be imported',
    location: path,
  };
}

/** Plans the import of a System (5.13.2.1): it is there at once, CREATING, and planned once its package was read. */
async function planImportSystem(
  { fetcher, handlers, maxBytes }: Importing,
  context: PlanContext,
  request: CollectionRequest,
): Promise<ChangePlan> {
  const { options, cloud } = await importRequest(fetcher, context, request);
  mustTakeImages(cloud);
  if (!cloud.offers('machines', 'create'))
    throw new Refusal(400, `cloud '${cloud.key}' does not create machines`, { at: 'properties.cloud', kind: 'unsupported' });
  const { principal } = context;
  const record = options.stopsSource === true ? await packageAt(context.store, principal.tenant, options.package ?? '') : undefined;
  const sources = record ? await sourceMachines(context, handlers, record) : [];
  const moving = sources.length > 0 ? { sources } : {};
  if (options.plan === true) return planOnly(context, request, { options, cloud: cloud.key, makes: 'resources', ...moving });
  await mustKeepAddresses(context, cloud, options);
  await mustBeConfirmed(context, options, maxBytes);
  const { path } = pathToBe(context, request.collection);
  const input: ImportSystemInput = { path, cloud: cloud.key, options, asker: askerOf(context), ...moving };
  const workflow = sources.length > 0 ? moveSystem : importSystem;
  const row = rowOf(path, SYSTEM, principal.tenant, options.name === undefined ? {} : { name: options.name });
  return {
    target: request.collection,
    affected: [request.collection, path, ...sources.map((source) => source.path)],
    ...keeping(options),
    insert: [{ ...row, state: 'CREATING' }],
    holds: [...sourceHolds(sources), { path, shows: 'CREATING' }],
    work: { workflow: workflow.name, version: workflow.version, input: input as unknown as Values },
    statusMessage: 'Waiting to be imported',
    location: path,
  };
}

const askerOf = ({ principal: { name, tenant, role, userRole, groups, scope } }: PlanContext): ImportSystemInput['asker'] => ({
  ...{ name, tenant, role },
  ...(userRole && { userRole }),
  ...(groups && { groups }),
  ...(scope && { scope }),
});

/** Plans a Job that plans the import: nothing is there before it or after it. */
function planOnly(
  context: PlanContext,
  { collection }: CollectionRequest,
  asked: Pick<PlanImportInput, 'options' | 'cloud' | 'makes' | 'sources'>,
): ChangePlan {
  const input: PlanImportInput = { path: collection, ...asked, asker: askerOf(context) };
  return {
    target: collection,
    affected: [],
    work: { workflow: planImport.name, version: planImport.version, input: input as unknown as Values },
    statusMessage: 'Waiting to be planned',
  };
}

/** @throws Refusal 400 for a cloud that takes none */
function mustTakeImages(cloud: Cloud): void {
  if (cloud.offers(...UPLOAD)) return;
  throw new Refusal(400, `cloud '${cloud.key}' takes no images from other places`, { at: 'properties.cloud', kind: 'unsupported' });
}

/** @throws Refusal 400 with the bytes to confirm, where a package of the gateway's own has more than are copied unasked */
async function mustBeConfirmed({ store, principal }: PlanContext, options: ImportOptions, maxBytes: number): Promise<void> {
  const { package: path, confirmedBytes = 0 } = options;
  const record = path === undefined ? undefined : await packageAt(store, principal.tenant, path);
  const bytes = (record?.files ?? []).reduce((sum, { capacity }) => sum + capacity, 0);
  if (bytes <= Math.max(maxBytes, confirmedBytes)) return;
  const words = `${bytes} bytes of disks would be copied, more than the ${maxBytes} of move.maxBytes`;
  throw new Refusal(400, `${words}: give it the value ${bytes} if that is meant`, { at: 'properties.confirm-bytes' });
}

/**
 * Looks for the addresses that machines are to keep while nothing is stopped yet; of a package from elsewhere that is known once it was read.
 * @throws Refusal 400, 409 with the machine, its network and the address
 */
async function mustKeepAddresses(context: PlanContext, cloud: Cloud, options: ImportOptions): Promise<void> {
  if (options.keepsAddresses !== true || options.package === undefined) return;
  const record = await packageAt(context.store, context.principal.tenant, options.package);
  if (record?.descriptor !== undefined) await refuseUnfitKept(context, cloud, parsed(Buffer.from(record.descriptor), options), options);
}

/** A package of the gateway's own is kept while it is imported; a plan only reads it, and leaves it the time that it has. */
function keeping({ package: path }: { package?: ResourcePath }): Pick<ChangePlan, 'also'> {
  if (path === undefined) return {};
  return {
    also: async (unit) => {
      const now = await unit.now();
      await changeRecord(unit, path, (record) => ({ ...record, expires: Math.max(record.expires ?? 0, now + (record.keepMs ?? 0)) }));
    },
  };
}
