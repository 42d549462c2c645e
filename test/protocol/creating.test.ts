import { CIMI, EXTENSION } from '../../src/model/define';
import type { Json } from '../harness/client';
import {
  expectFault,
  IMAGE,
  KEY_BYTES,
  listOf,
  machineCreate,
  made,
  NANO,
  openScene,
  pathOf,
  PUBLIC_KEY,
  SMALL,
  succeeded,
  type Scene,
} from './scene';

let scene: Scene;
const post = (body: unknown, headers: Record<string, string> = {}) => scene.client.post('machines', body, headers);
const get = async (uri: unknown) => (await scene.client.get(String(uri))).json;
const instance = (name: string) => scene.control.instances().find(({ label }) => label === name);
const xmlCreate = (name: string, template: string) =>
  `<MachineCreate xmlns="${CIMI}"><name>${name}</name><property key="made">by xml</property>${template}</MachineCreate>`;

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
});
afterAll(() => scene.close());

/** Creates, waits, and answers the machine. */
async function created(body: object): Promise<Json> {
  return made(scene.client, 'machines', body);
}

async function template(values: object): Promise<string> {
  const answer = await scene.client.post('machineTemplates', values);
  expect(answer.status).toBe(201);
  return answer.headers.get('location') ?? '';
}

describe('the answer', () => {
  test('R4.2.1.1-27 R4.2.1.1-28 R4.2.1.6-02 R4.2.1.6-03 R4.2.1.6-04: within the grace 201 with Location and the machine', async () => {
    const answer = await post(machineCreate({ name: 'sync' }));
    expect(answer.status).toBe(201);
    const location = answer.headers.get('location') ?? '';
    expect(location).toMatch(new RegExp(`^${scene.client.base}machines/[0-9a-z]{26}$`));
    expect(answer.json).toEqual(await get(location));
    expect(answer.json).toMatchObject({ resourceURI: `${CIMI}/Machine`, id: location, name: 'sync', state: 'STARTED', cloud: 'sim' });
    expect(Number(answer.headers.get('content-length'))).toBe(Buffer.byteLength(answer.text));
    const job = await get(answer.headers.get('cimi-job-uri'));
    expect(job).toMatchObject({ state: 'SUCCESS', action: `${CIMI}/action/add`, progress: 100, returnCode: 0 });
    expect(job.targetResource).toEqual({ href: `${scene.client.base}machines` });
    expect(job.affectedResources).toEqual(expect.arrayContaining([{ href: `${scene.client.base}machines` }, { href: location }]));
  });

  test('R4.2.1.1-04: in the format that is accepted', async () => {
    const answer = await post(machineCreate({ name: 'as xml' }), { accept: 'application/xml' });
    expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([201, 'application/xml']);
    expect(answer.text).toContain('<name>as xml</name>');
  });
});

describe('R4.2.1.1-07: by value', () => {
  test('R5.14.2.1-06 R5.14.2.1-08: initialState is reached; name, description and properties are the machine’s own', async () => {
    const machine = await created(machineCreate({ name: 'cold', description: 'd', properties: { a: '1' } }, { initialState: 'STOPPED' }));
    expect(machine).toMatchObject({ name: 'cold', description: 'd', properties: { a: '1' }, state: 'STOPPED', cpu: 1, memory: 512 * 1024 });
    expect(instance('cold')).toMatchObject({ phase: 'stopped', shape: 's1.nano', source: 'img-debian-12', note: 'd', labels: { a: '1' } });
  });

  test('R4.2.1.1-14 R4.2.1.1-15: the template is not seen afterwards', async () => {
    expect((await get('machineTemplates')).count).toBe(0);
  });

  test('a configuration by value takes the nearest that has no less, and what was got is reported', async () => {
    const machine = await created(machineCreate({ name: 'fit' }, { machineConfig: { cpu: 2, memory: 3_000_000 } }));
    expect([machine.cpu, machine.memory, instance('fit')?.shape]).toEqual([2, 4096 * 1024, 's1.medium']);
    const before = scene.control.instances().length;
    const refused = await post(machineCreate({}, { machineConfig: { cpu: 64, memory: 1024 } }));
    expectFault(refused, 400, /cpu 64.*nearest are machineConfigs\/sim\./);
    expect(scene.control.instances()).toHaveLength(before);
  });

  test('a stored configuration by reference takes the nearest that has no less, with overrides too', async () => {
    const config = await made(scene.client, 'machineConfigs', { name: 'mine', cpu: 1, memory: 1_500_000 });
    await created(machineCreate({ name: 'by stored' }, { machineConfig: { href: config.id } }));
    expect(instance('by stored')?.shape).toBe('s1.small');
    await created(machineCreate({ name: 'overridden' }, { machineConfig: { href: config.id, cpu: 4, memory: 5_000_000 } }));
    expect(instance('overridden')?.shape).toBe('c1.large');
    expect(await get(config.id)).toMatchObject({ cpu: 1, memory: 1_500_000 });
  });

  test('R4.2.1.1-26: a credential by value is brought along and goes with the machine', async () => {
    const machine = await created(machineCreate({ name: 'keyed' }, { credential: { key: KEY_BYTES } }));
    const key = instance('keyed')?.keyPair ?? '';
    expect(scene.control.keyPairs()).toContain(key);
    expect((await get('credentials')).count).toBe(0);
    await succeeded(scene.client, await scene.client.delete(String(machine.id)));
    expect(scene.control.keyPairs()).not.toContain(key);
  });

  test('in XML, with userData', async () => {
    const userData = Buffer.from('#!/bin/sh\necho hi').toString('base64');
    const parts = `<machineConfig href="${scene.client.base}${SMALL}"/><machineImage href="${IMAGE}"/><userData>${userData}</userData>`;
    const answer = await scene.client.send('POST', 'machines', {
      xml: xmlCreate('from xml', `<machineTemplate>${parts}</machineTemplate>`),
    });
    await succeeded(scene.client, answer);
    expect(await get(answer.headers.get('location'))).toMatchObject({
      name: 'from xml',
      properties: { made: 'by xml' },
      memory: 2048 * 1024,
    });
    expect(instance('from xml')?.userData).toBe(userData);
  });
});

