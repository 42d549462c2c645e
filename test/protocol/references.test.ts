import { CIMI } from '../../src/model/define';
import { hashPassword } from '../../src/http/passwords';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { IMAGE, KEY_BYTES, listOf, machineCreate, made, NANO, openScene, pathOf, succeeded, type Scene } from './scene';

/** References never lead to what was deleted or to what the caller cannot read (5.17.1, 5.7). */
let scene: Scene;
/** The tenant that what was discovered belongs to, and another of the same account. */
let ann: Client;
let bob: Client;

async function user(name: string, tenant: string): Promise<Client> {
  const { access } = scene.gateway.gateway.store;
  await access.putPrincipal({ name, tenant, role: 'operator', passwordHash: await hashPassword(`pw-${name}`) });
  return scene.client.as({ authorization: `Basic ${Buffer.from(`${name}:pw-${name}`).toString('base64')}` });
}

beforeAll(async () => {
  scene = await openScene({
    config: {
      access: { required: true },
      tenants: ['a', 'b'],
      jobs: { graceMs: 10_000 },
      clouds: { sim: simulatedCloud({}, { tenants: ['a', 'b'], discoveredTenant: 'a', guard: { cacheMs: 0, retries: 0 } }) },
    },
  });
  [ann, bob] = [await user('ann', 'a'), await user('bob', 'b')];
});
afterAll(() => scene.close());

const hrefs = (json: Json, list: string): string[] => listOf(json, list).map(({ href }) => String(href));
const affectedBy = async (client: Client, job: string): Promise<string[]> =>
  hrefs((await client.get(job)).json, 'affectedResources').map((href) => pathOf(client, href));

describe('affectedResources of Jobs (5.17.1, D015)', () => {
  it('lose what is deleted later, in lists and alone, in both formats; targetResource stays', async () => {
    const create = await bob.post('machines', machineCreate());
    const machine = pathOf(bob, create.headers.get('location'));
    const creation = create.headers.get('cimi-job-uri') ?? '';
    await succeeded(bob, create);
    expect(await affectedBy(bob, creation)).toEqual(expect.arrayContaining(['machines', machine]));
    const before = (await bob.get(creation)).headers.get('etag');
    const remove = await bob.delete(machine);
    const deletion = await succeeded(bob, remove);
    expect(await affectedBy(bob, creation)).toEqual(['machines']);
    expect(deletion.affectedResources).toBeUndefined();
    expect(pathOf(bob, (deletion.targetResource as Json | undefined)?.href)).toBe(machine);
    const jobs = listOf((await bob.get('jobs')).json, 'jobs');
    for (const job of jobs) expect(hrefs(job, 'affectedResources')).not.toContain(bob.base + machine);
    const { text } = await bob.get('jobs', { accept: 'application/xml' });
    expect(text).not.toContain(`<affectedResource href="${bob.base}${machine}"`);
    expect(text).toContain(`<targetResource href="${bob.base}${machine}"`);
    expect((await bob.get(creation)).headers.get('etag')).not.toBe(before);
  });

  it('lose what went with it: the parts of a System, its memberships, and what only the gateway keeps', async () => {
    const descriptor = (name: string) => ({
      name,
      type: `${CIMI}/Machine`,
      machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } },
    });
    const body = { systemTemplate: { componentDescriptors: [descriptor('x')] } };
    const system = pathOf(bob, (await made(bob, 'systems', body)).id);
    const template = pathOf(
      bob,
      (await made(bob, 'machineTemplates', { machineConfig: { href: NANO }, machineImage: { href: IMAGE } })).id,
    );
    const credential = pathOf(bob, (await made(bob, 'credentials', { credentialTemplate: { key: KEY_BYTES } })).id);
    for (const path of [system, template, credential]) await succeeded(bob, await bob.delete(path));
    const left = listOf((await bob.get('jobs')).json, 'jobs').flatMap((job) => hrefs(job, 'affectedResources'));
    const statuses = await Promise.all([...new Set(left)].map(async (href) => [href, (await bob.get(href)).status]));
    expect(statuses.filter(([, status]) => status !== 200)).toEqual([]);
  });

  it('a 404 names nothing as affected', async () => {
    const { status, json } = await bob.get('machines/none');
    expect([status, json.affectedResources]).toEqual([404, undefined]);
  });

  it('parentJob and nestedJobs lose Jobs that were deleted', async () => {
    const descriptor = {
      name: 'm',
      type: `${CIMI}/Machine`,
      machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } },
    };
    const create = await bob.post('systems', { systemTemplate: { componentDescriptors: [descriptor] } });
    const job = await succeeded(bob, create);
    const [child = ''] = hrefs((await bob.get(String(job.id))).json, 'nestedJobs');
    expect(pathOf(bob, ((await bob.get(child)).json.parentJob as Json | undefined)?.href)).toBe(pathOf(bob, job.id));
    expect((await bob.delete(String(job.id))).status).toBe(200);
    expect((await bob.get(child)).json.parentJob).toBeUndefined();
  });
});

