import { ProviderError } from '../clouds/errors';
import { nestedFailure, type Workflow } from '../jobs/workflow';
import type { Values } from '../model/values';
import {
  Refusal,
  type Changeable,
  type ResourceHandler,
  type Found,
  type ChangePlan,
  type PlanContext,
} from '../operations/resource-handler';
import type { Hold, ResourcePath } from '../store/store';
import { SYSTEM } from './component-kinds';
import { allMembersOf, draftOf, membersOf, type Draft } from './members';

const MACHINE = 'Machine';

interface ActSystemInput {
  path: ResourcePath;
  parts: readonly { draft: Draft; path: ResourcePath }[];
  /** Components that cannot do it now, each with why. */
  leftOut: readonly string[];
}

/** Workflow of one operation upon the components of a System, each by a nested Job of its own (5.13.1.2). */
export const actSystem: Workflow<ActSystemInput> = {
  name: 'system.act',
  version: 1,
  steps: [
    {
      name: 'components',
      message: 'Carrying out the operation on the components',
      async run({ input, nested }) {
        if (!nested) return { nested: input.parts.map(({ draft }) => draft) };
        const failed = nested.flatMap(({ id, state, statusMessage }, index) =>
          state === 'SUCCESS' ? [] : [`${input.parts[index]?.path ?? 'a component'}: ${statusMessage} (jobs/${id})`],
        );
        if (failed.length === 0) return { done: null };
        throw nestedFailure(`failed for ${failed.length} of ${nested.length}: ${failed.join('; ')}`, nested);
      },
    },
  ],
  succeeded: ({ input }) => Promise.resolve({ message: input.leftOut.length > 0 ? `Done; left out: ${input.leftOut.join('; ')}` : 'Done' }),
};

/** Plans an action over those components that can do it now; those that are there already are left alone. */
export function planActSystem(handlers: ReadonlyMap<string, ResourceHandler>, name: string): NonNullable<ResourceHandler['act']>[string] {
  const plan = async (context: PlanContext, found: Changeable, parameters: Values): Promise<ChangePlan> => {
    const action = context.catalogue.resource(SYSTEM).actions?.[name];
    const own = context.catalogue.resource(MACHINE).actions?.[name];
    const machines = (await allMembersOf(context.store, context.catalogue, found.path)).filter(({ kind }) =>
      [MACHINE, SYSTEM].includes(kind.type),
    );
    await context.permitAll(
      machines.map(({ path }) => path),
      name,
    );
    if (found.values.state === undefined)
      throw new ProviderError('unavailable', `${found.path}: its Machines cannot all be read now, so its state is not known`);
    const state = String(found.values.state);
    const from = action?.from ?? [];
    if (!from.includes(state))
      throw new Refusal(409, `${name} is possible from ${from.join(', ')}; the System is ${state}`, { kind: 'conflict' });
    const { parts, leftOut } = await partsOf(context, found, own?.to, [plan, handlers.get(MACHINE)?.act?.[name]], { name, parameters });
    const base = { target: found.path, affected: [found.path, ...parts.map(({ path }) => path)] };
    if (parts.length === 0 && leftOut.length > 0)
      throw new Refusal(409, `no component of the System can ${name}: ${leftOut.join('; ')}`, { kind: 'conflict' });
    if (parts.length === 0) return { ...base, statusMessage: 'There was nothing to do' };
    const input: ActSystemInput = { path: found.path, parts, leftOut };
    const holds: Hold[] = [...parts.flatMap(({ draft }) => draft.holds ?? []), { path: found.path, shows: own?.via?.[0] ?? null }];
    return {
      ...base,
      holds,
      work: { workflow: actSystem.name, version: actSystem.version, input: input as unknown as Values },
      statusMessage: 'Waiting for its turn',
    };
  };
  return plan;
}

type Planner = NonNullable<ResourceHandler['act']>[string];

/** Components that can do it now, and those that cannot; those that are where it leads are neither. */
async function partsOf(
  context: PlanContext,
  found: Found,
  to: string | undefined,
  [ofSystem, ofMachine]: readonly [Planner, Planner | undefined],
  { name, parameters }: { name: string; parameters: Values },
): Promise<Pick<ActSystemInput, 'leftOut'> & { parts: ActSystemInput['parts'][number][] }> {
  const leftOut: string[] = [];
  const parts: ActSystemInput['parts'][number][] = [];
  for (const { kind, path } of await membersOf(context.store, context.catalogue, found.path)) {
    if (kind.type !== MACHINE && kind.type !== SYSTEM) continue;
    const component = await context.resolve(path, kind.type, kind.attribute);
    const now = String(component.values.state);
    if (now === to && context.catalogue.resource(kind.type).actions?.[name]?.from?.includes(now) !== true) continue;
    const planner = kind.type === SYSTEM ? ofSystem : ofMachine;
    try {
      const draft = planner && draftOf(await planner(context, context.permit(component, name), parameters), name);
      if (draft) parts.push({ draft, path });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      leftOut.push(`${path}: ${error.message}`);
    }
  }
  return { parts, leftOut };
}
