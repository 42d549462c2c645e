import { ACTION } from '../../src/model/define';
import type { Scope } from '../../src/model/scope';
import type { Answer, Json } from '../harness/client';
import type { Visit } from './operations-walk';
import { makersFor } from './population';
import { catalogue, collections, FOLLOWING, openRightsWorld, type RightsWorld } from './rights-world';
import { expectFault, KEY_BYTES, listOf, machineCreate, made, pathOf, rels, succeeded } from './scene';

/**
 * Declared rules hold on every path (docs/decisions/0052): two clouds with one of everything in the first, users from whom rules take something, and
 * what each of them may see and do of all that there is.
 */
let { scene, root, visits, hiddenMachine, hiddenVolume, system, ask, get, act, reloaded } = {} as RightsWorld;

beforeAll(async () => {
  ({ scene, root, visits, hiddenMachine, hiddenVolume, system, ask, get, act, reloaded } = await openRightsWorld());
});
afterAll(() => scene.close());

const collectionOf = (path: string): string => path.split('/')[0] ?? '';
/** Everything that a text refers to. */
const referred = (json: Json): string[] => [...JSON.stringify(json).matchAll(/"href":"([^"]+)"/g)].map(([, href]) => pathOf(root, href));

test('what is looked at is one of everything in one cloud, and some things in another', () => {
  expect(visits.length).toBeGreaterThan(150);
  const paths = visits.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining([hiddenMachine, `${hiddenMachine}/disks`, hiddenVolume]) as unknown);
});

