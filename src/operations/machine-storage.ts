import type { Cloud } from '../clouds/cloud';
import { ACTION } from '../model/define';
import { cloudOf, StepFailure, type Step, type StepContext, type StepOutcome } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import type { NewJob, NewResourceRow, ResourcePath, UnitOfWork } from '../store/store';
import { Refusal, type Plan, type PlanContext } from './family';
import { interfaceStep, planInterfaces, type PlannedInterface } from './machine-interfaces';
import { refuseUnattachable } from './machine-parts';
import { asRef, mergeTemplate } from './merge';
import { planProviderCreate, providerCreate, withKeys, type KeysToCome } from './provider-create';
import { deleteSeen } from './provider-change';
import { planVolume } from './volume';

type Draft = Omit<NewJob, 'id' | 'parent' | 'tenant' | 'principal'>;

/** How long a provider may take to let go of a volume that was taken off a machine, in ms. */
const RELEASED_WITHIN_MS = 60_000;

/** What comes with a machine when it is created: each is a nested Job with a row of its own (5.14.3). */
export interface MachineParts {
  /** Volumes made from templates, then all attachments. */
  volumes: readonly Draft[];
  attachments: readonly Draft[];
  /** What its interfaces are to be. */
  interfaces: readonly PlannedInterface[];
}

export interface PlannedParts {
  parts: MachineParts;
  insert: readonly NewResourceRow[];
  affected: readonly ResourcePath[];
  /** Provider keys of the networks that the machine's interfaces are in, in order. */
  networks: readonly string[];
  /** The same of the ports that the provider's create takes. */
  networkPorts: readonly (string | null)[];
}

/** Volumes, volume templates and network interfaces of a machine template, resolved before anything is made. */
export async function planParts(context: PlanContext, cloud: Cloud, machine: ResourcePath, template: Values): Promise<PlannedParts> {
  const at = 'machineTemplate';
  const volumes: Plan[] = [];
  const attachments: Plan[] = [];
  const taken = new Set<ResourcePath>();
  for (const [index, item] of items(template.volumes).entries()) {
    const href = asRef(item.volume)?.href;
    if (href === undefined) throw new Refusal(400, `${at}.volumes[${index}]: a reference to a Volume is needed`);
    const volume = await context.resolve(href, 'Volume', `${at}.volumes[${index}]`);
    if (volume.cloud !== cloud) throw new Refusal(400, `${at}.volumes[${index}]: ${volume.path} is not in cloud '${cloud.key}'`);
    if (taken.has(volume.path)) throw new Refusal(400, `${at}.volumes[${index}]: ${volume.path} is named twice`);
    taken.add(volume.path);
    await refuseUnattachable(context, volume, `${at}.volumes[${index}]`);
    attachments.push(attachment(context, cloud, machine, { path: volume.path, key: volume.key ?? '' }, item.initialLocation));
  }
  for (const [index, item] of items(template.volumeTemplates).entries()) {
    const ref = asRef(item.volumeTemplate);
    if (!ref) throw new Refusal(400, `${at}.volumeTemplates[${index}]: a VolumeTemplate is needed, by reference or by value`);
    const base =
      ref.href === undefined ? {} : (await context.resolve(ref.href, 'VolumeTemplate', `${at}.volumeTemplates[${index}]`)).values;
    const plan = await planVolume(context, { template: mergeTemplate(base, ref), values: { cloud: cloud.key }, collection: 'volumes' });
    const path = plan.location ?? '';
    volumes.push(nearTo(plan, machine));
    attachments.push(attachment(context, cloud, machine, { path, key: { keyOf: path } }, item.initialLocation));
  }
  const interfaces = await planInterfaces(context, cloud, items(template.networkInterfaces));
  const all = [...volumes, ...attachments];
  return {
    parts: { volumes: volumes.map(draftOf), attachments: attachments.map(draftOf), interfaces },
    insert: all.flatMap((plan) => plan.insert ?? []),
    affected: all.flatMap((plan) => plan.location ?? []),
    networks: interfaces.map(({ network }) => network),
    networkPorts: interfaces.map(({ networkPort }) => networkPort ?? null),
  };
}

