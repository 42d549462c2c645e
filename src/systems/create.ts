import { LeftUnderWay, nestedFailure, type EndContext, type Step, type StepContext, type Workflow } from '../jobs/workflow';
import { removeWithAssociations } from '../operations/associations';
import { isThere } from '../operations/undo-create';
import type { ResourcePath, UnitOfWork } from '../store/store';
import { SYSTEM } from './component-kinds';
import { leaveFailed, takingBack, type SystemWorkflowDeps } from './take-back';
import { membersOf, type Draft } from './members';

/** Longest chain of components that need one another. */
export const LEVELS = 12;

export interface CreateSystemInput {
  path: ResourcePath;
  /** Nested Jobs that need nothing of their own level, in the order of levels. */
  levels: readonly (readonly { draft: Draft; label: string }[])[];
  /** Members that the System owns from the beginning; `own`: has a descriptor, else it comes with what has. */
  members: readonly { path: ResourcePath; type: string; association: ResourcePath; level: number; own: boolean; label: string }[];
}

type Context = StepContext<CreateSystemInput>;

/** Makes a System level by level; what fails takes everything back, the newest first. */
export const createSystem: Pick<Workflow, 'name' | 'version'> = { name: 'system.create', version: 1 };

export function createSystemWorkflow(deps: SystemWorkflowDeps): Workflow<CreateSystemInput> {
  return {
    ...createSystem,
    steps: [begin(deps), ...Array.from({ length: LEVELS }, (_, index) => level(deps, index))],
    async succeeded({ unit, input }) {
      await unit.updateResource(input.path, undefined, { state: null });
      return { message: 'Created' };
    },
    failed: async (context) => ({ message: await tell(deps, context, context.error.message, context.error instanceof LeftUnderWay) }),
    stopped: async (context) => ({ message: await tell(deps, context, 'Stopped; what had been made was taken back') }),
  };
}

/** Builds a step that is there only to be undone: what came with the components of the first level goes after these. */
function begin(deps: SystemWorkflowDeps): Step<CreateSystemInput> {
  return {
    name: 'begin',
    message: 'Beginning',
    run: () => Promise.resolve({ done: null }),
    undo: (context) => takeBack(deps, context, -1),
  };
}

function level(deps: SystemWorkflowDeps, index: number): Step<CreateSystemInput> {
  return {
    name: `level${index}`,
    message: 'Making components',
    async run({ input, nested }) {
      const parts = input.levels[index] ?? [];
      if (parts.length === 0) return { done: null };
      if (!nested) return { nested: parts.map(({ draft }) => draft) };
      const failed = nested.flatMap((child, place) =>
        child.state === 'SUCCESS' ? [] : [{ id: child.id, words: `${parts[place]?.label ?? 'a component'}: ${child.statusMessage}` }],
      );
      const message = failed.map((child) => `${child.words} (jobs/${child.id})`).join('; ');
      if (failed.length > 0) throw nestedFailure(`could not be created: ${message}`, nested);
      return { done: null };
    },
    undo: (context) => takeBack(deps, context, index),
  };
}

/** Components of a level, and what came with those of the next one (attached volumes go after their machines). */
async function takeBack(deps: SystemWorkflowDeps, context: Context, index: number) {
  if (context.nested) return { done: null };
  const members = context.input.members.filter(({ level: at, own }) => (own ? at : at - 1) === index);
  const drafts = await Promise.all(members.map(({ path, type }) => takingBack(context.store, deps, path, type)));
  return { nested: drafts.filter((draft) => draft !== undefined) };
}

/**
 * The last words: rows of what is not there any more go; what is still there is named and stays the System's.
 * @param underWay nothing was undone: its state is that of its components
 */
async function tell(
  deps: SystemWorkflowDeps,
  { unit, input, left }: EndContext<CreateSystemInput> & { left: readonly string[] },
  why: string,
  underWay = false,
): Promise<string> {
  const remaining: string[] = [...left];
  for (const { path, type, association, label } of input.members) {
    if (await isStillThere(deps, unit, path, type)) remaining.push(label);
    else await unit.deleteResource(association);
  }
  const row = await unit.resource(input.path);
  if (row && underWay) await unit.updateResource(input.path, undefined, { state: null });
  else if (row) await leaveFailed(unit, row, why, remaining);
  if (underWay) return `${why}; nothing was undone`;
  return remaining.length > 0 ? `${why}; could not be taken back: ${remaining.join('; ')}` : why;
}

/** Tells whether something of a component is still at a provider; else its row is removed. */
async function isStillThere(deps: SystemWorkflowDeps, unit: UnitOfWork, path: ResourcePath, type: string): Promise<boolean> {
  const row = await unit.resource(path);
  if (!row) return false;
  let there = isThere(row);
  if (type === SYSTEM) {
    for (const { kind, path: part } of await membersOf(unit, deps.catalogue, path))
      there = (await isStillThere(deps, unit, part, kind.type)) || there;
  }
  if (!there) await removeWithAssociations(unit, path);
  return there;
}
