import type { Cloud } from '../clouds/cloud';
import { ProviderError } from '../clouds/errors';
import type { TransferRates } from '../clouds/rate';
import { cloudOf, type StepContext, type Workflow } from '../jobs/workflow';
import { spoken } from '../model/shown';
import { roundUp } from '../model/units';
import type { Value, Values } from '../model/values';
import type { MoveLimits } from '../operations/image-copy';
import { machineSize } from '../operations/machine-size';
import { Refusal, type PlanContext } from '../operations/resource-handler';
import { describe } from '../operations/size-messages';
import type { VirtualSystem } from '../ovf/package';
import { systemsOf } from './guest-facts';
import { mustCreate, tableOf, type ImportSystemInput, type SystemDeps } from './import-system';
import { keptIn } from './kept-addresses';
import { quotaRows, type Needs } from './quota-rows';
import { considerPackage, type Considered, type Makes } from './read-package';
import { capturesToBe } from './source-machines';
import { figures } from './template-design';

/** Imports that are only planned (`plan` among the properties of the Action): what would be made, of what, and how large it is. */

export interface PlanImportInput extends ImportSystemInput {
  makes: Makes;
}

type Context = StepContext<PlanImportInput>;

/** Part of what an import would do, as the Job's `plan` tells it. */
interface Planned {
  /** Part of the package: `disk ID`, `machine NAME`, `network NAME`, `package`, `all disks`; `quota of machines`. */
  part: string;
  /** Type that it becomes; absent for what is only told. */
  becomes?: string;
  bytes?: number;
  detail: string;
}

const [MIB, GIB] = [2 ** 20, 2 ** 30];

/** Configured prices and limits, and the rates of the last copies. */
type Prices = Pick<MoveLimits, 'prices' | 'currency' | 'maxBytes'> & { rates: TransferRates };

/** Longest plan that a Job keeps, in parts. */
const LONGEST = 1_000;

export const planImport: Pick<Workflow, 'name' | 'version'> = { name: 'package.plan', version: 1 };

/** Reads a package, and tells what an import would make of it; asks nothing to be changed anywhere. */
export function planImportWorkflow(deps: SystemDeps, prices: Prices): Workflow<PlanImportInput> {
  return {
    ...planImport,
    steps: [
      {
        name: 'read',
        message: 'Reading the package',
        readOnly: true,
        run: async (context) => ({ done: (await planned(deps, prices, context)) as unknown as Value }),
      },
    ],
    succeeded({ results }) {
      const plan = results.read as unknown as Values[];
      return Promise.resolve({ message: `Planned in ${plan.length} parts; nothing was made`, plan });
    },
  };
}

/** @throws StepFailure for what an import would be refused for, too */
async function planned(deps: SystemDeps, prices: Prices, context: Context): Promise<Planned[]> {
  const { input, clouds } = context;
  const captured = input.sources === undefined ? undefined : await capturesToBe(deps, context);
  const considered = await considerPackage(deps, context, input.makes, captured);
  const { design, files, given, guests } = considered;
  const cloud = cloudOf(clouds, input.cloud);
  if (input.makes === 'resources') mustCreate(deps, tableOf(deps), cloud, design.root);
  const asking = await deps.planning.contextFor(input.asker, input.cloud);
  const machines = await Promise.all(systemsOf(given.content).map((system) => machine(asking, context, system)));
  const sizes = machines.map(({ size }) => size ?? {});
  const disks = disksOf(considered, input);
  const copied = [...bytesByCloud(considered).values()].reduce((sum, bytes) => sum + bytes, 0);
  const confirmed = Math.max(prices.maxBytes, input.options.confirmedBytes ?? 0) >= copied;
  const total: Planned = {
    part: 'all disks',
    bytes: disks.reduce((sum, { becomes, bytes = 0 }) => (becomes?.endsWith('Image') === true ? sum + bytes : sum), 0),
    detail: `to be sent at most, zeros included${confirmed ? '' : `; more than move.maxBytes: the import needs confirm-bytes ${copied}`}`,
  };
  const networks = given.networks.map(({ name }): Planned => {
    const path = input.options.networks[name];
    return path === undefined
      ? { part: `network ${name}`, becomes: suffixed('Network', input.makes), detail: 'made anew' }
      : { part: `network ${name}`, becomes: 'Network', detail: `${path}, which is there` };
  });
  const { keepsAddresses } = input.options;
  const kept = keepsAddresses ? keptIn(given, cloud.capabilities.addressesAtCreate ?? 0) : [];
  const addresses = kept.map(({ machine: name, network, ip }): Planned => ({
    part: `address of ${name}`,
    detail: `${ip} of network ${network}, kept`,
  }));
  const sources = (input.sources ?? []).map(({ path, stop }): Planned => ({
    part: `source ${path}`,
    detail: stop ? 'stopped before its disks are read, and left STOPPED' : 'STOPPED, and left so',
  }));
  const needs = guests.flatMap(({ machine: name, words }) => words.map((detail): Planned => ({ part: `guest of ${name}`, detail })));
  const told = [...design.warnings, ...files.warnings].map((detail): Planned => ({ part: 'package', detail }));
  return [
    ...disks,
    total,
    ...egress(considered, prices),
    ...times(considered, prices.rates, input.cloud),
    ...machines.map((each) => each.planned),
    ...(input.makes === 'resources' ? await quotas(cloud, needsOf(sizes, considered)) : []),
    ...networks,
    ...addresses,
    ...needs,
    ...sources,
    ...told,
  ]
    .slice(0, LONGEST)
    .map((each) => ({ ...each, detail: spoken(each.detail) }));
}

