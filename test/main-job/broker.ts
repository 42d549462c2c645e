import { CIMI } from '../../src/model/define';
import { Client, type Answer, type Json } from '../harness/client';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { expectFault } from '../protocol/scene';
import { takeTour } from './tour';
import { refOf } from './world';
import { elapse } from '../harness/wait';

/** Cloud, of those configured together, as the tests need to know it. */
export interface Member {
  /** Key and content of its part of the configuration. */
  key: string;
  config: Record<string, unknown>;
  /** Names of a machine configuration and of an image that go together. */
  machineConfig: string;
  machineImage: string;
  /** Makes the provider unreachable; returns the way back. */
  down(): () => void;
  /** Provider keys of the machines that are there now, by the provider's own API. */
  machines(): Promise<string[]>;
  leftovers(): Promise<string[]>;
  stop(): Promise<void>;
}

const list = (json: Json, name: string): Json[] => (json[name] ?? []) as Json[];
const idOf = (json: Json): string => String(json.id);

/** The broker's view of several clouds at once (one configuration, one root entry point), over their real counterparts. */
export function brokerSuite(start: () => Promise<Member[]>): void {
  let members: Member[] = [];
  let gateway: TestGateway;
  let client: Client;
  const first = (): Member => members[0] as Member;
  const second = (): Member => members[1] as Member;

  beforeAll(async () => {
    members = await start();
    const clouds = Object.fromEntries(members.map(({ key, config }) => [key, { ...config, guard: { cacheMs: 300, retries: 1 } }]));
    gateway = await startTestGateway({ config: { clouds, jobs: { graceMs: 0 } } });
    client = new Client(gateway.base);
  }, 1_800_000);
  afterAll(async () => {
    await gateway?.stop();
    for (const member of members) await member.stop();
  });

  const get = async (uri: string): Promise<Json> => (await client.get(uri)).json;
  const named = async (collection: string, items: string, name: string, cloud: string): Promise<string> => {
    const { json } = await client.get(`clouds/${cloud}/${collection}?$filter=name='${encodeURIComponent(name)}'`);
    const [found] = list(json, items);
    if (!found) throw new Error(`no ${name} in ${collection} of ${cloud}: ${JSON.stringify(json).slice(0, 400)}`);
    return idOf(found);
  };
  const templateOf = async ({ key, machineConfig, machineImage }: Member): Promise<object> => ({
    machineConfig: { href: await named('machineConfigs', 'machineConfigurations', machineConfig, key) },
    machineImage: { href: await named('machineImages', 'machineImages', machineImage, key) },
  });
  const createBody = (name: string, machineTemplate: object, more: object = {}): object => ({
    ...{ resourceURI: `${CIMI}/MachineCreate`, name, ...more },
    machineTemplate,
  });
  const succeeded = async (answer: Answer): Promise<Json> => {
    const job = await client.ended(answer);
    if (job.state !== ('SUCCESS' as never)) throw new Error(`${String(job.state)}: ${String(job.statusMessage)}`);
    return job;
  };
  const made = async (name: string, member: Member): Promise<Json> => {
    const answer = await client.post('machines', createBody(name, await templateOf(member)));
    expect(answer.status).toBe(202);
    await succeeded(answer);
    return get(answer.headers.get('location') ?? '');
  };
  const removed = async (uri: string): Promise<void> => void (await succeeded(await client.delete(uri)));
  const counts = async (): Promise<number[]> => Promise.all(members.map(async (member) => (await member.machines()).length));
  const nothingMade = async (attempt: () => Promise<void>): Promise<void> => {
    const before = await counts();
    await attempt();
    expect(await counts()).toEqual(before);
  };

  /** The root's list has just these, and says that one cloud is missing. */
  const shownWithout = async (dark: Member, ids: readonly string[]): Promise<void> => {
    const listed = await client.get('machines');
    expect(listed.status).toBe(200);
    expect(list(listed.json, 'machines').map(idOf).sort()).toEqual([...ids].sort());
    expect(listed.headers.get('cimi-unavailable-clouds')).toBe(dark.key);
    expect(listed.headers.get('etag')).toBeNull();
    expect(JSON.stringify(listed.json.unavailableClouds)).toContain(`${dark.key}: `);
    const xml = await client.get('machines', { accept: 'application/xml' });
    expect(xml.text).toMatch(new RegExp(`unavailableCloud[^>]*>${dark.key}: `));
    const own = await client.get(`clouds/${dark.key}/machines`);
    expect([own.headers.get('cimi-unavailable-clouds'), list(own.json, 'machines')]).toEqual([dark.key, []]);
  };

  test('the root entry point spans all of them; each has one of its own', async () => {
    const root = await get('cloudEntryPoint');
    for (const [collection, items] of [
      ['machineConfigs', 'machineConfigurations'],
      ['machineImages', 'machineImages'],
    ] as const) {
      const all = list(await get(refOf(root, collection)), items);
      expect(new Set(all.map(({ cloud }) => String(cloud)))).toEqual(new Set(members.map(({ key }) => key)));
      let sum = 0;
      for (const { key } of members) {
        const own = await get(`clouds/${key}/cloudEntryPoint`);
        const part = list(await get(refOf(own, collection)), items);
        expect(part.length).toBeGreaterThan(0);
        expect(new Set(part.map(({ cloud }) => String(cloud)))).toEqual(new Set([key]));
        sum += part.length;
      }
      expect(all.length).toBe(sum);
    }
  });

  test('a create goes where its references point, and the root shows what each cloud has', async () => {
    const machines: Json[] = [];
    for (const member of members) machines.push(await made(`broker-${member.key}`, member));
    expect(machines.map(({ cloud }) => String(cloud))).toEqual(members.map(({ key }) => key));
    expect(await counts()).toEqual(members.map(() => 1));
    const root = list(await get('machines'), 'machines');
    expect(root.map(idOf).sort()).toEqual(machines.map(idOf).sort());
    for (const machine of machines) await removed(idOf(machine));
    expect(await counts()).toEqual(members.map(() => 0));
  });

  test('references into two clouds are refused in words, and nothing is made', async () => {
    const here = (await templateOf(first())) as { machineConfig: object };
    const there = (await templateOf(second())) as { machineImage: object };
    await nothingMade(async () => {
      const answer = await client.post('machines', createBody('torn', { ...here, machineImage: there.machineImage }));
      expectFault(answer, 400, /cannot span two clouds/);
      expect(String(answer.json.statusMessage)).toContain(`'${first().key}'`);
      expect(String(answer.json.statusMessage)).toContain(`'${second().key}'`);
    });
  });

  test('a create that names another cloud than its references, or comes to another entry point, is refused', async () => {
    const template = await templateOf(first());
    await nothingMade(async () => {
      expectFault(await client.post('machines', createBody('odd', template, { cloud: second().key })), 400, /names cloud/);
      expectFault(await client.post(`clouds/${second().key}/machines`, createBody('odd', template)), 400, /entry point/);
    });
  });

  test('what refers to nothing names its cloud; without that the candidates are named', async () => {
    const body = (more: object) => ({
      ...{ resourceURI: `${CIMI}/VolumeCreate`, name: 'where', ...more },
      volumeTemplate: { volumeConfig: { capacity: 1_073_741 } },
    });
    const refused = await client.post('volumes', body({}));
    expectFault(refused, 400, /does not say which cloud/);
    for (const { key } of members) expect(String(refused.json.statusMessage)).toContain(`'${key}'`);
    for (const { key } of members) {
      const answer = await client.post('volumes', body({ cloud: key }));
      await succeeded(answer);
      const volume = await get(answer.headers.get('location') ?? '');
      expect([String(volume.cloud), String(volume.state)]).toEqual([key, 'AVAILABLE']);
      await removed(idOf(volume));
    }
  });

  test('a System has a component in each cloud, and takes them with it', async () => {
    const componentDescriptors = await Promise.all(
      members.map(async (member) => ({
        name: `node-${member.key}`,
        type: `${CIMI}/Machine`,
        machineTemplate: await templateOf(member),
      })),
    );
    const answer = await client.post('systems', {
      ...{ resourceURI: `${CIMI}/SystemCreate`, name: 'spread' },
      systemTemplate: { componentDescriptors },
    });
    await succeeded(answer);
    expect(await counts()).toEqual(members.map(() => 1));
    await removed(answer.headers.get('location') ?? '');
    expect(await counts()).toEqual(members.map(() => 0));
  });

  test('one cloud down: the others stay fully usable, and the list says what is missing', async () => {
    const kept = new Map<Member, string>();
    for (const member of members) kept.set(member, idOf(await made(`kept-${member.key}`, member)));
    for (const [index, dark] of members.entries()) {
      const light = members[(index + 1) % members.length] as Member;
      const lit = members.filter((member) => member !== dark).map((member) => kept.get(member) ?? '');
      const back = dark.down();
      try {
        const machine = await made(`lit-${light.key}`, light);
        // What was seen of the dark one may be kept for the cache age.
        await elapse(400);
        await shownWithout(dark, [...lit, idOf(machine)]);
        expect([502, 503, 504]).toContain((await client.get(kept.get(dark) ?? '')).status);
        for (const id of lit) expect(String((await get(id)).state)).toBe('STARTED');
        await succeeded(await client.act(idOf(machine), 'stop'));
        expect(String((await get(idOf(machine))).state)).toBe('STOPPED');
        await removed(idOf(machine));
      } finally {
        back();
      }
      expect(String((await get(kept.get(dark) ?? '')).state)).toBe('STARTED');
      const again = await client.get('machines');
      expect(again.headers.get('cimi-unavailable-clouds')).toBeNull();
      expect(list(again.json, 'machines').map(idOf).sort()).toEqual([...kept.values()].sort());
    }
    for (const id of kept.values()) await removed(id);
  });

  test('the tour of the README, through the one root entry point, in each of them at the same time', async () => {
    await Promise.all(members.map(({ key, machineImage }) => takeTour(client, { cloud: key, image: machineImage })));
  });

  test('nothing is left over at any of them', async () => {
    for (const member of members) expect(await member.leftovers()).toEqual([]);
  });
}
