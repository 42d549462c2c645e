import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { KEY_BYTES, Steps } from './steps';
import { offers, refOf, windows, xmlText, type World } from './world';

/** The CIMI namespace as XML carries it. */
const NS = `xmlns="${CIMI}"`;

/**
 * The user's whole journey over HTTP, the same on every cloud: whoever starts it says only which configuration and image
 * go together, and how to look at the provider past the gateway.
 */
export function mainJob(world: () => World): void {
  const steps = new Steps(world);

  test('the Cloud Entry Point leads to what the cloud has, all pages of it', async () => {
    const entry = await steps.client.get('cloudEntryPoint');
    expect(entry.json).toMatchObject({ resourceURI: `${CIMI}/CloudEntryPoint`, baseURI: steps.client.base });
    expect(xmlText(await steps.xml('cloudEntryPoint'), 'baseURI')).toBe(steps.client.base);
    for (const [attribute, items] of [
      ['machineConfigs', 'machineConfigurations'],
      ['machineImages', 'machineImages'],
    ] as const) {
      const uri = refOf(entry.json, attribute);
      const whole = (await steps.client.get(uri)).json;
      const pages = await windows(steps.client, uri, items, 5);
      expect(pages.map(({ id }) => id)).toEqual((whole[items] as unknown as Json[]).map(({ id }) => id));
      expect(new Set(pages.map(({ id }) => id)).size).toBe(whole.count);
      const one = String(pages.at(-1)?.id);
      expect((await steps.client.get(one)).json).toEqual(pages.at(-1));
      expect(xmlText(await steps.xml(one), 'id')).toBe(one);
      await steps.xml(`${uri}?$last=3`);
    }
  });

  test('a credential is imported or made; a secret half is answered once; deleting it leaves nothing behind', async () => {
    const imported = await steps.done('POST', 'credentials', {
      json: { resourceURI: `${CIMI}/CredentialCreate`, name: 'mine', credentialTemplate: { key: KEY_BYTES } },
    });
    const made = await steps.done('POST', 'credentials', {
      xml: `<CredentialCreate ${NS}><name>made</name><credentialTemplate/></CredentialCreate>`,
    });
    expect(imported.answer.json.privateKey).toBeUndefined();
    const once = made.answer.text;
    expect(once).toContain('PRIVATE KEY');
    const again = await steps.client.get(made.location);
    expect(again.json).toMatchObject({ name: 'made' });
    expect(again.text).not.toContain('PRIVATE KEY');
    expect(Buffer.from(String(again.json.key ?? ''), 'hex').toString()).not.toContain('PRIVATE');
    const machine = await steps.machine({
      name: 'with key',
      machineTemplate: { ...(await steps.parts()), credential: { href: made.location } },
    });
    expect(await world().instances()).toHaveLength(1);
    await steps.remove(machine);
    for (const uri of [imported.location, made.location]) await steps.remove({ id: uri } as unknown as Json);
    expect(await world().leftovers()).toEqual([]);
  });

  test('a machine from a template given by value, in JSON and in XML', async () => {
    const { machineConfig, machineImage } = await steps.parts();
    const figures = (await steps.client.get(machineConfig.href)).json;
    const asked = { cpu: Number(figures.cpu), memory: Number(figures.memory) };
    const json = await steps.machine({ name: 'by value', machineTemplate: { machineConfig: asked, machineImage } });
    expect(Number(json.cpu)).toBeGreaterThanOrEqual(asked.cpu);
    expect(Number(json.memory)).toBeGreaterThanOrEqual(asked.memory);
    const xml = `<MachineCreate ${NS}><name>by value &amp; in XML</name><property key="a">1 &lt; 2</property><machineTemplate>
      <machineConfig><cpu>${asked.cpu}</cpu><memory>${asked.memory}</memory></machineConfig>
      <machineImage href="${machineImage.href}"/></machineTemplate></MachineCreate>`;
    const { location } = await steps.done('POST', 'machines', { xml, headers: { accept: 'application/xml' } });
    const second = (await steps.client.get(location)).json;
    expect(second).toMatchObject({ name: 'by value & in XML', properties: { a: '1 < 2' }, cpu: json.cpu, memory: json.memory });
    expect(await world().instances()).toHaveLength(2);
    for (const machine of [json, second]) await steps.remove(machine);
    expect(await world().leftovers()).toEqual([]);
  });

  test('a machine from a template by reference, with overrides and an erased attribute', async () => {
    const { machineConfig, machineImage } = await steps.parts();
    const key = await steps.done('POST', 'credentials', {
      json: { resourceURI: `${CIMI}/CredentialCreate`, name: 'mine', credentialTemplate: { key: KEY_BYTES } },
    });
    const template = { name: 'small', initialState: 'STOPPED', machineConfig, machineImage, credential: { href: key.location } };
    const made = await steps.done('POST', 'machineTemplates', { json: { resourceURI: `${CIMI}/MachineTemplate`, ...template } });
    const href = made.location;
    expect(await steps.xml(href)).toContain(`<machineImage href="${machineImage.href}"/>`);
    const plain = await steps.machine({ name: 'as the template says', machineTemplate: { href } });
    expect(plain).toMatchObject({ name: 'as the template says', state: 'STOPPED' });
    expect(await world().leftovers()).toHaveLength(world().keepsKeys === false ? 1 : 2);
    const overridden = await steps.machine({ machineTemplate: { href, initialState: 'STARTED', credential: null } });
    expect(overridden.state).toBe('STARTED');
    expect(overridden.name).not.toBe('small');
    const xml = `<MachineCreate ${NS}><name>erased in XML</name>
      <machineTemplate href="${href}"><initialState/><credential/></machineTemplate></MachineCreate>`;
    const { location } = await steps.done('POST', 'machines', { xml });
    // Erased: the cloud's own default holds again.
    const metadata = (await steps.client.get('resourceMetadata/Machine')).json;
    const erased = (await steps.client.get(location)).json;
    expect(['STARTED', 'STOPPED']).toContain(erased.state);
    expect(JSON.stringify(metadata)).toContain(String(erased.state));
    for (const machine of [plain, overridden, erased]) await steps.remove(machine);
    for (const uri of [href, key.location]) await steps.remove({ id: uri } as unknown as Json);
    expect(await world().leftovers()).toEqual([]);
  });

  lifeOf(world, steps);
}