const suffixed = (type: string, makes: Makes): string => (makes === 'templates' ? `${type}Template` : type);

/** Disks with contents, which become images, and blank ones. */
function disksOf({ given, images, files }: Considered, { cloud, makes }: PlanImportInput): Planned[] {
  const filled = images.map(({ disk, file, type, kept }): Planned => {
    const contents = files.contents(file);
    const from = 'from' in contents ? `copied from cloud '${contents.from.cloud}' (${contents.from.path})` : fetchedAs(contents.packed);
    return {
      part: `disk ${disk.id}`,
      becomes: type,
      bytes: disk.capacity,
      detail: [`in cloud '${cloud}'`, from, ...factWords(kept)].join(', '),
    };
  });
  const blank = given.disks.filter(({ file }) => file === undefined);
  return [
    ...filled,
    ...blank.map(({ id, capacity }) => ({
      ...{ part: `disk ${id}`, becomes: suffixed('Volume', makes), bytes: capacity, detail: 'blank' },
    })),
  ];
}

/** Facts of an image in words: `bootMode uefi`. */
const factWords = (kept: Values): string[] => Object.entries(kept).map(([name, value]) => `${name} ${String(value)}`);

/** Bytes that are copied out of each cloud. */
function bytesByCloud({ images, files }: Considered): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const { disk, file } of images) {
    const contents = files.contents(file);
    if ('from' in contents) bytes.set(contents.from.cloud, (bytes.get(contents.from.cloud) ?? 0) + disk.capacity);
  }
  return bytes;
}

/** Time that the copying takes, by how the last copies went. */
const times = (considered: Considered, rates: TransferRates, to: string): Planned[] =>
  [...bytesByCloud(considered)].map(([from, bytes]): Planned => {
    const rate = rates.of(from, to);
    const detail =
      rate === undefined
        ? `not known: this process has copied nothing from cloud '${from}' to cloud '${to}' yet`
        : `about ${lasting(bytes / rate)}, as the last copies went (${(rate / MIB).toFixed(1)} MiB a second)`;
    return { part: `time from ${from} to ${to}`, detail };
  });

/** A time in words. @param seconds rounded up */
function lasting(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 1) return 'a minute';
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}

/** Bytes that leave each cloud, and what they cost where a price is configured: at most, since zeros are not sent by all of them. */
function egress(considered: Considered, { prices, currency }: Prices): Planned[] {
  const money = (amount: number): string => `${amount.toFixed(2)}${currency === undefined ? '' : ` ${currency}`}`;
  return [...bytesByCloud(considered)].map(([cloud, count]): Planned => {
    const price = prices[cloud]?.egressPerGiB;
    const detail =
      price === undefined
        ? 'leave it at most; move.prices of the configuration has no price of them'
        : `leave it at most, for ${money((count / GIB) * price)} (${money(price)} a GiB)`;
    return { part: `cloud ${cloud}`, bytes: count, detail };
  });
}

function fetchedAs({ parts }: { parts: readonly { name: string; size?: number; digest?: { algorithm: string } }[] }): string {
  const sizes = parts.map(({ size }) => size);
  const size = sizes.every((one) => one !== undefined) ? `${sizes.reduce((sum, one) => sum + one, 0)} bytes` : 'of unknown length';
  const [first] = parts;
  const compared = first?.digest ? `compared by ${first.digest.algorithm}` : 'not compared with any digest';
  return `fetched as ${parts.length === 1 ? (first?.name ?? '') : `${parts.length} files`} (${size}), ${compared}`;
}

/** Things that an import makes, as far as quotas bound them. @param sizes values of the configurations of its machines */
function needsOf(sizes: readonly Values[], { given, images }: Considered): Needs {
  const all = (name: string): number => sizes.reduce((sum, values) => sum + (typeof values[name] === 'number' ? values[name] : 0), 0);
  const blank = given.disks.filter(({ file }) => file === undefined);
  const volumes = [...images.filter(({ type }) => type === 'VolumeImage').map(({ disk }) => disk), ...blank];
  const capacity = volumes.reduce((sum, disk) => sum + roundUp(disk.capacity, 'byte', 'kilobyte'), 0);
  return { machines: sizes.length, cpus: all('cpu'), memory: all('memory'), volumes: volumes.length, capacity };
}

/** Words of the cloud's quotas to it; where they cannot be read now the rest of the plan still counts. */
async function quotas(cloud: Cloud, needs: Needs): Promise<Planned[]> {
  try {
    return quotaRows(cloud.key, await cloud.quotas(), needs);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return [{ part: 'quota', detail: `not known: cloud '${cloud.key}' says ${error.message}` }];
  }
}

/** A machine with the size that it would be given; why there is none is told, not refused: a package has several. */
async function machine(
  asking: PlanContext,
  context: Context,
  { id, name, hardware }: VirtualSystem,
): Promise<{ planned: Planned; size?: Values }> {
  const { cpus, memory } = hardware;
  const part: Planned = {
    part: `machine ${name ?? id}`,
    becomes: suffixed('Machine', context.input.makes),
    detail: 'the package says no memory, and no size can be chosen',
  };
  if (memory === undefined) return { planned: part };
  const asked = figures(cpus, memory);
  try {
    const cloud = cloudOf(context.clouds, context.input.cloud);
    const { message, values } = await machineSize(asking, cloud, { config: undefined, overrides: asked, image: undefined, said: {} });
    return { planned: { ...part, detail: message ?? `made with ${describe(asked)}` }, size: values };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { planned: { part: part.part, detail: `cannot be made: ${error.reason}` } };
  }
}
