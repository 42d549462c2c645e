import type { FetchProblem } from '../fetch/problem';
import type { Fetcher } from '../fetch/fetcher';
import type { Values } from '../model/values';
import { shown } from '../model/shown';
import { fetchRefusal } from '../operations/image-upload';
import { mustGiveAddresses } from '../operations/interface-addresses';
import { chooseCloud } from '../operations/placement';
import { Refusal, type CollectionRequest, type Found, type PlanContext } from '../operations/resource-handler';
import type { Cloud } from '../clouds/cloud';
import { HARDWARE, type Hardware } from '../clouds/image-facts';
import type { ResourcePath } from '../store/store';
import { ARCHIVE, contentsOf, DESCRIPTOR, FOLDER, packageAt, packagePath } from './package-record';

/** Options of an import, as the properties of its Action give them (DSP0263 5.13.2.1). */
export interface ImportOptions {
  /** URL of the package's descriptor. */
  source: string;
  /** Path of the package's record, where it is one of the gateway's own. */
  package?: ResourcePath;
  /** True where nothing is to be made: the Job tells what would be. */
  plan?: boolean;
  /** True where the Machines that the package was made of are stopped before their disks are read. */
  stopsSource?: boolean;
  /** Kind of hardware that the machines are to have; absent: what most guests have drivers for. */
  hardware?: Hardware;
  /** True where machines are to keep the private addresses that the package tells. */
  keepsAddresses?: true;
  /** Bytes of disks up to which the caller means the copying to go, whatever move.maxBytes says. */
  confirmedBytes?: number;
  name?: string;
  deploymentOption?: string;
  acceptsLicences: boolean;
  /** Values of the package's properties, by their whole keys. */
  properties: Readonly<Record<string, string>>;
  /** Paths of existing Networks, by names of networks of the package. */
  networks: Readonly<Record<string, string>>;
}

const NETWORK = 'ovf.network.';
const PROPERTY = 'ovf.property.';
const KNOWN = [
  'name',
  'cloud',
  'plan',
  'source',
  'hardware',
  'addresses',
  'confirm-bytes',
  'ovf.deploymentOption',
  'ovf.accept-eula',
  `${NETWORK}NAME`,
  `${PROPERTY}KEY`,
];

/**
 * Reads the Action of an import, and finds the cloud that takes the package's disks.
 * @throws Refusal 400, 403 as for the create of an image from elsewhere
 */
export async function importRequest(
  fetcher: Fetcher,
  context: PlanContext,
  { parameters, internal, document }: CollectionRequest,
): Promise<{ options: ImportOptions; cloud: Cloud }> {
  const { source, properties } = parameters;
  if (typeof source !== 'string' || source === '') throw new Refusal(400, 'the URL of a package is needed (5.13.2.1)', { at: 'source' });
  const at = document(source);
  const problem: FetchProblem | undefined = at === undefined ? fetcher.check(source) : undefined;
  if (problem) throw fetchRefusal(problem, 'source');
  const ofOurs = at === undefined ? {} : { package: await ownPackageAt(context, at, source) };
  const options: ImportOptions = { source, ...ofOurs, acceptsLicences: false, properties: {}, networks: {} };
  const [own, networks]: [Record<string, string>, Record<string, string>] = [{}, {}];
  const found: Found[] = [];
  let cloud: string | undefined;
  for (const [key, value] of Object.entries((properties ?? {}) as Values)) {
    const [text, at] = [String(value), `properties.${key}`];
    if (key === 'name') options.name = text;
    else if (key === 'cloud') cloud = text;
    else if (key === 'plan') options.plan = truth(text, at);
    else if (key === 'source') options.stopsSource = stops(text, at, options);
    else if (key === 'hardware') options.hardware = hardwareNamed(text, at);
    else if (key === 'addresses') Object.assign(options, keeps(text, at));
    else if (key === 'confirm-bytes') options.confirmedBytes = bytesIn(text, at);
    else if (key === 'ovf.deploymentOption') options.deploymentOption = text;
    else if (key === 'ovf.accept-eula') options.acceptsLicences = text === 'true';
    else if (key.startsWith(PROPERTY)) own[key.slice(PROPERTY.length)] = text;
    else if (key.startsWith(NETWORK)) {
      const network = await context.resolve(internal(text), 'Network', at);
      found.push(network);
      networks[key.slice(NETWORK.length)] = network.path;
    } else throw new Refusal(400, `'${shown(key)}' is no property of an import: those are ${KNOWN.join(', ')}`, { at });
  }
  if (cloud !== undefined && context.entryCloud !== undefined && cloud !== context.entryCloud)
    throw new Refusal(400, `the request names cloud '${shown(cloud)}', but it came to the entry point of '${context.entryCloud}'`, {
      at: 'properties.cloud',
    });
  const chosen = chooseCloud(context, found, cloud === undefined ? {} : { cloud });
  // A reference chooses a cloud, too, and what may be referred to may be there for nothing but reading.
  if (!context.clouds.forTenant(context.principal.tenant).some(({ key }) => key === chosen.key))
    throw new Refusal(403, `no rule lets user '${context.principal.name}' do it: import into cloud '${chosen.key}'`, { kind: 'forbidden' });
  if (options.keepsAddresses) mustGiveAddresses(chosen, 1, 'properties.addresses');
  return { options: { ...options, properties: own, networks }, cloud: chosen };
}