function lifeOf(world: () => World, steps: Steps): void {
  test('a machine lives its whole life: stop, start, restart, names, sizes, snapshot, capture, restore, delete', async () => {
    const template = { ...(await steps.parts()), initialState: 'STARTED' };
    let machine = await steps.machine({ name: 'life', description: 'first', properties: { a: '1' }, machineTemplate: template });
    expect(machine).toMatchObject({ resourceURI: `${CIMI}/Machine`, state: 'STARTED', name: 'life', description: 'first' });
    expect(offers(machine)).toEqual(expect.arrayContaining(['delete', 'edit', 'restart', 'snapshot', 'stop']));
    expect(offers(machine)).not.toContain('start');
    const xml = await steps.xml(String(machine.id));
    expect(xmlText(xml, 'state')).toBe('STARTED');
    expect(xmlText(xml, 'memory')).toBe(String(machine.memory));

    machine = await steps.act(machine, 'stop');
    expect(machine.state).toBe('STOPPED');
    expect((await steps.act(machine, 'start')).state).toBe('STARTED');
    expect((await steps.act(machine, 'restart')).state).toBe('STARTED');
    await renamed(steps, machine);
    machine = await steps.act(machine, 'stop');
    await resized(steps, machine);
    await imaged(steps, machine, world().restoresImages !== false);

    expect(await world().instances()).toHaveLength(1);
    await steps.remove(machine);
    expect(await world().leftovers()).toEqual([]);
    const { json } = await steps.client.get('machines');
    expect(json.count).toBe(0);
  });
}

/** Full and partial PUT of the common attributes. */
async function renamed(steps: Steps, machine: Json): Promise<void> {
  const uri = String(machine.id);
  const now = (await steps.client.get(uri)).json;
  const full = { ...now, name: 'renamed “é”', properties: { b: '2', 'a b': '3' }, description: undefined };
  await steps.done('PUT', uri, { json: full });
  const after = (await steps.client.get(uri)).json;
  expect(after).toMatchObject({ id: uri, name: 'renamed “é”', properties: { b: '2', 'a b': '3' }, state: 'STARTED' });
  expect(after.description).toBeUndefined();
  await steps.done('PUT', `${uri}?$select=description`, { json: { resourceURI: `${CIMI}/Machine`, description: 'second' } });
  await steps.done('PUT', `${uri}?$select=name`, { xml: `<Machine ${NS}><name>by XML</name></Machine>` });
  expect((await steps.client.get(uri)).json).toMatchObject({ name: 'by XML', description: 'second', properties: { b: '2', 'a b': '3' } });
  const list = (await steps.client.get(`machines?$filter=name='by XML'&$select=name,state`)).json;
  expect(list.machines).toEqual([expect.objectContaining({ name: 'by XML', state: 'STARTED' })]);
}

