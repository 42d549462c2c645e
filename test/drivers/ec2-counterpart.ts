import { driver as module } from '../../drivers/ec2/index';
import type { Driver } from '../../src/clouds/driver';
import type { ErrorKind } from '../../src/clouds/errors';
import { gbToKb, gibToKb, kbToGb, kbToGib, kibToMib, mibToKib } from '../../src/model/units';
import { type Ec2Account, startEc2, TEST_IMAGE, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { planned, withStatus } from '../backends/ec2-status';
import { instanceState, mapInstances, stateOf } from '../backends/ec2-xml';
import { type Counterpart, type Monitoring, shapeOf, type Skip } from './counterpart';
import { STORAGE_POPULATION } from './ec2-populate';
import { NETWORK_PAGES, NETWORK_POPULATION } from './ec2-populate-networks';

/** An Ed25519 public key made for these tests; its private half was thrown away. */
const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nJ3q8mG2bS0Wc3V2o2xqXo5Xw2m8bM9w1u1m3s0xk test@example.org';

const FAILURES: Readonly<Partial<Record<ErrorKind, { code: string; status: number }>>> = {
  auth: { code: 'AuthFailure', status: 401 },
  forbidden: { code: 'UnauthorizedOperation', status: 403 },
  conflict: { code: 'IncorrectInstanceState', status: 400 },
  quota: { code: 'InstanceLimitExceeded', status: 400 },
  throttled: { code: 'RequestLimitExceeded', status: 503 },
  invalid: { code: 'InvalidParameterValue', status: 400 },
  unavailable: { code: 'InternalError', status: 500 },
  unsupported: { code: 'UnsupportedOperation', status: 400 },
};

const OPTIONS = {
  region: TEST_REGION,
  ...TEST_KEYS,
  imageOwners: ['self', 'amazon'],
  pageSize: 5,
  settleMs: 200,
  patienceMs: 1000,
};

function failNextRead(account: Ec2Account, kind: ErrorKind): void {
  const failure = FAILURES[kind];
  account.proxy.add({ action: 'DescribeInstances', times: 1, ...(failure ? { fail: failure } : { drop: 'after' }) });
}

export interface Ec2Counterpart extends Counterpart {
  account: Ec2Account;
}

/**
 * An EC2 account, with the driver in front of it, for the contract suite.
 * @param more options of the driver's
 * @param fullTypes lists all of AWS's instance types
 */
export async function startEc2Counterpart(more: object = {}, fullTypes = false): Promise<Ec2Counterpart> {
  const account = await startEc2({ fullTypes });
  const options = { ...OPTIONS, endpoint: account.url, cloudWatchEndpoint: account.url, ebsEndpoint: account.url, ...more };
  // A new instance is pending for a moment, as on AWS; delayed visibility is in ec2-extras.test.ts.
  account.proxy.manners.pendingMs = 100;
  const driver = await module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined });
  return {
    account,
    driver,
    module: module as Counterpart['module'],
    options,
    fixtures: {
      config: 't3.micro',
      otherConfig: 't3.small',
      image: TEST_IMAGE,
      missing: {
        machines: 'i-0123456789abcdef0',
        machineConfigs: 't0.none',
        machineImages: 'ami-0123456789abcdef0',
        volumes: 'vol-0123456789abcdef0',
        volumeImages: 'snap-0123456789abcdef0',
        disks: 'vol-0123456789abcdef0',
        attachments: 'i-0123456789abcdef0:vol-0123456789abcdef0',
        interfaces: 'i-0123456789abcdef0:eni-0123456789abcdef0',
        networks: 'subnet-0123456789abcdef0',
        networkPorts: 'eni-0123456789abcdef0',
        addresses: 'eni-0123456789abcdef0/10.0.0.9',
        forwardingGroups: 'vpc-0123456789abcdef0',
      },
      publicKey: PUBLIC_KEY,
      addressNetwork: 'public',
    },
    pageSize: {
      machines: 5,
      machineImages: 5,
      machineConfigs: fullTypes ? 100 : 10,
      volumes: 5,
      volumeImages: 5,
      disks: 5,
      attachments: 5,
      ...NETWORK_PAGES,
    },
    populate: async (group, count) => {
      // Instance types are EC2's own: there are more than three pages.
      if (group === 'machineConfigs') return () => Promise.resolve();
      const populate = STORAGE_POPULATION[group] ?? NETWORK_POPULATION[group];
      if (populate) return populate(account, count);
      const ids = group === 'machines' ? await account.launch(count) : await account.register(count);
      return () => (group === 'machines' ? account.terminate(ids) : account.deregister(ids));
    },
    calls: () => Promise.resolve(account.proxy.count()),
    loseAnswer: () => {
      account.proxy.add({ action: 'RunInstances', drop: 'after', times: 1 });
      return Promise.resolve();
    },
    failNextRead: (kind) => {
      failNextRead(account, kind);
      return Promise.resolve();
    },
    provokes: [...(Object.keys(FAILURES) as ErrorKind[]), 'timeout'],
    strangeState: (machine) => {
      const strange = (id: string, item: string) =>
        id === machine && stateOf(item) === 'running' ? instanceState(item, 99, 'quarantined') : item;
      account.proxy.add({ action: 'DescribeInstances', rewrite: (xml) => mapInstances(xml, strange) });
      return Promise.resolve();
    },
    units: [
      { name: 'volumes in GiB', request: kbToGib, report: gibToKb, range: { min: 1, max: 65_536 } },
      { name: 'memory in MiB', request: kibToMib, report: mibToKib, range: { min: 1, max: 32 * 1024 * 1024 } },
      { name: 'instance storage in GB', request: kbToGb, report: gbToKb, range: { min: 1, max: 65_536 } },
    ],
    monitoring: monitoringOf(account),
    leftovers: () => account.leftovers(),
    stop: () => account.stop(),
  };
}

