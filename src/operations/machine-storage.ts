import type { Cloud } from '../clouds/cloud';
import type { ItemRef } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import { pauseOf } from '../jobs/poll';
import { cloudOf, nestedFailure, StepFailure, type Step, type StepContext, type StepOutcome } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import type { NewResourceRow, ResourcePath, UnitOfWork } from '../store/store';
import type { CreateInput, Draft, MachineParts } from './create-input';
import { draftOf } from './create-draft';
import { withKeys } from './create-keys';
import { planCreateAtProvider } from './create-plan';
import { Refusal, type ChangePlan, type PlanContext } from './resource-handler';
import { interfaceStep, planInterfaces } from './machine-interfaces';
import { refuseUnattachable } from './machine-parts';
import type { MachineSize } from './machine-size';
import { asRef, mergeTemplate } from './template-merge';
import { deleteSeen } from './provider-change';
import type { WantedDisk } from './size-messages';
import { isThere } from './undo-create';
import { planVolume } from './volume';

/** A volume in a stable state that is on no machine of this Job and still refuses to go will not go by itself, in ms. */
const DETACH_PATIENCE_MS = 60_000;

export interface PlannedParts {
  parts: MachineParts;
  insert: readonly NewResourceRow[];
  affected: readonly ResourcePath[];
  /** Provider keys of the networks that the machine's interfaces are in, in order. */
  networks: readonly string[];
  /** The same of the ports that the provider's create takes. */
  networkPorts: readonly (string | null)[];
  /** Addresses that they have from their beginning. */
  addresses: readonly (readonly string[])[];
}

/** Volumes, volume templates and network interfaces of a machine template, resolved before anything is made. */
export async function planParts(
  context: PlanContext,
  cloud: Cloud,
  machine: ResourcePath,
  template: Values,
  size: Pick<MachineSize, 'disks' | 'become'>,
): Promise<PlannedParts> {
  const at = 'machineTemplate';
  const volumes: ChangePlan[] = [];
  const attachments: ChangePlan[] = [];
  const taken = new Set<ResourcePath>();
  for (const [index, item] of items(template.volumes).entries()) {
    const href = asRef(item.volume)?.href;
    if (href === undefined) throw new Refusal(400, 'a reference to a Volume is needed', { at: `${at}.volumes[${index}]` });
    const volume = await context.resolve(href, 'Volume', `${at}.volumes[${index}]`);
    if (volume.cloud !== cloud) throw new Refusal(400, `${volume.path} is not in cloud '${cloud.key}'`, { at: `${at}.volumes[${index}]` });
    if (taken.has(volume.path)) throw new Refusal(400, `${volume.path} is named twice`, { at: `${at}.volumes[${index}]` });
    taken.add(volume.path);
    await refuseUnattachable(context, volume, `${at}.volumes[${index}]`);
    attachments.push(attachment(context, cloud, machine, { path: volume.path, key: volume.key ?? '' }, item.initialLocation));
  }
  const more = size.become === 'Volume' ? size.disks.map(volumeFor) : [];
  for (const [index, item] of [...items(template.volumeTemplates), ...more].entries()) {
    const ref = asRef(item.volumeTemplate);
    if (!ref) throw new Refusal(400, 'a VolumeTemplate is needed, by reference or by value', { at: `${at}.volumeTemplates[${index}]` });
    const base =
      ref.href === undefined ? {} : (await context.resolve(ref.href, 'VolumeTemplate', `${at}.volumeTemplates[${index}]`)).values;
    const plan = await planVolume(context, { template: mergeTemplate(base, ref), values: { cloud: cloud.key }, collection: 'volumes' });
    const path = plan.location ?? '';
    volumes.push(nearTo(plan, machine));
    attachments.push(attachment(context, cloud, machine, { path, key: { keyOf: path } }, item.initialLocation));
  }
  const interfaces = await planInterfaces(context, cloud, items(template.networkInterfaces));
  const disks = size.become === 'Disk' ? size.disks.map((disk) => diskPlan(context, cloud, machine, disk)) : [];
  const all = [...volumes, ...attachments, ...disks];
  return {
    parts: {
      volumes: volumes.map(draftOf),
      attachments: attachments.map(draftOf),
      ...(disks.length === 0 ? {} : { disks: disks.map(draftOf) }),
      interfaces,
    },
    insert: all.flatMap((plan) => plan.insert ?? []),
    affected: all.flatMap((plan) => plan.location ?? []),
    networks: interfaces.map(({ network }) => network),
    networkPorts: interfaces.map(({ networkPort }) => networkPort ?? null),
    addresses: interfaces.map(({ own = [] }) => own),
  };
}

function items(value: Value | undefined): Values[] {
  return Array.isArray(value) ? (value as Values[]) : [];
}

/** A disk that the size does not have, as a volume of the machine's own. */
function volumeFor({ capacity, format, initialLocation }: WantedDisk): Values {
  const volumeConfig: Values = { capacity, ...(format === undefined ? {} : { format }) };
  return { volumeTemplate: { volumeConfig }, ...(initialLocation === undefined ? {} : { initialLocation }) };
}

/** The same as a Disk, which goes with the machine. */
function diskPlan(context: PlanContext, cloud: Cloud, machine: ResourcePath, { capacity, initialLocation }: WantedDisk): ChangePlan {
  const shows: Values = { capacity, ...(initialLocation === undefined ? {} : { initialLocation }) };
  return planCreateAtProvider(context, {
    type: 'Disk',
    group: 'disks',
    cloud,
    collection: `${machine}/disks`,
    naming: {},
    shows,
    request: { machine: { keyOf: machine }, ...shows },
    owner: machine,
  });
}

