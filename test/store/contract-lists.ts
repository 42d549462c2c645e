import fc from 'fast-check';
import { standardCatalogue } from '../../src/model/catalogue';
import type { Values } from '../../src/model/values';
import { JOB, jobValues } from '../../src/operations/job';
import { storedHandler } from '../../src/operations/stored';
import type { ReaderContext } from '../../src/reader/context';
import { tenantPolicy } from '../../src/reader/policy';
import { createReader } from '../../src/reader/reader';
import type { Sizes } from '../../src/reader/stored-list';
import { References } from '../../src/reader/references';
import { jobList, resourceList, type JobListOptions, type ResourceListOptions, type StoredList } from '../../src/reader/stored-tables';
import type { View } from '../../src/protocol/view';
import { compileFilter } from '../../src/query/filter';
import { compareText, compileOrder } from '../../src/query/order';
import { parseQuery, subset } from '../../src/query/query';
import type { JobState, NewJob, Store } from '../../src/store/store';
import { insert, newJob, resourceRow, tenant, type Bench } from './fixture';

const BASE = 'https://cloud.example/cimi/';
const TEMPLATE = 'MachineTemplate';
const catalogue = standardCatalogue();

/** Sizes so small that a list of some dozen rows goes through every slice, page and pass. */
const SMALL: Sizes = { slice: 7, stretch: 5, page: 3, kept: 6 };

/** Builds as much of a reader's context as lists need. */
function contextOf(store: Store): ReaderContext {
  const none: readonly never[] = [];
  const clouds = { all: () => none, byKey: () => undefined, forTenant: () => none };
  const templates = storedHandler(TEMPLATE);
  const handlerOf = (type: string) => (type === TEMPLATE ? templates : undefined);
  const policy = tenantPolicy(clouds, handlerOf);
  return { catalogue, clouds, store, policy, handlerOf, base: BASE, maxItems: 1_000 } as unknown as ReaderContext;
}

const viewOf = (values: Values, created: string): View => ({
  ...{ type: '', path: String(values.id), values, operations: [], core: () => '', created },
});

const cleanedBy = (context: ReaderContext) => async (all: readonly { type: string; values: Values }[]) =>
  (await new References(context).cleaned(all, tenant)).map(({ values }) => values);

function jobsOf(store: Store, sizes: Sizes): StoredList<View> {
  const context = contextOf(store);
  const viewsOf: JobListOptions<View>['viewsOf'] = (rows, nested) =>
    Promise.resolve(rows.map((row) => viewOf(jobValues(row, nested.get(row.id) ?? []), row.created)));
  return jobList({ context, tenant, sizes, cleaned: cleanedBy(context), viewsOf });
}

function templatesOf(store: Store, sizes: Sizes): StoredList<View> {
  const context = contextOf(store);
  const reader = createReader(context)({ name: 'op', tenant, role: 'operator' });
  const handler = storedHandler(TEMPLATE);
  const founds: ResourceListOptions<View>['founds'] = (rows) => reader.rows(TEMPLATE, rows);
  const viewsOf: ResourceListOptions<View>['viewsOf'] = async (rows) =>
    (await founds(rows)).map(({ path, values }) => viewOf({ id: path, ...values }, String(values.created)));
  return resourceList({ context, handler, tenant, owner: undefined, sizes, cleaned: cleanedBy(context), founds, viewsOf });
}

async function windowOf(list: StoredList<View>, query: string): Promise<{ count: number; shown: number; items: Values[] }> {
  const { count, shown, pages } = await list.part(parseQuery([...new URLSearchParams(query)]));
  const items: Values[] = [];
  for await (const page of pages()) items.push(...page.map(({ values }) => values));
  return { count, shown, items };
}

/** The same by 4.1.6 in memory: filter, order, then created and id, window. */
function expected(all: readonly Values[], type: string, query: string): { count: number; items: Values[] } {
  const { filter, orderBy, ...window } = parseQuery([...new URLSearchParams(query)]);
  const attributes = catalogue.attributesOf(type);
  const matches = filter ? compileFilter(filter, attributes, { base: BASE }) : () => true;
  const asked = compileOrder(orderBy, attributes);
  const text = (values: Values, name: string) => String(values[name]);
  const items = all
    .filter(matches)
    .sort((a, b) => asked(a, b) || compareText(text(a, 'created'), text(b, 'created')) || compareText(text(a, 'id'), text(b, 'id')));
  return { count: items.length, items: [...subset(items, window)] };
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const WORDS = ['', 'a', 'b', 'Ä', '\u{1F600}', '\uFFFD', '%', "it's", '"', '\\', 'a\u0001', '_'];
const word = fc.constantFrom(...WORDS);
const equality = fc.constantFrom('=', '!=');
const operator = fc.constantFrom('<', '<=', '=', '>=', '>', '!=');
const moment = fc.constantFrom(
  ...['2020-01-01T00:00:00Z', '2020-01-01T00:00:00.0005Z', '2020-01-01T01:00:00+01:00', '2020-01-02', '0001-01-01T00:00:00+14:00'],
  ...['9999-12-31T23:59:59.9999Z', '9999-12-31T23:59:59-14:00', "'2020-01-03T00:00:00.000Z'", '2020-01-03'],
);
const comparison = (name: string, op: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
  fc.tuple(op, value).map(([sign, literal]) => `${name}${sign}${literal}`);
const text = (name: string) => comparison(name, equality, word.map(quoted));
const property = fc.tuple(word, equality, word).map(([key, sign, value]) => `property[${quoted(key)}]${sign}${quoted(value)}`);
const hrefs = (...paths: string[]) =>
  fc.constantFrom(...paths.flatMap((path) => [path, BASE + path, `/cimi/${path}`, `//cimi/${path}`, BASE]).map(quoted));

const anyOf = (...leaves: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      fc.oneof(...leaves),
      fc
        .tuple(fc.array(tie('tree'), { minLength: 1, maxLength: 3 }), fc.constantFrom(' and ', ' or '))
        .map(([terms, by]) => `(${terms.join(by)})`),
    ),
  })).tree;
