import { gatewayCatalogue } from '../../src/model/catalogue';
import { hashPassword } from '../../src/http/passwords';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { FORMATS, Walk, words, type Visit } from './operations-walk';
import { bodiesFor, componentOf, MACHINE, makersFor, populate, type Bodies, type Makers } from './population';
import { IMAGE, listOf, machineCreate, openScene, pathOf, type Scene } from './scene';

/**
 * 4.2: what is offered works, and what is not offered is refused, of everything that a full population has, in both
 * formats; and what is read of what offers edit can be sent back unchanged (4.2.1.3).
 */
let scene: Scene;
let client: Client;
let reader: Client;
let walk: Walk;
const catalogue = gatewayCatalogue();
let machine: Makers['machine'];
let volume: Makers['volume'];
let bodies: Bodies;
const delays = { create: 5, start: 5, stop: 5, pause: 5, suspend: 5, restart: 5, restore: 5, delete: 5, capture: 5 };

beforeAll(async () => {
  scene = await openScene({
    config: {
      access: { required: true },
      tenants: ['default', 'other'],
      jobs: { graceMs: 10_000 },
      clouds: {
        sim: simulatedCloud({ delays, lingerMs: 0 }, { tenants: ['default', 'other'], discoveredTenant: 'default', guard: { cacheMs: 0 } }),
      },
    },
  });
  const { access } = scene.gateway.gateway.store;
  const user = async (name: string, role: 'operator' | 'reader', tenant = 'default') => {
    await access.putPrincipal({ name, tenant, role, passwordHash: await hashPassword(`pw-${name}`) });
    return scene.client.as({ authorization: `Basic ${Buffer.from(`${name}:pw-${name}`).toString('base64')}` });
  };
  client = await user('op', 'operator');
  reader = await user('rae', 'reader');
  walk = new Walk(client, catalogue);
  const makers = makersFor(client);
  ({ machine, volume } = makers);
  bodies = bodiesFor(makers);
  await populate(client, scene.control);
});
afterAll(() => scene.close());

/**
 * Tries whether everything that it does not offer is refused.
 * @returns what is not, in words
 */
async function refusesOthers(visit: Visit, by = walk): Promise<string | undefined> {
  for (const name of by.others(visit)) {
    for (const format of FORMATS) {
      const answer = await by.ask(visit, name, format, name === 'restore' ? { image: IMAGE } : {});
      if (answer.status < 400 || answer.status >= 500)
        return `${visit.path} (${visit.type}) does not offer ${name}: ${answer.status} ${words(answer.text)}`;
    }
  }
  return undefined;
}

/** Selects the first of those that are of one type and offer the same, in one state and in owners of one state. */
async function oneOfEach(all: readonly Visit[]): Promise<Visit[]> {
  const firsts = new Map<string, Visit>();
  for (const visit of all) {
    const owner = catalogue.locate(visit.path)?.owner?.path;
    const states = [(await client.get(visit.path)).json.state, owner && (await client.get(owner)).json.state];
    const key = [visit.type, ...visit.offers, ...states].join(' ');
    firsts.set(key, firsts.get(key) ?? visit);
  }
  return [...firsts.values()];
}

/** Finds what is wrong with each of these, in their order. */
async function wrongIn<T>(all: readonly T[], work: (one: T) => Promise<string | undefined>): Promise<string> {
  const wrong: string[] = [];
  for (const one of all) {
    const said = await work(one);
    if (said !== undefined) wrong.push(said);
  }
  return wrong.join('\n');
}

test('both formats show the same operations; a reader is shown none, and may do nothing', async () => {
  const all = await walk.all();
  expect(all.length).toBeGreaterThan(120);
  const types = new Set(all.map(({ type }) => type));
  expect(types.size).toBeGreaterThan(60);
  const read = new Walk(reader, catalogue);
  expect(
    await wrongIn(all, async (visit) => {
      const xml = await walk.inXml(visit.path);
      if (JSON.stringify(xml) !== JSON.stringify(visit.offers)) return `${visit.path}: ${String(visit.offers)} but in XML ${String(xml)}`;
      const seen = await read.look(visit.path);
      return seen?.offers.length === 0 ? undefined : `${visit.path} offers a reader ${String(seen?.offers)}`;
    }),
  ).toBe('');
});

test('what is not offered is refused, in words', async () => {
  expect(await wrongIn(await walk.all(), (visit) => refusesOthers(visit))).toBe('');
});

test('what is read of what offers edit is taken back unchanged, and changes nothing', async () => {
  const editable = (await walk.all()).filter(({ offers }) => offers.includes('edit'));
  expect(new Set(editable.map(({ type }) => type)).size).toBeGreaterThan(28);
  expect(
    await wrongIn(editable, async (visit) => {
      const strip = ({ updated: _updated, ...rest }: Json) => JSON.stringify(rest);
      const before = strip((await client.get(visit.path)).json);
      for (const format of FORMATS) {
        const wrong = await walk.wrong(await walk.putBack(visit, format));
        if (wrong !== undefined) return `${visit.path} (${visit.type}) in ${format}: ${wrong}`;
      }
      const after = strip((await client.get(visit.path)).json);
      return after === before ? undefined : `${visit.path} (${visit.type}) was ${before}, is ${after}`;
    }),
  ).toBe('');
});

