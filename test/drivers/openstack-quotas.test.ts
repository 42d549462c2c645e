import type { Quota } from '../../src/clouds/quotas';
import { context } from './counterpart';
import { startFakeCloud, type FakeAnswer, type FakeCloud } from './openstack-fake';

/** Limits of a project as Nova and Cinder tell them: GET /limits. https://docs.openstack.org/api-ref/compute/#limits-limits */
let cloud: FakeCloud;
beforeAll(async () => {
  cloud = await startFakeCloud();
});
afterAll(() => cloud.stop());

/** Sets what each service answers to GET /limits. */
function limited(answers: { compute?: FakeAnswer; volume?: FakeAnswer }): void {
  cloud.meddle = ({ service, path }) => (path === '/limits' ? (service === 'compute' ? answers.compute : answers.volume) : undefined);
}
const absolute = (limits: object): FakeAnswer => ({ status: 200, body: { limits: { rate: [], absolute: limits } } });
const read = async (): Promise<readonly Quota[] | undefined> => (await cloud.connect()).quotas?.(context());

const NOVA = {
  ...{ maxTotalInstances: 10, totalInstancesUsed: 3, maxTotalCores: 20, totalCoresUsed: 6 },
  ...{ maxTotalRAMSize: 51200, totalRAMUsed: 4096 },
};
const CINDER = { maxTotalVolumes: 10, totalVolumesUsed: 1, maxTotalVolumeGigabytes: 1000, totalGigabytesUsed: 5 };

test('the limits of Nova and Cinder are told in the units of the contract: memory in KiB, capacity in kB', async () => {
  limited({ compute: absolute(NOVA), volume: absolute(CINDER) });
  expect(await read()).toEqual([
    { of: 'machines', limit: 10, used: 3 },
    { of: 'cpus', limit: 20, used: 6 },
    { of: 'memory', limit: 51200 * 1024, used: 4096 * 1024 },
    { of: 'volumes', limit: 10, used: 1 },
    { of: 'capacity', limit: expect.closeTo(1_073_741_824, -5) as number, used: expect.closeTo(5_368_709, -3) as number },
  ]);
});

test('what has no limit (-1) is left out, and so is what a policy hides', async () => {
  limited({
    compute: absolute({ ...NOVA, maxTotalInstances: -1, maxTotalRAMSize: -1 }),
    volume: { status: 403, body: { forbidden: { code: 403, message: 'Policy doesn’t allow limits to be performed.' } } },
  });
  expect(await read()).toEqual([{ of: 'cpus', limit: 20, used: 6 }]);
});

test('a service that does not answer now is a failure, not the absence of limits', async () => {
  limited({ compute: absolute(NOVA), volume: { status: 503, raw: 'busy' } });
  await expect(read()).rejects.toMatchObject({ kind: 'unavailable' });
});

test('the self-examination tells what the limits leave, and that one is used up', async () => {
  limited({ compute: absolute({ ...NOVA, totalInstancesUsed: 10 }), volume: absolute(CINDER) });
  const finding = (await (await cloud.connect()).check(context())).find(({ what }) => what === 'Quota of the project');
  expect(finding).toMatchObject({ ok: false, message: expect.stringContaining('machines: 0 of 10 left, cpus: 14 of 20 left') as string });
  expect(finding?.message).toContain('memory: 47104 MiB of 51200 MiB left');
});
