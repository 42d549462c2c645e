import { CIMI } from '../../src/model/define';
import { Client, type Json } from '../harness/client';
import type { FakeCloud } from '../harness/fake-cloud';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { listOf, made, pathOf, succeeded } from './scene';

/** A gateway in front of one cloud whose every answer the test has in hand; nothing is cached or tried again. */
export interface FakeScene {
  gateway: TestGateway;
  client: Client;
  close(): Promise<void>;
}

export async function openFakeScene(fakes: Readonly<Record<string, FakeCloud>>, config: Record<string, unknown> = {}): Promise<FakeScene> {
  const clouds = Object.keys(fakes).map((name) => [
    name,
    { driver: name, guard: { cacheMs: 0, configCacheMs: 0, retries: 0 }, options: {} },
  ]);
  const [first, ...others] = Object.values(fakes);
  if (!first) throw new Error('a cloud is needed');
  const rest = Object.fromEntries(
    Object.keys(fakes)
      .slice(1)
      .map((name, index) => [name, others[index] as FakeCloud] as const),
  );
  const gateway = await startTestGateway({
    config: { clouds: Object.fromEntries(clouds) as object, ...config },
    drivers: first.registry(rest),
  });
  return { gateway, client: new Client(gateway.base), close: () => gateway.stop() };
}

export const TEMPLATE = { machineConfig: { href: 'machineConfigs/fake.small' }, machineImage: { href: 'machineImages/fake.debian' } };
export const machineBody = (more: object = {}, template: object = {}): object => ({
  resourceURI: `${CIMI}/MachineCreate`,
  ...more,
  machineTemplate: { ...TEMPLATE, ...template },
});
export const volumeTemplate = (capacity = 1_000_000): object => ({ volumeTemplate: { volumeConfig: { capacity } } });

/** Things of every kind that hang together, by paths: a System's machine with an attached volume, snapshots of both. */
export interface World {
  system: string;
  machine: string;
  volume: string;
  image: string;
  volumeImage: string;
  /** Items of nested collections: the membership, the attachment, the snapshots. */
  parts: string[];
  all: string[];
}

export async function makeWorld({ client }: FakeScene): Promise<World> {
  const path = (json: Json) => pathOf(client, json.id);
  const descriptor = {
    name: 'web',
    type: `${CIMI}/Machine`,
    machineTemplate: { ...TEMPLATE, volumeTemplates: [volumeTemplate()] },
  };
  const system = path(
    await made(client, 'systems', { resourceURI: `${CIMI}/SystemCreate`, systemTemplate: { componentDescriptors: [descriptor] } }),
  );
  const itemsOf = async (collection: string): Promise<Json[]> => {
    const { json } = await client.get(collection);
    return Object.entries(json).flatMap(([name, value]) => (Array.isArray(value) && name !== 'operations' ? listOf(json, name) : []));
  };
  const [membership] = await itemsOf(`${system}/machines`);
  const machine = pathOf(client, (membership?.machine as Json | undefined)?.href);
  await succeeded(client, await client.put(`${machine}?$select=name`, { name: 'mine' }));
  const [attachment] = await itemsOf(`${machine}/volumes`);
  const volume = pathOf(client, (attachment?.volume as Json | undefined)?.href);
  const image = path(await made(client, 'machineImages', { resourceURI: `${CIMI}/MachineImageCreate`, imageLocation: { href: machine } }));
  const volumeImage = path(
    await made(client, 'volumeImages', { resourceURI: `${CIMI}/VolumeImageCreate`, imageLocation: { href: volume } }),
  );
  const [snapshot] = await itemsOf(`${machine}/snapshots`);
  const [copy] = await itemsOf(`${volume}/images`);
  const parts = [membership, attachment, snapshot, copy].map((json) => pathOf(client, json?.id));
  return { system, machine, volume, image, volumeImage, parts, all: [system, machine, volume, image, volumeImage, ...parts] };
}

const LISTS = ['machines', 'volumes', 'machineImages', 'volumeImages', 'systems'];

/** Reads what a client sees of all of it, in both formats; what changes by itself (ETags, order of reading) is left out. */
export async function lookAt({ client }: FakeScene, world: World): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const nested = world.parts.map((part) => part.slice(0, part.lastIndexOf('/')));
  for (const uri of [...world.all, ...LISTS, ...nested]) {
    const [json, xml] = await Promise.all([client.get(uri), client.get(uri, { accept: 'application/xml' })]);
    seen[uri] = [json.status, json.text, xml.status, xml.text];
  }
  return seen;
}

/** Paths of the items of a collection, from its XML. */
export async function idsInXml({ client }: FakeScene, collection: string): Promise<string[]> {
  const { text } = await client.get(collection, { accept: 'application/xml' });
  return [...text.matchAll(/<id>([^<]+)<\/id>/g)].map(([, id]) => pathOf(client, id)).filter((id) => id !== collection);
}
