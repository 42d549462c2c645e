import { ProviderError } from '../clouds/errors';
import { StepFailure, type Workflow } from '../jobs/workflow';
import type { Values } from '../model/values';
import { Refusal, type Family, type Found, type Plan, type PlanContext } from '../operations/family';
import type { Hold, ResourcePath } from '../store/store';
import { SYSTEM } from './kinds';
import { draftOf, membersOf, type Draft } from './members';

const MACHINE = 'Machine';

interface ActSystemInput {
  path: ResourcePath;
  parts: readonly { draft: Draft; path: ResourcePath }[];
  /** Components that cannot do it now, each with why. */
  leftOut: readonly string[];
}

/** One operation upon the components of a System, each by a nested Job of its own (5.13.1.2). */
export const actSystem: Workflow<ActSystemInput> = {
  name: 'system.act',
  version: 1,
  steps: [
    {
      name: 'components',
      words: 'Carrying out the operation on the components',
      async run({ input, nested }) {
        if (!nested) return { nested: input.parts.map(({ draft }) => draft) };
        const failed = nested.flatMap(({ id, state, statusMessage }, index) =>
          state === 'SUCCESS' ? [] : [`${input.parts[index]?.path ?? 'a component'}: ${statusMessage} (jobs/${id})`],
        );
        if (failed.length === 0) return { done: null };
        throw new StepFailure(`failed for ${failed.length} of ${nested.length}: ${failed.join('; ')}`, 'unavailable');
      },
    },
  ],
  succeeded: ({ input }) => Promise.resolve({ message: input.leftOut.length > 0 ? `Done; left out: ${input.leftOut.join('; ')}` : 'Done' }),
};

/** Plans an action over those components that can do it now; those that are there already are left alone. */
export function planActSystem(families: ReadonlyMap<string, Family>, name: string): NonNullable<Family['act']>[string] {
  const plan = async (context: PlanContext, found: Found, parameters: Values): Promise<Plan> => {
    const action = context.catalogue.resource(SYSTEM).actions?.[name];
    const own = context.catalogue.resource(MACHINE).actions?.[name];
    if (found.values.state === undefined)
      throw new ProviderError('unavailable', `${found.path}: its Machines cannot all be read now, so its state is not known`);
    const state = String(found.values.state);
    const from = [...(action?.from ?? []), ...(parameters.force === true ? (action?.fromForced ?? []) : [])];
    if (!from.includes(state))
      throw new Refusal(409, `${name} is possible from ${from.join(', ')}; the System is ${state}`, { kind: 'conflict' });
    const { parts, leftOut } = await partsOf(context, found, own?.to, [plan, families.get(MACHINE)?.act?.[name]], { name, parameters });
    const base = { target: found.path, affected: [found.path, ...parts.map(({ path }) => path)] };
    if (parts.length === 0 && leftOut.length > 0)
      throw new Refusal(409, `no component can do it: ${leftOut.join('; ')}`, { kind: 'conflict' });
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

type Planner = NonNullable<Family['act']>[string];

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
      const draft = planner && draftOf(await planner(context, component, parameters), name);
      if (draft) parts.push({ draft, path });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      leftOut.push(`${path}: ${error.message}`);
    }
  }
  return { parts, leftOut };
}
