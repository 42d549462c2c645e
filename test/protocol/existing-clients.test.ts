import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { IMAGE, KEY_BYTES, listOf, machineCreate, made, NANO, openScene, pathOf, succeeded, type Scene } from './scene';

/** Points that clients in the field rely on, beside what the standard says. */
let scene: Scene;
let machine: string;
const hrefsIn = (text: string, name: string) => [...text.matchAll(new RegExp(`<${name}[^>]* href="([^"]+)"`, 'g'))].map(([, href]) => href);

beforeAll(async () => {
  scene = await openScene({
    config: { compatibility: { credentialsGroup: 'plural' }, jobs: { graceMs: 10_000 } },
  });
  machine = pathOf(scene.client, (await made(scene.client, 'machines', machineCreate({ name: 'one' }))).id);
});
afterAll(() => scene.close());

describe('$expand (4.1.6.4)', () => {
  it('shows a Collection with its operations: clients look for add there', async () => {
    const { json } = await scene.client.get(`${machine}?$expand=volumes,disks`);
    for (const [name, item] of [
      ['volumes', 'MachineVolume'],
      ['disks', 'Disk'],
    ] as const) {
      const alone = (await scene.client.get(`${machine}/${name}`)).json;
      expect((json[name] as Json | undefined)?.operations).toEqual(alone.operations);
      expect(JSON.stringify(alone.operations)).toContain('"add"');
      const { text } = await scene.client.get(`${machine}?$expand=${name}`, { accept: 'application/xml' });
      const [, inner] = new RegExp(`<${name} [^>]*>(.*)</${name}>`).exec(text) ?? [];
      expect([item, inner?.replace(/<(Disk|MachineVolume)>.*<\/\1>/, '')]).toEqual([
        item,
        expect.stringContaining(`<operation rel="add" href="${scene.client.base}${machine}/${name}"/>`),
      ]);
    }
    const entry = (await scene.client.get('cloudEntryPoint?$expand=machines')).json;
    expect((entry.machines as Json | undefined)?.operations).toEqual((await scene.client.get('machines')).json.operations);
    const list = (await scene.client.get('machines?$expand=disks')).json;
    expect(list.operations).toEqual((await scene.client.get('machines')).json.operations);
  });

  it('goes along a path, through collections: the addresses of Machines in one request, in both formats', async () => {
    const path = '$expand=networkInterfaces/addresses/address';
    const [address] = listOf((await scene.client.get('addresses')).json, 'addresses');
    const { json } = await scene.client.get(`${machine}?${path}`);
    const [plug] = listOf(json.networkInterfaces ?? {}, 'machineNetworkInterfaces');
    const [entry] = listOf(plug?.addresses ?? {}, 'machineNetworkInterfaceAddresses');
    expect({ resourceURI: `${CIMI}/Address`, ...(entry?.address as object | undefined) }).toEqual({ href: address?.id, ...address });
    // What is on no path stays a reference.
    expect([Object.keys(plug?.network ?? {}), Object.keys(json.disks ?? {})]).toEqual([['href'], ['href']]);
    const { networkInterfaces: alone } = (await scene.client.get(`${machine}?$expand=networkInterfaces`)).json;
    expect(Object.keys(listOf(alone ?? {}, 'machineNetworkInterfaces')[0]?.addresses ?? {})).toEqual(['href']);
    const [listed] = listOf((await scene.client.get(`machines?${path}`)).json, 'machines');
    expect({ resourceURI: json.resourceURI, ...listed }).toEqual(json);
    const { text } = await scene.client.get(`${machine}?${path}`, { accept: 'application/xml' });
    expect(text).toMatch(/<networkInterfaces href=[^]*<addresses href=[^]*<address href=[^]*<ip>[0-9.]+<\/ip>[^]*<\/networkInterfaces>/);
    const { status, json: job } = await scene.client.get(`${machine}?$expand=a/b/c/d/e`);
    expect([status, job.statusMessage]).toEqual([400, expect.stringMatching(/\$expand: .*more than 4 names/)]);
  });

  it('works on references that may lead to anything: what they show says what it is', async () => {
    const answer = await scene.client.put(`${machine}?$select=description`, { description: 'changed' });
    const job = (await succeeded(scene.client, answer)).id;
    const plain = (await scene.client.get(machine)).json;
    const { json } = await scene.client.get(`${String(job)}?$expand=targetResource,affectedResources`);
    expect(json.targetResource).toEqual({ href: plain.id, ...plain });
    expect(listOf(json, 'affectedResources')).toEqual([{ href: plain.id, ...plain }]);
    const { text } = await scene.client.get(`${String(job)}?$expand=*`, { accept: 'application/xml' });
    expect(text).toContain(`<targetResource href="${String(plain.id)}" resourceURI="${CIMI}/Machine"><id>`);
    expect(text).toContain('<description>changed</description>');
  });

  it('and to a Collection, which a create is done on (5.17.1)', async () => {
    const answer = await scene.client.post('machineTemplates', { machineConfig: { href: NANO }, machineImage: { href: IMAGE } });
    const job = String((await succeeded(scene.client, answer)).id);
    const list = (await scene.client.get('machineTemplates')).json;
    const { json } = await scene.client.get(`${job}?$expand=targetResource`);
    expect(json.targetResource).toEqual({ href: `${scene.client.base}machineTemplates`, ...list });
    const { text } = await scene.client.get(`${job}?$expand=targetResource`, { accept: 'application/xml' });
    expect(text).toContain(`resourceURI="${CIMI}/MachineTemplateCollection"><id>`);
    expect(text).toContain('<count>1</count><MachineTemplate>');
  });

  it('leaves what is not there a bare reference', async () => {
    const template = await made(scene.client, 'credentialTemplates', { userName: 'u' });
    const deletion = await succeeded(scene.client, await scene.client.delete(String(template.id)));
    const { json } = await scene.client.get(`${String(deletion.id)}?$expand=*`);
    expect(json.targetResource).toEqual({ href: template.id });
  });
});

