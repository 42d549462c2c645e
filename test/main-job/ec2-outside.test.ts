import {
  CreateTagsCommand,
  DescribeTagsCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  type Tag,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { encodeId } from '../../src/clouds/identity';
import { CIMI } from '../../src/model/define';
import { TEST_IMAGE } from '../backends/ec2';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import type { Json } from '../harness/client';
import { CLOUD, startEc2World, type Ec2World } from './ec2-world';
import { Steps } from './steps';
import { offers } from './world';
import { elapse, waitUntil } from '../harness/wait';

/** Time for which the gateway may answer from what it read before, and a little more, in ms. */
const CACHE_MS = 250;

/** Requests that a gateway has not answered yet, by its metrics. */
const underWay = (metrics: string): number => Number(/^cimi_http_requests_in_progress (\d+)$/m.exec(metrics)?.[1]);

/** Tests of what happens without the gateway: machines made elsewhere, consoles, clones, a lost database. */
describeWith('moto', motoAvailable(), () => {
  let world: Ec2World;
  const steps = new Steps(() => world);
  const uriOf = (key: string) => `machines/${encodeId(CLOUD, key)}`;
  const listed = async (): Promise<Json[]> => ((await world.client.get('machines')).json.machines ?? []) as unknown as Json[];

  beforeAll(async () => {
    world = await startEc2World();
  });
  afterEach(async () => {
    const left = await world.instances();
    if (left.length > 0) await world.account.direct.send(new TerminateInstancesCommand({ InstanceIds: left }));
    // A row younger than the settle time is believed for so long.
    await waitUntil(async () => (await listed()).length === 0);
    expect(await listed()).toEqual([]);
  });
  afterAll(() => world.stop());

  const outside = async (tags: Tag[] = []): Promise<string> => {
    const TagSpecifications = tags.length > 0 ? [{ ResourceType: 'instance' as const, Tags: tags }] : [];
    const input = { ImageId: TEST_IMAGE, InstanceType: 't3.micro' as const, MinCount: 1, MaxCount: 1, TagSpecifications };
    const answer = await world.account.direct.send(new RunInstancesCommand(input));
    await elapse(CACHE_MS);
    return answer.Instances?.[0]?.InstanceId ?? '';
  };
  const tagsOf = async (id: string): Promise<Record<string, string>> => {
    const answer = await world.account.direct.send(new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }));
    return Object.fromEntries((answer.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
  };

  test.each([
    ['no tags at all', undefined],
    ['an odd name', '  <b>&amp; "ünï" ]]> \u{1f600}'],
    ['an empty name', ''],
    ['a name that looks like a filter', "x' or name='y"],
  ])('an instance made elsewhere with %s lives its life here', async (_what, name) => {
    const key = await outside(
      name === undefined
        ? []
        : [
            { Key: 'Name', Value: name },
            { Key: 'team', Value: 'blue' },
          ],
    );
    const machines = await listed();
    expect(machines.map(({ id }) => id)).toEqual([`${world.client.base}${uriOf(key)}`]);
    const machine = (await world.client.get(uriOf(key))).json;
    expect(machine).toEqual(machines[0]);
    expect(machine).toMatchObject({ state: 'STARTED', cpu: 2, memory: 1_048_576, ...(name ? { name } : {}) });
    expect(offers(machine)).toEqual(expect.arrayContaining(['edit', 'delete', 'stop', 'restart', 'capture', 'snapshot']));
    await steps.xml(uriOf(key));
    expect((await steps.act(machine, 'stop')).state).toBe('STOPPED');
    expect((await steps.act(machine, 'start')).state).toBe('STARTED');
    await steps.done('PUT', `${uriOf(key)}?$select=name,properties`, {
      json: { resourceURI: `${CIMI}/Machine`, name: 'adopted', properties: { a: '1' } },
    });
    expect((await world.client.get(uriOf(key))).json).toMatchObject({ id: machine.id, name: 'adopted', properties: { a: '1' } });
    expect(await tagsOf(key)).toMatchObject({ Name: 'adopted', 'cimi:p:a': '1', ...(name === undefined ? {} : { team: 'blue' }) });
    expect((await listed()).map(({ id }) => id)).toEqual([machine.id]);
    await steps.remove(machine);
    expect(await world.instances()).toEqual([]);
  });

  test('what a console does is seen: another name, a stop, an end', async () => {
    const machine = await steps.machine({ name: 'ours', machineTemplate: { ...(await steps.parts()), initialState: 'STARTED' } });
    const [key = ''] = await world.instances();
    const seen = async () => (await elapse(CACHE_MS), (await world.client.get(String(machine.id))).json);
    await world.account.direct.send(new CreateTagsCommand({ Resources: [key], Tags: [{ Key: 'Name', Value: 'theirs' }] }));
    expect(await seen()).toMatchObject({ name: 'theirs' });
    await world.account.direct.send(new StopInstancesCommand({ InstanceIds: [key] }));
    const stopped = await seen();
    expect(stopped.state).toBe('STOPPED');
    expect(offers(stopped)).toContain('start');
    await elapse(1500);
    await world.account.direct.send(new TerminateInstancesCommand({ InstanceIds: [key] }));
    await elapse(CACHE_MS);
    expect((await world.client.get(String(machine.id))).status).toBe(404);
    expect(await listed()).toEqual([]);
  });

  test('the database is lost: machines keep their ids and names, and can be operated', async () => {
    const template = { machineTemplate: { ...(await steps.parts()), initialState: 'STARTED' } };
    const one = await steps.machine({ name: 'one', description: 'first', properties: { a: '1' }, ...template });
    const two = await steps.machine({ name: 'two', ...template });
    const key = await outside();
    const path = (machine: Json) => String(machine.id).slice(world.client.base.length);
    const paths = [path(one), path(two)];
    await world.restart({ fresh: true });
    // By id first, while nothing has been listed.
    expect((await world.client.get(paths[0] ?? '')).json).toMatchObject({ name: 'one', description: 'first', properties: { a: '1' } });
    expect((await listed()).map(path).sort()).toEqual([...paths, uriOf(key)].sort());
    for (const uri of paths) await steps.act({ id: uri } as unknown as Json, 'stop');
    await steps.done('PUT', `${paths[1]}?$select=name`, { json: { resourceURI: `${CIMI}/Machine`, name: 'second' } });
    expect((await world.client.get(paths[1] ?? '')).json).toMatchObject({ name: 'second', state: 'STOPPED' });
    for (const uri of paths) await steps.remove({ id: uri } as unknown as Json);
    expect(await world.instances()).toEqual([key]);
  });

  test('a clone with all the tags of a machine is another machine, and outlives it', async () => {
    const machine = await steps.machine({ name: 'first', machineTemplate: { ...(await steps.parts()), initialState: 'STARTED' } });
    const [key = ''] = await world.instances();
    const clone = await outside(Object.entries(await tagsOf(key)).map(([Key, Value]) => ({ Key, Value })));
    const ids = async () => (await listed()).map(({ id }) => String(id)).sort();
    const both = [String(machine.id), `${world.client.base}${uriOf(clone)}`].sort();
    expect(await ids()).toEqual(both);
    expect((await world.client.get(uriOf(clone))).json).toMatchObject({ name: 'first', state: 'STARTED' });
    expect((await steps.act({ id: both.find((id) => id !== machine.id) } as unknown as Json, 'stop')).state).toBe('STOPPED');
    expect((await world.client.get(String(machine.id))).json.state).toBe('STARTED');
    expect(await ids()).toEqual(both);
    await steps.remove(machine);
    expect(await world.instances()).toEqual([clone]);
    await elapse(CACHE_MS);
    expect(await ids()).toEqual([`${world.client.base}${uriOf(clone)}`]);
  });

  test('a tag made up, or of another key, claims no id', async () => {
    const machine = await steps.machine({ machineTemplate: { ...(await steps.parts()), initialState: 'STARTED' } });
    const id = String(machine.id).split('/').at(-1) ?? '';
    const liar = await outside([{ Key: 'cimi:id', Value: `${id}:AAAAAAAAAAAAAAAAAAAAAA` }]);
    const other = await outside([{ Key: 'cimi:id', Value: 'nonsense' }]);
    const ids = (await listed()).map((found) => String(found.id).slice(world.client.base.length));
    expect(ids.sort()).toEqual([`machines/${id}`, uriOf(liar), uriOf(other)].sort());
    await steps.remove(machine);
    expect((await world.instances()).sort()).toEqual([liar, other].sort());
  });

  test('a list costs the provider’s pages, and a read one call', async () => {
    const counted = await startEc2World({ options: { pageSize: 5 }, guard: { cacheMs: 600 } });
    try {
      const { account, client } = counted;
      const [key = ''] = await account.launch(12);
      await client.get('machines');
      const cost = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
        await elapse(700);
        const before = account.proxy.counts();
        await work();
        const after = Object.entries(account.proxy.counts());
        return Object.fromEntries(after.map(([name, n]) => [name, n - (before[name] ?? 0)] as const).filter(([, n]) => n > 0));
      };
      expect(await cost(() => client.get('machines'))).toEqual({ DescribeInstances: 3 });
      expect(await cost(() => client.get("machines?$filter=state='STARTED'&$first=3&$last=4&$orderby=name:desc"))).toEqual({
        DescribeInstances: 3,
      });
      expect(await cost(() => client.get(uriOf(key)))).toEqual({ DescribeInstances: 1 });
      expect(await cost(() => client.get(uriOf(key), { accept: 'application/xml' }))).toEqual({ DescribeInstances: 1 });
    } finally {
      await counted.stop();
    }
  });

  test('many equal reads at once cost one call', async () => {
    // Longer than any wait: what is under way is joined for as long.
    const counted = await startEc2World({ guard: { cacheMs: 600_000 } });
    try {
      const { account, client } = counted;
      const [key = ''] = await account.launch(1);
      // Reads join the call that is on its way: it is until the last of them has come, which the gateway's metrics tell.
      const MANY = 100;
      let go: () => void = () => undefined;
      account.proxy.add({ action: 'DescribeInstances', until: new Promise<void>((resolve) => (go = resolve)) });
      const before = account.proxy.counts().DescribeInstances ?? 0;
      const reads = Promise.all(Array.from({ length: MANY }, async () => (await client.get(uriOf(key))).text));
      // The one that asks is under way, too.
      await waitUntil(async () => underWay((await client.get('/metrics')).text) > MANY).finally(go);
      expect(new Set(await reads).size).toBe(1);
      expect((account.proxy.counts().DescribeInstances ?? 0) - before).toBe(1);
    } finally {
      await counted.stop();
    }
  });
});