const FIVE_MINUTES = 300_000;

/** Points that AWS would have measured, and a reboot that it would plan. */
function monitoringOf(account: Ec2Account): Monitoring {
  return {
    measured: async (machine) => {
      const upTo = Math.floor(Date.now() / FIVE_MINUTES) * FIVE_MINUTES - FIVE_MINUTES;
      const points = Array.from({ length: 12 }, (_, n): [number, number] => [upTo - n * FIVE_MINUTES, 10 + n]);
      const metrics = ['CPUUtilization', 'NetworkIn', 'NetworkOut'] as const;
      await account.measure(...metrics.map((metric) => ({ metric, key: machine, points })));
      return { after: upTo - 12 * FIVE_MINUTES, upTo };
    },
    // 500 metrics a call, each metric asked for once.
    calls: (queries) => Math.ceil(new Set(queries.map(({ key, aspect }) => `${key} ${aspect}`)).size / 500),
    tell: (machine) => {
      const plan = {
        id: `instance-event-${machine}`,
        code: 'system-reboot',
        description: 'a reboot',
        notBefore: '2030-01-01T00:00:00.000Z',
      };
      account.proxy.add({ action: 'DescribeInstanceStatus', rewrite: (xml) => withStatus(xml, machine, [planned(plan)]) });
      return Promise.resolve({ code: plan.code });
    },
  };
}

/** The driver with no EC2 behind it. */
export const ec2Shape = (): Driver =>
  shapeOf(module, {
    ...OPTIONS,
    endpoint: 'http://127.0.0.1:9',
    cloudWatchEndpoint: 'http://127.0.0.1:9',
    ebsEndpoint: 'http://127.0.0.1:9',
  });

export const EC2_SKIPS: readonly Skip[] = [
  ...['machineImages', 'volumeImages'].map((group) => ({
    test: `${group}: the same of an unknown size`,
    reason: 'EBS wants the size of a snapshot before its first block; such a source is refused in words, see ec2-disks-in',
    documented: 'https://docs.aws.amazon.com/ebs/latest/APIReference/API_StartSnapshot.html',
  })),
  {
    test: 'a machine is not created with an address that another has',
    reason: 'moto gives an address as often as it is asked for; what EC2 answers is in ec2-interfaces',
    documented: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidIPAddress.InUse)',
  },
  {
    test: 'suspend ends in SUSPENDED, start in STARTED',
    reason: 'only instances launched for hibernation can, and moto does not hibernate; see the extras and drivers/ec2/states.test.ts',
    documented: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/hibernating-prerequisites.html',
  },
];