describe('R4.2.1.1-17 R4.2.1.1-20: by reference', () => {
  const base = { name: 'the template', description: 'its own', properties: { of: 'template' }, initialState: 'STOPPED' };
  const whole = { ...base, machineConfig: { href: NANO }, machineImage: { href: IMAGE }, userData: Buffer.from('x').toString('base64') };

  test('R4.2.1.1-24: common attributes of the template are its own', async () => {
    const href = await template(whole);
    const machine = await created({ name: 'plain', machineTemplate: { href } });
    expect(machine).toMatchObject({ name: 'plain', state: 'STOPPED' });
    expect([machine.description, machine.properties]).toEqual([undefined, undefined]);
    expect(instance('plain')?.userData).toBe(whole.userData);
    const nameless = await created({ machineTemplate: { href } });
    expect(nameless.name).toBeUndefined();
  });

  test('R4.2.1.1-19 R4.2.1.1-21 R4.2.1.1-25: overrides count for this one only', async () => {
    const href = await template(whole);
    const before = await get(href);
    const overrides = { machineConfig: { href: SMALL }, initialState: 'STARTED', credential: { key: KEY_BYTES } };
    const machine = await created({ name: 'over', machineTemplate: { href, ...overrides } });
    expect(machine).toMatchObject({ state: 'STARTED', memory: 2048 * 1024 });
    expect(instance('over')?.keyPair).not.toBeNull();
    expect(await get(href)).toEqual(before);
    expect(await created({ machineTemplate: { href } })).toMatchObject({ state: 'STOPPED', memory: 512 * 1024 });
  });

  test('R4.2.1.1-23: null in JSON and an empty element in XML erase', async () => {
    const href = await template(whole);
    expect(await created({ name: 'erased', machineTemplate: { href, initialState: null, userData: null } })).toMatchObject({
      state: 'STARTED',
    });
    expect(instance('erased')?.userData).toBeNull();
    const xml = xmlCreate('erased in xml', `<machineTemplate href="${href}"><initialState/><userData></userData></machineTemplate>`);
    const answer = await scene.client.send('POST', 'machines', { xml });
    await succeeded(scene.client, answer);
    expect(await get(answer.headers.get('location'))).toMatchObject({ state: 'STARTED' });
    expect(instance('erased in xml')?.userData).toBeNull();
    expectFault(
      await post({ machineTemplate: { href, machineImage: null } }),
      400,
      /machineImage: a reference to a MachineImage is needed/,
    );
  });

  test('a credential of one’s own is brought to the provider once and taken away with the credential', async () => {
    const credential = await made(scene.client, 'credentials', { name: 'mine', credentialTemplate: { key: KEY_BYTES, userName: 'me' } });
    const href = await template({ ...whole, credential: { href: credential.id } });
    const [one, two] = [await created({ name: 'c1', machineTemplate: { href } }), await created({ name: 'c2', machineTemplate: { href } })];
    const keys = ['c1', 'c2'].map((name) => instance(name)?.keyPair);
    expect([keys[0] === keys[1], typeof keys[0]]).toEqual([true, 'string']);
    for (const machine of [one, two]) await succeeded(scene.client, await scene.client.delete(String(machine.id)));
    expect(scene.control.keyPairs()).toContain(keys[0]);
    await succeeded(scene.client, await scene.client.delete(String(credential.id)));
    expect(scene.control.keyPairs()).not.toContain(keys[0]);
  });
});

