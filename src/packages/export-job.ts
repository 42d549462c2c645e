import type { ImageGroup } from '../clouds/cloud';
import { cloudOf, StepFailure, type EndContext, type StepContext, type StepOutcome, type Workflow } from '../jobs/workflow';
import type { Catalogue } from '../model/catalogue';
import { spoken } from '../model/shown';
import type { Values } from '../model/values';
import { removeWithAssociations } from '../operations/associations';
import type { Package } from '../ovf/package';
import { writeDescriptor } from '../ovf/writer';
import type { ResourcePath } from '../store/store';
import { sendNext, type Destination, type SendDeps } from './destination';
import { imagesLeft, makeImages, takeImagesBack, type PackagedImage } from './package-images';
import { PackageBuilder, type SourcedFile } from './package-builder';
import { stopAsked } from '../operations/image-upload';
import { unreadOf } from './archived';
import { changeRecord, packageAt, type PackagedFile } from './package-record';
import { packagedBytes } from './packaged-bytes';
import { anySignal } from '../model/any-signal';

/** Services that the Jobs of packages need. */
export interface ExportDeps extends SendDeps {
  catalogue: Catalogue;
  /** Time for which a package is kept, in ms. */
  keepMs: number;
}

export interface ExportInput {
  path: ResourcePath;
  /** Path of what is exported. */
  of: ResourcePath;
  /** The package as far as it is known beforehand. */
  described: Package;
  files: readonly SourcedFile[];
  captures: readonly PackagedImage[];
  warnings: readonly string[];
  /** Place that it is sent to; absent: it is kept to be read. */
  destination?: Destination;
  /** True where it is wanted as one archive, which tells the lengths of its files before their bytes. */
  archived?: true;
}

type Context = StepContext<ExportInput>;

/** Result of a cleaning that left something. */
const LEFT = 'left';
/** Length of which VMDK has a whole number, in bytes. */
const SECTOR = 512;

export const exportPackage: Pick<Workflow, 'name' | 'version'> = { name: 'package.export', version: 1 };

/** Writes a package: images of all disks that are not images yet, then the descriptor. Bytes are read when somebody asks for them. */
export function exportWorkflow(deps: ExportDeps): Workflow<ExportInput> {
  return {
    ...exportPackage,
    steps: [
      {
        name: 'images',
        message: 'Making images of the disks',
        run: ({ input, nested }) => Promise.resolve(makeImages(input.captures, nested, 'captured')),
        undo: ({ input, nested, store }) => takeImagesBack(deps.catalogue, store, input.captures, nested),
      },
      { name: 'describe', message: 'Writing the descriptor', run: (context) => describe(deps, context) },
      { name: 'measure', message: 'Reading the disks for their lengths', run: (context) => measureNext(deps, context) },
      { name: 'send', message: 'Sending the package', run: (context) => send(deps, context) },
      { name: 'clean', message: 'Deleting the images that were made for it', run: (context) => clean(deps, context) },
    ],
    async succeeded({ unit, input, results }) {
      const gone = input.destination !== undefined && results.clean !== LEFT;
      for (const { path } of gone ? input.captures : []) await removeWithAssociations(unit, path);
      if (gone) await unit.deleteResource(input.path);
      const { warnings = [] } = (results.describe as { warnings?: string[] } | null | undefined) ?? {};
      return { message: spoken([input.destination ? 'Sent' : 'Exported', ...input.warnings, ...warnings].join('; ')) };
    },
    failed: (context) => tell(context, context.error.message),
    stopped: (context) => tell(context, 'Stopped; what had been made was taken back'),
  };
}

const send = (deps: ExportDeps, context: Context): Promise<StepOutcome> => {
  const { path, destination, archived = false } = context.input;
  return destination ? sendNext(deps, context, { path, destination, archived }) : Promise.resolve({ done: null });
};

