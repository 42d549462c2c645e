import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { driver as ec2 } from '../drivers/ec2/index';
import { driver as openstack } from '../drivers/openstack/index';
import { driver as vsphere } from '../drivers/vsphere/index';
import type { Driver, DriverModule, Pages } from '../src/clouds/driver';
import { startEc2, TEST_IMAGE, TEST_KEYS, TEST_REGION } from '../test/backends/ec2';
import { motoAvailable } from '../test/backends/moto';
import type { Availability } from '../test/backends/need';
import { leaveOpenstack, openstackAvailable } from '../test/backends/openstack';
import { startOpenstackAccount } from '../test/backends/openstack-account';
import { vcsimAvailable } from '../test/backends/vcsim';
import { startVsphere } from '../test/backends/vsphere';
import { inFrontOf } from './in-front';
import { exactly, interleave, type Line, line, median, quantile, unlessFailed } from './rounds';

/** Machines of the long list. */
const MANY = 1_000;
const REQUESTS = 20;

/** A provider with a thousand machines. */
interface Provider {
  name: string;
  driver: string;
  module: DriverModule<never>;
  options: Record<string, unknown>;
  /** Provider key of one of the machines. */
  machine: string;
  /** Provider calls that one GET and one list of all take. */
  expected: { get: number; list: number };
  calls(): number;
  stop(): Promise<void>;
}

/**
 * Measures each driver and its real counterpart: provider calls per request, what the gateway adds to the driver's own call, and a
 * list of a thousand machines. A counterpart that is missing is named and left out.
 */
export async function measureProviders(rounds: number): Promise<Line[]> {
  const lines: Line[] = [];
  const all: [string, Availability, () => Promise<Provider>][] = [
    ['EC2 (moto)', motoAvailable(), ec2Provider],
    ['vSphere (vcsim)', vcsimAvailable(), vsphereProvider],
    ['OpenStack', openstackAvailable(), openstackProvider],
  ];
  for (const [name, available, start] of all) {
    if (available !== true) {
      console.error(`left out: ${name}, missing: ${available.missing}`);
      continue;
    }
    const measured = async (): Promise<Line[]> => {
      const provider = await start();
      try {
        return await measure(provider, rounds);
      } finally {
        await provider.stop();
      }
    };
    lines.push(...(await unlessFailed(name, measured)));
  }
  await leaveOpenstack();
  return lines;
}

async function ec2Provider(): Promise<Provider> {
  const account = await startEc2();
  const input = { ImageId: TEST_IMAGE, InstanceType: 't3.micro' as const, MinCount: MANY, MaxCount: MANY };
  const { Instances: made = [] } = await account.direct.send(new RunInstancesCommand(input));
  return {
    ...{ name: 'EC2 (moto)', driver: 'ec2', module: ec2 as unknown as DriverModule<never>, machine: made[0]?.InstanceId ?? '' },
    options: { region: TEST_REGION, endpoint: account.url, ...TEST_KEYS },
    // Pages of at most 1,000.
    expected: { get: 1, list: 1 },
    calls: () => account.proxy.count(),
    stop: () => account.stop(),
  };
}

async function vsphereProvider(): Promise<Provider> {
  const account = await startVsphere({ machines: MANY, hosts: 4, templates: 0 });
  const machines = await account.machines();
  return {
    ...{
      name: 'vSphere (vcsim)',
      driver: 'vsphere',
      module: vsphere as unknown as DriverModule<never>,
      machine: machines.find(({ template }) => !template)?.key ?? '',
    },
    options: { ...account.options, pageSize: MANY },
    expected: { get: 1, list: 1 },
    calls: () => account.proxy.count(),
    stop: () => account.stop(),
  };
}

/** Booting a thousand servers would take half an hour: one is there, and the proxy lists it a thousand times. */
async function openstackProvider(): Promise<Provider> {
  const account = await startOpenstackAccount();
  const [server = ''] = await account.launch(1);
  account.proxy.add({
    ...{ service: 'compute', method: 'GET', path: /\/servers\/detail/ },
    rewrite: ({ servers }: { servers: { id: string }[] }, { path }: { path: string }) => ({
      servers: path.includes('marker=') ? [] : servers.flatMap((each) => Array.from({ length: MANY }, (_, n) => copyOf(each, n))),
    }),
  });
  return {
    ...{ name: 'OpenStack', driver: 'openstack', module: openstack as unknown as DriverModule<never>, machine: server },
    options: { ...account.options, pageSize: MANY },
    expected: { get: 1, list: 1 },
    calls: () => account.proxy.count(),
    stop: async () => {
      account.proxy.reset();
      await account.terminate([server]);
      await account.stop();
    },
  };
}

