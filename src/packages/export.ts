import type { Fetcher } from '../fetch/fetcher';
import type { Values } from '../model/values';
import type { ChangePlan, Found, PlanContext, ResourceHandler } from '../operations/resource-handler';
import type { Content } from '../ovf/package';
import type { Hold } from '../store/store';
import { MachineExport } from './export-machine';
import { exportRequest, type ExportOptions } from './export-request';
import { describeSystem } from './export-system';
import { describeTemplate } from './export-template';
import { exportPackage, type ExportInput } from './export-job';
import { PackageBuilder } from './package-builder';
import { allMembersOf } from '../systems/members';
import { ARCHIVE, contentsOf, DESCRIPTOR, packagePath, packageRow } from './package-record';

type Planner = NonNullable<ResourceHandler['act']>[string];
type Describe = (machines: MachineExport, found: Found) => Promise<Content>;

/** Drivers' methods without which no Machine can be exported. */
const NEEDS = [
  ['machineImages', 'capture'],
  ['machineImages', 'download'],
] as const;

/** Types that can be exported, with what stands for each in a package; a Machine by an action that the standard does not have. */
const DESCRIBED: Readonly<Record<string, Describe>> = {
  Machine: (machines, found) => machines.machine(found),
  System: describeSystem,
  SystemTemplate: describeTemplate,
};

/** The handlers, with exports to packages (DSP0263 5.13.1.2, 5.13.3.1). */
export function withExports(handlers: readonly ResourceHandler[], fetcher: Pick<Fetcher, 'check'>): readonly ResourceHandler[] {
  const volumeImages = handlers.find(({ type }) => type === 'VolumeImage') ?? {};
  return handlers.map((handler) => {
    const describe = DESCRIBED[handler.type];
    if (!describe) return handler;
    const plan: Planner = (context, found, parameters) =>
      planExport(context, found, exportRequest(fetcher, parameters), { describe, volumeImages });
    const { offered } = handler;
    // Of a template there is always a descriptor; what contents its images give is known for each of them.
    const template = handler.type === 'SystemTemplate';
    return {
      ...handler,
      act: { ...handler.act, export: plan },
      ...(template
        ? { offered: (found, catalogue) => (found.held ? offered(found, catalogue) : [...offered(found, catalogue), 'export']) }
        : { actNeeds: { export: NEEDS } }),
    };
  });
}

async function planExport(
  context: PlanContext,
  found: Found,
  { algorithm, running, archived, destination }: ExportOptions,
  { describe, volumeImages }: { describe: Describe; volumeImages: Pick<ResourceHandler, 'create'> },
): Promise<ChangePlan> {
  const members = await allMembersOf(context.store, context.catalogue, found.path);
  const exported = members.filter(({ kind }) => DESCRIBED[kind.type] !== undefined);
  await context.permitAll(
    exported.map(({ path }) => path),
    'export',
  );
  const builder = new PackageBuilder();
  const machines = new MachineExport(context, builder, volumeImages, { running });
  const described = builder.whole(await describe(machines, found));
  const contents = contentsOf(context.catalogue, { of: found.path, origins: builder.origins });
  await context.permitAll(contents.export, 'export');
  const path = packagePath(context.newId());
  const temporary = machines.captures.map(({ path: image, type }) => ({ path: image, type }));
  const input: ExportInput = {
    ...(destination ? { destination } : {}),
    ...(archived ? { archived } : {}),
    ...{ path, of: found.path, described, files: builder.files, captures: machines.captures, warnings: builder.warnings },
  };
  const holds = new Map<string, Hold>([[found.path, { path: found.path, shows: null }]]);
  for (const hold of machines.holds) holds.set(hold.path, hold);
  return {
    target: found.path,
    affected: [found.path],
    insert: [
      // What is exported gets its row by the change itself.
      ...machines.insert.filter((row) => row.path !== found.path),
      packageRow(path, context.principal.tenant, { of: found.path, origins: builder.origins, algorithm, files: [], temporary }),
    ],
    holds: [...holds.values(), { path, shows: null }],
    work: { workflow: exportPackage.name, version: exportPackage.version, input: input as unknown as Values },
    statusMessage: 'Waiting to be exported',
    ...(destination ? {} : { document: `${path}/${archived ? ARCHIVE : DESCRIPTOR}` }),
    ...(running ? { beyondOffer: true } : {}),
  };
}
