import { CIMI } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { hrefOf } from '../resources/network-kit';
import { ACTION_URI, IMAGE, KEY_BYTES, listOf, machineCreate, made, NANO, openScene, rels, succeeded, type Scene } from './scene';

/**
 * Answers to a change (4.2.1.1, 4.2.1.6, 4.2.1.7): the resource to creates and PUTs, the Job to actions and deletes,
 * done (201, 200) or not (202), in both formats; and one Job in header and body.
 */
const XML = { accept: 'application/xml' };
const NETWORK = 'networks/sim.net-default';

describe.each([
  ['done at once', 10_000, 201, 200],
  ['not waited for', 0, 202, 202],
])('%s', (_what, graceMs, created, changed) => {
  let scene: Scene;
  let machine: Json;
  let creates: (readonly [type: string, uri: string, body: object, status?: number])[];

  beforeAll(async () => {
    scene = await openScene({ config: { jobs: { graceMs } } });
    const { client } = scene;
    machine = await made(client, 'machines', machineCreate({ name: 'host' }));
    const volume = await made(client, 'volumes', { volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } });
    const address = await made(client, 'addresses', { addressTemplate: {} });
    const network = await made(client, 'networks', { networkTemplate: { networkConfig: { networkType: 'PRIVATE' } } });
    const group = await made(client, 'forwardingGroups', { forwardingGroupTemplate: { networks: [] } });
    const system = await made(client, 'systems', { systemTemplate: { componentDescriptors: [] } });
    const [nic] = listOf((await client.get(hrefOf(machine, 'networkInterfaces'))).json, 'machineNetworkInterfaces');
    const link = (name: string) => String(listOf(machine, 'operations').find(({ rel }) => String(rel) === ACTION_URI + name)?.href);
    const act = (name: string) => ({ resourceURI: `${CIMI}/Action`, action: ACTION_URI + name });
    const component = {
      name: 'one',
      type: `${CIMI}/Machine`,
      machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } },
    };
    creates = [
      ['Machine', 'machines', machineCreate({ name: 'new' })],
      ['Volume', 'volumes', { name: 'new', volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } }],
      ['MachineImage', 'machineImages', { name: 'new', imageLocation: { href: machine.id } }],
      ['MachineImage', link('capture'), act('capture')],
      ['MachineImage', link('snapshot'), act('snapshot')],
      ['VolumeImage', 'volumeImages', { imageLocation: { href: volume.id } }],
      ['Network', 'networks', { networkTemplate: {} }],
      ['Address', 'addresses', { addressTemplate: {} }],
      ['System', 'systems', { systemTemplate: { componentDescriptors: [component] } }],
      ['Disk', hrefOf(machine, 'disks'), { capacity: 1_000_000 }],
      ['MachineVolume', hrefOf(machine, 'volumes'), { volume: { href: volume.id } }],
      ['MachineNetworkInterface', hrefOf(machine, 'networkInterfaces'), { network: { href: `${client.base}${NETWORK}` } }],
      ['MachineNetworkInterfaceAddress', hrefOf(nic ?? ({} as Json), 'addresses'), { address: { href: address.id } }],
      ['ForwardingGroupNetwork', hrefOf(group, 'networks'), { network: { href: network.id } }],
      ['SystemVolume', hrefOf(system, 'volumes'), { volume: { href: volume.id } }, 201],
      ['MachineTemplate', 'machineTemplates', { name: 'new' }, 201],
      ['Credential', 'credentials', { credentialTemplate: { key: KEY_BYTES } }, 201],
    ];
  });
  afterAll(() => scene.close());

  const jobOf = async (answer: Answer): Promise<Json> => (await scene.client.get(String(answer.headers.get('cimi-job-uri')))).json;
  const isXmlOf = (type: string, { text }: Answer) => new RegExp(`^(<\\?xml[^>]*\\?>\\s*)?<${type}[ >]`).test(text);
  const idInXml = ({ text }: Answer) => /<id>([^<]*)<\/id>/.exec(text)?.[1];

  test('R4.2.1.1-06 R4.2.1.7-04 R4.2.1.7-06: a create carries the new resource, its Location and its Job', async () => {
    for (const [type, uri, body, status = created] of creates) {
      const answer = await scene.client.post(uri, body, { 'idempotency-key': `${type} ${uri}`.replace(/[^\w]/g, '-') });
      const location = answer.headers.get('location');
      const seen = [answer.status, answer.json.resourceURI, answer.json.id];
      expect([type, ...seen]).toEqual([type, status, `${CIMI}/${type}`, location]);
      expect([type, answer.headers.has('retry-after')]).toEqual([type, status === 202]);
      const job = await succeeded(scene.client, answer);
      expect([type, job.id, job.action]).toEqual([type, answer.headers.get('cimi-job-uri'), `${ACTION_URI}add`]);
      expect(listOf(job, 'affectedResources').map(({ href }) => String(href))).toContain(location);
      expect([type, (await scene.client.get(String(location))).status]).toEqual([type, 200]);
      const again = await scene.client.post(uri, body, { 'idempotency-key': `${type} ${uri}`.replace(/[^\w]/g, '-') });
      const same = [again.status, again.json.resourceURI, again.json.id, again.headers.get('cimi-job-uri')];
      expect([type, ...same]).toEqual([type, status, `${CIMI}/${type}`, location, job.id]);
      if (/^Machine(Volume|NetworkInterfaceAddress)$|^ForwardingGroupNetwork$|^SystemVolume$/.test(type))
        await succeeded(scene.client, await scene.client.delete(String(location)));
    }
  });

  test('the same in XML', async () => {
    for (const [type, uri, body, status = created] of creates) {
      const answer = await scene.client.post(uri, body, XML);
      expect([type, answer.status, isXmlOf(type, answer), idInXml(answer)]).toEqual([type, status, true, answer.headers.get('location')]);
      await succeeded(scene.client, answer);
    }
  });

  test('4.2.1.3: a PUT carries the resource as it is now, not as it will be', async () => {
    const answer = await scene.client.put(`${String(machine.id)}?$select=description`, { description: 'changed' });
    expect([answer.status, answer.json.resourceURI, answer.json.id]).toEqual([changed, `${CIMI}/Machine`, machine.id]);
    expect([answer.headers.get('location'), answer.headers.has('etag')]).toEqual([null, changed === 200]);
    expect((await succeeded(scene.client, answer)).action).toBe(`${ACTION_URI}edit`);
    const xml = await scene.client.put(`${String(machine.id)}?$select=description`, { description: 'again' }, XML);
    expect([xml.status, isXmlOf('Machine', xml), idInXml(xml)]).toEqual([changed, true, machine.id]);
    await succeeded(scene.client, xml);
  });

  test('R4.2.1.7-03: actions and deletes carry their Job, RUNNING where a worker here has it', async () => {
    const doomed = await made(scene.client, 'machines', machineCreate({ name: 'doomed' }));
    const stop = await scene.client.act(String(doomed.id), 'stop');
    expect([stop.status, stop.json.id, stop.json.state]).toEqual([202, stop.headers.get('cimi-job-uri'), 'RUNNING']);
    await succeeded(scene.client, stop);
    const gone = await scene.client.delete(String(doomed.id), XML);
    expect([gone.status, isXmlOf('Job', gone), idInXml(gone)]).toEqual([changed, true, gone.headers.get('cimi-job-uri')]);
    expect(/<state>(\w+)</.exec(gone.text)?.[1]).toBe(changed === 200 ? 'SUCCESS' : 'RUNNING');
    await succeeded(scene.client, gone);
  });

  test('D108: a PUT and a DELETE of a Job name no Job; the stop of one names that', async () => {
    const uri = String((await scene.client.post('machineTemplates', { name: 't' })).headers.get('cimi-job-uri'));
    const put = await scene.client.put(uri, { name: 'renamed' });
    expect([put.status, put.json.id, put.headers.has('cimi-job-uri')]).toEqual([200, uri, false]);
    const gone = await scene.client.delete(uri);
    expect([gone.status, gone.json.state, gone.headers.has('cimi-job-uri'), rels(gone.json)]).toEqual([200, 'SUCCESS', false, []]);
    expect((await scene.client.get(uri)).status).toBe(404);
    scene.control.fail({ method: 'machines.restart', delayMs: 1_000 });
    const restart = await scene.client.act(String(machine.id), 'restart');
    const stop = await scene.client.act(String(restart.headers.get('cimi-job-uri')), 'stop');
    expect(stop.headers.get('cimi-job-uri')).toBe(restart.headers.get('cimi-job-uri'));
    expect(stop.json.id).toBe(restart.headers.get('cimi-job-uri'));
    expect((await jobOf(stop)).id).toBe(stop.json.id);
    await scene.client.ended(restart);
  });

  test('a create that is answered as failed leaves nothing, and is answered so again', async () => {
    const before = (await scene.client.get('machines')).json.count;
    scene.control.fail({ method: 'machines.create', kind: 'invalid', message: 'not so', times: 1 });
    const key = { 'idempotency-key': 'failing' };
    const answer = await scene.client.post('machines', machineCreate({ name: 'failing' }), key);
    const job = await scene.client.ended(answer);
    expect([job.state, job.returnCode]).toEqual(['FAILED', 10_007]);
    const left = created === 201 ? [400, null, 'FAILED'] : [202, String(answer.json.id), 'CREATING'];
    expect([answer.status, answer.headers.get('location'), answer.json.state]).toEqual(left);
    expect((await scene.client.get('machines')).json.count).toBe(Number(before) + Number(created === 202));
    const again = await scene.client.post('machines', machineCreate({ name: 'failing' }), key);
    expect([again.status, again.headers.get('location'), again.headers.get('cimi-job-uri')]).toEqual([answer.status, left[1], job.id]);
  });

  test('where something may be at the provider, a failed create is told of and stays', async () => {
    scene.control.fail({ method: 'machines.start', kind: 'quota', message: 'no more', times: 9 });
    scene.control.fail({ method: 'machines.delete', kind: 'forbidden', message: 'it stays', times: 9 });
    const body = machineCreate({ name: 'stuck', properties: {} }, { initialState: 'PAUSED' });
    scene.control.fail({ method: 'machines.pause', kind: 'quota', message: 'no pause', times: 9 });
    const answer = await scene.client.post('machines', body);
    const job = await scene.client.ended(answer);
    expect([job.state, String(job.statusMessage)]).toEqual(['FAILED', expect.stringMatching(/could not be undone/)]);
    expect([answer.status, answer.headers.has('location')]).toEqual([created === 201 ? 403 : 202, true]);
    scene.control.clearFailures();
    const { json } = await scene.client.get(String(answer.headers.get('location')));
    expect(json.name).toBe('stuck');
    await succeeded(scene.client, await scene.client.delete(String(json.id)));
  });
});
