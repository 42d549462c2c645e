import { CIMI, EXTENSION } from '../../src/model/define';
import type { Json } from '../harness/client';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { Steps } from './steps';
import { startVsphereWorld, type VsphereWorld } from './vsphere-world';
import { elapse } from '../harness/wait';

const MACHINE = { resourceURI: `${CIMI}/Machine` };

describeWith('vcsim', vcsimAvailable(), () => {
  let world: VsphereWorld;
  const steps = new Steps(() => world);
  beforeAll(async () => {
    world = await startVsphereWorld();
  });
  afterAll(() => world.stop());

  const fresh = async (machine: Json): Promise<Json> => (await steps.client.get(String(machine.id))).json;

  test('a machine that runs grows where vCenter allows it; what it does not take fails in words and changes nothing', async () => {
    const template = { ...(await steps.parts()), machineConfig: { cpu: 2, memory: 2_097_152 } };
    const machine = await steps.machine({ name: 'grows', machineTemplate: template });
    const uri = String(machine.id);
    const [key = ''] = await world.instances();
    const refused = await steps.client.put(`${uri}?$select=cpu`, { ...MACHINE, cpu: 4 });
    expect([refused.status, String(refused.json.statusMessage)]).toEqual([409, expect.stringMatching(/while the machine is STOPPED/)]);
    await world.account.sim.order({ hotPlug: { key, cpuAdd: true, memoryAdd: true } });
    await elapse(250);
    await steps.done('PUT', `${uri}?$select=cpu,memory`, { json: { ...MACHINE, cpu: 4, memory: 4_194_304 } });
    expect(await fresh(machine)).toMatchObject({ state: 'STARTED', cpu: 4, memory: 4_194_304 });
    const fewer = await steps.client.put(`${uri}?$select=cpu,name`, { ...MACHINE, cpu: 1, name: 'shrunk' });
    const job = await steps.client.ended(fewer);
    expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringMatching(/keeps its 4 CPUs.*while it is STOPPED/) as string });
    expect(await fresh(machine)).toMatchObject({ state: 'STARTED', cpu: 4, memory: 4_194_304, name: 'grows' });
    await steps.act(machine, 'suspend');
    const suspended = await steps.client.put(`${uri}?$select=cpu`, { ...MACHINE, cpu: 8 });
    expect([suspended.status, String(suspended.json.statusMessage)]).toEqual([
      409,
      expect.stringMatching(/STOPPED or STARTED; it is SUSPENDED/),
    ]);
    await steps.act(machine, 'start');
    await steps.act(machine, 'stop');
    await steps.done('PUT', `${uri}?$select=cpu`, { json: { ...MACHINE, cpu: 1 } });
    expect(await fresh(machine)).toMatchObject({ state: 'STOPPED', cpu: 1, memory: 4_194_304 });
    await steps.remove(machine);
    expect(await world.leftovers()).toEqual([]);
  });

  test('a create says how its guest is customized, in JSON and in XML; a name that is not there fails with those that are', async () => {
    expect(JSON.stringify((await steps.client.get('resourceMetadata/Machine')).json)).toContain('"customization"');
    const parts = await steps.parts();
    const machine = await steps.machine({ name: 'json', customization: 'vcsim-linux-static', machineTemplate: parts });
    const xml = `<MachineCreate xmlns="${CIMI}"><name>xml</name><customization xmlns="${EXTENSION}">vcsim-linux-static</customization><machineTemplate>
      <machineConfig href="${parts.machineConfig.href}"/><machineImage href="${parts.machineImage.href}"/></machineTemplate></MachineCreate>`;
    const { location } = await steps.done('POST', 'machines', { xml });
    const guests = (await world.account.read(['guest.hostName'])).join('').match(/>vcsim-?\d+</g);
    expect(guests).toHaveLength(2);
    const wrong = { resourceURI: `${CIMI}/MachineCreate`, name: 'wrong', customization: 'none', machineTemplate: parts };
    const refused = await steps.client.post('machines', wrong);
    const job = await steps.client.ended(refused);
    expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringMatching(/customization 'none'.*'vcsim-linux'/) as string });
    await steps.remove({ id: refused.headers.get('location') ?? '' } as unknown as Json);
    for (const each of [machine, await fresh({ id: location } as unknown as Json)]) await steps.remove(each);
    expect(await world.leftovers()).toEqual([]);
  });
});