describe.each(['only-sim', 'not-far'])('a cloud that one may not see: %s', (who) => {
  const isFar = async (path: string): Promise<boolean> => {
    if (path.startsWith('clouds/far') || /\/far\./.test(path)) return true;
    const [collection = '', id = ''] = path.split('/');
    const { json } = await root.get(`${collection}/${id}`);
    return pathOf(root, (json.cloud as { href?: string } | undefined)?.href ?? json.cloud ?? '').endsWith('far');
  };

  test('is nowhere: not by path, nor in a list, nor as a reference, nor in the count', async () => {
    const hidden = new Set<string>();
    for (const { path } of visits) if (path.includes('/') && (await isFar(path))) hidden.add(path);
    expect(hidden.has(hiddenMachine)).toBe(true);
    expect(hidden.has(hiddenVolume)).toBe(true);
    for (const { path, collection } of visits) {
      if (hidden.has(path)) {
        expect([path, (await get(who, path)).status]).toEqual([path, 404]);
        continue;
      }
      const { status, json } = await get(who, `${path}?$expand=*`);
      if (status === 404) continue;
      expect([path, status]).toEqual([path, 200]);
      if (collection) {
        const grouping = catalogue.locate(path)?.collection?.json ?? '';
        expect([path, json.count]).toEqual([path, listOf(json, grouping).length]);
      }
      const leaks = referred(json).filter((href) => hidden.has(href));
      expect([path, leaks]).toEqual([path, []]);
    }
  });

  test('and what is left is all the rest', async () => {
    const lost: string[] = [];
    for (const { path } of visits) {
      if (!path.includes('/') || (await isFar(path)) || (await get(who, path)).status === 200) continue;
      lost.push(path);
    }
    // Jobs, logs and Meters of what is there, an association of it, and what happened there.
    for (const path of lost) {
      const { json } = await root.get(path);
      // Why a request was refused is for who sent it, and the audit for admins.
      if (String(json.state) === 'FAILED' || /\/(access|alarm)$/.test(String(json.type))) continue;
      const text = JSON.stringify(json);
      const about = text.includes(hiddenMachine) || text.includes(hiddenVolume) || /far/.test(text);
      if (!about) expect([path, text]).toEqual([path, 'about the other cloud']);
    }
  });

  test('its own entry point is not there, and the cloud is not among the clouds', async () => {
    expect((await get(who, 'clouds/far/cloudEntryPoint')).status).toBe(404);
    expect((await get(who, 'clouds/far/machines')).status).toBe(404);
    expect(listOf((await get(who, 'clouds')).json, 'clouds').map(({ id }) => pathOf(root, id))).toEqual(['clouds/sim']);
  });

  test('is looked through by no filter, order or window', async () => {
    const all = (await get(who, 'machines')).json;
    expect(Number(all.count)).toBe(Number((await root.get('machines')).json.count) - 1);
    for (const query of ['$first=1&$last=100', '$orderby=name', `$filter=${encodeURIComponent("id!='x'")}`, '$first=1&$last=1']) {
      const { json } = await get(who, `machines?${query}`);
      expect([query, json.count]).toEqual([query, all.count]);
    }
    const id = encodeURIComponent(`id='${root.base}${hiddenMachine}'`);
    expect((await get(who, `machines?$filter=${id}`)).json.count).toBe(0);
  });

  test('nothing is made there, and nothing of what is there is used', async () => {
    const far = { machineConfig: { href: 'machineConfigs/far.s1_2enano' }, machineImage: { href: 'machineImages/far.img-debian-12' } };
    expect(await ask(who, 'POST', 'machines', { machineTemplate: far })).toMatchObject({ status: 400 });
    const named = await ask(who, 'POST', 'volumes', { cloud: 'far', volumeTemplate: { volumeConfig: { capacity: 1 } } });
    expect([named.status, named.json.statusMessage]).toEqual([400, expect.stringMatching(/there is no cloud 'far'; candidates are 'sim'/)]);
    expect((await ask(who, 'DELETE', hiddenMachine)).status).toBe(404);
    expect((await act(who, hiddenMachine, 'stop')).status).toBe(404);
    expect((await ask(who, 'POST', `${hiddenMachine}/volumes`, {})).status).toBe(404);
    const { status } = await ask(who, 'POST', `${system}/machines`, { machine: { href: hiddenMachine } });
    expect(status).toBe(400);
  });

  test('a System with a part there is seen without it, and not changed', async () => {
    const { json } = await get(who, `${system}/machines?$expand=machine`);
    expect(JSON.stringify(json)).not.toContain(hiddenMachine);
    for (const answer of [await ask(who, 'DELETE', system), await act(who, system, 'stop'), await act(who, system, 'export')]) {
      expect([answer.status, JSON.stringify(answer.json)]).toEqual([403, expect.stringMatching(/what it consists of/)]);
      expect(JSON.stringify(answer.json)).not.toContain(hiddenMachine);
    }
  });

  test('Jobs and events of it are not seen, and those of the rest are', async () => {
    const jobs = listOf((await get(who, 'jobs')).json, 'jobs');
    expect(jobs.length).toBeGreaterThan(20);
    // What it was refused itself has the words that it was told.
    const isOf = (job: Json): boolean => String(job.state) !== 'FAILED' && JSON.stringify(job).includes(hiddenMachine);
    expect(jobs.filter(isOf)).toEqual([]);
    const all = listOf((await root.get('jobs')).json, 'jobs').filter(isOf);
    expect(all.length).toBeGreaterThan(0);
    for (const { id } of all) expect((await get(who, pathOf(root, id))).status).toBe(404);
    const log = listOf((await get(who, 'eventLogs')).json, 'eventLogs').find((one) =>
      JSON.stringify(one.targetResource).includes('cloudEntryPoint'),
    );
    const events = (await get(who, `${pathOf(root, log?.id)}/events`)).json;
    expect(listOf(events, 'events').length).toBeGreaterThan(10);
    const told = listOf(events, 'events').filter(({ type }) => !String(type).endsWith('/alarm'));
    expect(JSON.stringify(told)).not.toContain(hiddenMachine);
  });
});

test('a Job of what was deleted there is not seen either', async () => {
  const gone = pathOf(root, (await made(root, 'volumes', { cloud: 'far', volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } })).id);
  const answer = await root.delete(gone);
  await succeeded(root, answer);
  const job = pathOf(root, answer.headers.get('cimi-job-uri'));
  expect((await root.get(job)).status).toBe(200);
  expect((await get('only-sim', job)).status).toBe(404);
});

/** Collections to which each path leads one who sees everything. */
const leads = new Map<string, Set<string>>();
const leadsTo = (path: string, collection: string): boolean => leads.get(path)?.has(collection) === true;

beforeAll(async () => {
  for (const { path } of visits) leads.set(path, new Set(referred((await root.get(path)).json).map(collectionOf)));
});

