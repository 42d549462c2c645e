import { CIMI, EXTENSION } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { expectFault, IMAGE, listOf, machineCreate, made, openScene, succeeded, type Scene } from './scene';

/** A machine's size by figures, over HTTP: DSP0263 Table 26 and 5.14.1, decision 0025. */

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
});
afterAll(() => scene.close());

const GIB = 1024 * 1024;
const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
const instance = (name: string) => scene.control.instances().find(({ label }) => label === name);
const shape = (key: string) => `machineConfigs/sim.${key.replace('.', '_2e')}`;
const byValue = (name: string, machineConfig: object, template: object = {}, more: object = {}): object =>
  machineCreate({ name, ...more }, { machineConfig, ...template });

async function create(body: object): Promise<{ machine: Json; job: Json }> {
  const answer = await scene.client.post('machines', body);
  const job = await succeeded(scene.client, answer);
  return { machine: await get(answer.headers.get('location')), job };
}

/** Capacities of a machine's disks, in kB. */
async function disksOf(machine: Json): Promise<number[]> {
  const disks = listOf(await get(`${String(machine.id)}/disks`), 'disks');
  return disks.map(({ capacity }) => Number(capacity)).sort((a, b) => b - a);
}

async function stopped(name: string, machineConfig: object): Promise<Json> {
  return (await create(byValue(name, machineConfig, { initialState: 'STOPPED' }))).machine;
}

const put = (machine: Json, figures: object): Promise<Answer> =>
  scene.client.put(`${String(machine.id)}?$select=${Object.keys(figures).join(',')}`, figures);

