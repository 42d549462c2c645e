import { newId } from '../clouds/identity';
import { nestedFailure, type StepContext, type StepOutcome, type Workflow } from '../jobs/workflow';
import type { Catalogue } from '../model/catalogue';
import { EXTENSION } from '../model/define';
import type { Value } from '../model/values';
import { removeWithAssociations } from '../operations/associations';
import { pagesOf } from '../store/pages';
import { HeldError, type ResourcePath, type Store, type UnitOfWork } from '../store/store';
import { takeImagesBack } from './package-images';
import { changeRecord, PACKAGE, recordOf, type PackageRecord } from './package-record';

interface RemoveInput {
  path: ResourcePath;
  temporary: PackageRecord['temporary'];
}

/** Time after which a package is tried to be removed again that could not be, in ms. */
const AGAIN_MS = 3_600_000;
/** Distance of two looks for packages that are to go, in ms. */
const LOOK_MS = 60_000;
/** Name of who asks for what nobody asked for. */
const GATEWAY = 'gateway';

const removePackage: Pick<Workflow, 'name' | 'version'> = { name: 'package.remove', version: 1 };

/** Removes a package: first the images that were made for it, then what is kept of it. */
export function removeWorkflow(catalogue: Catalogue): Workflow<RemoveInput> {
  return {
    ...removePackage,
    unstoppable: true,
    steps: [
      { name: 'images', message: 'Deleting the images that were made for the package', run: (context) => deleteImages(catalogue, context) },
    ],
    async succeeded({ unit, input }) {
      for (const { path } of input.temporary) await removeWithAssociations(unit, path);
      await unit.deleteResource(input.path);
      return { message: 'Removed' };
    },
    async failed({ unit, input }) {
      const expires = (await unit.now()) + AGAIN_MS;
      await changeRecord(unit, input.path, ({ going: _going, ...record }) => ({ ...record, expires }));
      return {};
    },
  };
}

async function deleteImages(catalogue: Catalogue, { input, nested, store }: StepContext<RemoveInput>): Promise<StepOutcome> {
  if (!nested) return takeImagesBack(catalogue, store, input.temporary, nested);
  const failed = nested.filter(({ state }) => state !== 'SUCCESS').map(({ id, statusMessage }) => `${statusMessage} (jobs/${id})`);
  if (failed.length > 0) throw nestedFailure(`images of the package could not be deleted: ${failed.join('; ')}`, nested);
  return { done: null };
}

/**
 * Asks for the removal of a package, as part of a transaction.
 * @returns id of the Job; undefined where the package is going already, or gone
 * @throws HeldError where a Job is at it
 */
export async function removeAsked(
  unit: UnitOfWork,
  path: ResourcePath,
  who: { tenant: string; principal: string },
): Promise<string | undefined> {
  const row = await unit.resource(path);
  if (row?.type !== PACKAGE) return undefined;
  const { going, of, temporary } = recordOf(row);
  if (going) return undefined;
  await changeRecord(unit, path, (record) => ({ ...record, going: true }));
  const job = await unit.insertJob({
    ...{ id: newId(), ...who, action: `${EXTENSION}/action/removePackage`, target: of, affected: [] },
    ...{ workflow: removePackage.name, workflowVersion: removePackage.version, holds: [{ path, shows: null }] },
    input: { path, temporary } as unknown as Value,
    statusMessage: 'Waiting to be removed',
  });
  return job.id;
}

/** Recurring work: packages whose time is over go. @param notify tells the workers of a new Job */
export function expiringPackages(store: Store, notify: (job: string) => Promise<void> | void) {
  return {
    name: 'expire packages',
    everyMs: LOOK_MS,
    async run(...[, signal, save, now]: [unknown, AbortSignal, Save, () => number]): Promise<void> {
      for await (const rows of pagesOf(store, { type: PACKAGE })) {
        for (const row of rows) {
          const { expires = Infinity, going } = recordOf(row);
          if (signal.aborted || going || expires > now()) continue;
          const job = await asked(save, row);
          if (job !== undefined) await notify(job);
        }
      }
    },
  };
}

type Save = (memory: Value, write?: (unit: UnitOfWork) => Promise<void>) => Promise<void>;

async function asked(save: Save, { path, tenant }: { path: ResourcePath; tenant: string }): Promise<string | undefined> {
  let job: string | undefined;
  try {
    await save(null, async (unit) => {
      job = await removeAsked(unit, path, { tenant, principal: GATEWAY });
    });
  } catch (error) {
    if (!(error instanceof HeldError)) throw error;
  }
  return job;
}
