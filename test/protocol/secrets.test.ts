import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { CIMI } from '../../src/model/define';
import { standardCatalogue } from '../../src/model/catalogue';
import type { Answer } from '../harness/client';
import { ACTION_URI, IMAGE, KEY_BYTES, listOf, machineCreate, made, NANO, openScene, type Scene } from './scene';

/** A marker in every write-only attribute and in userData, given in every way there is; then it is looked for everywhere. */
let scene: Scene;
const markers: string[] = [];
const answers: Answer[] = [];
const mark = (): string => {
  const marker = `MARK${createHash('sha1').update(String(markers.length)).digest('hex').slice(0, 12)}`;
  markers.push(marker);
  return marker;
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

async function send(method: string, uri: string, body: object | string): Promise<Answer> {
  const answer = await scene.client.send(method, uri, typeof body === 'string' ? { xml: body } : { json: body });
  answers.push(answer);
  return answer;
}

/** Attributes of a type that are never shown, by the catalogue. */
const writeOnly = (type: string): string[] =>
  Object.entries(standardCatalogue().attributesOf(type)).flatMap(([name, { consumer }]) => (consumer.endsWith('write-only') ? [name] : []));
const hidden = (type: string): Record<string, string> => Object.fromEntries(writeOnly(type).map((name) => [name, mark()]));
const hiddenXml = (type: string): string =>
  Object.entries(hidden(type))
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('');

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
  const parts = { machineConfig: { href: NANO }, machineImage: { href: IMAGE } };
  const partsXml = `<machineConfig href="${NANO}"/><machineImage href="${IMAGE}"/>`;
  const credential = await send('POST', 'credentials', {
    name: 'c',
    credentialTemplate: { userName: 'u', key: KEY_BYTES, ...hidden('CredentialTemplate') },
  });
  const uri = String(credential.headers.get('location'));
  await send(
    'POST',
    'credentials',
    `<CredentialCreate xmlns="${CIMI}"><credentialTemplate><userName>u</userName>${hiddenXml('CredentialTemplate')}</credentialTemplate></CredentialCreate>`,
  );
  const plain = await send('POST', 'credentialTemplates', { userName: 'u', key: KEY_BYTES, ...hidden('CredentialTemplate') });
  await send('POST', 'credentialTemplates', `<CredentialTemplate xmlns="${CIMI}">${hiddenXml('CredentialTemplate')}</CredentialTemplate>`);
  await send('POST', 'credentials', { credentialTemplate: { href: plain.json.id, ...hidden('CredentialTemplate') } });
  await send('PUT', uri, { userName: 'v', key: KEY_BYTES, ...hidden('Credential') });
  await send('PUT', `${uri}?$select=password`, `<Credential xmlns="${CIMI}">${hiddenXml('Credential')}</Credential>`);
  const nested = await send('POST', 'machineTemplates', {
    ...parts,
    credential: { userName: 'n', key: KEY_BYTES, ...hidden('Credential') },
  });
  await send(
    'POST',
    'machineTemplates',
    `<MachineTemplate xmlns="${CIMI}">${partsXml}<credential href="${uri}">${hiddenXml('Credential')}</credential></MachineTemplate>`,
  );
  await send('PUT', `${String(nested.json.id)}?$select=credential`, {
    credential: { userName: 'n', key: KEY_BYTES, ...hidden('Credential') },
  });
  await send('POST', 'machines', machineCreate({ name: 'm' }, { credential: { key: KEY_BYTES, ...hidden('Credential') } }));
  await send('POST', 'machines', { machineTemplate: { href: nested.json.id, credential: { href: uri, ...hidden('Credential') } } });
  // userData is encrypted at rest and told to the provider, so it goes as base64 wherever it may be seen.
  await send('POST', 'machines', machineCreate({}, { userData: base64(mark()) }));
  await send(
    'POST',
    'machines',
    `<MachineCreate xmlns="${CIMI}"><machineTemplate>${partsXml}<userData>${base64(mark())}</userData></machineTemplate></MachineCreate>`,
  );
  // What is refused, fails or is sent wrongly is told about, too.
  await send('POST', 'credentials', { credentialTemplate: { password: { a: mark() } } });
  await send('POST', 'credentials', { credentialTemplate: { password: `${mark()}\u0001` } });
  await send('POST', 'credentials', { credentialTemplate: { password: [mark()], userName: 'u' } });
  await send('POST', 'credentials', { credentialTemplate: { key: mark() } });
  await send('POST', 'credentials', { credentialTemplate: { nonsense: mark() } });
  await send(
    'POST',
    'credentials',
    `<CredentialCreate xmlns="${CIMI}"><credentialTemplate><password>${mark()}<b/></password></credentialTemplate></CredentialCreate>`,
  );
  await send('PUT', `${uri}?$select=name`, { password: mark() });
  const secret = mark();
  scene.control.fail({ method: 'machines.create', kind: 'invalid', message: `bad user data ${secret} (${base64(secret)})` });
  await send('POST', 'machines', machineCreate({ name: 'told' }, { userData: base64(secret) }));
  scene.control.clearFailures();
  const key = { 'idempotency-key': 'with a secret'.replaceAll(' ', '-') };
  answers.push(await scene.client.post('credentials', { credentialTemplate: { userName: 'i', ...hidden('CredentialTemplate') } }, key));
});
afterAll(() => scene.close());

