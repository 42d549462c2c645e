import { EXTENSION } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import type { Origin } from '../fetch/origin';
import { ACTION_URI, expectFault, listOf, openScene, succeeded, type Scene } from '../protocol/scene';
import { collection, diskOf, envelope, serving, systemOf, vmdkOf } from './parcel';

/** Imports that are only planned: the Job tells what would be made, and nothing is. */
const MIB = 2 ** 20;
const WEB = { id: 'web', cpus: 1, mebibytes: 512, disks: ['d1'], networks: ['front'] };
const HUGE = { id: 'huge', cpus: 4096, mebibytes: 512, disks: ['d1', 'd2'], networks: ['front'] };
let origin: Origin;
let scene: Scene;
beforeAll(async () => {
  const disks = { d1: { file: 'boot.vmdk', size: 4 * MIB }, d2: { size: 16 * MIB } };
  const boot = await vmdkOf(diskOf(4 * MIB, 'boot'));
  origin = await serving({
    '/two.ovf': envelope(collection('shop', [systemOf(WEB), systemOf(HUGE)]), disks, ['front']),
    '/boot.vmdk': boot,
  });
  const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  scene = await openScene({
    config: {
      jobs: { graceMs: 10_000 },
      fetch,
      defaultCloud: 'sim',
      clouds: { sim: simulatedCloud(), small: simulatedCloud({ maxInstances: 1 }) },
    },
  });
});
afterAll(async () => {
  await scene.close();
  await origin.close();
});

const planning = (where: string, properties: object): Promise<Answer> =>
  scene.client.post(where, { action: `${ACTION_URI}import`, source: `${origin.url}two.ovf`, properties });
const partsOf = (job: Json): Map<string, Json> => new Map(listOf(job, 'plan').map((each) => [String(each.part), each]));
const everything = (): unknown =>
  (['snapshot', 'copy', 'volume', 'machine', 'net'] as const).map((kind) => scene.control.things(kind as never).length);

test.each([
  ['systems', ['Machine', 'Volume', 'Network']],
  ['systemTemplates', ['MachineTemplate', 'VolumeTemplate', 'NetworkTemplate']],
])('an import into %s tells of each part, and makes nothing', async (where, [machine, volume, network]) => {
  const [before, asked] = [everything(), origin.asked.length];
  const answer = await planning(where, { plan: 'true', name: 'shop' });
  expect(answer.headers.get('location')).toBeNull();
  const job = await succeeded(scene.client, answer);
  expect(job).toMatchObject({ action: `${ACTION_URI}import`, statusMessage: expect.stringMatching(/nothing was made/) as string });
  const parts = partsOf(job);
  expect(parts.get('disk d1')).toMatchObject({
    becomes: 'MachineImage',
    bytes: 4 * MIB,
    detail: expect.stringMatching(/fetched as boot\.vmdk/) as string,
  });
  expect(parts.get('disk d2')).toEqual({ part: 'disk d2', becomes: volume, bytes: 16 * MIB, detail: 'blank' });
  expect(parts.get('all disks')).toMatchObject({ bytes: 4 * MIB });
  expect(parts.get('machine web')).toMatchObject({ becomes: machine, detail: expect.stringMatching(/memory/) as string });
  expect(parts.get('guest of web')?.detail).toBe('its cards get new MAC addresses');
  expect(parts.get('disk d1')?.detail).toMatch(/, hardware safe$/);
  const refused = parts.get('machine huge');
  expect([refused?.becomes, refused?.detail]).toEqual([undefined, expect.stringMatching(/^cannot be made: .*4096/)]);
  expect(parts.get('network front')).toMatchObject({ becomes: network });
  expect(parts.get('package')).toMatchObject({ detail: expect.stringMatching(/manifest/) as string });
  expect(everything()).toEqual(before);
  expect((await scene.client.get(where)).json.count).toBe(0);
  // The descriptor and its manifest alone were asked for.
  expect(origin.asked.slice(asked)).not.toContain('/boot.vmdk');
  const { text } = await scene.client.get(String(job.id), { accept: 'application/xml' });
  expect(text).toContain(`<planned xmlns="${EXTENSION}"`);
});

test('another word than true or false is refused: nobody gets an import who asked for a plan', async () => {
  expectFault(await planning('systems', { plan: 'yes' }), 400, /^properties\.plan: is 'true' or 'false', not 'yes'/);
});

test('hardware is of one kind or the other, and the plan says of which', async () => {
  expectFault(
    await planning('systems', { plan: 'true', hardware: 'fast' }),
    400,
    /^properties\.hardware: is one of safe, native, not 'fast'/,
  );
  const job = await succeeded(scene.client, await planning('systems', { plan: 'true', hardware: 'native' }));
  expect(partsOf(job).get('disk d1')?.detail).toMatch(/, hardware native$/);
});

test('quotas are told where the cloud has them, and that they are not enough; where it cannot tell them now, the rest is planned', async () => {
  const quotaOf = async (cloud: string): Promise<unknown> =>
    partsOf(await succeeded(scene.client, await planning('systems', { plan: 'true', cloud }))).get('quota of machines')?.detail;
  expect(await quotaOf('sim')).toBeUndefined();
  expect(await quotaOf('small')).toMatch(/^Machines: 2 needed, 1 of 1 left, too few: have the quota raised at cloud 'small'/);
  scene.controlOf('small').fail({ method: 'account.quotas', kind: 'forbidden' });
  const parts = partsOf(await succeeded(scene.client, await planning('systems', { plan: 'true', cloud: 'small' })));
  expect(parts.get('quota')?.detail).toMatch(/^not known: cloud 'small' says /);
  expect(parts.get('machine web')).toBeDefined();
});

test('what an import would be refused for, the plan is', async () => {
  const answer = await planning('systems', { plan: 'true', 'ovf.network.back': 'networks/nowhere' });
  expectFault(answer, 400, /ovf\.network\.back/);
});