/** Reads a disk to its end, with each attempt of the step the next: its length and digest are kept with the package. */
async function measureNext({ store, idleMs }: ExportDeps, context: Context): Promise<StepOutcome> {
  const { path, archived } = context.input;
  const record = archived ? await packageAt(context.store, context.job.tenant, path) : undefined;
  const [file, ...others] = record ? unreadOf(record) : [];
  if (!record || !file) return { done: null };
  const asked = stopAsked(context);
  const over = new AbortController();
  const signal = anySignal(context.signal, asked.signal, over.signal);
  try {
    const { clouds } = context;
    const bytes = await packagedBytes({ store, clouds, idleMs }, { path, file, algorithm: record.algorithm }, signal);
    while ((await bytes.next()).done !== true);
    const { length } = record.files;
    return { wait: 0, message: `Read ${file.name}`, progress: Math.floor((50 * (length - others.length)) / length) };
  } finally {
    asked.end();
    over.abort();
  }
}

/** Deletes what was made to be sent; what can't be deleted now goes when its time is over. */
async function clean({ catalogue }: ExportDeps, { input, nested, store }: Context): Promise<StepOutcome> {
  if (!input.destination) return { done: null };
  if (!nested) return takeImagesBack(catalogue, store, input.captures, nested);
  return { done: nested.every(({ state }) => state === 'SUCCESS') ? null : LEFT };
}

/** Asks each image how large it is: what cannot be read is found here, and not by who reads the package. */
async function describe({ keepMs, idleMs }: ExportDeps, context: Context) {
  const { input, store } = context;
  const { described } = input;
  const files: PackagedFile[] = [];
  const known = new Map<string, { capacity: number; facts: Values }>();
  const warnings: string[] = [];
  for (const file of input.files) {
    const key = file.key ?? (await store.resource(file.path))?.providerKey ?? undefined;
    if (key === undefined) throw new StepFailure(`${file.path} is not at its provider any more`);
    const wanted = described.disks.find(({ id }) => id === file.disk)?.capacity ?? 0;
    const { size, facts } = await lookAt(context, { ...file, key }, idleMs);
    const capacity = Math.ceil(Math.max(wanted, size) / SECTOR) * SECTOR;
    files.push({ ...file, key, capacity });
    known.set(file.disk, { capacity, facts });
    if (file.running && facts.guestOs === 'windows')
      warnings.push(`${file.of ?? ''} has Windows: what was captured while it ran may not start; export it STOPPED`);
  }
  const descriptor = writeDescriptor(PackageBuilder.described(described, known));
  const expires = (await store.now()) + keepMs;
  return {
    done: { warnings },
    apply: (unit: Parameters<typeof changeRecord>[0]) =>
      changeRecord(unit, input.path, (record) => ({ ...record, descriptor, files, expires, keepMs })),
  };
}

async function lookAt(
  { clouds, signal }: Context,
  { cloud, group, key }: { cloud: string; group: ImageGroup; key: string },
  idleMs: number,
): Promise<{ size: number; facts: Values }> {
  const at = cloudOf(clouds, cloud);
  const over = new AbortController();
  try {
    const until = { signal: anySignal(signal, over.signal), idleMs };
    const { value: item } = await at.get(group, key);
    const { cpuArch } = item ?? {};
    return {
      size: (await at.download(group, key, until)).disk.size,
      facts: { ...(cpuArch === undefined ? {} : { cpuArch }), ...item?.values },
    };
  } finally {
    over.abort();
  }
}

/** The last words of a Job that leaves no package: rows of what is at no provider go, the rest is named. */
async function tell({ unit, input, left }: EndContext<ExportInput> & { left: readonly string[] }, why: string) {
  const remaining = [...left, ...(await imagesLeft(unit, input.captures))];
  await unit.deleteResource(input.path);
  return { message: remaining.length > 0 ? `${why}; could not be taken back: ${remaining.join('; ')}` : why };
}
