import { CIMI } from '../../src/model/define';
import type { Client, Json } from '../harness/client';
import { machineIn, shopIn } from '../packages/export-scene';
import { KEY_BYTES, made, succeeded } from '../protocol/scene';
import { expectStatus, hrefOf, type Act, type Scene } from './scene';

/** Changes, each followed to its end; what they make they delete. */

const XML = { accept: 'application/xml' };

const removed = async (client: Client, uri: unknown): Promise<void> => void (await succeeded(client, await client.delete(String(uri))));

/** Meter of a machine's processor. */
const METER = {
  resourceURI: `${CIMI}/MeterCreate`,
  meterTemplate: {
    meterConfig: {
      ...{ associatedTo: [{ href: `${CIMI}/Machine` }], aspect: `${CIMI}/aspect/cpu`, units: 'percent' },
      ...{ sampleInterval: 60, timeScope: 'Point', isContinuous: true },
    },
  },
};

const cloudOf = (scene: Scene): string => scene.random.of(scene.world.clouds).key;

/** Life of a machine with a Meter and a log. */
const machine: Act = async (scene) => {
  const client = scene.client();
  const { id } = await machineIn(client, cloudOf(scene), scene.fresh(), { credential: { key: KEY_BYTES } });
  const uri = String(id);
  await succeeded(client, await client.act(uri, 'start'));
  const read = await client.get(uri);
  expectStatus(read, 200);
  const etag = read.headers.get('etag');
  if (etag !== null) expectStatus(await client.get(uri, { 'if-none-match': etag }), 200, 304);
  expectStatus(await client.get(uri, XML), 200);
  expectStatus(await client.get(`${uri}?$expand=*`), 200);
  await succeeded(client, await client.put(`${uri}?$select=description`, { description: scene.fresh() }));
  const log = await made(client, 'eventLogs', {
    resourceURI: `${CIMI}/EventLogCreate`,
    eventLogTemplate: { targetResource: { href: uri } },
  });
  expectStatus(await client.get(hrefOf(log.events)), 200);
  const meter = await made(client, `${uri}/meters`, METER);
  expectStatus(await client.get(hrefOf(meter.samples)), 200);
  await removed(client, meter.id);
  await removed(client, log.id);
  await succeeded(client, await client.act(uri, 'stop'));
  await removed(client, uri);
};

const volume: Act = async (scene) => {
  const client = scene.client();
  const body = { resourceURI: `${CIMI}/VolumeCreate`, name: scene.fresh(), volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } };
  const { id } = await made(client, 'volumes', { ...body, cloud: cloudOf(scene) });
  await removed(client, id);
};

/** Resources that only the gateway keeps. */
const stored: Act = async (scene) => {
  const client = scene.client();
  const config = await made(client, 'machineConfigs', { name: scene.fresh(), cpu: 1, memory: 1_048_576 });
  const credential = await made(client, 'credentials', {
    resourceURI: `${CIMI}/CredentialCreate`,
    name: scene.fresh(),
    credentialTemplate: { userName: scene.fresh(), password: scene.fresh() },
  });
  const template = await made(client, 'machineTemplates', { name: scene.fresh(), machineConfig: { href: config.id } });
  await succeeded(client, await client.put(`${String(template.id)}?$select=name`, { name: scene.fresh() }));
  for (const { id } of [template, credential, config]) await removed(client, id);
};

/** A System of machines, volumes, networks and an address. */
const system: Act = async (scene) => {
  const client = scene.client();
  const { id } = await shopIn(client, cloudOf(scene));
  expectStatus(await client.get(`${String(id)}?$expand=*`), 200);
  await removed(client, id);
};

export const CHANGES: readonly Act[] = [machine, volume, stored, system];

/** Makes a machine in each cloud whose Meters measure as long as the soak goes on. @returns what removes it all */
export async function measuredMachines(scene: Scene): Promise<() => Promise<void>> {
  const client = scene.client();
  const all: Json[] = [];
  for (const { key } of scene.world.clouds) {
    const one = await machineIn(client, key, scene.fresh());
    await succeeded(client, await client.act(String(one.id), 'start'));
    await made(client, `${String(one.id)}/meters`, METER);
    all.push(one);
  }
  return async () => {
    for (const { id } of all) await removed(client, id);
  };
}