describe.each(collections.filter((one) => !FOLLOWING.includes(one)))('a collection that one may not see: %s', (hidden) => {
  const who = `not-${hidden}`;

  test('is not offered, not there, and referred to nowhere', async () => {
    const entry = (await get(who, 'cloudEntryPoint')).json;
    expect(entry[hidden]).toBeUndefined();
    expect(entry.jobs).toBeDefined();
    expect((await get(who, hidden)).status).toBe(404);
    for (const { path } of visits.filter(({ path }) => collectionOf(path) === hidden))
      expect([path, (await get(who, path)).status]).toEqual([path, 404]);
    const type = catalogue.entryPoints().get(hidden)?.item ?? '';
    expect((await get(who, `resourceMetadata/${type}`)).status).toBe(404);
    const answer = await ask(who, 'POST', hidden, {});
    expect(answer.status).toBe(404);
  });

  test('nothing that is optional leads there', async () => {
    const mandatory = new Set(
      catalogue.resources.flatMap(({ name }) =>
        Object.entries(catalogue.attributesOf(name)).flatMap(([attribute, { consumer }]) =>
          consumer.startsWith('mandatory') ? [attribute] : [],
        ),
      ),
    );
    const found = new Set<string>();
    const look = (value: unknown, name: string): void => {
      if (Array.isArray(value)) return value.forEach((one) => look(one, name));
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'href' && collectionOf(pathOf(root, inner)) === hidden) found.add(name);
        else look(inner, key);
      }
    };
    for (const { path, collection } of visits) {
      if (collection || collectionOf(path) === hidden || collectionOf(path) === 'jobs' || !leadsTo(path, hidden)) continue;
      const { status, json } = await get(who, path);
      if (status === 200) look({ ...json, operations: undefined }, '');
    }
    expect([...found].filter((name) => name !== 'about' && !mandatory.has(name))).toEqual([]);
  });
});