test('edit works', async () => {
  const editable = (await walk.all()).filter(({ offers }) => offers.includes('edit'));
  expect(
    await wrongIn(editable, async (visit) => {
      for (const format of FORMATS) {
        const wrong = await walk.wrong(await walk.ask(visit, 'edit', format));
        if (wrong !== undefined) return `${visit.path} (${visit.type}) in ${format}: ${wrong}`;
      }
      return (await client.get(visit.path)).text.includes('"name":"other"')
        ? undefined
        : `${visit.path} (${visit.type}) has its former name`;
    }),
  ).toBe('');
});

test('every action that is offered works', async () => {
  const withActions = await oneOfEach((await walk.all()).filter(({ type, collection }) => !collection && catalogue.resource(type).actions));
  let turn = 0;
  const [image] = listOf((await client.get("machineImages?$filter=type='SNAPSHOT'")).json, 'machineImages');
  expect(
    await wrongIn(withActions, async (visit) => {
      const actions = Object.entries(catalogue.resource(visit.type).actions ?? {}).flatMap(([name, { kind }]) =>
        kind === 'action' ? [name] : [],
      );
      const tried = new Set<string>();
      for (;;) {
        const now = await walk.look(visit.path);
        const name = now?.offers.find((each) => actions.includes(each) && !tried.has(each));
        if (!now || name === undefined) break;
        tried.add(name);
        const wrong = await walk.wrong(
          await walk.ask(now, name, FORMATS[turn++ % 2] ?? 'json', name === 'restore' ? { image: image?.id } : {}),
        );
        if (wrong !== undefined) return `${visit.path} (${visit.type}): ${name}: ${wrong}`;
      }
      return undefined;
    }),
  ).toBe('');
});

test('every add that is offered works', async () => {
  const lists = await oneOfEach((await walk.all()).filter(({ offers }) => offers.includes('add')));
  const tried = new Set<string>();
  expect(
    await wrongIn(lists, async ({ path: list }) => {
      const location = catalogue.locate(list);
      const name = location?.owner ? `${location.owner.type}/${list.split('/').at(-1) ?? ''}` : list;
      tried.add(name);
      const body = await bodies[name]?.();
      if (!body) return `${list}: nothing is known that could be added`;
      const wrong = await walk.wrong(await client.post(list, body));
      return wrong === undefined ? undefined : `${list}: ${wrong}`;
    }),
  ).toBe('');
  expect([...tried].sort()).toEqual(Object.keys(bodies).sort());
});

test('every delete that is offered works, and what is deleted is gone', async () => {
  const depth = ({ path: at }: Visit) => at.split('/').length;
  const items = await oneOfEach((await walk.all()).filter(({ collection }) => !collection));
  items.sort((a, b) => depth(b) - depth(a));
  let format = 0;
  expect(
    await wrongIn(items, async (visit) => {
      const now = await walk.look(visit.path);
      if (!now?.offers.includes('delete')) return undefined;
      const wrong = await walk.wrong(await walk.ask(now, 'delete', FORMATS[format++ % 2] ?? 'json'));
      if (wrong !== undefined) return `${visit.path} (${visit.type}): ${wrong}`;
      return (await client.get(visit.path)).status === 404 ? undefined : `${visit.path} (${visit.type}) is still there`;
    }),
  ).toBe('');
});

test('while Jobs are under way, too: what they hold, its Collections, and they themselves', async () => {
  const slow = { create: 60_000, stop: 60_000, delete: 60_000, capture: 60_000 };
  const [one, two, three, vol] = [await machine(), await machine(), await machine(), await volume()];
  scene.control.set({ delays: { ...delays, ...slow } });
  const under = client.as({ prefer: 'wait=0' });
  const answers = [
    await under.act(one, 'stop'),
    await under.delete(two),
    await under.post('machines', machineCreate()),
    await under.post('machineImages', { imageLocation: three }),
    await under.post('volumeImages', { imageLocation: { href: vol } }),
    await under.post('systems', { systemTemplate: { componentDescriptors: [componentOf('Machine', 'm', MACHINE)] } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
  const paths = answers.flatMap(({ headers }) => [headers.get('location'), headers.get('cimi-job-uri')]);
  const own = [one, two, three, vol, ...paths.flatMap((uri) => (uri === null ? [] : [pathOf(client, uri)]))];
  const hurried = new Walk(under, catalogue);
  const all = await hurried.below(own);
  expect(await wrongIn(all, (visit) => refusesOthers(visit, hurried))).toBe('');
  const tried = new Set<string>();
  expect(
    await wrongIn(all, async ({ path: at }) => {
      const now = await hurried.look(at);
      const name = now?.offers.find((each) => !['edit', 'add'].includes(each));
      if (!now || name === undefined || now.type === 'Job') return undefined;
      tried.add(`${now.type} ${name}`);
      if (name === 'stop') scene.control.set({ delays });
      const answer = await hurried.ask(now, name, 'json', name === 'stop' ? { force: true } : {});
      // The delete of what it stands in, tried before, may have taken it away between the look and the request.
      if (answer.status === 404 && !(await hurried.look(at))) return undefined;
      return answer.status < 300 ? undefined : `${at} (${now.type}): ${name}: ${answer.status} ${words(answer.text)}`;
    }),
  ).toBe('');
  expect([...tried]).toEqual(expect.arrayContaining(['Machine delete', 'System delete', 'MachineImage delete', 'VolumeImage delete']));
});
