import { CIMI, EXTENSION } from '../../src/model/define';
import { simulatedCloud } from '../harness/gateway';
import type { Answer, Send } from '../harness/client';
import { expectFault, IMAGE, KEY_BYTES, machineCreate, made, NANO, openScene, type Scene } from './scene';

/** Every refusal names status and words, leaves a FAILED Job of the change where it was one, and changes nothing. */
let scene: Scene;
let uri: string;
let before: unknown;
const LISTS = ['machines', 'machineTemplates', 'machineConfigs', 'machineImages', 'credentials'];

async function world(): Promise<unknown> {
  const lists = await Promise.all(LISTS.map(async (list) => (await scene.client.get(list)).json));
  return { lists, instances: scene.control.instances(), keys: scene.control.keyPairs(), images: scene.control.snapshots() };
}

/** Sends what must be refused. `kept`: whether its Job can be read afterwards. */
async function refused(method: string, target: string, send: Send, status: number, words: RegExp | string, kept = true): Promise<Answer> {
  const answer = await scene.client.send(method, target, send);
  expectFault(answer, status, words);
  expect(answer.text).not.toMatch(/node_modules|at \S+ \(/);
  if (!kept) {
    expect([answer.json.id, answer.headers.get('cimi-job-uri')]).toEqual(['', null]);
    return answer;
  }
  const job = (await scene.client.get(String(answer.json.id))).json;
  expect(job).toMatchObject({ state: 'FAILED', statusMessage: answer.json.statusMessage, progress: 100 });
  return answer;
}

beforeAll(async () => {
  scene = await openScene({
    config: {
      jobs: { graceMs: 10_000 },
      server: { port: 0, limits: { bodyBytes: 200_000, bodyDepth: 16, bodyItems: 500 } },
      clouds: { sim: simulatedCloud() },
    },
  });
  uri = String((await made(scene.client, 'machineTemplates', { name: 'kept', properties: { a: '1' }, machineConfig: { href: NANO } })).id);
  await made(scene.client, 'credentials', { credentialTemplate: { userName: 'u', password: 'p', key: KEY_BYTES } });
  await made(scene.client, 'machines', machineCreate({ name: 'kept' }));
  before = await world();
});
afterAll(() => scene.close());
afterEach(async () => {
  const [was, now] = [before, await world()];
  before = now;
  expect(now).toEqual(was);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

const json = { 'content-type': 'application/json' };
const xml = { 'content-type': 'application/xml' };
const raw = (text: string, headers: Record<string, string>): Send => ({ xml: text, headers });
const template = (inner: string) => raw(`<MachineTemplate xmlns="${CIMI}">${inner}</MachineTemplate>`, xml);
const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

describe('malformed', () => {
  test.each([
    ['JSON cut off', raw('{"name":"x"', json), /JSON/],
    ['JSON with a trailing comma', raw('{"name":"x",}', json), /JSON/],
    ['an array', raw('[]', json), /must be a JSON object/],
    ['null', raw('null', json), /must be a JSON object/],
    ['nothing', raw('', json), /no body/],
    ['not UTF-8', raw('{"name":"\ud800"}', json), /./],
    ['XML cut off', raw(`<MachineTemplate xmlns="${CIMI}"><name>x</name>`, xml), /XML|element/i],
    ['XML with a wrong end tag', template('<name>x</description>'), /XML|tag|element/i],
    ['JSON called XML', raw('{"name":"x"}', xml), /XML|<|root/i],
    ['XML called JSON', raw('<MachineTemplate/>', json), /JSON/],
    ['another root', raw(`<Machine xmlns="${CIMI}"/>`, xml), /root element <Machine> is not what is expected.*MachineTemplate/],
    ['another namespace', raw('<MachineTemplate xmlns="http://other/"/>', xml), /namespace/],
    ['another resourceURI', { json: { resourceURI: `${CIMI}/Machine` } }, /is not what is expected here/],
    ['a character that XML can not carry', { json: { name: 'a\u0001b' } }, /./],
  ] as [string, Send, RegExp][])('%s is 400', async (_what, send, words) => {
    if (send.xml === '{"name":"\ud800"}') send = { json: { name: '\ud800' } };
    await refused('POST', 'machineTemplates', send, 400, words);
    await refused('PUT', uri, send, 400, words);
  });

  test.each([
    ['text/plain', /application\/json or application\/xml/],
    ['application/x-www-form-urlencoded', /application\/json/],
    ['application/json; charset=latin1', /UTF-8/],
  ])('media type %s is 415', async (type, words) => {
    await refused('POST', 'machineTemplates', raw('{"name":"x"}', { 'content-type': type }), 415, words);
    await refused('PUT', uri, raw('{"name":"x"}', { 'content-type': type }), 415, words);
  });
});

describe('too much', () => {
  test('oversize is 413, unstored', async () => {
    await refused('POST', 'machineTemplates', { json: { name: 'x'.repeat(300_000) } }, 413, /bytes/);
  });
  test.each([
    ['JSON', raw(`{"machineConfig":${deep(40)}}`, json)],
    ['very deep JSON', raw(`{"machineConfig":${deep(20_000)}}`, json)],
    ['XML', template(`${'<a>'.repeat(40)}${'</a>'.repeat(40)}`)],
  ])('deep nesting in %s is refused', async (_what, send) => {
    const answer = await scene.client.send('POST', 'machineTemplates', send);
    expectFault(answer, 413, /deep|nest|level/i);
  });
  test('more values than allowed are 413', async () => {
    const properties = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`k${index}`, 'v']));
    await refused('POST', 'machineTemplates', { json: { properties } }, 413, /values|members|items|500/i);
  });
  test.each([
    ['a bomb', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>', '&b;'],
    ['an external entity', '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>', '&b;'],
    ['a DTD elsewhere', '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', 'x'],
  ])('entities: %s is 400 and never read', async (_what, dtd, use) => {
    const body = `<?xml version="1.0"?>${dtd}<MachineTemplate xmlns="${CIMI}"><name>${use}</name></MachineTemplate>`;
    const { text } = await refused('POST', 'machineTemplates', raw(body, xml), 400, /DTD|DOCTYPE|document type/i);
    expect(text).not.toMatch(/aaaa|root:/);
  });
});

describe('attributes', () => {
  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'the key %s is an unknown attribute, and a plain property',
    async (key) => {
      await refused('POST', 'machineTemplates', raw(`{"${key}":{"polluted":"yes"}}`, json), 400, /is no attribute of MachineTemplate/);
      await refused('POST', 'machines', raw(`{"machineTemplate":{"${key}":{"polluted":"yes"}}}`, json), 400, /is no attribute/);
      const answer = await scene.client.send('PUT', `${uri}?$select=properties`, raw(`{"properties":{"a":"1","${key}":"v"}}`, json));
      expect([answer.status, JSON.stringify(answer.json.properties)]).toEqual([200, `{"a":"1","${key}":"v"}`]);
      expect((await scene.client.get(`machineTemplates?$filter=property['${key}']='v'`)).json.count).toBe(1);
      await scene.client.put(`${uri}?$select=properties`, { properties: { a: '1' } });
      before = await world();
    },
  );

  test.each([
    ['POST', 'machineTemplates', { nam: 'x' }, /'nam' is no attribute of MachineTemplate; did you mean 'name'\?/],
    ['POST', 'machines', { machineTemplate: { machineImag: { href: IMAGE } } }, /machineTemplate\.machineImag/],
    ['POST', 'machines', { machineTemplate: { machineConfig: { cpus: 1 } } }, /machineTemplate\.machineConfig\.cpus/],
    ['POST', 'machineTemplates', { name: 7 }, /^name: must be a string$/],
    ['POST', 'machineTemplates', { properties: { a: 1 } }, /properties\.a/],
    ['POST', 'machineTemplates', { properties: ['a'] }, /^properties: must be an object$/],
    ['POST', 'machineTemplates', { machineConfig: 7 }, /machineConfig/],
    ['POST', 'machineConfigs', { cpu: 'two', memory: 1 }, /cpu/],
    ['POST', 'machineConfigs', { cpu: 1.5, memory: 1 }, /cpu/],
    ['POST', 'machineConfigs', { cpu: true, memory: 1 }, /cpu/],
    ['POST', 'machineConfigs', { cpu: 1, memory: 1e30 }, /memory/],
    ['POST', 'machineConfigs', { disks: { capacity: 1 } }, /^disks: must be an array$/],
    ['POST', 'credentials', { credentialTemplate: { key: 'not hex' } }, /key/],
    ['POST', 'credentials', { credentialTemplate: { key: 'abcd' } }, /OpenSSH public key/],
    ['POST', 'machines', { name: 'x' }, /machineTemplate: a MachineTemplate is needed/],
    ['POST', 'machines', machineCreate({}, { userData: 'no base64!' }), /not Base64/],
    ['POST', 'machines', machineCreate({}, { initialState: 'SPINNING' }), /initialState/],
    [
      'POST',
      'machines',
      machineCreate({}, { meterTemplates: [{ href: 'meterTemplates/1' }] }),
      /^machineTemplate\.meterTemplates\[0\]: there is no MeterTemplate at meterTemplates\/1$/,
    ],
    ['POST', 'machines', machineCreate({}, { volumes: [{ href: 'volumes/1', initialLocation: 'x' }] }), /volumes\[0\]: there is no Volume/],
    ['POST', 'machines', machineCreate({ cloud: 'other' }), /there is no cloud 'other'; candidates are 'sim'/],
  ])('%s %s %j is 400', async (method, target, body, words) => {
    await refused(method, target, { json: body }, 400, words);
  });

  // Ours, by 5.2: an attribute of the Job that a program can read, in both formats and when the Job is read later.
  test.each<[string, string, Send, string]>([
    ['an attribute', 'machines', { json: { machineTemplate: { machineConfig: { cpus: 1 } } } }, 'machineTemplate.machineConfig.cpus'],
    ['an item', 'machines', { json: machineCreate({}, { volumes: [{ href: 'volumes/1' }] }) }, 'machineTemplate.volumes[0]'],
    ['an entry', 'machineTemplates', { json: { properties: { 'a.b': 1 } } }, 'properties["a.b"]'],
    ['a mandatory attribute', 'machines', { json: { name: 'x' } }, 'machineTemplate'],
    ['an element', 'machineTemplates', template('<machineConfig><cpus>1</cpus></machineConfig>'), 'machineConfig.cpus'],
    ['a header', 'machines', { json: machineCreate(), headers: { 'Idempotency-Key': 'ü'.repeat(2) } }, 'Idempotency-Key'],
  ])('errorAt names %s', async (_what, target, send, place) => {
    const answer = await refused('POST', target, send, 400, '');
    expect(answer.json).toMatchObject({ errorAt: place, statusMessage: expect.stringMatching(/^\S+: /) as string });
    expect(String(answer.json.statusMessage).startsWith(`${place}: `)).toBe(true);
    expect((await scene.client.get(String(answer.json.id))).json.errorAt).toBe(place);
    const { text } = await scene.client.get(String(answer.json.id), { accept: 'application/xml' });
    expect(text).toContain(`<errorAt xmlns="${EXTENSION}">${place}</errorAt>`);
  });

  test('errorAt names a query parameter, and nothing where the request as a whole is refused', async () => {
    const wrong = await refused('GET', 'machines?$filter=cpu>>2', {}, 400, /^\$filter, character \d+: /, false);
    expect(wrong.json.errorAt).toBe('$filter');
    const whole = await refused('POST', 'machines', raw('[]', json), 400, 'the body must be a JSON object');
    expect(whole.json).not.toHaveProperty('errorAt');
  });

  test('numbers that no cloud could have', async () => {
    for (const figures of [{ cpu: -1 }, { memory: -1 }, { cpu: 2 ** 31 }, { memory: Number.MAX_SAFE_INTEGER }]) {
      await refused(
        'POST',
        'machines',
        { json: machineCreate({}, { machineConfig: { cpu: 1, memory: 1, ...figures } }) },
        400,
        /cpu|memory/,
      );
    }
    for (const body of [{ cpu: 0 }, { memory: -7 }, { cpu: 1, disks: [{ capacity: -1, format: 'ext4' }] }]) {
      await refused('POST', 'machineConfigs', { json: { memory: 1_048_576, ...body } }, 400, /must be at least 1/);
    }
  });

  test('wrong numbers in XML', async () => {
    for (const text of ['two', '1.5', '0x10', '99999999999999999999']) {
      await refused(
        'POST',
        'machineConfigs',
        raw(`<MachineConfiguration xmlns="${CIMI}"><cpu>${text}</cpu></MachineConfiguration>`, xml),
        400,
        /cpu/,
      );
    }
  });
});

