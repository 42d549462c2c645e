import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/disks/content-digest';
import { CIMI } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import type { Origin } from '../fetch/origin';
import { ACTION_URI, expectFault, listOf, made, openScene, rels, succeeded, type Scene } from '../protocol/scene';
import { collection, diskOf, envelope, product, property, serving, rawOf, systemOf, vmdkOf } from './parcel';

/** Import of packages as SystemTemplates (DSP0263 4.3, 5.13.4.1, Annex A), black box; packages come from a server of this test's own. */
const MIB = 2 ** 20;
const BOOT = diskOf(4 * MIB, 'boot');
const DATA = diskOf(8 * MIB, 'data');
const disks = { d1: { file: 'boot disk.vmdk', size: 4 * MIB }, d2: { file: 'data.vmdk', size: 8 * MIB }, d3: { size: 16 * MIB } };
const WEB = { id: 'web', cpus: 1, mebibytes: 512, disks: ['d1'], networks: ['front', 'back'] };
const DB = { id: 'db', cpus: 2, mebibytes: 2048, disks: ['d1', 'd2', 'd3'], networks: ['back'] };
/** Properties as Ubuntu's images of clouds have them, and others. */
const KEY = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString('base64')} ann@example.org`;
const DATA_OF_USER = Buffer.from('#cloud-config\n').toString('base64');
const GUEST =
  product(
    '',
    ...[property('hostname', 'shop-web'), property('public-keys', KEY), property('user-data', DATA_OF_USER)],
    ...[property('password', ''), property('instance-id', 'id-ovf'), property('seedfrom', '')],
  ) +
  product(
    'com.example',
    property('port', '80').replace('string', 'uint16'),
    property('pin', 'hidden-1', 'ovf:password="true"'),
    property('licence', '', 'ovf:qualifiers="MinLen(4)"'),
    property('fixed', '1').replace('userConfigurable="true"', 'userConfigurable="false"'),
    property('address', '').replace('"string"', '"ip:front"'),
    property('size', '1', 'ovf:qualifiers=\'ValueMap{"1","2"}\'').replace('string', 'uint8'),
  );
let origin: Origin;
let scene: Scene;
const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
const refOf = async (from: Json, name: string): Promise<Json> => get((from[name] as unknown as Json).href);
const importing = (source: string, properties?: object): Promise<Answer> =>
  scene.client.post('systemTemplates', {
    action: `${ACTION_URI}import`,
    source: source.includes(':') ? source : origin.url + source,
    properties,
  });
const COLLECTIONS = ['systemTemplates', 'machineTemplates', 'volumeTemplates', 'networkTemplates'] as const;
const left = async (): Promise<number[]> => [
  ...(await Promise.all(COLLECTIONS.map(async (name) => Number((await get(name)).count)))),
  scene.control.things('snapshot').filter(({ builtin }) => !builtin).length,
  scene.control.things('copy').length,
];

beforeAll(async () => {
  const [boot, data, one] = [await vmdkOf(BOOT), await vmdkOf(DATA), envelope(systemOf(WEB), { d1: disks.d1 }, ['front', 'back'])];
  const damaged = Buffer.from(boot).fill(7, 70_000, 70_400);
  const sha = (content: string | Buffer, algorithm = 'sha256'): string => createHash(algorithm).update(content).digest('hex');
  const two = collection('shop', [systemOf(WEB), systemOf(DB)]);
  const nested = collection('all', [
    systemOf({ ...WEB, networks: ['front'] }),
    collection('inner', [systemOf({ ...DB, networks: ['back'] })]),
  ]);
  origin = await serving(
    {
      '/two.ovf': envelope(two, disks, ['front', 'back']),
      '/nested.ovf': envelope(nested, disks, ['front', 'back', 'unused']),
      '/one.ovf': envelope(systemOf({ ...WEB, disks: ['d1', 'd3'] }), { d1: disks.d1, d3: disks.d3 }, ['front', 'back']),
      '/shared.ovf': envelope(collection('all', [systemOf(WEB), collection('inner', [systemOf(WEB).replaceAll('web', 'other')])]), disks, [
        'front',
        'back',
      ]),
      '/licence.ovf': envelope(systemOf({ ...WEB, licence: 'Do no harm.' }), { d1: disks.d1 }, ['front', 'back']),
      '/lying.ovf': envelope(systemOf(WEB), { d1: { file: 'data.vmdk', size: 4 * MIB } }, ['front', 'back']),
      '/missing.ovf': envelope(systemOf({ ...WEB, disks: ['d1', 'd2'] }), { d1: disks.d1, d2: { file: 'nowhere.vmdk', size: MIB } }, [
        'front',
        'back',
      ]),
      '/damaged.ovf': envelope(systemOf(WEB), { d1: { file: 'damaged.vmdk', size: 4 * MIB } }, ['front', 'back']),
      '/raw.ovf': envelope(systemOf(WEB), { d1: { file: 'boot.img.gz', size: 4 * MIB, format: 'urn:raw', gzip: true } }, ['front', 'back']),
      '/boot.img.gz': gzipSync(await rawOf(BOOT)),
      '/guest.ovf': envelope(
        collection('shop', [
          systemOf({ ...WEB, mac: '02:00:00:00:00:01', products: GUEST }),
          systemOf({ ...WEB, products: product('cimi', property('tier', 'one')) }).replaceAll('web', 'db'),
        ]).replace('<Name>shop</Name>', `<Name>shop</Name>${product('cimi', property('owner', 'ann'))}`),
        disks,
        ['front', 'back'],
      ),
      '/page.ovf': '<html><body>Sign in</body></html>',
      '/archive.ova': Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar\0'), Buffer.alloc(500)]),
      '/big.ovf': Buffer.alloc(5 * MIB, ' '),
      '/signed.ovf': one,
      '/signed.mf': `SHA256(signed.ovf)= ${sha(one)}\nSHA1(boot disk.vmdk)= ${sha(boot, 'sha1')}\n`,
      '/changed.ovf': one,
      '/changed.mf': `SHA256(changed.ovf)= ${sha(one)}\nSHA256(boot disk.vmdk)= ${sha(data)}\n`,
      '/other.ovf': one,
      '/other.mf': `SHA512(other.ovf)= ${sha(boot, 'sha512')}\n`,
      '/partial.ovf': one,
      '/partial.mf': `SHA256(partial.ovf)= ${sha(one)}\n`,
      '/renamed.ovf': one,
      '/renamed.mf': `SHA256(signed.ovf)= ${sha(one)}\n`,
      '/away.ovf': one,
      '/prose.ovf': one,
      '/prose.mf': 'not found\n',
      '/boot%20disk.vmdk': boot,
      '/data.vmdk': data,
      '/damaged.vmdk': damaged,
    },
    { '/away.mf': (_request, response) => response.writeHead(500).end() },
  );
  const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, fetch, clouds: { sim: simulatedCloud() } } });
});
afterAll(async () => {
  await scene.close();
  await origin.close();
});

test('the collection offers import, and its metadata tells of it (R5.13.4.1-01)', async () => {
  expect(rels(await get('systemTemplates'))).toEqual(['add', 'import']);
  const { json } = await scene.client.get("resourceMetadata?$filter=typeURI='http://schemas.dmtf.org/cimi/1/SystemTemplate'");
  expect(listOf(listOf(json, 'resourceMetadatas')[0] ?? {}, 'actions').map(({ name }) => name)).toContain('import');
});

test('a package becomes a SystemTemplate with what it refers to (R5.13.4.1-02, R5.13.3-13, RA-04 to RA-11)', async () => {
  const answer = await importing('two.ovf?token=secret', { name: 'the shop' });
  const job = await succeeded(scene.client, answer);
  expect(job).toMatchObject({ action: `${ACTION_URI}import`, targetResource: { href: `${scene.client.base}systemTemplates` } });
  const template = await get(answer.headers.get('location'));
  expect(template).toMatchObject({ name: 'the shop', importImage: { href: `${origin.url}two.ovf` } });
  const descriptors = listOf(template, 'componentDescriptors');
  expect(descriptors.map(({ name, type }) => [name, type])).toEqual([
    ['front', `${CIMI}/Network`],
    ['back', `${CIMI}/Network`],
    ['web', `${CIMI}/Machine`],
    ['db', `${CIMI}/Machine`],
  ]);
  const db = await refOf(descriptors[3] ?? {}, 'machineTemplate');
  expect(await refOf(db, 'machineConfig')).toMatchObject({ cpu: 2, memory: 2_097_152 });
  const image = await refOf(db, 'machineImage');
  expect(image).toMatchObject({ name: 'the shop d1', state: 'AVAILABLE', type: 'IMAGE' });
  const volumes = listOf(db, 'volumeTemplates');
  const [data, blank] = await Promise.all(volumes.map(({ href }) => get(href)));
  expect(await refOf(data ?? {}, 'volumeConfig')).toMatchObject({ capacity: 8388 });
  expect(await refOf(data ?? {}, 'volumeImage')).toMatchObject({ state: 'AVAILABLE' });
  expect(await refOf(blank ?? {}, 'volumeConfig')).toMatchObject({ capacity: 16_777 });
  expect(blank).not.toHaveProperty('volumeImage');
  // One disk in two machines is one image (RA-09).
  expect((await refOf(descriptors[2] ?? {}, 'machineTemplate')).machineImage).toMatchObject({ href: image.id });
  const [snapshot] = scene.control.things('snapshot').filter(({ builtin }) => !builtin);
  const [copy] = scene.control.things('copy');
  expect(snapshot?.content).toMatchObject({ digest: await digestOf(BOOT) });
  expect(copy?.content).toMatchObject({ digest: await digestOf(DATA) });
});

test('a System is made from what was imported, its machines on its networks', async () => {
  const location = (await importing('two.ovf')).headers.get('location');
  const system = await made(scene.client, 'systems', {
    resourceURI: `${CIMI}/SystemCreate`,
    name: 'shop',
    systemTemplate: { href: location },
  });
  const machines = await Promise.all(listOf(await refOf(system, 'machines'), 'systemMachines').map(async (item) => refOf(item, 'machine')));
  expect(machines.map(({ name }) => name).toSorted()).toEqual(['db', 'web']);
  for (const machine of machines) expect(Number(machine.memory)).toBeGreaterThanOrEqual(524_288);
  await succeeded(scene.client, await scene.client.delete(String(system.id)));
});

test('nested collections become nested SystemTemplates, and XML asks for it as JSON does (RA-05)', async () => {
  const body = `<Action xmlns="http://schemas.dmtf.org/cimi/1"><action>${ACTION_URI}import</action><source>${origin.url}nested.ovf</source></Action>`;
  const answer = await scene.client.send('POST', 'systemTemplates', { xml: body });
  await succeeded(scene.client, answer);
  const template = await get(answer.headers.get('location'));
  const descriptors = listOf(template, 'componentDescriptors');
  expect(descriptors.map(({ name }) => name)).toEqual(['front', 'unused', 'web', 'inner']);
  const inner = await refOf(descriptors[3] ?? {}, 'systemTemplate');
  expect(listOf(inner, 'componentDescriptors').map(({ name }) => name)).toEqual(['back', 'db']);
});

test('a package of one machine is a System of one, and existing Networks stand for its own (4.3)', async () => {
  const network = await made(scene.client, 'networks', { resourceURI: `${CIMI}/NetworkCreate`, name: 'mine', networkTemplate: {} });
  const answer = await importing('one.ovf', { 'ovf.network.front': String(network.id), 'ovf.network.back': String(network.id) });
  await succeeded(scene.client, answer);
  const descriptors = listOf(await get(answer.headers.get('location')), 'componentDescriptors');
  expect(descriptors.map(({ name }) => name)).toEqual(['web']);
  const [descriptor] = descriptors as unknown as [{ machineTemplate: { networkInterfaces: Json[] } }];
  expect(descriptor.machineTemplate.networkInterfaces.map(({ network: at }) => (at as unknown as Json).href)).toEqual([
    network.id,
    network.id,
  ]);
});

test('a raw disk within gzip is imported as it was', async () => {
  const before = scene.control.things('snapshot').map(({ id }) => id);
  await succeeded(scene.client, await importing('raw.ovf'));
  const [made] = scene.control.things('snapshot').filter(({ id }) => !before.includes(id));
  expect(made?.content).toMatchObject({ digest: await digestOf(BOOT) });
});

test('properties reach the guest, the consumer or an announced attribute (5.2, 5.14.3)', async () => {
  const answer = await importing('guest.ovf', { 'ovf.property.com.example.port': '8080', 'ovf.property.password': 'hidden-2' });
  const job = await succeeded(scene.client, answer);
  const template = await get(answer.headers.get('location'));
  expect(template.properties).toEqual({ owner: 'ann' });
  const [web, db] = listOf(template, 'componentDescriptors').filter(({ type }) => type === `${CIMI}/Machine`);
  expect([web?.name, db?.name, web?.properties, db?.properties]).toEqual(['shop-web', 'db', undefined, { tier: 'one' }]);
  const [machine, other] = [await refOf(web ?? {}, 'machineTemplate'), await refOf(db ?? {}, 'machineTemplate')];
  expect(machine).toMatchObject({ name: 'shop-web', ovfId: 'web', ovfMacs: ['02:00:00:00:00:01'], userData: DATA_OF_USER });
  expect(machine.ovfProperties).toEqual([
    ...['hostname=shop-web', `public-keys=${KEY}`, 'instance-id=id-ovf', 'seedfrom='],
    ...['com.example.port=8080', 'com.example.licence=', 'com.example.fixed=1', 'com.example.address=', 'com.example.size=1'],
  ]);
  expect(Buffer.from(String((await refOf(machine, 'credential')).key), 'hex').toString()).toBe(KEY);
  expect(other).toMatchObject({ ovfId: 'db', properties: { tier: 'one' } });
  expect(other).not.toHaveProperty('ovfProperties');
  const words = String(job.statusMessage);
  expect(words).toContain("nothing brings the property 'instance-id', 'com.example.port', 'com.example.fixed', 'com.example.size' of");
  expect(words).toContain("the property 'password', 'com.example.pin' of the machine 'shop-web' may be a password: left out");
  expect(words).toContain("the property 'com.example.licence' of the machine 'shop-web' needs a value: give it by 'ovf.property.KEY'");
  expect(JSON.stringify([template, machine, job])).not.toMatch(/hidden-/);
  const { json } = await scene.client.get("resourceMetadata?$filter=typeURI='http://schemas.dmtf.org/cimi/1/MachineTemplate'");
  const told = listOf(listOf(json, 'resourceMetadatas')[0] ?? {}, 'attributes').map(({ name }) => name);
  expect(told).toEqual(expect.arrayContaining(['ovfId', 'ovfMacs', 'ovfProperties']));
});

test('a Machine keeps what its template says of the package it came with', async () => {
  const [item] = listOf(await get("machineTemplates?$filter=ovfId='web'"), 'machineTemplates').filter(({ name }) => name === 'shop-web');
  const { client } = scene;
  const machine = await made(client, 'machines', {
    resourceURI: `${CIMI}/MachineCreate`,
    name: 'one',
    machineTemplate: { href: String(item?.id) },
  });
  expect(machine).toMatchObject({ ovfId: 'web', ovfMacs: ['02:00:00:00:00:01'] });
  expect(machine.ovfProperties).toContain('com.example.port=8080');
  await succeeded(client, await client.delete(String(machine.id)));
});

test.each([
  ['com.example.port', '70000', /'com\.example\.port' needs a whole number from 0 to 65535/],
  ['com.example.licence', 'abc', /'com\.example\.licence' needs at least 4 characters/],
  ['com.example.address', '10.0.0', /'com\.example\.address' needs an IP address/],
  ['com.example.size', '3', /'com\.example\.size' takes one of the values that its ValueMap lists/],
  ['com.example.fixed', '2', /'com\.example\.fixed' is not for its user to give/],
  ['com.example.nothing', '2', /'com\.example\.nothing': is none of the package/],
])('the property %s does not take %s', async (key, value, words) => {
  const before = await left();
  expectFault(await importing('guest.ovf', { [`ovf.property.${key}`]: value }), 400, words);
  expect(await left()).toEqual(before);
});

/** Words on a guest of which nothing is known, but that it has cards. */
const CARDS = "the guest of 'web': its cards get new MAC addresses";

test('digests of a manifest are compared, and a package without one is said to have none', async () => {
  expect((await succeeded(scene.client, await importing('signed.ovf'))).statusMessage).toBe(`Imported; ${CARDS}`);
  const job = await succeeded(scene.client, await importing('two.ovf'));
  expect(job.statusMessage).toBe(`Imported; the package has no manifest: no digest was compared; ${CARDS}; ${CARDS.replace('web', 'db')}`);
});

test('a licence is accepted by the consumer, or nothing is imported', async () => {
  const before = await left();
  const refused = await importing('licence.ovf');
  expectFault(refused, 400, /1 licences to accept, of 11 characters.*ovf\.accept-eula/);
  expect(await left()).toEqual(before);
  await succeeded(scene.client, await importing('licence.ovf', { 'ovf.accept-eula': 'true' }));
});

test.each([
  ['page.ovf', /source: .*Envelope is expected/],
  ['archive.ova', /the archive: is no tar that can be read: a number of a header is none/],
  ['big.ovf', /more than the 4194304 bytes/],
  ['nowhere.ovf', /answers with status 404/],
  ['shared.ovf', /the network '(front|back)'.*several collections.*ovf\.network\./],
  ['lying.ovf', /disk d1: .*8388608 bytes, at most 4194304 are taken/],
  ['missing.ovf', /disk d2: .*status 404/],
  ['damaged.ovf', /disk d1: /],
  ['changed.ovf', /disk d1: .*sha256 is [0-9a-f]{64}, where the manifest says/],
  ['other.ovf', /descriptor's sha512 is [0-9a-f]{128}, where the manifest says/],
  ['partial.ovf', /the file 'boot disk.vmdk': is not named by the manifest/],
  ['renamed.ovf', /the manifest does not name the descriptor 'renamed\.ovf'/],
  ['away.ovf', /answers with status 500/],
  ['prose.ovf', /line 1 of the manifest/],
])('%s is refused in words, and leaves nothing', async (path, words) => {
  const before = await left();
  const answer = await importing(path);
  expectFault(answer, 400, words);
  expect(await left()).toEqual(before);
});

test('a cloud that is not that of the entry point is refused', async () => {
  const body = { action: `${ACTION_URI}import`, source: `${origin.url}two.ovf`, properties: { cloud: 'other' } };
  expectFault(
    await scene.client.post('clouds/sim/systemTemplates', body),
    400,
    /names cloud 'other', but it came to the entry point of 'sim'/,
  );
});

test.each([
  ['no source', { source: undefined }, 400, /source: .*needed/],
  ['a scheme that is not allowed', { source: 'ftp://127.0.0.1/a.ovf' }, 403, /source: /],
  ['an address that is not allowed', { source: 'http://169.254.169.254/a.ovf' }, 403, /source: /],
  ['a property that means nothing', { properties: { authorization: 'Bearer x' } }, 400, /'authorization' is no property of an import/],
  ['a cloud that is not there', { properties: { cloud: 'nowhere' } }, 400, /no cloud 'nowhere'/],
  ['a Network that is not there', { properties: { 'ovf.network.front': 'networks/none' } }, 400, /no Network at/],
])('%s is refused at once', async (_, more, status, words) => {
  const before = await left();
  const body = { action: `${ACTION_URI}import`, source: `${origin.url}two.ovf`, ...more };
  const answer = await scene.client.post('systemTemplates', body);
  expectFault(answer, status, words);
  expect(answer.json.action).toBe(body.action);
  expect(await left()).toEqual(before);
});