/** A cloud that places volumes has to know for which machine one is. */
function nearTo(plan: ChangePlan, machine: ResourcePath): ChangePlan {
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
): ChangePlan {
  const hint: Values = typeof location === 'string' ? { initialLocation: location } : {};
  return planCreateAtProvider(context, {
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

type Context = StepContext<CreateInput>;

/**
 * Step that is there only to be undone: the volumes that were made for a machine go after the machine itself, which is what the
 * provider lets go of them for.
 */
export const partsToTakeBack: Step<CreateInput> = {
  name: 'parts',
  message: 'Deleting the volumes that were made for it',
  idle: () => true,
  run: () => Promise.resolve({ done: null }),
  undo: (context) => takeVolumesBack(context),
};

function nested(name: 'volumes' | 'attachments' | 'disks', message: string, undo?: Step<CreateInput>['undo']): Step<CreateInput> {
  return {
    name,
    message,
    idle: ({ input }) => !input.parts?.[name]?.length,
    async run(context) {
      const drafts = context.input.parts?.[name] ?? [];
      if (drafts.length === 0) return { done: null };
      if (!context.nested) return { nested: (await withKeys(context, drafts as unknown as Value)) as unknown as readonly Draft[] };
      const failed = context.nested.find((child) => child.state !== 'SUCCESS');
      if (!failed) return { done: null };
      throw nestedFailure(`${failed.statusMessage} (jobs/${failed.id})`, context.nested);
    },
    ...(undo ? { undo } : {}),
  };
}

/** Takes parts off the machine. Those that cannot be taken off are released by the provider when the machine goes, which is next. */
function takeOff(name: 'attachments' | 'disks') {
  return async (context: Context): Promise<StepOutcome> => {
    for (const path of (context.input.parts?.[name] ?? []).map(pathOf)) {
      const key = (await context.store.resource(path))?.providerKey;
      if (!key) continue;
      const outcome = await deleteSeen(context, name, key, context.job.created).catch(released);
      if (!('done' in outcome)) return outcome;
    }
    return { done: null };
  };
}

function released(error: unknown): StepOutcome {
  if (error instanceof ProviderError && !error.passing) return { done: null };
  throw error;
}

/**
 * Deletes the volumes that came with the machine, for as long as the provider takes to let go of them. One that it does
 * not let go of keeps its row, and is named.
 */
async function takeVolumesBack(context: Context): Promise<StepOutcome> {
  const gone: ResourcePath[] = [];
  const stay: string[] = [];
  for (const path of (context.input.parts?.volumes ?? []).map(pathOf)) {
    const key = (await context.store.resource(path))?.providerKey;
    if (!key) continue;
    try {
      const outcome = await takeBack(context, key);
      if (!('done' in outcome)) return outcome;
      gone.push(path);
    } catch (error) {
      if (!(error instanceof StepFailure) && !(error instanceof ProviderError && !error.passing)) throw error;
      stay.push(`${path}: ${error.message}`);
    }
  }
  if (stay.length > 0) throw new StepFailure(`not deleted: ${stay.join('; ')}`, 'conflict');
  return {
    done: null,
    apply: async (unit) => {
      for (const path of gone) if (await unit.resource(path)) await unit.updateResource(path, undefined, { providerKey: null });
    },
  };
}

/** @throws StepFailure with why it stays, where the provider does not go on with anything that would free it */
async function takeBack(context: Context, key: string): Promise<StepOutcome> {
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const { value: volume } = await cloud.get('volumes', key, { maxAgeMs: 0 });
  const reason = volume?.refuses?.delete;
  if (reason === undefined) return deleteSeen(context, 'volumes', key, context.job.created);
  const { value: attachments } = cloud.has('attachments') ? await cloud.list('attachments', { maxAgeMs: 0 }) : { value: [] };
  const machine = (context.results.create as { key?: string } | undefined)?.key;
  const users = attachments.filter(({ values }) => (values.volume as unknown as ItemRef | undefined)?.item.key === key);
  const goesOn = users.some(({ owner }) => owner === machine) || String(volume?.values.state).endsWith('ING');
  if (!goesOn && context.elapsedMs > DETACH_PATIENCE_MS) throw new StepFailure(reason, 'conflict');
  return { wait: pauseOf(context, { atMostMs: cloud.waitAtMostMs }, reason), message: reason };
}

function pathOf(draft: Draft): ResourcePath {
  return (draft.input as { path: string }).path;
}

/** Steps that give a machine what comes with it; the machine is there and its interfaces too. */
export function partSteps(machineKey: (context: Context) => string): Step<CreateInput>[] {
  return [
    nested('volumes', 'Making its volumes'),
    nested('attachments', 'Attaching its volumes', takeOff('attachments')),
    nested('disks', 'Making its disks', takeOff('disks')),
    interfaceStep(machineKey),
  ];
}

/**
 * Rows of parts that did not come to be go with the failure of the whole; what is still there keeps its row. Where there is
 * no machine, nothing is attached to it and nothing in it.
 */
export async function forgetParts(unit: UnitOfWork, { path, parts }: Pick<CreateInput, 'path' | 'parts'>): Promise<void> {
  const machine = await unit.resource(path);
  const inside = [...(parts?.disks ?? []), ...(parts?.attachments ?? [])].map(pathOf);
  if (machine && !isThere(machine)) for (const part of inside) await unit.deleteResource(part);
  for (const part of [...inside, ...(parts?.volumes ?? []).map(pathOf)]) {
    const row = await unit.resource(part);
    if (row && !isThere(row)) await unit.deleteResource(part);
  }
}