/** @throws Refusal 400 for another word: who asks for a plan in vain would get an import */
function truth(text: string, at: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new Refusal(400, `is 'true' or 'false', not '${shown(text)}'`, { at });
}

/** @throws Refusal 400 for another word */
function keeps(text: string, at: string): Pick<ImportOptions, 'keepsAddresses'> {
  if (text === 'keep' || text === 'new') return text === 'keep' ? { keepsAddresses: true } : {};
  throw new Refusal(400, `is 'keep' or 'new', not '${shown(text)}'`, { at });
}

/** @throws Refusal 400 for what is no number */
function bytesIn(text: string, at: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Refusal(400, `is a number of bytes, not '${shown(text)}'`, { at });
}

/** @throws Refusal 400 for another word */
function hardwareNamed(text: string, at: string): Hardware {
  const found = HARDWARE.find((word) => word === text);
  if (found === undefined) throw new Refusal(400, `is one of ${HARDWARE.join(', ')}, not '${shown(text)}'`, { at });
  return found;
}

/** @throws Refusal 400 for another word, and where there is nothing here that could be stopped */
function stops(text: string, at: string, { package: own }: ImportOptions): boolean {
  if (text === 'keep') return false;
  if (text !== 'stop') throw new Refusal(400, `is 'keep' or 'stop', not '${shown(text)}'`, { at });
  if (own === undefined) throw new Refusal(400, "only the Machines of a package of the gateway's own can be stopped", { at });
  return true;
}

/** Path of the record of a package of the gateway's own. @throws Refusal where the tenant has none there, or it is not whole yet */
async function ownPackageAt(
  { store, principal, permitAll, catalogue }: PlanContext,
  document: string,
  source: string,
): Promise<ResourcePath> {
  const [folder, id = '', name, ...more] = document.split('/');
  const path = packagePath(id);
  const record =
    folder === FOLDER && (name === DESCRIPTOR || name === ARCHIVE) && more.length === 0
      ? await packageAt(store, principal.tenant, path)
      : undefined;
  if (!record || record.going) throw new Refusal(400, `there is no package at ${shown(source, 300)}`, { at: 'source' });
  const contents = contentsOf(catalogue, record);
  await permitAll(contents.export, 'export');
  await permitAll(contents.read, 'read');
  if (record.descriptor !== undefined) return path;
  const job = (await store.holds([path])).get(path)?.job;
  throw new Refusal(409, `the package is still being written by jobs/${job ?? ''}: wait until that job has ended`, {
    ...{ at: 'source', kind: 'conflict', retryAfterS: 2 },
    ...(job === undefined ? {} : { job }),
  });
}