describe('references', () => {
  test.each([
    ['machineImages/none', /there is no MachineImage at machineImages\/none/],
    ['machineImages/sim.none', /there is no MachineImage/],
    ['http://elsewhere.example/cimi/machineImages/sim.img-debian-12', /elsewhere\.example/],
    ['machineImages', /there is no MachineImage/],
    ['machineConfigs/sim.s1_2enano', /a MachineImage is needed/],
    ['../../etc/passwd', /./],
    ['machineImages/../machines', /./],
    ['', /./],
    ['#fragment', /./],
  ])('a dangling one (%s) is 400 naming the attribute', async (href, words) => {
    const answer = await refused('POST', 'machines', { json: machineCreate({}, { machineImage: { href } }) }, 400, words);
    expect(String(answer.json.statusMessage)).toContain('machineImage');
    await refused('POST', 'machineTemplates', { json: { machineImage: { href } } }, 400, /machineImage/);
    await refused('PUT', `${uri}?$select=machineImage`, { json: { machineImage: { href } } }, 400, /machineImage/);
  });

  test.each([
    ['machineTemplates', { volumes: [{ href: 'volumes/none' }] }, /volumes\[0\]\S*: there is no Volume/],
    ['machineTemplates', { networkInterfaces: [{ network: { href: 'machines/none' } }] }, /networkInterfaces\[0\]\.network: /],
    ['forwardingGroupTemplates', { networks: [{ href: 'networks/none' }] }, /networks\[0\]: there is no Network/],
  ])('a dangling one in a list of %s: %j', async (list, body, words) => {
    await refused('POST', list, { json: body }, 400, words);
  });

  test('an image made of what is no machine', async () => {
    for (const location of [
      'machines/none',
      'http://elsewhere.example/machines/1',
      'machineImages/sim.img-debian-12',
      'file:///etc/passwd',
    ]) {
      await refused('POST', 'machineImages', { json: { imageLocation: location } }, 400, /imageLocation/);
    }
    await refused('POST', 'machineImages?from=capture&machine=../credentials', { json: {} }, 400, /imageLocation/);
  });
});