/** More memory for a machine that is STOPPED; refused with words while it is not. */
async function resized(steps: Steps, machine: Json): Promise<void> {
  const uri = String(machine.id);
  const memory = 2 * Number(machine.memory);
  await steps.done('PUT', `${uri}?$select=memory`, { json: { resourceURI: `${CIMI}/Machine`, memory } });
  const after = (await steps.client.get(uri)).json;
  expect(Number(after.memory)).toBeGreaterThanOrEqual(memory);
  expect(after).toMatchObject({ state: 'STOPPED', name: machine.name });
  // What is reported is no change.
  const same = await steps.done('PUT', uri, { json: after });
  expect(same.answer.status).toBe(200);
  await steps.act(machine, 'start');
  const refused = await steps.client.put(`${uri}?$select=memory`, { resourceURI: `${CIMI}/Machine`, memory: 2 * memory });
  expect(refused.status).toBe(409);
  expect(refused.json.statusMessage).toMatch(/STOPPED/);
  expect(refused.json.state).toBe('FAILED');
}

/** Snapshot, capture, restore from both, and the deletes. The machine is STARTED before and after. */
async function imaged(steps: Steps, machine: Json, restoresImages: boolean): Promise<void> {
  const snapshot = await taken(steps, machine, 'snapshot', { name: 'as it ran' });
  expect(snapshot).toMatchObject({ type: 'SNAPSHOT', state: 'AVAILABLE', name: 'as it ran' });
  const uri = String(machine.id);
  const seen = (await steps.client.get(uri)).json;
  expect(seen.latestSnapshot).toEqual({ href: snapshot.id });
  const nested = (await steps.client.get(`${refOf(seen, 'snapshots')}?$expand=snapshot`)).json;
  expect(nested).toMatchObject({ count: 1, machineSnapshots: [{ snapshot: { href: snapshot.id, name: 'as it ran' } }] });
  await steps.xml(uri);

  await steps.act(machine, 'stop');
  const image = await taken(steps, machine, 'capture', { name: 'golden' });
  expect(image).toMatchObject({ type: 'IMAGE', state: 'AVAILABLE', name: 'golden' });
  expect(xmlText(await steps.xml(String(image.id)), 'type')).toBe('IMAGE');
  const clone = await steps.machine({
    machineTemplate: { ...(await steps.parts()), machineImage: { href: String(image.id) }, initialState: 'STARTED' },
  });
  expect(clone.state).toBe('STARTED');
  await steps.remove(clone);

  await steps.act(machine, 'start');
  expect((await steps.act(machine, 'restore', { image: snapshot.id })).state).toBe('STARTED');
  if (restoresImages) {
    // An IMAGE holds no state: the machine is STOPPED afterwards (D082).
    expect((await steps.act(machine, 'restore', { image: { href: image.id } })).state).toBe('STOPPED');
    expect((await steps.act(machine, 'start')).state).toBe('STARTED');
  } else {
    await expect(steps.act(machine, 'restore', { image: { href: image.id } })).rejects.toThrow(/SNAPSHOT/);
  }
  await steps.remove(snapshot);
  expect((await steps.client.get(uri)).json.latestSnapshot).toBeUndefined();
  await steps.remove(image);
}

/** Follows the machine's link to make an image of it. */
async function taken(steps: Steps, machine: Json, link: 'snapshot' | 'capture', more: object): Promise<Json> {
  const now = (await steps.client.get(String(machine.id))).json;
  const offered = (now.operations ?? []) as unknown as { rel: string; href: string }[];
  const href = offered.find(({ rel }) => rel.endsWith(`/${link}`))?.href ?? '';
  const json = { resourceURI: `${CIMI}/MachineImage`, imageLocation: now.id, ...more };
  const { location } = await steps.done('POST', href, { json });
  return (await steps.client.get(location)).json;
}
