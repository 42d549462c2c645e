import type { Cloud, ImageGroup } from '../clouds/cloud';
import { nestedFailure, type StepContext, type StepOutcome } from '../jobs/workflow';
import { ACTION } from '../model/define';
import type { Values } from '../model/values';
import type { CreateInput, Draft } from './create-input';
import { planCreateAtProvider } from './create-plan';
import type { CreateStep } from './create-row';
import { deleteWorkflow, type DeleteInput } from './provider-change';
import type { ChangePlan, Found, PlanContext } from './resource-handler';
import type { UnitOfWork } from '../store/store';
import { removeWithAssociations } from './associations';
import { mayStillBe } from './undo-create';

/** Copies that images are read by where their cloud gives the contents of no others: made before a transfer, deleted after it. */

const GROUPS: Readonly<Record<ImageGroup, 'MachineImage' | 'VolumeImage'>> = { machineImages: 'MachineImage', volumeImages: 'VolumeImage' };

/** Tells whether an image is read by a copy, which its cloud makes. */
export const isReadByCopy = ({ item }: Pick<Found, 'item'>, cloud: Cloud, group: ImageGroup): boolean =>
  item?.contentsBy === 'copy' && cloud.offers(group, 'readable');

/** Plans the copy that an image of a cloud is read by: an image of the same type beside it. */
export function planReadable(
  context: Pick<PlanContext, 'catalogue' | 'newId' | 'tag' | 'principal'>,
  { path, key, values }: Found,
  { cloud, group }: { cloud: Cloud; group: ImageGroup },
): ChangePlan {
  const type = GROUPS[group];
  return planCreateAtProvider(context, {
    ...{ type, group, cloud, method: 'readable', collection: context.catalogue.pathOf(type) ?? '' },
    naming: { name: `contents of ${String(values.name ?? path)}`.slice(0, 255) },
    shows: group === 'volumeImages' ? { bootable: values.bootable === true } : { type: 'IMAGE' },
    request: { image: key ?? '' },
    ...{ goal: ['AVAILABLE'], statusMessage: 'Waiting for a copy that can be read' },
  });
}

type Context = StepContext<CreateInput>;

/** Makes the copy by a nested Job. */
export const makeReadable: CreateStep = {
  name: 'contents',
  message: 'Waiting for a copy of the image that can be read',
  async run({ input: { from }, nested, store }) {
    if (!from?.by) return { done: null };
    const [child] = nested ?? [];
    if (!child) return { nested: [from.by.draft] };
    const key = (await store.resource(from.by.path))?.providerKey;
    if (child.state === 'SUCCESS' && typeof key === 'string') return { done: key };
    throw nestedFailure(`${from.path} could not be read: ${child.statusMessage} (jobs/${child.id})`, nested ?? []);
  },
  undo: (context) => forget(context),
};

/** Deletes the copy. */
export const forgetReadable: CreateStep = {
  name: 'forget',
  message: 'Deleting the copy that the image was read by',
  async run(context) {
    const outcome = await forget(context);
    const failed = (context.nested ?? []).filter(({ state }) => state !== 'SUCCESS');
    const { path = '' } = context.input.from?.by ?? {};
    return failed.length > 0 ? { done: null, note: `${path}, which it was read by, could not be deleted` } : outcome;
  },
};

async function forget({ input, nested, store }: Context): Promise<StepOutcome> {
  const { from, group } = input;
  const row = from?.by && !nested ? await store.resource(from.by.path) : undefined;
  if (!from || !row?.providerKey) return { done: null };
  const { path } = row;
  const deletes: DeleteInput = { cloud: from.cloud, group, path };
  const draft: Draft = {
    ...{ workflow: deleteWorkflow.name, workflowVersion: deleteWorkflow.version, input: deletes as unknown as Values },
    ...{ holds: [{ path, shows: 'DELETING' }], action: `${ACTION}delete`, target: path, affected: [path] },
    statusMessage: 'Waiting to be deleted',
  };
  return { nested: [draft] };
}

/** Removes the row of a copy that is at no provider. @returns the path of one that may still be there */
export async function forgetCopy(unit: UnitOfWork, { from }: Pick<CreateInput, 'from'>): Promise<string | undefined> {
  const row = from?.by && (await unit.resource(from.by.path));
  if (row && mayStillBe(row)) return row.path;
  if (row) await removeWithAssociations(unit, row.path);
  return undefined;
}
