import { encodeId } from '../../src/clouds/identity';
import { CIMI } from '../../src/model/define';
import { gibToKb } from '../../src/model/units';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import type { OpenstackRule } from '../backends/openstack-proxy';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { comesTrue } from '../harness/wait';
import { exported, exporting } from '../packages/export-scene';
import { listOf, made, succeeded } from '../protocol/scene';
import { CLOUD, type OpenstackWorld, startOpenstackWorld } from './openstack-world';

/** Snapshots of Cinder, which are read by a copy in Glance, where Cinder refuses to write it, or fails at it: nothing stays. */
const SIMULATED = 'simulated';
const writing: OpenstackRule = {
  service: 'volume',
  method: 'POST',
  when: ({ body }) => Object.keys(body ?? {}).includes('os-volume_upload_image'),
};
const REFUSED: OpenstackRule = {
  ...writing,
  fail: { status: 400, body: { badRequest: { code: 400, message: 'Invalid volume: its status must be available.' } } },
};

describeWith('OpenStack', openstackAvailable(), () => {
  let world: OpenstackWorld;
  let client: Client;
  let snapshot: Json;
  let before: string[];
  const last: Json[] = [];
  beforeAll(async () => {
    world = await startOpenstackWorld({}, { [SIMULATED]: simulatedCloud() });
    ({ client } = world);
    const volumeTemplate = { volumeConfig: { capacity: gibToKb(1) } };
    const volume = await made(client, 'volumes', { resourceURI: `${CIMI}/VolumeCreate`, name: 'data', cloud: CLOUD, volumeTemplate });
    snapshot = await made(client, 'volumeImages', { resourceURI: `${CIMI}/VolumeImage`, imageLocation: { href: volume.id } });
    last.push(snapshot, volume);
    before = await world.leftovers();
  }, 1_800_000);
  afterEach(async () => {
    world.account.proxy.reset();
    await comesTrue(async () => expect(await world.leftovers()).toEqual(before));
  });
  afterAll(async () => {
    for (const { id } of last) await succeeded(client, await client.delete(String(id)));
    expect(await world.leftovers()).toEqual([]);
    await world.stop();
  });

  const copied = async (): Promise<{ job: Json; location: string | null }> => {
    const imageLocation = { href: snapshot.id };
    const answer = await client.post('volumeImages', { resourceURI: `${CIMI}/VolumeImage`, cloud: SIMULATED, imageLocation });
    return { job: await client.ended(answer), location: answer.headers.get('location') };
  };
  const others = async (): Promise<Json[]> =>
    listOf((await client.get(`volumeImages?$filter=cloud='${SIMULATED}'`)).json, 'volumeImages').filter(({ state }) => state !== 'ERROR');

  test('one is an image of another cloud by its href', async () => {
    const { job, location } = await copied();
    expect([job.state, job.statusMessage]).toEqual(['SUCCESS', expect.stringMatching(/^Copied; digest of the contents sha256:/)]);
    await succeeded(client, await client.delete(String(location)));
  });

  test.each<[string, OpenstackRule, RegExp]>([
    ['refuses to write', REFUSED, /its status must be available/],
    [
      'fails to write',
      {
        ...{ service: 'image', method: 'GET', path: /\/images\/[0-9a-f-]{36}$/ },
        rewrite: (image: { status: string }) => ({ ...image, status: image.status === 'active' ? 'killed' : image.status }),
      },
      /Cinder did not copy the contents: Glance shows the image as killed/,
    ],
  ])('one that Cinder %s is copied nowhere', async (_what, rule, words) => {
    world.account.proxy.add(rule);
    const { job } = await copied();
    expect([job.state, job.statusMessage]).toEqual(['FAILED', expect.stringMatching(words)]);
    expect(await others()).toEqual([]);
  });

  test('a template that refers to one is exported with a copy of it, or not at all', async () => {
    const machineTemplate = {
      machineConfig: { href: `machineConfigs/${encodeId(CLOUD, '1')}` },
      machineImage: { href: `machineImages/${encodeId(CLOUD, world.account.image)}` },
      volumeTemplates: [{ volumeTemplate: { volumeConfig: { capacity: gibToKb(1) }, volumeImage: { href: snapshot.id } } }],
    };
    const componentDescriptors = [{ name: 'db', type: `${CIMI}/Machine`, machineTemplate }];
    const template = await made(client, 'systemTemplates', { resourceURI: `${CIMI}/SystemTemplate`, name: 'shop', componentDescriptors });
    const undo = world.account.proxy.add(REFUSED);
    const answer = await exporting(client, template.id);
    expect(await client.ended(answer)).toMatchObject({
      state: 'FAILED',
      statusMessage: expect.stringMatching(/could not be captured: volumeImages\/.*its status must be available/) as string,
    });
    expect((await client.get(String(answer.headers.get('location')))).status).toBe(404);
    await comesTrue(async () => expect(await world.leftovers()).toEqual(before));
    undo();
    const { url } = await exported(client, template.id);
    expect((await client.get(url)).text).toMatch(/ovf:href="disk2\.vmdk"/);
    await succeeded(client, await client.delete(url));
    await succeeded(client, await client.delete(String(template.id)));
  });
});
