import type { Cloud } from '../clouds/cloud';
import { makeTag, newId } from '../clouds/identity';
import type { Fetcher } from '../fetch/fetcher';
import { cloudOf, StepFailure, type Done, type StepContext } from '../jobs/workflow';
import type { Catalogue } from '../model/catalogue';
import type { Value, Values } from '../model/values';
import { planCopyTo } from '../operations/image-copy';
import { factsKept, hardwareOf } from '../operations/image-facts';
import { planUploadTo, stopAsked } from '../operations/image-upload';
import type { DeferredPlanning } from '../operations/deferred-planning';
import { split } from '../operations/stored';
import { Refusal, type ChangePlan, type PlanContext } from '../operations/resource-handler';
import { OvfError } from '../ovf/error';
import type { Content, DiskDescription, Package, PackageFile, VirtualSystem } from '../ovf/package';
import { readDescriptor } from '../ovf/reader';
import type { NewResourceRow, ResourcePath } from '../store/store';
import { draftOf } from '../systems/members';
import { factsOfSystem, systemsOf } from './guest-facts';
import { guestsTold, warningsOf, type GuestWarnings } from './guest-warnings';
import type { ImportOptions } from './import-request';
import { keepingOf, refuseUnfitKept } from './kept-addresses';
import { type Captured, IMAGE_GROUPS, type PackagedImage } from './package-images';
import { ownPackage } from './own-source';
import { openPackage, refusing, type FileContents, type PackageFiles } from './package-source';
import { designTemplate, plainName, type DesignedResource, type TemplateDesign } from './template-design';
import { anySignal } from '../model/any-signal';

/** Services that importing needs. */
export interface PackageDeps {
  fetcher: Fetcher;
  catalogue: Catalogue;
  tagKey: Buffer;
  planning: DeferredPlanning;
}

export interface ImportInput {
  /** Path of what is imported. */
  path: ResourcePath;
  /** Key of the cloud that takes the disks. */
  cloud: string;
  options: ImportOptions;
  /** Caller that asked for it, with the role of then. */
  asker: PlanContext['principal'];
}

/** Result of the step that reads a package. */
export interface Reading {
  root: Values;
  resources: readonly DesignedResource[];
  warnings: readonly string[];
  images: readonly PackagedImage[];
}

type Context = StepContext<ImportInput>;
/** Resources that a design is for. */
export type Makes = 'templates' | 'resources';

/** Largest disk, bytes. */
const MAX_DISK = 2 * 2 ** 40;

/**
 * Reads the package of an import, and inserts the rows of the images that its disks become: an outcome whose `done` is a Reading.
 * @param makes what the design is for
 * @param captured images that stand for those of a package of the gateway's own
 * @throws StepFailure in words for a package that is not imported
 */
export async function readPackage(deps: PackageDeps, context: Context, makes: Makes, captured?: Captured): Promise<Done> {
  const { options } = context.input;
  const { design, images, files, guests } = await considerPackage(deps, context, makes, captured);
  const { job } = context;
  await mustMake(deps, context, images);
  const reading: Reading = {
    root: { ...design.root, ...(options.name === undefined ? {} : { name: options.name }) },
    resources: design.resources,
    warnings: [...design.warnings, ...files.warnings, ...guestsTold(guests)],
    images: images.flatMap(({ plan, label, type }) => {
      const draft = draftOf(plan, 'add');
      return draft ? [{ path: plan.location ?? '', type, label, draft }] : [];
    }),
  };
  return {
    done: reading as unknown as Value,
    affected: reading.images.map(({ path }) => path),
    async apply(unit) {
      for (const { plan } of images) for (const row of plan.insert ?? []) await unit.insertResource({ ...row, tenant: job.tenant });
    },
  };
}

/** @throws StepFailure where its asker may not add what the disks become */
async function mustMake({ planning }: PackageDeps, { input }: Context, images: readonly PlannedImage[]): Promise<void> {
  try {
    await planning.permitPlan(input.asker, { insert: images.flatMap(({ plan }) => plan.insert ?? []) });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new StepFailure(error.reason, error.details.kind ?? 'forbidden');
  }
}

/** Package, with what would be made of it. */
export interface Considered {
  given: Package;
  files: PackageFiles;
  design: TemplateDesign;
  images: readonly PlannedImage[];
  /** Words for what each machine's guest needs where it goes. */
  guests: readonly GuestWarnings[];
}

