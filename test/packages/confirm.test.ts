import { simulatedCloud } from '../harness/gateway';
import { ACTION_URI, expectFault, listOf, openScene, succeeded, type Scene } from '../protocol/scene';
import { exported, machineIn } from './export-scene';

/** Moves of more bytes than the operator lets go unasked (`move.maxBytes`), and how long they take. */
const MIB = 2 ** 20;
const SIZE = 16 * MIB;
let scene: Scene;
beforeAll(async () => {
  const contents = { contentSize: SIZE, contentAllocated: MIB };
  const clouds = { a: simulatedCloud(contents, { tenants: ['default'] }), b: simulatedCloud(contents, { tenants: ['default'] }) };
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, clouds, move: { maxBytes: SIZE - 1 } } });
});
afterAll(() => scene.close());

test.each(['systems', 'systemTemplates'])('an import into %s names the bytes to confirm, and goes once they are', async (where) => {
  const { url } = await exported(scene.client, (await machineIn(scene.client, 'a', `of ${where}`)).id);
  const importing = (properties: object) =>
    scene.client.post(where, { action: `${ACTION_URI}import`, source: url, properties: { cloud: 'b', ...properties } });
  const before = scene.controlOf('b').snapshots().length;
  expectFault(
    await importing({}),
    400,
    new RegExp(`^properties\\.confirm-bytes: ${SIZE} bytes .*more than the ${SIZE - 1} of move\\.maxBytes`),
  );
  expectFault(await importing({ 'confirm-bytes': String(SIZE - 1) }), 400, /confirm-bytes/);
  expectFault(await importing({ 'confirm-bytes': 'all' }), 400, /^properties\.confirm-bytes: is a number of bytes, not 'all'/);
  const planned = async (properties: object) => {
    const job = await succeeded(scene.client, await importing({ plan: 'true', ...properties }));
    return new Map(listOf(job, 'plan').map(({ part, detail }) => [String(part), String(detail)]));
  };
  const plan = await planned({});
  expect(plan.get('all disks')).toMatch(new RegExp(`; more than move\\.maxBytes: the import needs confirm-bytes ${SIZE}$`));
  if (where === 'systems') expect(plan.get('time from a to b')).toMatch(/^not known: /);
  expect(scene.controlOf('b').snapshots()).toHaveLength(before);
  await succeeded(scene.client, await importing({ 'confirm-bytes': String(SIZE) }));
  const after = await planned({ 'confirm-bytes': String(SIZE) });
  expect(after.get('all disks')).toBe('to be sent at most, zeros included');
  expect(after.get('time from a to b')).toMatch(/^about (?:a minute|\d+ minutes), as the last copies went \(\d+\.\d MiB a second\)$/);
});
