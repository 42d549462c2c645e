import { Refusal, type Found, type PlanContext } from '../operations/resource-handler';
import type { Content, LeftOut } from '../ovf/package';
import { membersOf } from '../systems/members';
import type { MachineExport } from './export-machine';

/**
 * A System with its Machines, their Volumes and Networks, and its sub-Systems (5.13.1.2). What a package has no place for is named in it.
 * @throws Refusal where a Machine cannot be exported now, and where there is none
 */
export async function describeSystem(machines: MachineExport, system: Found): Promise<Content> {
  const content = await collected(machines, system, 0);
  if (machines.captures.length === 0)
    throw new Refusal(409, `${system.path} has no Machine: there is nothing to export`, { kind: 'conflict' });
  return content;
}

async function collected(machines: MachineExport, system: Found, above: number): Promise<Content> {
  const { context, builder } = machines;
  builder.describes('collection', above);
  const members = await membersOf(context.store, context.catalogue, system.path);
  const contents: Content[] = [];
  const others: Found[] = [];
  // Machines first: they say which Volumes are exported with them.
  for (const type of ['Machine', 'System']) {
    for (const { kind, path } of members.filter((member) => member.kind.type === type)) {
      const found = await memberAt(context, path, kind.type);
      contents.push(type === 'Machine' ? await machines.machine(found) : await collected(machines, found, above + 1));
    }
  }
  for (const { kind, path } of members) {
    if (kind.type === 'Machine' || kind.type === 'System') continue;
    const found = await memberAt(context, path, kind.type);
    if (kind.type === 'Network') machines.network(found);
    else if (!machines.attached.has(path)) others.push(found);
  }
  return builder.collection(system.path, system.values, contents, others.map(leftOut));
}

/** Components may be in several clouds: a package has no place in one. */
const memberAt = (context: PlanContext, path: string, type: string): Promise<Found> =>
  context.resolve(path, type, path, { anywhere: true });

const leftOut = ({ type, path, values }: Found): LeftOut => ({
  type,
  name: typeof values.name === 'string' ? values.name : path,
  reason: 'a package has no place for it',
});