/** Every way in which a marker might be written. */
function seen(text: string): string[] {
  return markers.filter((marker) =>
    [marker, base64(marker), base64(marker).replace(/=+$/, ''), Buffer.from(marker).toString('hex')].some((form) => text.includes(form)),
  );
}

test('there is something to look for', async () => {
  expect(writeOnly('Credential')).toEqual(['password']);
  expect(markers.length).toBeGreaterThan(20);
  expect(answers.filter(({ status }) => status < 300).length).toBeGreaterThan(12);
  expect(
    scene.control
      .instances()
      .map(({ userData }) => userData)
      .filter((data) => data !== null),
  ).toHaveLength(2);
});

test('the answers to changes hold none of it', () => {
  for (const { text, headers } of answers) expect(seen(text + JSON.stringify([...headers]))).toEqual([]);
});

test('R5.4-17: nothing that can be read holds it, also expanded, selected, in XML, nor an ETag', async () => {
  const lists = [
    'credentials',
    'credentialTemplates',
    'machineTemplates',
    'machines',
    'machineConfigs',
    'machineImages',
    'jobs',
    'cloudEntryPoint',
  ];
  for (const list of lists) {
    for (const query of ['', '?$expand=*', '?$select=*', '?$select=password,userName,privateKey', '?$format=xml&$expand=*']) {
      const { text, headers } = await scene.client.get(list + query);
      expect(seen(text + JSON.stringify([...headers]))).toEqual([]);
      // The Jobs of what was refused may name the attribute.
      if (!['jobs', 'cloudEntryPoint'].includes(list)) expect(text).not.toMatch(/"password":|<password/);
    }
  }
  const { json } = await scene.client.get('jobs');
  for (const { id } of listOf(json, 'jobs')) expect(seen((await scene.client.get(String(id))).text)).toEqual([]);
});

test('userData may be read back where it is stored, and by its owner alone', async () => {
  const data = base64('#!/bin/sh');
  const { id } = await made(scene.client, 'machineTemplates', { userData: data });
  expect((await scene.client.get(String(id))).json.userData).toBe(data);
  await scene.client.delete(String(id));
});

test('a filter or an order is no way to guess it', async () => {
  for (const list of ['credentials', 'credentialTemplates', 'machineTemplates']) {
    const all = (await scene.client.get(list)).json.count;
    for (const marker of markers) {
      const { json } = await scene.client.get(`${list}?$filter=password='${marker}'`);
      expect([list, json.count]).toEqual([list, 0]);
    }
    expect((await scene.client.get(`${list}?$filter=password!='x'`)).json.count).not.toBe(all);
    const orders = await Promise.all(['asc', 'desc'].map(async (way) => (await scene.client.get(`${list}?$orderby=password:${way}`)).text));
    expect(orders[0]).toBe(orders[1]);
  }
});

test('an ETag is the same whatever the password', async () => {
  const tags = [];
  for (const password of ['one', 'two']) {
    const { id } = await made(scene.client, 'credentials', { credentialTemplate: { userName: 'same', password } });
    tags.push((await scene.client.get(`${String(id)}?$select=userName`)).headers.get('etag'));
  }
  expect(tags[0]).toBe(tags[1]);
});

test('the log holds none of it', () => {
  expect(seen(JSON.stringify(scene.gateway.logs()))).toEqual([]);
});

test('events hold none of it', async () => {
  const events = await scene.gateway.gateway.store.events({ tenant: 'default', limit: 10_000 });
  expect(events.length).toBeGreaterThan(10);
  expect(seen(JSON.stringify(events))).toEqual([]);
});

test('the files of the gateway hold none of it, looked at by another process', () => {
  // In another process: closing a handle in this one would drop the locks of the store that is open here.
  const look = `
    const { readdirSync, readFileSync, statSync } = require('node:fs'); const { join } = require('node:path');
    const [dir, ...needles] = process.argv.slice(1); const hits = []; let bytes = 0;
    for (const name of readdirSync(dir)) { const file = join(dir, name);
      if (!statSync(file).isFile()) continue; const data = readFileSync(file); bytes += data.length;
      for (const needle of needles) if (data.includes(needle)) hits.push(name + ': ' + needle); }
    console.log(JSON.stringify({ hits, bytes, control: readdirSync(dir).some((name) => name.endsWith('.db') || name.endsWith('-wal')) }));`;
  const forms = markers.flatMap((marker) => [marker, base64(marker), Buffer.from(marker).toString('hex')]);
  const { stdout } = spawnSync(process.execPath, ['-e', look, scene.gateway.dataDir, ...forms], { encoding: 'utf8' });
  const found = JSON.parse(stdout) as { hits: string[]; bytes: number; control: boolean };
  expect([found.hits, found.control, found.bytes > 10_000]).toEqual([[], true, true]);
  const control = spawnSync(process.execPath, ['-e', look, scene.gateway.dataDir, ACTION_URI], { encoding: 'utf8' });
  expect((JSON.parse(control.stdout) as { hits: string[] }).hits).not.toEqual([]);
});