describe('credentials', () => {
  test('a generated pair: its private half is in that one answer and never again', async () => {
    const answer = await scene.client.post('credentials', { name: 'generated', credentialTemplate: {} }, { 'idempotency-key': 'pair' });
    expect(answer.status).toBe(201);
    expect(String(answer.json.privateKey)).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
    expect(Buffer.from(String(answer.json.key), 'hex').toString()).toMatch(/^ssh-ed25519 /);
    const uri = answer.headers.get('location') ?? '';
    const again = await scene.client.post('credentials', { name: 'generated', credentialTemplate: {} }, { 'idempotency-key': 'pair' });
    expect([again.status, again.json.id, again.json.privateKey]).toEqual([201, uri, undefined]);
    for (const later of [
      uri,
      `${uri}?$select=privateKey`,
      `${uri}?$format=xml`,
      'credentials',
      String(answer.headers.get('cimi-job-uri')),
    ]) {
      const { text } = await scene.client.get(later);
      expect(text).not.toContain('PRIVATE KEY');
    }
    await created(machineCreate({ name: 'with pair' }, { credential: { href: uri } }));
    expect(instance('with pair')?.keyPair).not.toBeNull();
  });

  test('RSA is made where a template asks for it, and no other type', async () => {
    const template = String((await made(scene.client, 'credentialTemplates', { keyType: 'rsa' })).id);
    const answer = await scene.client.post('credentials', { credentialTemplate: { href: template } });
    expect([answer.status, String(answer.json.privateKey).split('\n')[0]]).toEqual([201, '-----BEGIN RSA PRIVATE KEY-----']);
    expect(Buffer.from(String(answer.json.key), 'hex').toString()).toMatch(/^ssh-rsa /);
    expectFault(await scene.client.post('credentials', { credentialTemplate: { keyType: 'dsa' } }), 400, /'dsa' is none of ed25519, rsa/);
  });

  test('5.2: publicKey is the key as an OpenSSH line, in both formats, by value, in templates, filters and changes', async () => {
    const line = PUBLIC_KEY.replace('test@', 'line@');
    const template = await made(scene.client, 'credentialTemplates', { publicKey: `${PUBLIC_KEY}\n`, userName: 'me' });
    expect([template.key, template.publicKey]).toEqual([KEY_BYTES, PUBLIC_KEY]);
    const credential = await made(scene.client, 'credentials', { credentialTemplate: { href: template.id, publicKey: line } });
    expect([credential.userName, credential.publicKey, Buffer.from(String(credential.key), 'hex').toString()]).toEqual(['me', line, line]);
    const uri = String(credential.id);
    expect((await scene.client.get(`${uri}?$format=xml`)).text).toContain(`<publicKey xmlns="${EXTENSION}">${line}</publicKey>`);
    expect(listOf((await scene.client.get(`credentials?$filter=publicKey='${encodeURIComponent(line)}'`)).json, 'credential')).toHaveLength(
      1,
    );
    await succeeded(scene.client, await scene.client.put(`${uri}?$select=publicKey`, { publicKey: PUBLIC_KEY }));
    expect(await get(uri)).toMatchObject({ key: KEY_BYTES, publicKey: PUBLIC_KEY, userName: 'me' });
    expectFault(await scene.client.put(`${uri}?$select=publicKey`, { publicKey: 'mine' }), 400, /publicKey: an OpenSSH public key line/);
    const both = { key: KEY_BYTES, publicKey: line };
    expectFault(await scene.client.post('credentials', { credentialTemplate: both }), 400, /credentialTemplate\.publicKey: is another key/);
    await created(machineCreate({ name: 'by line' }, { credential: { href: uri, publicKey: line } }));
    await created(machineCreate({ name: 'by line alone' }, { credential: { publicKey: line } }));
    const keys = scene.control.things('keyPair');
    for (const name of ['by line', 'by line alone']) expect(keys.find(({ id }) => id === instance(name)?.keyPair)?.publicKey).toBe(line);
    expectFault(
      await scene.client.post('machines', machineCreate({}, { credential: { publicKey: 'mine' } })),
      400,
      /machineTemplate\.credential\.publicKey/,
    );
  });

  test('R5.4-17: a given key stays as it is; a password is taken and never shown', async () => {
    const answer = await scene.client.post('credentials', { credentialTemplate: { userName: 'u', password: 'p', key: KEY_BYTES } });
    expect([answer.json.userName, answer.json.password, answer.json.privateKey]).toEqual(['u', undefined, undefined]);
    expect(Buffer.from(String(answer.json.key), 'hex').toString()).toBe(PUBLIC_KEY);
    expect(pathOf(scene.client, answer.headers.get('location'))).toMatch(/^credentials\//);
  });
});