describe('a create', () => {
  test('disks do not choose the size: those beyond its own are made as Disks of the machine', async () => {
    const { machine, job } = await create(
      byValue('two disks', {
        cpu: 2,
        memory: 4 * GIB,
        disks: [
          { capacity: 20_000_000, format: 'raw' },
          { capacity: 5_000_000, format: 'raw' },
        ],
      }),
    );
    expect([machine.cpu, machine.memory, instance('two disks')?.shape]).toEqual([2, 4 * GIB, 's1.medium']);
    expect(await disksOf(machine)).toEqual([42_949_672, 5_368_709]);
    expect(job.statusMessage).toContain(`cpu 2, memory ${4 * GIB} KiB as asked for: ${shape('s1.medium')}`);
    expect(job.statusMessage).toContain(
      'disks of 20000000, 5000000 kB asked for, the size has a disk of 42949672 kB, made as Disks of the machine: a disk of 5000000 kB',
    );
    await succeeded(scene.client, await scene.client.delete(String(machine.id)));
    expect(scene.control.things('disk').filter(({ instance: owner }) => owner === instance('two disks')?.id)).toEqual([]);
  });

  test('the same in XML', async () => {
    const config = `<machineConfig><cpu>2</cpu><memory>${4 * GIB}</memory><disk><capacity>20000000</capacity><format>raw</format></disk><disk><capacity>5000000</capacity><format>raw</format></disk></machineConfig>`;
    const xml = `<MachineCreate xmlns="${CIMI}"><name>two in xml</name><machineTemplate>${config}<machineImage href="${IMAGE}"/></machineTemplate></MachineCreate>`;
    const answer = await scene.client.send('POST', 'machines', { xml });
    const job = await succeeded(scene.client, answer);
    const machine = await get(answer.headers.get('location'));
    expect(instance('two in xml')?.shape).toBe('s1.medium');
    expect(await disksOf(machine)).toEqual([42_949_672, 5_368_709]);
    expect(job.statusMessage).toContain(shape('s1.medium'));
    const resized = `<Machine xmlns="${CIMI}"><memory>1</memory></Machine>`;
    await succeeded(scene.client, await scene.client.act(String(machine.id), 'stop'));
    expectFault(
      await scene.client.send('PUT', `${String(machine.id)}?$select=memory`, { xml: resized }),
      400,
      /memory 1 KiB.*nearest are machineConfigs/,
    );
  });

  test('2 and 8 GiB, as asked for: a size of just that is taken', async () => {
    const { machine, job } = await create(byValue('exact', { cpu: 2, memory: 8 * GIB }));
    expect([machine.cpu, machine.memory]).toEqual([2, 8 * GIB]);
    expect(job.statusMessage).toBe(`Created: cpu 2, memory ${8 * GIB} KiB as asked for: ${shape('s1.large')} (Large, standard)`);
  });

  test('the nearest larger one within the bound is told with both figures', async () => {
    const { machine, job } = await create(byValue('nearest', { cpu: 2, memory: 3_000_000 }));
    expect([machine.cpu, machine.memory]).toEqual([2, 4 * GIB]);
    expect(job.statusMessage).toBe(
      `Created: cpu 2, memory 3000000 KiB was asked for; ${shape('s1.medium')} (Medium, standard) has cpu 2, memory ${4 * GIB} KiB; ` +
        'chosen because it is the nearest that has no less',
    );
  });

  test('what is more than twice is refused with the nearest named, unless the create says more', async () => {
    const before = scene.control.instances().length;
    const wish = { cpu: 1, memory: 24 * GIB };
    const refused = await scene.client.post('machines', byValue('far', wish));
    expectFault(
      refused,
      400,
      /cpu 1, memory 25165824 KiB; at most 2 times.*nearest are machineConfigs\/sim\.m1_2elarge \(Memory large: cpu 4/,
    );
    expect(scene.control.instances()).toHaveLength(before);
    const { machine, job } = await create(byValue('far', wish, {}, { sizeAtMost: 4 }));
    expect([machine.cpu, machine.memory, machine.sizeAtMost]).toEqual([4, 32 * GIB, undefined]);
    expect(job.statusMessage).toContain(`was asked for; ${shape('m1.large')}`);
    expectFault(await scene.client.post('machines', byValue('none', wish, {}, { sizeAtMost: 0 })), 400, /sizeAtMost: must be at least 1/);
  });

  test('the bound of a create is announced in ResourceMetadata', async () => {
    const { attributes } = await get('resourceMetadata/Machine');
    expect(attributes).toContainEqual(expect.objectContaining({ name: 'sizeAtMost', namespace: EXTENSION, type: 'integer' }));
  });

  test('a size that is named is never second-guessed', async () => {
    const { machine, job } = await create(byValue('named', { href: shape('m1.xlarge') }));
    expect([machine.cpu, machine.memory, job.statusMessage]).toEqual([16, 128 * GIB, 'Created']);
    await create(byValue('named again', { href: shape('c1.large'), cpu: 4 }));
    expect(instance('named again')?.shape).toBe('c1.large');
  });

  test('a size that is named with other figures is chosen by these', async () => {
    const { job } = await create(byValue('overridden', { href: shape('s1.medium'), memory: 8 * GIB }));
    expect(instance('overridden')?.shape).toBe('s1.large');
    expect(job.statusMessage).toContain('as asked for');
  });

  test('a configuration of the gateway’s own goes the same way', async () => {
    const config = await made(scene.client, 'machineConfigs', {
      name: 'mine',
      cpu: 2,
      memory: 4 * GIB,
      disks: [
        { capacity: 1_000_000, format: 'raw' },
        { capacity: 7_000_000, format: 'raw' },
      ],
    });
    const { machine, job } = await create(byValue('stored', { href: String(config.id) }));
    expect(instance('stored')?.shape).toBe('s1.medium');
    expect(await disksOf(machine)).toHaveLength(2);
    expect(job.statusMessage).toContain(shape('s1.medium'));
    const far = await made(scene.client, 'machineConfigs', { name: 'far', cpu: 1, memory: 1 });
    expectFault(
      await scene.client.post('machines', byValue('no', { href: String(far.id) })),
      400,
      /nearest are machineConfigs\/sim\.s1_2enano/,
    );
  });

  test('the architecture of the image and of the wish must be one, and fit exactly', async () => {
    const arm = { machineImage: { href: 'machineImages/sim.img-debian-12-arm' } };
    await create(byValue('arm', { cpu: 2, memory: 4 * GIB }, arm));
    expect(instance('arm')?.shape).toBe('r1.medium');
    expectFault(
      await scene.client.post('machines', byValue('no', { cpu: 2, memory: 4 * GIB, cpuArch: 'ARM' })),
      400,
      /cpuArch ARM.*image is for x86_64/,
    );
    expectFault(
      await scene.client.post('machines', byValue('no', { cpu: 1, memory: GIB }, arm)),
      400,
      /nearest are machineConfigs\/sim\.r1_2emedium/,
    );
  });

  test('a format that no disk comes with is refused', async () => {
    const disks = [{ capacity: 1_000_000, format: 'ext4' }];
    expectFault(
      await scene.client.post('machines', byValue('no', { cpu: 1, memory: GIB, disks })),
      400,
      /unformatted \(raw\), not with ext4/,
    );
  });

  test('a System’s machines by value go the same way', async () => {
    const component = (name: string, machineConfig: object) => ({
      name,
      type: `${CIMI}/Machine`,
      machineTemplate: { machineConfig, machineImage: { href: IMAGE } },
    });
    const body = (descriptor: object) => ({ resourceURI: `${CIMI}/SystemCreate`, systemTemplate: { componentDescriptors: [descriptor] } });
    await made(
      scene.client,
      'systems',
      body(
        component('member', {
          cpu: 2,
          memory: 4 * GIB,
          disks: [
            { capacity: 1_000_000, format: 'raw' },
            { capacity: 9_000_000, format: 'raw' },
          ],
        }),
      ),
    );
    const member = instance('member');
    expect(member?.shape).toBe('s1.medium');
    expect(scene.control.things('disk').filter((disk) => disk.instance === member?.id)).toHaveLength(2);
    expectFault(
      await scene.client.post('systems', body(component('no', { cpu: 2, memory: 1 }))),
      400,
      /componentDescriptors\[0\].*nearest are machineConfigs/,
    );
  });
});

describe('a PUT', () => {
  test('memory 1 is refused, naming the nearest, and nothing changes', async () => {
    const machine = await stopped('kept', { cpu: 2, memory: 8 * GIB });
    expectFault(await put(machine, { memory: 1 }), 400, /memory 1 KiB.*nearest are machineConfigs\/sim\./);
    expect(await get(machine.id)).toMatchObject({ cpu: 2, memory: 8 * GIB });
  });

  test('what is near is given and told, with both figures', async () => {
    const machine = await stopped('near', { cpu: 1, memory: GIB });
    const answer = await put(machine, { memory: 3_500_000 });
    expect([answer.status, answer.json.cpu, answer.json.memory]).toEqual([200, 2, 4 * GIB]);
    const job = await get(answer.headers.get('cimi-job-uri'));
    expect(job.statusMessage).toContain(
      `Updated: cpu 1, memory 3500000 KiB was asked for; ${shape('s1.medium')} (Medium, standard) has cpu 2, memory ${4 * GIB} KiB`,
    );
  });

  test('what the machine has already is no change, whatever was asked', async () => {
    const machine = await stopped('same', { cpu: 2, memory: 4 * GIB });
    const calls = scene.control.calls()['machines.resize'] ?? 0;
    expect((await put(machine, { memory: 4 * GIB, cpu: 2 })).status).toBe(200);
    const answer = await put(machine, { memory: 4 * GIB - 1 });
    expect([answer.status, answer.json.memory]).toEqual([200, 4 * GIB]);
    const job = await get(answer.headers.get('cimi-job-uri'));
    expect(job.statusMessage).toContain(`memory ${4 * GIB - 1} KiB was asked for`);
    expect(scene.control.calls()['machines.resize'] ?? 0).toBe(calls);
  });

  test('a machine stays in its family where that has the size', async () => {
    const machine = await stopped('family', { href: shape('c1.large') });
    expect((await put(machine, { cpu: 8, memory: 16 * GIB })).status).toBe(200);
    expect(instance('family')?.shape).toBe('c1.xlarge');
  });
});
