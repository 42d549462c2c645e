import { basic } from '../harness/client';
import { CLOUDS, Folder } from './program';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

it('quotas are set beside a running gateway, which goes by them at once, and are told with their source', async () => {
  const quotas = { jobs: 400, tenants: { default: { meters: 9 } } };
  const config = folder.configuration({
    quotas,
    tenants: ['default', 'lab'],
    clouds: { sim: { ...CLOUDS.sim, tenants: ['default', 'lab'], discoveredTenant: 'default' } },
  });
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await folder.run([...args, '-c', config]);
    return { code, text: stdout.trim() || stderr.trim() };
  };
  await folder.run(['user', 'add', 'ann', '-c', config], { input: 'correct horse\n' });
  const gateway = await folder.serve(['serve', '-c', config]);
  const template = async () => (await gateway.client.post('machineTemplates', { name: 't' }, basic('ann', 'correct horse'))).status;
  expect(await template()).toBe(201);
  expect(await run('quota', 'set', 'default', 'resources=1', 'bytes=100000')).toEqual({
    code: 0,
    text: 'quotas of default: resources 1 (set here), bytes 100000 (set here)',
  });
  expect(await template()).toBe(403);
  const { quotas: shown } = JSON.parse((await run('quota', 'show', 'default')).text) as { quotas: Record<string, unknown> };
  expect(shown).toMatchObject({
    resources: { limit: 1, from: 'stored', configured: 20_000, used: 1 },
    meters: { limit: 9, from: 'quotas.tenants.default.meters' },
    jobs: { limit: 400, from: 'quotas.jobs' },
  });
  const listed = (await run('tenant', 'list')).text.split('\n').map((line) => JSON.parse(line) as object);
  expect(listed).toMatchObject([
    { name: 'default', configured: true, users: 1, clouds: ['sim'], resources: { MachineTemplate: 1 } },
    { name: 'lab', users: 0, resources: {} },
  ]);
  expect(JSON.parse((await run('tenant', 'show', 'lab')).text)).toMatchObject({ name: 'lab', clouds: ['sim'] });
  expect((await run('quota', 'unset', 'default', 'resources')).text).toBe('quotas of default: resources 20000 (quotas.resources)');
  expect(await template()).toBe(201);
  expect((await run('quota', 'unset', 'default')).text).toMatch(/bytes 1073741824 \(quotas\.bytes\)$/);
  expect((await run('audit', 'list')).text).toMatch(
    /changed quotas of tenant default: resources 1 \(stored\), was 20000 \(quotas\.resources\); bytes/,
  );
  const wrong: [string[], RegExp][] = [
    [['set', 'nowhere', 'jobs=5'], /there is no tenant nowhere; there are default, lab/],
    [['set', 'lab', 'machines=5'], /there is no quota machines; there are resources, meters, jobs, unfinishedJobs, bytes/],
    [['set', 'lab', 'jobs=many'], /jobs must be a whole number from 1 to/],
    [['set', 'lab', 'jobs=5=6'], /jobs must be a whole number from 1 to/],
    [['set', 'lab', 'jobs'], /jobs must be a whole number from 1 to/],
    [['set', 'lab'], /missing required argument/],
    [['unset', 'lab', 'machines'], /there is no quota machines/],
    [['show', 'nowhere'], /there is no tenant nowhere/],
  ];
  for (const [args, words] of wrong) expect(await run('quota', ...args)).toEqual({ code: 1, text: expect.stringMatching(words) });
}, 120_000);
