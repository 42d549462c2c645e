import { decodeId } from '../../src/clouds/identity';
import { Client, type Answer } from '../harness/client';
import { Walk, type Visit } from './operations-walk';
import { bodiesFor, makersFor } from './population';
import { catalogue, openRightsWorld, type RightsWorld } from './rights-world';
import { listOf, pathOf } from './scene';

/**
 * Traces of what is in a cloud that somebody may not see (docs/decisions/0052): there are none, whatever type it is of and whatever is asked. One
 * of each type that the catalogue lets be made in a cloud is made there.
 */
let { scene, root, visits, ask, get, text } = {} as RightsWorld;
/** Paths of what is hidden, by type. */
const hidden = new Map<string, string>();
/** Texts by which it is known, with what has them. */
const traces = new Map<string, string>();

/** A client that makes everything in the cloud `far`, of things that are there. */
class FarClient extends Client {
  override post(uri: string, json: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const below = uri.replace(this.base, '').replace(/^clouds\/far\//, '');
    return super.post(`clouds/far/${below}`, inFar(json), headers);
  }
}

const inFar = (body: unknown): unknown => JSON.parse(JSON.stringify(body).replaceAll('/sim.', '/far.'));
/** Types of what is put together of, or is about, other things. */
const FOLLOWS = ['System', 'Meter', 'EventLog'];

beforeAll(async () => {
  ({ scene, root, ask, get, text } = await openRightsWorld());
  const makers = makersFor(new FarClient(root.base));
  const bodies = bodiesFor(makers);
  const owners = new Map<string, string>();
  for (const [name, body] of Object.entries(bodies)) {
    const [segment = '', owner] = name.split('/').reverse();
    const item = (owner === undefined ? catalogue.entryPoints().get(segment)?.item : catalogue.nestedOf(owner).get(segment)?.item) ?? '';
    if (owner === undefined && !('cloud' in catalogue.attributesOf(item)) && !FOLLOWS.includes(item)) continue;
    if (owner !== undefined && !owners.has(owner)) continue;
    if (/(Template|Configuration)$/.test(item)) continue;
    const naming = { name: `trace-${item.toLowerCase()}-there` };
    const into = owner === undefined ? segment : `${owners.get(owner) ?? ''}/${segment}`;
    const path = await makers.make(into, { ...(await body()), ...naming });
    if (owner === undefined) owners.set(item, path);
    // A System and a Credential are in no cloud: they are seen without what is in the cloud.
    const row = await scene.gateway.gateway.store.resource(path);
    if (owner === 'System' || (owner === undefined && row?.cloud !== 'far' && !['Meter', 'EventLog'].includes(item))) continue;
    hidden.set(item, path);
    traces.set(`trace-${item.toLowerCase()}-there`, path);
  }
  visits = await new Walk(root, catalogue).all();
  for (const { path } of visits) {
    const [collection = '', id = ''] = path.split('/');
    const row = id === '' ? undefined : await scene.gateway.gateway.store.resource(`${collection}/${id}`);
    // What is found there has no row; its id tells its cloud.
    if (row?.cloud !== 'far' && decodeId(id)?.cloudKey !== 'far' && ![...hidden.values()].includes(path)) continue;
    traces.set(`${collection}/${id}`, path);
    const sameKey = row?.providerKey
      ? await scene.gateway.gateway.store.resources({ type: row.type, cloud: 'sim', providerKeys: [row.providerKey] })
      : [];
    if (row?.providerKey && row.providerKey.length > 8 && sameKey.length === 0) traces.set(row.providerKey, path);
  }
  for (const { id, ...job } of listOf((await root.get('jobs')).json, 'jobs'))
    if (String(job.state) === 'SUCCESS' && [...traces.keys()].some((trace) => JSON.stringify(job).includes(`${trace}"`)))
      traces.set(pathOf(root, id), pathOf(root, id));
}, 120_000);
afterAll(() => scene.close());

/** Those that live in nothing else. */
const atTop = (): [string, string][] => [...hidden].filter(([, path]) => path.split('/').length === 2);
const found = (answer: string): string[] => [...traces.keys()].filter((trace) => answer.includes(trace));

test('one of each type is there, and its maker sees it', async () => {
  expect(hidden.size).toBeGreaterThan(8);
  for (const path of hidden.values()) expect([path, (await root.get(path)).status]).toEqual([path, 200]);
  expect(found((await root.get('machines')).text).length).toBeGreaterThan(1);
});

describe.each(['only-sim', 'not-far'])('no trace of it is told to %s', (who) => {
  const check = async (at: string, accept: 'application/json' | 'application/xml' = 'application/json') => {
    expect([at, found(await text(who, at, accept))]).toEqual([at, []]);
  };

  test('in an item or a collection, in either form, expanded or not', async () => {
    const isThere = ({ path }: Visit): boolean => found(path).length === 0;
    for (const { path } of visits.filter(isThere)) {
      await check(`${path}?$expand=*`);
      await check(path, 'application/xml');
    }
  });

  test('in windows, orders, filters and selections', async () => {
    for (const { path } of visits.filter(({ path: one, collection }) => collection && !one.includes('/')))
      for (const query of ['$first=1&$last=1000', '$orderby=name:desc', '$select=id,name', "$filter=name!='x'", "$filter=id!='x'"])
        await check(`${path}?${query}`);
    for (const [type, path] of atTop()) {
      const collection = path.split('/')[0] ?? '';
      for (const filter of [`id='${root.base}${path}'`, `name='trace-${type.toLowerCase()}-there'`]) {
        const { status, json } = await get(who, `${collection}?$filter=${encodeURIComponent(filter)}`);
        expect([path, status, json.count]).toEqual([path, 200, 0]);
      }
    }
  });

  test('by its path: it is as if it had never been', async () => {
    for (const path of atTop().map(([, one]) => one))
      for (const method of ['GET', 'DELETE'] as const) {
        const words = async (at: string) => {
          const { status, json } = await ask(who, method, at);
          return [status, String(json.statusMessage).replaceAll(at, '')];
        };
        expect([path, method, ...(await words(path))]).toEqual([path, method, ...(await words(`${path}x`))]);
      }
  });

  test('in the words of what is refused', async () => {
    for (const [type, path] of atTop()) {
      const href = { href: root.base + path };
      const asked: [string, object][] = [
        ['meters', { meterTemplate: { targetResource: href, meterConfig: { aspect: 'http://schemas.dmtf.org/cimi/1/aspect/cpu' } } }],
        ['eventLogs', { eventLogTemplate: { targetResource: href } }],
        ['machines', { machineTemplate: { machineConfig: { href: 'machineConfigs/sim.s1_2enano' }, machineImage: href } }],
      ];
      for (const [collection, body] of asked) {
        const words = async (one: object, at: string) => {
          const { status, json } = await ask(who, 'POST', collection, one);
          return [status, String(json.statusMessage).replaceAll(at, '')];
        };
        const other = JSON.parse(JSON.stringify(body).replaceAll(path, `${path}x`)) as object;
        expect([type, collection, ...(await words(body, path))]).toEqual([type, collection, ...(await words(other, `${path}x`))]);
      }
    }
  });
});
