import { CIMI } from '../../src/model/define';
import type { Answer, Client, Json } from '../harness/client';
import { PATIENCE_MS } from '../harness/wait';
import { refOf } from './world';

/** Stop of the tour: a cloud (none where the gateway has one only), and an image in it. */
export interface Stop {
  cloud?: string;
  image: string;
}

/**
 * README's "Five minutes with curl", request by request and in its words, through the root entry point. What it makes it
 * deletes again.
 */
export async function takeTour(hasty: Client, stop: Stop): Promise<void> {
  const client = hasty.as({ prefer: `wait=${PATIENCE_MS / 1000}` });
  const image = await lookedAround(client, stop);
  const machine = await created(client, image, stop);
  await changed(client, machine);
  await photographed(client, machine);
  await succeeded(client, await client.delete(machine));
  expect((await client.get(machine)).status).toBe(404);
  await paired(client, image, stop);
}

/** The Job of an answer, which must be a good one. */
async function succeeded(client: Client, answer: Answer): Promise<Json> {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`);
  const job = await client.ended(answer);
  expect(`${String(job.state)}: ${String(job.statusMessage)}`).toMatch(/^SUCCESS/);
  return job;
}

const items = (json: Json, name: string): Json[] => (json[name] ?? []) as Json[];
const isIn = ({ cloud }: Stop, resource: Json): boolean => cloud === undefined || String(resource.cloud) === cloud;

/** Entry point, configurations, images; answers the image's id. */
async function lookedAround(client: Client, stop: Stop): Promise<string> {
  const entry = (await client.get('cloudEntryPoint')).json;
  expect((await client.get('cloudEntryPoint', { accept: 'application/xml' })).text).toContain('<CloudEntryPoint');
  const { json: configs } = await client.get(`${refOf(entry, 'machineConfigs')}?$select=name,cpu,memory&$orderby=memory`);
  const sizes = items(configs, 'machineConfigurations').map(({ memory }) => Number(memory));
  expect(sizes.length).toBeGreaterThan(1);
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  const filter = `$filter=name='${encodeURIComponent(stop.image)}'`;
  const { json: images } = await client.get(`${refOf(entry, 'machineImages')}?${filter}`);
  const found = items(images, 'machineImages').filter((each) => isIn(stop, each));
  expect(found.map(({ name }) => String(name))).toEqual([stop.image]);
  return String(found[0]?.id);
}

/** A machine by value, waited for: 201 with Location and Job. Answers its URI. */
async function created(client: Client, image: string, stop: Stop): Promise<string> {
  const answer = await client.post('machines', {
    resourceURI: `${CIMI}/MachineCreate`,
    name: `web-1-${stop.cloud ?? ''}`,
    properties: { team: 'blue' },
    machineTemplate: { machineConfig: { cpu: 2, memory: 4_194_304 }, machineImage: { href: image } },
  });
  expect(answer.status).toBe(201);
  const machine = answer.headers.get('location') ?? '';
  expect((await client.get(machine)).status).toBe(200);
  const job = await succeeded(client, answer);
  expect(job).toMatchObject({ progress: 100 });
  const { json } = await client.get(machine);
  expect(json).toMatchObject({ properties: { team: 'blue' } });
  expect(isIn(stop, json)).toBe(true);
  expect(Number(json.cpu)).toBeGreaterThanOrEqual(2);
  expect(Number(json.memory)).toBeGreaterThanOrEqual(4_194_304);
  expect(items(json, 'operations').length).toBeGreaterThan(1);
  return machine;
}

/** Stop, then a partial update in XML: taken with the ETag that was read, refused with one that was. */
async function changed(client: Client, machine: string): Promise<void> {
  if (String((await client.get(machine)).json.state) !== 'STARTED') await succeeded(client, await client.act(machine, 'start'));
  await succeeded(client, await client.act(machine, 'stop'));
  const before = await client.get(machine);
  expect(String(before.json.state)).toBe('STOPPED');
  const etag = before.headers.get('etag') ?? '';
  expect(etag).not.toBe('');
  const xml = '<Machine><description>made in five minutes</description></Machine>';
  const uri = `${machine}?$select=description`;
  await succeeded(client, await client.send('PUT', uri, { xml, headers: { 'if-match': etag } }));
  expect((await client.get(machine)).json).toMatchObject({ description: 'made in five minutes', properties: { team: 'blue' } });
  expect((await client.send('PUT', uri, { xml, headers: { 'if-match': etag } })).status).toBe(412);
}

/** An image of the machine, then everything about its machines in one request. */
async function photographed(client: Client, machine: string): Promise<void> {
  const answer = await client.post('machineImages', { name: 'before', imageLocation: machine });
  await succeeded(client, answer);
  const image = (await client.get(answer.headers.get('location') ?? '')).json;
  expect(image).toMatchObject({ name: 'before', state: 'AVAILABLE' });
  const { json } = await client.get('machines?$expand=snapshots,latestSnapshot');
  const seen = items(json, 'machines').find(({ id }) => String(id) === machine);
  if (!seen) throw new Error(`${machine} is not among ${String(json.count)} machines`);
  const snapshots = String(image.type) === 'SNAPSHOT' ? [String(image.id)] : [];
  expect(items((seen.snapshots ?? {}) as Json, 'machineSnapshots').map((each) => refOf(each, 'snapshot'))).toEqual(snapshots);
  const latest = (seen.latestSnapshot ?? {}) as Json;
  expect(latest).toMatchObject(snapshots.length === 0 ? {} : { href: image.id, name: 'before' });
  await succeeded(client, await client.delete(String(image.id)));
}

/** A System of two Machines that share nothing but their template. */
async function paired(client: Client, image: string, { cloud = '' }: Stop): Promise<void> {
  const answer = await client.post('systems', {
    name: `pair-${cloud}`,
    systemTemplate: {
      componentDescriptors: [
        {
          ...{ name: `node-${cloud}`, type: `${CIMI}/Machine`, quantity: 2 },
          machineTemplate: { machineConfig: { cpu: 1 }, machineImage: { href: image } },
        },
      ],
    },
  });
  await succeeded(client, answer);
  const system = answer.headers.get('location') ?? '';
  const { json } = await client.get(refOf((await client.get(system)).json, 'machines'));
  expect(json.count).toBe(2);
  await succeeded(client, await client.delete(system));
  expect((await client.get(system)).status).toBe(404);
}
