import type { Hold, ResourcePath } from '../store/store';
import { nestedFailure, type Step, type Workflow } from '../jobs/workflow';
import type { Values } from '../model/values';
import { removeWithAssociations } from '../operations/associations';
import { Refusal, type Found, type ChangePlan, type PlanContext } from '../operations/resource-handler';
import { precede } from '../operations/provider-change';
import { kindsOf } from './component-kinds';
import { allMembersOf, membersOf } from './members';
import { removeSystemName, shownOf, takingBack, type SystemWorkflowDeps } from './take-back';

interface RemoveSystemInput {
  path: ResourcePath;
  /** Unfinished create that is being stopped. */
  after?: string;
}

/** Order of deletion: what others may need goes after them; types that are not named here go in between. */
const FIRST = ['System', 'Machine'];
const LAST = ['NetworkPort', 'ForwardingGroup', 'Network', 'Credential'];

/** Deletes a System with all that it owns (5.13.1). */
export async function planRemoveSystem(context: PlanContext, found: Found): Promise<ChangePlan> {
  const base = { target: found.path, affected: [found.path], statusMessage: 'Waiting to be deleted' };
  const input: RemoveSystemInput = { path: found.path, ...(found.held ? { after: found.held.job } : {}) };
  const work = { ...removeSystemName, workflow: removeSystemName.name, input: input as unknown as Values };
  const members = await allMembersOf(context.store, context.catalogue, found.path);
  await context.permitAll(
    members.map(({ path }) => path),
    'delete',
  );
  if (found.held) return { ...base, stops: [found.held.job], work };
  if (members.length === 0) return { ...base, remove: [found.path], statusMessage: 'Deleted' };
  const held = await context.store.holds(members.map(({ path }) => path));
  for (const [path, { job }] of held) {
    throw new Refusal(409, `${path} is being changed by jobs/${job}: wait until that job has ended`, {
      kind: 'conflict',
      job,
      retryAfterS: 2,
    });
  }
  const holds: Hold[] = members.map(({ kind, path }) => ({ path, shows: shownOf(context.catalogue, kind.type) }));
  return {
    ...base,
    affected: [found.path, ...members.map(({ path }) => path)],
    holds: [...holds, { path: found.path, shows: 'DELETING' }],
    work,
  };
}

/** Types in the order in which components go. */
function order(types: readonly string[]): string[] {
  const between = types.filter((type) => !FIRST.includes(type) && !LAST.includes(type));
  return [...FIRST, ...between, ...LAST].filter((type) => types.includes(type));
}

export function removeSystemWorkflow(deps: SystemWorkflowDeps): Workflow<RemoveSystemInput> {
  const types = order(kindsOf(deps.catalogue).map(({ type }) => type));
  return {
    ...removeSystemName,
    unstoppable: true,
    steps: [precede(({ path }) => ({ path, shows: 'DELETING' })) as Step<RemoveSystemInput>, ...types.map((type) => removal(deps, type))],
    async succeeded({ unit, input }) {
      // What is left of the components is nothing but rows.
      for (const { path } of await membersOf(unit, deps.catalogue, input.path)) await removeWithAssociations(unit, path);
      await removeWithAssociations(unit, input.path);
      return { message: 'Deleted', affected: [] };
    },
  };
}

/** Components of one type, at the same time. What cannot be deleted stays the System's, with all that it may need. */
function removal(deps: SystemWorkflowDeps, type: string): Step<RemoveSystemInput> {
  const { catalogue } = deps;
  return {
    name: `delete${type}`,
    message: 'Deleting components',
    async run({ input, store, nested }) {
      if (nested) {
        const failed = nested.filter(({ state }) => state !== 'SUCCESS');
        const left = failed.length === 0 ? [] : (await membersOf(store, catalogue, input.path)).filter(({ kind }) => kind.type === type);
        if (failed.length > 0) {
          const words = failed.map(({ id, statusMessage }) => `${statusMessage} (jobs/${id})`);
          throw nestedFailure(`could not delete ${left.map(({ path }) => path).join(', ')}: ${words.join('; ')}`, nested);
        }
        return { done: null };
      }
      const members = (await membersOf(store, catalogue, input.path)).filter(({ kind }) => kind.type === type);
      const drafts = (await Promise.all(members.map(({ path }) => takingBack(store, deps, path, type)))).filter(
        (draft) => draft !== undefined,
      );
      return drafts.length === 0 ? { done: null } : { nested: drafts };
    },
  };
}