const queryOf = (filter: fc.Arbitrary<string>, ...orders: string[]) =>
  fc
    .record({
      $filter: fc.option(filter),
      $orderby: fc.option(fc.array(fc.constantFrom(...orders.flatMap((name) => [name, `${name}:desc`])), { minLength: 1, maxLength: 2 })),
      $first: fc.option(fc.integer({ min: -1, max: 40 })),
      $last: fc.option(fc.integer({ min: -1, max: 40 })),
    })
    .map((parts) =>
      String(new URLSearchParams(Object.entries(parts).flatMap(([k, v]) => (v === null ? [] : [[k, String(v)] as [string, string]])))),
    );

const STATES: JobState[] = ['QUEUED', 'RUNNING', 'FAILED', 'SUCCESS'];

/** Lists, windows and counts (4.1.6.1, 4.1.6.2, 4.1.6.6), by SQL as in memory. */
export function listContract(bench: () => Bench): void {
  const store = (): Store => bench().store;

  async function someJobs(): Promise<void> {
    const jobs = Array.from({ length: 24 }, (_, n): NewJob => {
      const name = WORDS[n % 13];
      const naming = {
        ...(name === undefined ? {} : { name }),
        ...(n % 3 ? { properties: { [WORDS[n % 5] ?? '']: WORDS[n % 7] ?? '' } } : {}),
      };
      return newJob(`j${String((n * 7) % 24).padStart(2, '0')}`, {
        ...{ naming, state: STATES[n % 4] ?? 'QUEUED', target: `machines/${n % 3}`, returnCode: n % 5, progress: n % 3 },
        ...{ statusMessage: WORDS[n % 4] ?? '', parent: n % 6 === 5 ? 'j00' : n % 6 === 3 ? 'none' : null, workflow: 'test' },
      });
    });
    // In several transactions, so that not all are of one moment.
    for (let at = 0; at < jobs.length; at += 8) await insert(store(), ...jobs.slice(at, at + 8));
    await insert(store(), newJob('theirs', { tenant: 'other', naming: { name: 'a' } }));
  }

  test('any window of any filter and order of Jobs is what it is in memory', async () => {
    await someJobs();
    const rows = await store().jobs({ tenants: [tenant] });
    const all = await cleanedBy(contextOf(store()))(rows.map((row) => ({ type: JOB, values: jobValues(row, []) })));
    const times = fc.constantFrom(...all.map(({ created }) => String(created)));
    const filter = anyOf(
      ...['name', 'description', 'statusMessage'].map(text),
      comparison('state', equality, fc.constantFrom(...STATES, 'X').map(quoted)),
      comparison('returnCode', operator, fc.constantFrom('-1', '0', '2', '3000000000', '9'.repeat(40))),
      comparison('progress', operator, fc.constantFrom('0', '2', '100')),
      comparison('created', operator, fc.oneof(times, moment)),
      comparison('timeOfStatusChange', operator, fc.oneof(times, moment)),
      comparison('targetResource', equality, hrefs('machines/0', 'machines/1')),
      comparison('parentJob', equality, hrefs('jobs/j00', 'jobs/none')),
      comparison('id', equality, hrefs('jobs/j00', 'jobs/j05')),
      comparison('action', equality, fc.constantFrom(quoted('http://schemas.dmtf.org/cimi/1/action/start'), "'x'")),
      property,
      fc.constant('unheard=1'),
    );
    const query = queryOf(filter, 'created', 'state', 'name', 'progress', 'id', 'updated', 'unheard');
    const check = async (asked: string): Promise<void> => {
      const { count, items } = await windowOf(jobsOf(store(), SMALL), asked);
      const right = expected(all, JOB, asked);
      expect([count, ...items.map(({ id }) => id)]).toEqual([right.count, ...right.items.map(({ id }) => id)]);
    };
    await fc.assert(fc.asyncProperty(query, check), { numRuns: 120 });
  });

  test('any window of any filter and order of stored resources is what it is in memory', async () => {
    await store().transaction(async (unit) => {
      for (let n = 0; n < 24; n++) {
        const name = WORDS[n % 13];
        const values: Values = {
          ...{
            description: WORDS[n % 4] ?? '',
            initialState: n % 2 ? 'STARTED' : 'STOPPED',
            machineConfig: { href: `machineConfigs/${n % 3}` },
          },
          ...(name === undefined ? {} : { name }),
          ...(n % 3 ? { properties: { [WORDS[n % 5] ?? '']: WORDS[n % 7] ?? '' } } : {}),
        };
        const created = `2020-01-0${1 + (n % 4)}T00:00:00.00${n % 2}Z`;
        const path = `machineTemplates/${String((n * 7) % 24).padStart(2, '0')}`;
        await unit.insertResource(resourceRow(path, { type: TEMPLATE, cloud: null, values, created }));
        if (n % 4 === 0) await unit.updateResource(path, 1, { values: { ...values, name: 'b' }, explicit: true });
      }
      await unit.insertResource(resourceRow('machineTemplates/x', { type: TEMPLATE, cloud: null, tenant: 'other' }));
    });
    const rows = await store().resources({ type: TEMPLATE, tenants: [tenant] });
    const context = contextOf(store());
    const founds = await createReader(context)({ name: 'op', tenant, role: 'operator' }).rows(TEMPLATE, rows);
    const all = await cleanedBy(context)(founds.map(({ path, values }) => ({ type: TEMPLATE, values: { id: path, ...values } })));
    const filter = anyOf(
      ...['name', 'description'].map(text),
      comparison('initialState', equality, fc.constantFrom("'STARTED'", "'STOPPED'")),
      comparison('machineConfig', equality, hrefs('machineConfigs/0', 'machineConfigs/1')),
      comparison('id', equality, hrefs('machineTemplates/00', 'machineTemplates/05')),
      comparison('created', operator, moment),
      comparison('updated', operator, moment),
      property,
    );
    const query = queryOf(filter, 'created', 'name', 'description', 'initialState', 'id', 'updated');
    const check = async (asked: string): Promise<void> => {
      const { count, items } = await windowOf(templatesOf(store(), SMALL), asked);
      const right = expected(all, TEMPLATE, asked);
      expect([count, ...items.map(({ id }) => id)]).toEqual([right.count, ...right.items.map(({ id }) => id)]);
    };
    await fc.assert(fc.asyncProperty(query, check), { numRuns: 120 });
  });

  test('Jobs and stored resources are counted as they come, change and go, by tenant, and not where that was undone', async () => {
    const counts = async () => {
      const { jobs, resources } = await store().counts(tenant);
      const shown = (map: ReadonlyMap<string, number>) => Object.fromEntries([...map].filter(([, n]) => n !== 0));
      return { jobs: shown(jobs), resources: shown(resources) };
    };
    const template = (path: string) => resourceRow(path, { type: TEMPLATE, cloud: null });
    await insert(store(), newJob('j1'), newJob('j2'), newJob('j3', { state: 'FAILED' }), newJob('theirs', { tenant: 'other' }));
    await store().transaction(async (unit) => {
      for (const path of ['t/1', 't/2', 't/3']) await unit.insertResource(template(path));
      await unit.insertResource(resourceRow('m/1'));
      await unit.insertResource({ ...template('t/1/parts/1'), owner: 't/1' });
      await unit.updateResource('t/3', 1, { cloud: 'east' });
    });
    expect(await counts()).toEqual({ jobs: { QUEUED: 2, FAILED: 1 }, resources: { [TEMPLATE]: 2 } });
    await store().leaseJob('j1', 'w', 1_000);
    expect((await counts()).jobs).toEqual({ QUEUED: 1, RUNNING: 1, FAILED: 1 });
    await store().transaction((unit) => unit.advanceJob('j1', 1, { state: 'SUCCESS' }));
    await store()
      .transaction(async (unit) => {
        await unit.deleteJob('j3');
        await unit.deleteResource('t/1');
        throw new Error('undone');
      })
      .catch(() => undefined);
    await store().mergeCounts();
    expect(await counts()).toEqual({ jobs: { QUEUED: 1, SUCCESS: 1, FAILED: 1 }, resources: { [TEMPLATE]: 2 } });
    await store().transaction(async (unit) => {
      await unit.deleteJob('j3');
      await unit.deleteResource('t/1');
      for (let n = 0; n < 60; n++) await unit.insertJob(newJob(`n${n}`, { state: 'SUCCESS' }));
    });
    for (let round = 0; round < 2; round++) {
      expect(await counts()).toEqual({ jobs: { QUEUED: 1, SUCCESS: 61 }, resources: { [TEMPLATE]: 1 } });
      await store().mergeCounts();
    }
  });

  test('a row that was taken away and comes back is found by its name again', async () => {
    await store().transaction((unit) => unit.insertResource(resourceRow('machines/a', { providerKey: 'k', values: { name: 'found' } })));
    await store().transaction((unit) => unit.takeAway('machines/a', []));
    await store().transaction((unit) => unit.bringBack('machines/a', 'k'));
    const where = { kind: 'text', field: 'name', equal: true, value: 'found' } as const;
    expect(await store().resources({ type: 'Machine', where })).toHaveLength(1);
  });
}