function items(value: Value | undefined): Values[] {
  return Array.isArray(value) ? (value as Values[]) : [];
}

/** A cloud that places volumes has to know for which machine one is. */
function nearTo(plan: Plan, machine: ResourcePath): Plan {
  if (!plan.work) return plan;
  const input = plan.work.input as { request?: Values };
  return { ...plan, work: { ...plan.work, input: { ...input, request: { ...input.request, machine: { keyOf: machine } } } as Values } };
}

function attachment(
  context: PlanContext,
  cloud: Cloud,
  machine: ResourcePath,
  volume: { path: string; key: Value },
  location: Value | undefined,
): Plan {
  const hint: Values = typeof location === 'string' ? { initialLocation: location } : {};
  return planProviderCreate(context, {
    type: 'MachineVolume',
    group: 'attachments',
    cloud,
    collection: `${machine}/volumes`,
    naming: {},
    shows: { volume: { href: volume.path }, ...hint },
    request: { machine: { keyOf: machine }, volume: volume.key, ...hint },
    owner: machine,
    holds: [{ path: volume.path, shows: null }],
  });
}

function draftOf(plan: Plan): Draft {
  return {
    workflow: plan.work?.workflow ?? providerCreate.name,
    workflowVersion: plan.work?.version ?? providerCreate.version,
    input: plan.work?.input ?? {},
    holds: plan.holds ?? [],
    action: `${ACTION}add`,
    target: plan.target,
    affected: plan.affected,
    statusMessage: plan.statusMessage,
  };
}

interface WithParts {
  cloud: string;
  path: ResourcePath;
  parts?: MachineParts;
  keys?: KeysToCome;
}

function nested<I extends WithParts>(name: 'volumes' | 'attachments', words: string): Step<I> {
  return {
    name,
    words,
    async run(context) {
      const drafts = context.input.parts?.[name] ?? [];
      if (drafts.length === 0) return { done: null };
      if (!context.nested) return { nested: (await withKeys(context, drafts as unknown as Value)) as unknown as readonly Draft[] };
      const failed = context.nested.find((child) => child.state !== 'SUCCESS');
      if (failed) throw new StepFailure(`${failed.statusMessage} (jobs/${failed.id})`, 'unavailable');
      return { done: null };
    },
    // What is attached is in use: taken off the machine first, deleted then.
    undo: (context) => deleteMade(context, name, (context.input.parts?.[name] ?? []).map(pathOf)),
  };
}

async function deleteMade<I extends WithParts>(
  context: StepContext<I>,
  group: 'volumes' | 'attachments',
  paths: readonly ResourcePath[],
): Promise<StepOutcome> {
  const cloud = cloudOf(context.clouds, context.input.cloud);
  for (const path of paths) {
    const key = (await context.store.resource(path))?.providerKey;
    if (!key) continue;
    const { value } = await cloud.get(group, key, { maxAgeMs: 0 });
    if (value?.refuses?.delete !== undefined && context.elapsedMs < RELEASED_WITHIN_MS) return { wait: 500, message: value.refuses.delete };
    const outcome = await deleteSeen(context as StepContext<I> & StepContext<{ cloud: string }>, group, key, context.job.created);
    if (!('done' in outcome)) return outcome;
  }
  return { done: null };
}

function pathOf(draft: Draft): ResourcePath {
  return (draft.input as { path: string }).path;
}

/** Steps that give a machine what comes with it; the machine is there and its interfaces too. */
export function partSteps<I extends WithParts>(machineKey: (context: StepContext<I>) => string): Step<I>[] {
  return [nested<I>('volumes', 'Making its volumes'), nested<I>('attachments', 'Attaching its volumes'), interfaceStep<I>(machineKey)];
}

/** Rows of parts that did not come to be go with the failure of the whole. */
export async function forgetParts(unit: UnitOfWork, parts: MachineParts | undefined): Promise<void> {
  for (const draft of [...(parts?.attachments ?? []), ...(parts?.volumes ?? [])]) await unit.deleteResource(pathOf(draft));
}
