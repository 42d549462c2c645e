import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { until } from '../backends/openstack-account';
import { mainJob } from './main-job';
import { type OpenstackWorld, startOpenstackWorld } from './openstack-world';
import { Steps } from './steps';
import { offers } from './world';
import { elapse } from '../harness/wait';

describeWith('OpenStack', openstackAvailable(), () => {
  describe('the main job on OpenStack', () => {
    let world: OpenstackWorld;
    beforeAll(async () => {
      world = await startOpenstackWorld();
    }, 1_800_000);
    afterAll(() => world.stop());
    mainJob(() => world);

    test('a server made with the cloud’s own tools is there without an import, and obeys; locked, it says so', async () => {
      const steps = new Steps(() => world);
      const { direct } = world.account;
      const [key = ''] = await world.account.launch(1, { name: 'ours since <2019>', metadata: { team: 'blue' } });
      const listed = (await world.client.get('machines')).json.machines as unknown as Json[];
      expect(listed).toEqual([expect.objectContaining({ name: 'ours since <2019>', state: 'STARTED', properties: { team: 'blue' } })]);
      const [machine] = listed as [Json];
      await direct.call('POST', 'compute', `/servers/${key}/action`, { lock: { locked_reason: 'audit' } });
      await elapse(400);
      const locked = await world.client.delete(String(machine.id));
      expect(locked.status).toBe(409);
      expect(String(locked.json.statusMessage)).toMatch(/locked: audit/);
      await direct.call('POST', 'compute', `/servers/${key}/action`, { unlock: null });
      await elapse(400);
      const stopped = await steps.act(machine, 'stop');
      expect(stopped.state).toBe('STOPPED');
      expect(offers(stopped)).toEqual(expect.arrayContaining(['capture', 'delete', 'edit', 'start']));
      await steps.remove(stopped);
      expect(await world.leftovers()).toEqual([]);
    });

    test('a size that was left unconfirmed is confirmed by a PUT of the figures shown, while the machine runs', async () => {
      const { direct } = world.account;
      const [key = ''] = await world.account.launch(1, { name: 'half resized' });
      const status = async () => (await direct.call<{ server: { status: string } }>('GET', 'compute', `/servers/${key}`)).server.status;
      await direct.call('POST', 'compute', `/servers/${key}/action`, { resize: { flavorRef: '2' } });
      await until('it waits for its confirmation', async () => (await status()) === 'VERIFY_RESIZE');
      const steps = new Steps(() => world);
      const shown = async () => steps.named('machines', 'machines', 'half resized');
      await until('the gateway shows the new size', async () => (await shown()).memory === 2048 * 1024);
      const machine = await shown();
      expect(machine.state).toBe('STARTED');
      const figures = { cpu: Number(machine.cpu), memory: Number(machine.memory) };
      await steps.done('PUT', `${String(machine.id)}?$select=cpu,memory`, { json: figures });
      expect(await status()).toBe('ACTIVE');
      await steps.remove(await shown());
      expect(await world.leftovers()).toEqual([]);
    });

    test('a launch for which there is no room fails its Job in Nova’s words, and leaves nothing', async () => {
      const { direct, admin } = world.account;
      const given = { name: `huge ${direct.projectId}`, ram: 99_999_999, vcpus: 1, disk: 1, 'os-flavor-access:is_public': false };
      const { flavor } = await admin.call<{ flavor: { id: string } }>('POST', 'compute', '/flavors', { flavor: given });
      await admin.call('POST', 'compute', `/flavors/${flavor.id}/action`, { addTenantAccess: { tenant: direct.projectId } });
      const steps = new Steps(() => world);
      const { machineImage } = await steps.parts();
      const machineConfig = { href: String(machineImage.href).replace(/machineImages.*/, `machineConfigs/private.${flavor.id}`) };
      const answer = await world.client.post('machines', {
        resourceURI: `${CIMI}/MachineCreate`,
        machineTemplate: { machineConfig, machineImage },
      });
      const job = await world.client.ended(answer);
      expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringMatching(/No valid host/) as string });
      await admin.call('DELETE', 'compute', `/flavors/${flavor.id}`);
      const location = answer.headers.get('location') ?? '';
      if ((await world.client.get(location)).status === 200) await steps.remove({ id: location } as unknown as Json);
      expect(await world.leftovers()).toEqual([]);
    });
  });
});