/** Reads a package and designs what it stands for, without writing anything. @throws StepFailure in words for one that is not imported */
export async function considerPackage(deps: PackageDeps, context: Context, makes: Makes, captured?: Captured): Promise<Considered> {
  const { given, files } = await opened(deps, context, captured);
  mustBeAccepted(given.content, context.input.options);
  const { design, images } = designed(deps, context, { given, files, makes });
  const to = cloudOf(context.clouds, context.input.cloud);
  if (context.input.options.keepsAddresses) await mustHaveAddresses(deps, context, given, to);
  const guests = systemsOf(given.content).map((system) => {
    const image = images.find(({ type, disk }) => type === 'MachineImage' && disk.id === system.hardware.disks[0]?.disk);
    const contents = image && files.contents(image.file);
    const source = contents && 'from' in contents ? contents : undefined;
    const from = source && cloudOf(context.clouds, source.from.cloud).driver;
    return warningsOf(system, { to, from, facts: factsOfSystem(system), kept: image?.kept ?? {}, running: source?.running });
  });
  return { given, files, design, images, guests };
}

/** @throws StepFailure for addresses that the networks cannot give, before anything is made */
async function mustHaveAddresses({ planning }: PackageDeps, { input }: Context, given: Package, cloud: Cloud): Promise<void> {
  try {
    await refuseUnfitKept(await planning.contextFor(input.asker, cloud.key), cloud, given, input.options);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new StepFailure(error.reason, error.details.kind ?? (error.status === 403 ? 'forbidden' : 'invalid'));
  }
}

/** Opens a package and finds its files; an archive may be long, and nobody waits for it once the Job is to stop. */
async function opened(deps: PackageDeps, context: Context, captured?: Captured): Promise<{ given: Package; files: PackageFiles }> {
  const { options } = context.input;
  const asked = stopAsked(context);
  try {
    const signal = anySignal(context.signal, asked.signal);
    const source = options.package
      ? await ownPackage(context.store, { tenant: context.job.tenant, path: options.package, captured })
      : await openPackage({ fetcher: deps.fetcher, source: options.source, signal });
    const given = parsed(source.descriptor, options);
    const files = await source.files(given);
    return { given: refusing(() => grown(given, files)), files };
  } finally {
    asked.end();
  }
}

/** The package with Volumes as large as they are now: they may have grown since it was made. */
function grown(given: Package, files: PackageFiles): Package {
  const capacityOf = ({ file }: DiskDescription): number => {
    const found = given.files.find(({ id }) => id === file);
    const contents = found && files.contents(found);
    return contents && 'from' in contents ? (contents.capacity ?? 0) : 0;
  };
  return { ...given, disks: given.disks.map((disk) => ({ ...disk, capacity: Math.max(disk.capacity, capacityOf(disk)) })) };
}

/** Reading that the first step of a Job has made; nothing before its end. */
export function readingOf(results: Context['results']): Reading {
  return (results.read as unknown as Reading | undefined) ?? { root: {}, resources: [], warnings: [], images: [] };
}

/** Row of a resource that is the gateway's own. */
export function rowOf(path: ResourcePath, type: string, tenant: string, values: Values): NewResourceRow {
  return { path, type, tenant, cloud: null, providerKey: null, owner: null, state: null, values, secrets: null, internal: {} };
}

/** Row of something designed, with what is hidden or encrypted of it apart. */
export function rowOfDesigned(catalogue: Catalogue, { path, type, values }: DesignedResource, tenant: string): NewResourceRow {
  const { open, secret } = split(catalogue, type, values);
  return { ...rowOf(path, type, tenant, open), secrets: Object.keys(secret).length > 0 ? secret : null };
}

/** Reads a descriptor. @throws StepFailure in words for one that is not read */
export function parsed(bytes: Uint8Array, { deploymentOption, properties }: ImportOptions): Package {
  return refusing(() =>
    readDescriptor(bytes, { maxDiskBytes: MAX_DISK, deploymentOption, properties: new Map(Object.entries(properties)) }),
  );
}

/** @throws StepFailure where the package has licences that the request does not accept */
function mustBeAccepted(content: Content, { acceptsLicences }: ImportOptions): void {
  const licences = licencesOf(content);
  if (licences.length > 0 && !acceptsLicences)
    throw new StepFailure(
      `the package has ${licences.length} licences to accept, of ${licences.join('').length} characters: give the property 'ovf.accept-eula' the value true`,
    );
}

const licencesOf = (content: Content): string[] => [
  ...content.licenses,
  ...(content.kind === 'collection' ? content.members.flatMap(licencesOf) : []),
];

/** Image that a disk would become. */
export interface PlannedImage {
  plan: ChangePlan;
  disk: DiskDescription;
  file: PackageFile;
  label: string;
  type: PackagedImage['type'];
  /** Facts that it keeps of the machine whose it is, and the kind of hardware. */
  kept: Values;
}