describe('what another tenant has', () => {
  it('does not show through a shared network: not alone, in lists, filters, expansions or ETags (5.16.1)', async () => {
    const group = pathOf(bob, (await made(bob, 'forwardingGroups', { forwardingGroupTemplate: {} })).id);
    const [router] = scene.control.things('router').filter(({ builtin }) => !builtin);
    const net = scene.control.things('net').find(({ builtin, router: its }) => builtin && its === null);
    if (!net || !router) throw new Error('the cloud has no net to share');
    const path = `networks/sim.${net.id}`;
    const before = (await ann.get(path)).headers.get('etag');
    scene.control.add([{ ...net, router: router.id }]);
    const mine = (await bob.get(path)).json;
    expect(pathOf(bob, (mine.forwardingGroup as Json | undefined)?.href)).toBe(group);
    const id = group.split('/')[1] ?? '';
    for (const uri of [path, 'networks', `${path}?$expand=*`, 'networks?$expand=*', 'networks?$first=1&$last=50']) {
      for (const accept of ['application/json', 'application/xml']) expect((await ann.get(uri, { accept })).text).not.toContain(id);
    }
    const filtered = await ann.get(`networks?$filter=forwardingGroup='${group}'`);
    expect(filtered.json.count).toBe(0);
    expect((await bob.get(`networks?$filter=forwardingGroup='${group}'`)).json.count).toBe(1);
    expect((await ann.get(path)).headers.get('etag')).toBe(before);
    scene.control.add([net]);
  });
});

describe('references that stand in what the gateway keeps', () => {
  it('go with their target, but for mandatory ones, and never because a cloud is away (5.7)', async () => {
    const config = pathOf(bob, (await made(bob, 'machineConfigs', { name: 'mine', cpu: 1, memory: 524_288 })).id);
    const body = { machineConfig: { href: config }, machineImage: { href: IMAGE } };
    const template = pathOf(bob, (await made(bob, 'machineTemplates', body)).id);
    const whole = await bob.get(template);
    expect(pathOf(bob, (whole.json.machineConfig as Json | undefined)?.href)).toBe(config);
    scene.control.fail({ method: '*', kind: 'unavailable' } as never);
    const away = await bob.get(template);
    scene.control.clearFailures();
    expect([away.text, away.headers.get('etag')]).toEqual([whole.text, whole.headers.get('etag')]);
    await succeeded(bob, await bob.delete(config));
    const after = await bob.get(template);
    expect(after.json.machineConfig).toBeUndefined();
    expect(pathOf(bob, (after.json.machineImage as Json | undefined)?.href)).toBe(IMAGE);
    expect(after.headers.get('etag')).not.toBe(whole.headers.get('etag'));
    expect((await bob.put(template, { name: 'other' }, { 'if-match': whole.headers.get('etag') ?? '' })).status).toBe(412);
    const listed = listOf((await bob.get('machineTemplates')).json, 'machineTemplates').find(({ id }) => pathOf(bob, id) === template);
    expect(listed?.machineConfig).toBeUndefined();
    const filtered = await bob.get(`machineTemplates?$filter=machineConfig='${config}'`);
    expect(filtered.json.count).toBe(0);
  });

  it('an image that another came from goes from relatedImage once the provider says so (5.14.7)', async () => {
    const machine = pathOf(bob, (await made(bob, 'machines', machineCreate())).id);
    const first = pathOf(bob, (await made(bob, 'machineImages', { imageLocation: machine })).id);
    const second = pathOf(bob, (await made(bob, 'machineImages', { imageLocation: machine })).id);
    expect(pathOf(bob, ((await bob.get(second)).json.relatedImage as Json | undefined)?.href)).toBe(first);
    const [gone, child] = scene.control.snapshots().sort((one, other) => Number(one.parent !== null) - Number(other.parent !== null));
    if (!gone || child?.parent !== gone.id) throw new Error('the second snapshot does not come from the first');
    scene.control.add([{ ...child, id: 'snap-found', parent: gone.id, tag: null, token: null }]);
    // It is nobody's here but ann's, and what it came from is bob's.
    expect((await ann.get('machineImages/sim.snap-found')).json.relatedImage).toBeUndefined();
    scene.control.add([
      { ...gone, tag: null, token: null, id: 'snap-parent' },
      { ...child, id: 'snap-found', parent: 'snap-parent', tag: null },
    ]);
    const found = async () => (await ann.get('machineImages/sim.snap-found')).json.relatedImage as Json | undefined;
    expect(pathOf(ann, (await found())?.href)).toBe('machineImages/sim.snap-parent');
    scene.control.remove([gone, { kind: 'snapshot', id: 'snap-parent' }]);
    expect(await found()).toBeUndefined();
    expect((await bob.get(first)).status).toBe(404);
    expect((await bob.get(second)).json.relatedImage).toBeUndefined();
    expect((await bob.get('machineImages')).text).not.toContain(first);
  });
});