describe('$select=id of a Collection (4.1.6.3)', () => {
  it.each(["$filter=name='one'", '$first=1', '$last=3', '$orderby=name:desc', '$first=1&$last=1&$orderby=name'])(
    'shows the ids of the items with %s',
    async (query) => {
      const { json } = await scene.client.get(`machines?$select=id&${query}`);
      const ids = listOf(json, 'machines').map((item) => Object.keys(item));
      expect(ids.length).toBeGreaterThan(0);
      for (const names of ids) expect(names).toEqual(['resourceURI', 'id']);
      expect(pathOf(scene.client, json.id)).toBe('machines');
    },
  );

  it('alone speaks of the Collection, and an empty list of nothing', async () => {
    expect(Object.keys((await scene.client.get('machines?$select=id')).json)).toEqual(['resourceURI', 'id']);
    expect(Object.keys((await scene.client.get('machines?$select=')).json)).toEqual(['resourceURI']);
    expect(Object.keys((await scene.client.get(`${machine}?$select=`)).json)).toEqual(['resourceURI']);
    const { text } = await scene.client.get(`${machine}?$select=`, { accept: 'application/xml' });
    expect(text).toMatch(/<Machine xmlns="[^"]+"\/>$/);
  });
});

describe('compatibility.credentialsGroup: plural (5.14.10, D002)', () => {
  it('lists credentials as existing clients read them: alone, chosen, selected, expanded, and in the description', async () => {
    const { id } = await made(scene.client, 'credentials', { name: 'mine', credentialTemplate: { key: KEY_BYTES } });
    for (const uri of ['credentials', "credentials?$filter=name='mine'", 'credentials?$first=1', 'credentials?$select=credentials/id']) {
      const { json } = await scene.client.get(uri);
      expect([uri, json.credential, listOf(json, 'credentials').map((each) => each.id)]).toEqual([uri, undefined, [id]]);
    }
    // The published name is understood, too.
    const { json } = await scene.client.get('credentials?$select=credential/name');
    expect(listOf(json, 'credentials').map(({ name }) => name)).toEqual(['mine']);
    const entry = (await scene.client.get('cloudEntryPoint?$expand=credentials')).json;
    expect(listOf(entry.credentials as unknown as Json, 'credentials')).toHaveLength(1);
    const { text } = await scene.client.get('credentials', { accept: 'application/xml' });
    expect(text).toContain('<Credential><id>');
    expect(hrefsIn(text, 'operation')).toContain(id);
    const description = (await (await fetch(new URL('/openapi.json', scene.client.base))).json()) as Json;
    expect(
      JSON.stringify(
        (description as unknown as { components: { schemas: Record<string, unknown> } }).components.schemas.CredentialCollection,
      ),
    ).toContain('"credentials":{"type":"array"');
  });
});

describe('the demo', () => {
  it.each(['', '$orderby=name', '$orderby=name:desc', '$orderby=id:desc'])('takes the first of each, in the order %p', async (query) => {
    const [config, image] = await Promise.all([
      scene.client.get(`machineConfigs?${query}`).then(({ json }) => listOf(json, 'machineConfigurations')[0]),
      scene.client.get(`machineImages?${query}`).then(({ json }) => listOf(json, 'machineImages')[0]),
    ]);
    const template = { machineConfig: { href: config?.id }, machineImage: { href: image?.id } };
    await succeeded(scene.client, await scene.client.post('machines', { machineTemplate: template }));
  });
});
