import type { Catalogue } from '../model/catalogue';
import { ACTION } from '../model/define';
import type { Values } from '../model/values';
import { removeCredential } from '../operations/credential';
import { importedOf } from '../operations/create-credential';
import { deleteWorkflow, type DeleteInput } from '../operations/provider-change';
import type { Hold, ResourcePath, ResourceRow, StoreReads, UnitOfWork } from '../store/store';
import { SYSTEM, type ComponentGroup } from './component-kinds';
import { allMembersOf, type Draft } from './members';

/** Dependencies of the workflows of Systems: the same in every process. */
export interface SystemWorkflowDeps {
  catalogue: Catalogue;
  /** Driver groups of components by type. */
  groups: { readonly [type: string]: ComponentGroup };
}

export const removeSystemName = { name: 'system.delete', version: 1 };

/**
 * The nested Job that deletes something that a System owns; undefined for what is nothing but a row, or not there.
 */
export async function takingBack(
  store: StoreReads,
  { catalogue, groups }: SystemWorkflowDeps,
  path: ResourcePath,
  type: string,
): Promise<Draft | undefined> {
  const row = await store.resource(path);
  if (!row) return undefined;
  const group = groups[type];
  if (type === SYSTEM) {
    // A sub-System takes over what is held for its own nested Jobs.
    const below = await allMembersOf(store, catalogue, path);
    return draft(
      path,
      removeSystemName,
      { path },
      below.map((member) => ({ path: member.path, shows: shownOf(catalogue, member.kind.type) })),
    );
  }
  const imported = importedOf(row.internal);
  if (!group || row.cloud === null) {
    return Object.keys(imported).length > 0 ? draft(path, removeCredential, { path, imported }) : undefined;
  }
  // What never came to be, or was taken back by its own Job, is only a row.
  if (row.providerKey === null) return undefined;
  const copy = imported[row.cloud];
  const input: DeleteInput = { cloud: row.cloud, group, path, ...(copy === undefined ? {} : { credentials: [copy] }) };
  return draft(path, deleteWorkflow, input as unknown as Values);
}

/** Leaves a System that could not be made in ERROR. @param left what is still there of it, in words */
export async function leaveFailed(
  unit: UnitOfWork,
  { path, internal }: Pick<ResourceRow, 'path' | 'internal'>,
  why: string,
  left: readonly string[],
): Promise<void> {
  await unit.updateResource(path, undefined, { state: 'ERROR', internal: { ...internal, failed: why, left } });
}

/** State of a component that waits to be deleted, where its type has states. */
export function shownOf(catalogue: Catalogue, type: string): string | null {
  return catalogue.attributesOf(type).state ? 'DELETING' : null;
}

function draft(path: ResourcePath, { name, version }: { name: string; version: number }, input: Values, more: readonly Hold[] = []): Draft {
  return {
    workflow: name,
    workflowVersion: version,
    input,
    holds: [...more, { path, shows: 'DELETING' }],
    action: `${ACTION}delete`,
    target: path,
    affected: [path],
    statusMessage: 'Waiting to be deleted',
  };
}
