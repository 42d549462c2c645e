import type { Catalogue } from '../model/catalogue';
import { ACTION } from '../model/define';
import type { Value, Values } from '../model/values';
import type { ChangePlan } from '../operations/resource-handler';
import { asRef } from '../operations/template-merge';
import type { Draft } from '../operations/create-input';
import type { KeysToCome } from '../operations/create-keys';
import type { NewResourceRow, ResourcePath, StoreReads } from '../store/store';
import { kindsOf, SYSTEM, type ComponentKind } from './component-kinds';

export type { Draft } from '../operations/create-input';

/** A resource that a System owns, by the association that says so. */
export interface SystemMember {
  kind: ComponentKind;
  path: ResourcePath;
  association: ResourcePath;
}

/** Lists what a System owns itself, sub-Systems as one member each. */
export async function membersOf(store: StoreReads, catalogue: Catalogue, system: ResourcePath): Promise<SystemMember[]> {
  const all = await Promise.all(
    kindsOf(catalogue).map(async (kind) => {
      const rows = await store.resources({ type: kind.association, owner: system });
      return rows.flatMap((row) => {
        const path = asRef(row.values[kind.reference])?.href;
        return path === undefined ? [] : [{ kind, path, association: row.path }];
      });
    }),
  );
  return all.flat();
}

/** Lists what a System owns, and what its sub-Systems own (ownership is transitive, 5.13.1). */
export async function allMembersOf(store: StoreReads, catalogue: Catalogue, system: ResourcePath): Promise<SystemMember[]> {
  const seen = new Set([system]);
  const all: SystemMember[] = [];
  for (const [next] = [[system]]; next.length > 0;) {
    const own = await membersOf(store, catalogue, next.shift() ?? '');
    all.push(...own);
    for (const { kind, path } of own) {
      if (kind.type !== SYSTEM || seen.has(path)) continue;
      seen.add(path);
      next.push(path);
    }
  }
  return all;
}

/**
 * Lists the components of a type of each of a tenant's Systems, those of their sub-Systems among them: by two queries for each level, whatever
 * the number of Systems.
 */
export async function componentsOfSystems(
  { tenant, catalogue, store }: { tenant: string; catalogue: Catalogue; store: StoreReads },
  systems: readonly ResourcePath[],
  type: string,
): Promise<Map<ResourcePath, ResourcePath[]>> {
  const own = new Map<ResourcePath, ResourcePath[]>();
  const below = new Map<ResourcePath, ResourcePath[]>();
  const read = async (of: string, into: Map<ResourcePath, ResourcePath[]>, owners: readonly ResourcePath[]): Promise<ResourcePath[]> => {
    const kind = kindsOf(catalogue).find((one) => one.type === of);
    if (!kind) return [];
    const rows = await store.resources({ type: kind.association, tenants: [tenant], owners });
    return rows.flatMap((row) => {
      const path = asRef(row.values[kind.reference])?.href;
      if (path === undefined || row.owner === null) return [];
      const known = into.get(row.owner) ?? [];
      known.push(path);
      into.set(row.owner, known);
      return [path];
    });
  };
  const seen = new Set<ResourcePath>();
  for (let next = [...systems]; next.length > 0;) {
    const fresh = [...new Set(next)].filter((path) => !seen.has(path));
    for (const path of fresh) seen.add(path);
    if (fresh.length === 0) break;
    const [, deeper] = await Promise.all([read(type, own, fresh), read(SYSTEM, below, fresh)]);
    next = deeper;
  }
  return new Map(systems.map((path) => [path, [...new Set(withAllBelow(path, below).flatMap((one) => own.get(one) ?? []))]]));
}

/** A System and all that is below it. */
function withAllBelow(system: ResourcePath, below: ReadonlyMap<ResourcePath, readonly ResourcePath[]>): ResourcePath[] {
  const all = new Set<ResourcePath>();
  for (const next = [system]; next.length > 0;) {
    const path = next.pop() ?? '';
    if (all.has(path)) continue;
    all.add(path);
    next.push(...(below.get(path) ?? []));
  }
  return [...all];
}

/** The association that makes a resource a System's; its id is the resource's own, so that there can be but one. */
export function associationRow(
  system: ResourcePath,
  kind: ComponentKind,
  component: ResourcePath,
  tenant: string,
  naming: Values = {},
): NewResourceRow {
  return {
    path: `${system}/${kind.attribute}/${component.split('/').at(-1) ?? ''}`,
    type: kind.association,
    tenant,
    cloud: null,
    providerKey: null,
    owner: system,
    state: null,
    values: { ...naming, [kind.reference]: { href: component } as Value },
    secrets: null,
    internal: {},
  };
}

/** The nested Job for what a handler planned; undefined where the plan is finished without one. */
export function draftOf(plan: ChangePlan, action: string, keys: KeysToCome = {}): Draft | undefined {
  if (!plan.work) return undefined;
  const { workflow, version, input } = plan.work;
  return {
    workflow,
    workflowVersion: version,
    input: Object.keys(keys).length > 0 ? { ...input, keys: keys as Value } : input,
    holds: plan.holds ?? [],
    action: ACTION + action,
    target: plan.target,
    affected: plan.affected,
    statusMessage: plan.statusMessage,
  };
}