describe('queries', () => {
  test.each([
    '$filter=name=',
    "$filter=name='x",
    '$filter=((((',
    '$filter=name',
    "$filter=cpu='x'",
    "$filter=name>'x'",
    '$first=x',
    '$last=1.5',
    '$filter=',
    "$filter=name='x' xor cpu=1",
  ])('%s is 400', async (query) => {
    await refused('GET', `machines?${query}`, {}, 400, /\$(filter|first|last)/, false);
  });
  test('a filter of endless depth is 400', async () => {
    await refused('GET', `machines?$filter=${'('.repeat(2000)}name='x'${')'.repeat(2000)}`, {}, 400, /deep|nest|level/i, false);
  });
  test('escapes that are none', async () => {
    await refused('GET', 'machines?$filter=%zz', {}, 400, /escape/, false);
    await refused('GET', 'machines/%2e%2e%2fcredentials', {}, 400, /slash/, false);
  });
});

describe('where nothing is', () => {
  test.each([
    ['POST', 'nothing', 404],
    ['DELETE', 'machines/none', 404],
    ['PUT', 'machineTemplates/none', 404],
    ['POST', 'machines/none', 404],
    ['PUT', 'machines', 405],
    ['DELETE', 'networks', 405],
    ['PATCH', 'machines', 405],
    ['TRACE2', 'machines', 400],
  ])('%s %s is %i', async (method, target, status) => {
    const body = { json: method === 'POST' ? { action: `${CIMI}/action/start` } : { name: 'x' } };
    if (method === 'TRACE2') {
      expect((await scene.client.send('GET', target, { headers: { 'x-http-method-override': 'DELETE' } })).status).toBe(200);
      return;
    }
    const answer = await scene.client.send(method, target, body);
    expectFault(answer, status, /there is nothing|does not support|nothing can be created/);
  });

  test.each([
    ['javascript:alert(1)', 'javascript%3Aalert(1)'],
    ['http://elsewhere.example/x', 'http%3A//elsewhere.example/x'],
    ['%23part', '%23part'],
    ['machines/a%20b%3Fc', 'machines/a%20b%3Fc'],
  ])('a Job tells its target below the base URI, whatever was asked for (5.17.1): %s', async (path, target) => {
    const base = String((await scene.client.get('cloudEntryPoint')).json.baseURI);
    const { json } = await refused('DELETE', base + path, {}, 404, /there is nothing/);
    expect(json.targetResource).toEqual({ href: base + target });
    expect(json.affectedResources).toBeUndefined();
  });

  test.each(['networks/sim.net-dmz', 'networkConfigs/sim.n1_2eprivate'])('what the provider refuses of its own: %s', async (own) => {
    await refused('DELETE', own, {}, 409, /provider sets/);
    await refused('PUT', own, { json: { name: 'x' } }, 409, /provider sets/);
  });

  test('actions that are none', async () => {
    const { json: list } = await scene.client.get("machines?$filter=name='kept'&$select=machines/id");
    const machine = String((list.machines as unknown as { id: string }[])[0]?.id);
    await refused('POST', machine, { json: { action: `${CIMI}/action/fly` } }, 400, /fly is no operation of Machine/);
    await refused('POST', machine, { json: { resourceURI: `${CIMI}/Action` } }, 400, /action/);
    await refused('POST', machine, { json: { action: `${CIMI}/action/stop`, force: 'yes' } }, 400, /force/);
    await refused('POST', machine, { json: { action: `${CIMI}/action/stop`, speed: 1 } }, 400, /speed/);
    await refused('POST', machine, { json: { action: `${CIMI}/action/__proto__` } }, 400, /no operation/);
  });
});