describe('actions', () => {
  /** Tries every change of a path. */
  const changes = async (who: string, { path, type, collection }: Visit): Promise<[string, number, string][]> => {
    const told = ({ status, json }: { status: number; json: Json }): [number, string] => [status, String(json.statusMessage)];
    if (collection) return [['add', ...told(await ask(who, 'POST', path, {}))]];
    const names = Object.entries(catalogue.resource(type).actions ?? {}).flatMap(([name, { kind }]) => (kind === 'action' ? [name] : []));
    const all: [string, number, string][] = [
      ['edit', ...told(await ask(who, 'PUT', `${path}?$select=name`, { name: 'x' }))],
      ['delete', ...told(await ask(who, 'DELETE', path))],
    ];
    for (const name of names) all.push([name, ...told(await act(who, path, name))]);
    return all;
  };

  test('that one may not do are refused with words everywhere, and offered nowhere', async () => {
    const sample = [...new Map(visits.map((visit) => [`${visit.type} ${String(visit.path.split('/').length)}`, visit])).values()];
    expect(sample.length).toBeGreaterThan(60);
    for (const visit of sample.filter(({ path }) => !/^(clouds|resourceMetadata|cloudEntryPoint)/.test(path))) {
      const { status: there, json } = await get('restarts', visit.path);
      // Entries of the audit are for admins.
      if (there !== 200) continue;
      expect([visit.path, rels(json).filter((name) => !['restart', 'start', 'stop'].includes(name))]).toEqual([visit.path, []]);
      for (const [name, status, words] of await changes('restarts', visit)) {
        if (collectionOf(visit.path) === 'machines' && !visit.path.includes('/', 9) && ['restart', 'start', 'stop'].includes(name))
          continue;
        if (status === 405 || (name === 'add' && status === 400)) continue;
        expect([visit.path, name, status, words]).toEqual([
          visit.path,
          name,
          403,
          expect.stringMatching(/no rule lets user 'restarts' do it|shared|configuration/),
        ]);
      }
    }
  });

  test('those that one may do are done', async () => {
    const { machine: makeMachine } = makersFor(root);
    const other = await makeMachine();
    expect((await ask('restarts', 'DELETE', other)).status).toBe(403);
    expect((await act('restarts', other, 'restart')).status).toBeLessThan(300);
    const template = await ask('restarts', 'POST', 'machineTemplates', { name: 'x' });
    expect([template.status, template.json.statusMessage]).toEqual([
      403,
      expect.stringMatching(/no rule lets user 'restarts' do it: add to machineTemplates/),
    ]);
    const machine = await makeMachine();
    expect(rels((await get('no-delete', machine)).json)).toEqual(expect.arrayContaining(['edit', 'stop']) as unknown);
    expect(rels((await get('no-delete', machine)).json)).not.toContain('delete');
    const refused = await ask('no-delete', 'DELETE', machine);
    expect([refused.status, refused.json.statusMessage]).toEqual([
      403,
      expect.stringContaining(`the rule 'no-delete' does not let user 'no-delete' do it: delete ${machine}`),
    ]);
    expect((await ask('no-delete', 'PUT', `${machine}?$select=name`, { name: 'renamed' })).status).toBe(200);
    expect(rels((await root.get(machine)).json)).toContain('delete');
  });

  test('metadata and collections tell the same', async () => {
    const actions = (await get('restarts', 'resourceMetadata/Machine')).json.actions;
    const names = (actions as unknown as Json[]).map(({ name }) => name).sort();
    expect(names).toEqual(['restart', 'start', 'stop']);
    expect(rels((await get('restarts', 'machines')).json)).toEqual([]);
    expect(rels((await get('images', 'machineImages')).json)).toEqual(['add']);
  });

  test('a cloud may be only looked at', async () => {
    expect((await get('looks-at-far', hiddenMachine)).json.operations).toBeUndefined();
    expect((await act('looks-at-far', hiddenMachine, 'stop')).status).toBe(403);
    const far = { machineConfig: { href: 'machineConfigs/far.s1_2enano' }, machineImage: { href: 'machineImages/far.img-debian-12' } };
    const answer = await ask('looks-at-far', 'POST', 'machines', { machineTemplate: far });
    expect([answer.status, answer.json.statusMessage]).toEqual([
      403,
      expect.stringMatching(/no rule lets user 'looks-at-far' do it: add to machines in cloud 'far'/),
    ]);
    const named = await ask('looks-at-far', 'POST', 'volumes', { cloud: 'far', volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } });
    expect(named.status).toBe(403);
    const unnamed = await ask('looks-at-far', 'POST', 'volumes', { volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } });
    expect([unnamed.status, unnamed.json.cloud]).toEqual([201, 'sim']);
    const [job] = listOf((await root.get('jobs')).json, 'jobs').filter(
      (one) => String(one.state) === 'SUCCESS' && JSON.stringify(one).includes(hiddenMachine),
    );
    const path = pathOf(root, job?.id);
    expect((await get('looks-at-far', path)).status).toBe(200);
    expect((await get('looks-at-far', path)).json.operations).toBeUndefined();
    expect((await ask('looks-at-far', 'DELETE', path)).status).toBe(403);
  });

  test('nothing is imported by a reference into a cloud that one may only look at', async () => {
    const network = pathOf(root, (await made(root, 'networks', { cloud: 'far', networkTemplate: { networkConfig: {} } })).id);
    const properties = { 'ovf.network.front': root.base + network };
    for (const into of ['systems', 'systemTemplates']) {
      const asked = { action: `${ACTION}import`, source: 'https://example.org/shop.ova', properties };
      const { status, json } = await ask('looks-at-far', 'POST', into, asked);
      expect([into, status, json.statusMessage]).toEqual([into, 403, expect.stringMatching(/import into cloud 'far'/)]);
    }
  });

  test('who may only add images sees its own Job, and captures nothing', async () => {
    const machine = await makersFor(root).machine();
    expect((await ask('images', 'POST', 'machineImages', { imageLocation: { href: machine } })).status).toBe(400);
    const entry = (await get('images', 'cloudEntryPoint')).json;
    const offered = collections.filter((one) => entry[one] !== undefined);
    expect(offered.sort()).toEqual(['clouds', 'jobs', 'machineImages', 'resourceMetadata']);
    const refused = await ask('images', 'POST', 'machineImages', { imageLocation: { href: 'machines/none' } });
    const job = pathOf(root, refused.headers['CIMI-Job-URI']);
    expect((await get('images', job)).status).toBe(200);
    expect((await get('only-sim', job)).status).toBe(404);
  });

  test('what a link leads to needs the right to the link', async () => {
    const book = [{ name: 'no-capture', effect: 'deny', users: ['no-capture'], actions: ['capture'] }];
    await reloaded(book, async () => {
      const machine = await makersFor(root).machine();
      expect(rels((await root.get(machine)).json)).toContain('capture');
      expect(rels((await get('no-capture', machine)).json)).not.toContain('capture');
      const answer = await ask('no-capture', 'POST', 'machineImages', { imageLocation: { href: machine } });
      expect([answer.status, answer.json.statusMessage]).toEqual([403, expect.stringMatching(/'no-capture' do it: capture/)]);
    });
  });
});