function copyOf<T extends { id: string }>(server: T, n: number): T {
  return n === 0 ? server : { ...server, id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` };
}

async function measure(provider: Provider, rounds: number): Promise<Line[]> {
  const { name, machine } = provider;
  return inFrontOf({ ...provider, guard: { cacheMs: 0 } }, async ({ base, direct, ask }) => {
    const machines = `${base}machines`;
    const get = async (uri: string): Promise<void> => {
      const { status, body } = await ask(uri);
      if (status !== 200) throw new Error(`${uri} answered ${status}: ${body.toString().slice(0, 300)}`);
    };
    const one = `${machines}/${idOf((await ask(machines)).body, machine)}`;
    await get(one);
    // What is read in the background may fall into one, but not into each.
    const counted = async (work: () => Promise<void>): Promise<number> => {
      let least = Number.POSITIVE_INFINITY;
      for (let time = 0; time < 3; time += 1) {
        const before = provider.calls();
        await work();
        least = Math.min(least, provider.calls() - before);
      }
      return least;
    };
    const calls = { get: await counted(() => get(one)), list: await counted(() => get(machines)) };
    return [
      exactly(`${name}: provider calls of one GET of one machine`, provider.expected.get, calls.get),
      exactly(`${name}: provider calls of a list of ${MANY}`, provider.expected.list, calls.list),
      await added(name, rounds, { alone: () => read(direct, machine), through: () => get(one) }),
      await list(name, rounds, { alone: () => drain(direct), through: () => get(machines) }),
    ];
  });
}

interface Ways {
  alone: () => Promise<void>;
  through: () => Promise<void>;
}

async function added(name: string, rounds: number, { alone, through }: Ways): Promise<Line> {
  const times = { alone: [] as number[], through: [] as number[] };
  const figures = await interleave(rounds, { alone: () => several(times.alone, alone), through: () => several(times.through, through) });
  const more = (q: number) => (quantile(times.through, q) - quantile(times.alone, q)).toFixed(1);
  const words = {
    measure: `${name}: GET one machine`,
    reference: 'the driver alone',
    note: `added p50 ${more(0.5)} ms, p99 ${more(0.99)} ms`,
  };
  return line(words, 'ms', figures.through, figures.alone);
}

async function list(name: string, rounds: number, { alone, through }: Ways): Promise<Line> {
  const figures = await interleave(rounds, { alone: () => timed(alone), through: () => timed(through) });
  return line({ measure: `${name}: list of ${MANY} machines`, reference: 'the driver alone' }, 'ms', figures.through, figures.alone);
}

async function several(times: number[], work: () => Promise<void>): Promise<number> {
  const own: number[] = [];
  for (let index = 0; index < REQUESTS; index++) own.push(await timed(work));
  times.push(...own);
  return median(own);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function read(driver: Driver, key: string): Promise<void> {
  const found = await driver.machines?.getMany([key], { signal: AbortSignal.timeout(30_000) });
  if (found?.length !== 1) throw new Error(`the driver found ${found?.length} machines`);
}

async function drain(driver: Driver): Promise<void> {
  let count = 0;
  const pages: Pages | undefined = driver.machines?.list({ signal: AbortSignal.timeout(60_000) });
  for await (const page of pages ?? []) count += page.length;
  if (count < MANY) throw new Error(`the driver listed ${count} machines`);
}

/** Id of the machine with this provider key in a list. */
function idOf(body: Buffer, key: string): string {
  const { machines = [] } = JSON.parse(body.toString()) as { machines?: { id: string }[] };
  const found = machines.map(({ id }) => id.slice(id.lastIndexOf('/') + 1)).find((id) => id.endsWith(key));
  if (found === undefined) throw new Error(`${key} is not among ${machines.length} machines`);
  return found;
}
