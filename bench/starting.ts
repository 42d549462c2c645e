import { driver as ec2 } from '../drivers/ec2/index';
import { driver as openstack } from '../drivers/openstack/index';
import { driver as vsphere } from '../drivers/vsphere/index';
import type { Driver, DriverModule, ListedGroup } from '../src/clouds/driver';
import { motoAvailable } from '../test/backends/moto';
import type { Availability } from '../test/backends/need';
import { leaveOpenstack, openstackAvailable } from '../test/backends/openstack';
import { vcsimAvailable } from '../test/backends/vcsim';
import { endedDriver } from '../test/drivers/counterpart';
import type { Member } from '../test/main-job/broker';
import { ec2Member, openstackMember, vsphereMember } from '../test/main-job/members';
import { inFrontOf } from './in-front';
import type { Ask } from './load';
import { createBody, ended } from './machines';
import { interleave, type Line, line, median, quantile, unlessFailed } from './rounds';

/** Interval at which either looks whether it is done, in ms. */
const LOOK_MS = 10;

interface Subject {
  name: string;
  available: Availability;
  start: () => Promise<Member>;
  module: DriverModule<never>;
  /** Machines in a round. */
  each: number;
}

const SUBJECTS = (): Subject[] => [
  {
    name: 'vSphere (vcsim)',
    available: vcsimAvailable(),
    start: vsphereMember,
    module: vsphere as unknown as DriverModule<never>,
    each: 10,
  },
  { name: 'EC2 (moto)', available: motoAvailable(), start: ec2Member, module: ec2 as unknown as DriverModule<never>, each: 10 },
  {
    name: 'OpenStack',
    available: openstackAvailable(),
    start: openstackMember,
    module: openstack as unknown as DriverModule<never>,
    each: 1,
  },
];

/**
 * Measures from POST /machines to the Job's SUCCESS with the machine STARTED, against the driver's own create until it reads the
 * machine STARTED, over each driver and its counterpart. One that is missing is named and left out.
 */
export async function measureStarts(rounds: number): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { available, ...subject } of SUBJECTS()) {
    if (available !== true) {
      console.error(`left out: ${subject.name}, missing: ${available.missing}`);
      continue;
    }
    const measured = async (): Promise<Line[]> => {
      const member = await subject.start();
      try {
        return [await measure(subject, member, rounds)];
      } finally {
        await member.stop();
      }
    };
    lines.push(...(await unlessFailed(`create to STARTED, ${subject.name}`, measured)));
  }
  await leaveOpenstack();
  return lines;
}

function measure({ name, module, each }: Omit<Subject, 'available'>, member: Member, rounds: number): Promise<Line> {
  const { driver, options } = member.config as { driver: string; options: Record<string, unknown> };
  return inFrontOf({ driver, module, options }, async ({ base, direct, ask }) => {
    const keys = {
      config: await keyOf(direct, 'machineConfigs', member.machineConfig),
      image: await keyOf(direct, 'machineImages', member.machineImage),
    };
    const body = await createBody(ask, base, { config: member.machineConfig, image: member.machineImage });
    const times = { alone: [] as number[], through: [] as number[] };
    const figures = await interleave(rounds, {
      alone: () => several(each, times.alone, () => startedAlone(direct, keys)),
      through: () => several(each, times.through, () => startedThrough(ask, base, body)),
    });
    const more = (quantile(times.through, 0.5) - quantile(times.alone, 0.5)).toFixed(0);
    const words = { measure: `${name}: create to STARTED`, reference: 'the driver alone', note: `added p50 ${more} ms` };
    return line(words, 'ms', figures.through, figures.alone);
  });
}

async function several(count: number, times: number[], work: () => Promise<number>): Promise<number> {
  const own: number[] = [];
  for (let index = 0; index < count; index++) own.push(await work());
  times.push(...own);
  return median(own);
}

let made = 0;

/** Creates a machine and takes it away again. @returns ms until it was read STARTED */
async function startedAlone(direct: Driver, keys: { config: string; image: string }): Promise<number> {
  const context = { signal: AbortSignal.timeout(120_000) };
  const { machines } = endedDriver(direct);
  if (!machines?.create || !machines.delete) throw new Error('the driver makes no machines');
  made += 1;
  const begun = performance.now();
  const { key } = await machines.create(
    { ...keys, token: `bench-${process.pid}-${made}`, tag: `bench-${made}`, name: 'measured' },
    context,
  );
  for (;;) {
    const [item] = await machines.getMany([key], context);
    if (item?.values.state === 'STARTED') break;
    if (item?.gone || item?.values.state === 'ERROR') throw new Error(`${key} did not start: ${item.gone?.reason ?? 'ERROR'}`);
    await pause();
  }
  const ms = performance.now() - begun;
  await machines.delete(key, context);
  return ms;
}

/** The same through the gateway. */
async function startedThrough(ask: Ask, base: string, body: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const begun = performance.now();
  const accepted = await ask(`${base}machines`, { method: 'POST', headers, body });
  await ended(ask, String(accepted.headers['cimi-job-uri']), LOOK_MS);
  const uri = String(accepted.headers.location);
  const { state } = JSON.parse((await ask(uri)).body.toString()) as { state: string };
  const ms = performance.now() - begun;
  if (state !== 'STARTED') throw new Error(`${uri} is ${state}`);
  const gone = await ask(uri, { method: 'DELETE' });
  await ended(ask, String(gone.headers['cimi-job-uri']));
  return ms;
}

async function keyOf(direct: Driver, group: ListedGroup, name: string): Promise<string> {
  for await (const page of direct[group]?.list({ signal: AbortSignal.timeout(60_000) }) ?? []) {
    const found = page.find(({ values }) => values.name === name);
    if (found) return found.key;
  }
  throw new Error(`the driver lists no ${name} among ${group}`);
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LOOK_MS));