test('other rules hold for the next request, and wrong ones are not taken', async () => {
  expect((await get('no-delete', 'volumes')).status).toBe(200);
  await reloaded([{ name: 'x', effect: 'deny', users: ['no-delete'], collections: ['volumes'] }], async () => {
    expect((await get('no-delete', 'volumes')).status).toBe(404);
    expect(scene.gateway.logs().at(-1)).toMatchObject({
      level: 'warn',
      msg: 'rules are for users, groups or issuers that there are not',
      rules: ["access.policies[0].users[0]: there is no user 'no-delete' yet"],
    });
    expect((await get('only-sim', hiddenMachine)).status).toBe(200);
    await expect(reloaded([{ name: 'x', collections: ['volume'] }], () => Promise.resolve())).rejects.toThrow(
      /access.policies\[0\].collections\[0\]: there is no collection 'volume'/,
    );
    expect((await get('no-delete', 'volumes')).status).toBe(404);
  });
  expect((await get('no-delete', 'volumes')).status).toBe(200);
});

test('two of one tenant and role never share what is kept', async () => {
  const users = ['only-sim', 'not-volumes', 'nobody-in-a-rule', 'images'];
  const paths = [
    'machines',
    'machines?$first=2&$last=3',
    'volumes',
    'cloudEntryPoint',
    'clouds',
    'jobs?$first=1&$last=3',
    hiddenMachine,
    system,
  ];
  const alone = new Map<string, string>();
  const seen = async (who: string, path: string): Promise<string> => {
    const { status, json } = await get(who, path);
    return `${String(status)} ${String(json.count)} ${rels(json).join()} ${Object.keys(json).join()}`;
  };
  for (const who of users) for (const path of paths) alone.set(`${who} ${path}`, await seen(who, path));
  for (let turn = 0; turn < 3; turn += 1)
    for (const path of paths)
      for (const who of users) expect([who, path, await seen(who, path)]).toEqual([who, path, alone.get(`${who} ${path}`)]);
  expect(new Set(users.map((who) => alone.get(`${who} machines`))).size).toBeGreaterThan(2);
});

test('a token’s scope narrows one who has all rights, and no answer of one is another’s', async () => {
  const scope: Scope = { collections: ['volumes'], actions: ['read'] };
  const scoped = (path: string) => ask('ann', 'GET', path, undefined, { scope, token: 't' });
  for (let turn = 0; turn < 2; turn += 1) {
    expect((await get('ann', 'machines')).status).toBe(200);
    expect((await scoped('machines')).status).toBe(404);
    expect((await scoped('volumes')).status).toBe(200);
    expect(rels((await get('ann', 'volumes')).json)).toEqual(['add']);
    expect(rels((await scoped('volumes')).json)).toEqual([]);
  }
  const refused = await ask('ann', 'DELETE', hiddenVolume, undefined, { scope, token: 't' });
  expect([refused.status, refused.json.statusMessage]).toEqual([
    403,
    expect.stringMatching(/the token of user 'ann' is not for it: delete/),
  ]);
});

test('groups by which an issuer knows somebody count', async () => {
  await reloaded([{ name: 'team', groups: ['team'], collections: ['volumes'] }], async () => {
    const inTeam = (path: string) => ask('corp:ann', 'GET', path, undefined, { groups: ['team'] });
    expect((await inTeam('machines')).status).toBe(404);
    expect((await inTeam('volumes')).status).toBe(200);
    expect((await get('corp:ann', 'machines')).status).toBe(200);
  });
});

test('who is named by no rule sees and may all that there was without rules', async () => {
  for (const { path } of visits.slice(0, 80))
    expect([path, (await get('nobody', path)).status]).toEqual([path, (await root.get(path)).status]);
  const credential = await ask('nobody', 'POST', 'credentials', { credentialTemplate: { key: KEY_BYTES } });
  expect(credential.status).toBe(201);
});

test('a fault says so in every case as a Job of who asked', async () => {
  const answer: Answer = await root.post('machines', machineCreate({ cloud: 'nowhere' }));
  expectFault(answer, 400, /there is no cloud 'nowhere'; candidates are 'sim', 'far'/);
});