/** Designs what the package stands for; each disk becomes one image, whoever uses it. */
function designed(
  deps: PackageDeps,
  context: Context,
  { given, files, makes }: { given: Package; files: PackageFiles; makes: Makes },
): { design: TemplateDesign; images: PlannedImage[] } {
  const { catalogue } = deps;
  const images = new Map<string, PlannedImage>();
  const systems = systemsOf(given.content);
  const image = (type: PackagedImage['type'], disk: DiskDescription, file: PackageFile): ResourcePath => {
    const key = `${type} ${disk.id}`;
    const system = type === 'MachineImage' ? systems.find(({ hardware }) => hardware.disks[0]?.disk === disk.id) : undefined;
    const kept = system ? factsOf(deps, context, system, files.contents(file)) : {};
    const known = images.get(key) ?? {
      plan: planImage(deps, context, { type, disk, file, files, kept, of: given.content }),
      ...{ disk, file, label: `disk ${disk.id}`, type, kept },
    };
    images.set(key, known);
    return known.plan.location ?? '';
  };
  const newPath = (type: string): ResourcePath => `${catalogue.pathOf(type) ?? ''}/${newId()}`;
  const networks = new Map(Object.entries(context.input.options.networks));
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const carriers = {
    userData: cloud.capabilities.types.Machine?.capabilities?.UserData !== undefined,
    publicKeys: cloud.offers('credentials', 'import'),
  };
  const movedFrom = (part: Content | PackageFile): ResourcePath | undefined => {
    if ('kind' in part) return files.origins?.[part.id];
    const contents = files.contents(part);
    return 'from' in contents ? contents.of : undefined;
  };
  const keeps = context.input.options.keepsAddresses ? keepingOf(catalogue, cloud) : undefined;
  const design = refusing(() => designTemplate(given, { catalogue, makes, newPath, image, movedFrom, carriers, networks, keeps }));
  return { design, images: [...images.values()] };
}

/** Facts of a machine that its image keeps in the cloud that takes it, and the hardware that it gets there. */
function factsOf({ catalogue }: PackageDeps, context: Context, system: VirtualSystem, contents: FileContents): Values {
  const { cloud, options } = context.input;
  const to = cloudOf(context.clouds, cloud);
  const from = 'from' in contents ? cloudOf(context.clouds, contents.from.cloud) : undefined;
  return { ...factsKept(catalogue, to, factsOfSystem(system)), ...hardwareOf(catalogue, to, options.hardware, from) };
}

interface PackagedDisk {
  type: PackagedImage['type'];
  disk: DiskDescription;
  file: PackageFile;
  files: PackageFiles;
  /** Attributes by which its image tells for what machine it is. */
  kept: Values;
  /** Content that the disk came with. */
  of: Content;
}

/** Plans the image that a disk's contents come to be in. @throws OvfError for contents that are not read */
function planImage({ catalogue, tagKey }: PackageDeps, context: Context, { type, disk, file, files, kept, of }: PackagedDisk): ChangePlan {
  const { input, job, clouds } = context;
  const contents = files.contents(file);
  const group = IMAGE_GROUPS[type];
  const cloud = cloudOf(clouds, input.cloud);
  if (!cloud.offers(group, 'upload')) throw new StepFailure(`the disk '${disk.id}': cloud '${cloud.key}' takes no ${group}`, 'unsupported');
  const shows: Values = type === 'MachineImage' ? { type: 'IMAGE' } : { bootable: false };
  const asks = { catalogue, newId, tag: (id: string) => makeTag(tagKey, id, job.tenant), principal: { tenant: job.tenant } };
  const values = { ...kept, name: plainName(`${input.options.name ?? of.name ?? of.id} ${disk.id}`) };
  const request = { values, collection: catalogue.pathOf(type) ?? '' };
  if ('from' in contents) {
    const { confirmedBytes } = input.options;
    const from = { ...contents.from, ...(confirmedBytes === undefined ? {} : { confirmedBytes }) };
    return planCopyTo(cloud, asks, request, { type, group, from, of: contents.of, shows });
  }
  const { location, packed } = contents;
  return planUploadTo(cloud, asks, request, {
    ...{ type, group, location, shows, request: type === 'MachineImage' ? {} : shows },
    packed: { format: formatOf(disk), capacity: disk.capacity, ...packed },
  });
}

/** Format in which a disk's file lies. @throws OvfError for one that is not read */
function formatOf({ id, format = '' }: DiskDescription): 'vmdk' | 'raw' {
  if (/vmdk\.html#(streamoptimi[sz]ed|sparse)$/i.test(format)) return 'vmdk';
  if (/raw/i.test(format)) return 'raw';
  throw new OvfError(`the disk '${id}'`, `is in the format '${format}'; stream-optimized VMDK and raw ones are read`);
}
