import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBodyReader } from '../../src/codec/reader';
import { createWriter } from '../../src/codec/writer';
import { standardCatalogue } from '../../src/model/catalogue';
import { storedHandler } from '../../src/operations/stored';
import { createProtocol } from '../../src/protocol/core';
import { RuleBook } from '../../src/rights/rule-book';
import type { CimiResponse, Handle } from '../../src/protocol/messages';
import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import type { Store } from '../../src/store/store';
import { insert, newJob, resourceRow } from '../store/fixture';

/** Lists of what the gateway keeps: windows (4.1.6.2) of any length of list, and no answer without a bound (protection.md 2, 3). */
const BASE = 'http://lists.example/cimi/';
const MAX_ITEMS = 200;
const MAX_BYTES = 150_000;
const JOBS = 250;
let store: Store;
let handle: Handle;
let dir: string;
/** Largest number of rows that one reading of the store brought. */
let most = 0;

/** A store that tells how much is read of it at once. */
function watched(inner: Store): Store {
  const seen = <T>(rows: T[]): T[] => {
    most = Math.max(most, rows.length);
    return rows;
  };
  return { ...inner, jobs: async (query) => seen(await inner.jobs(query)), resources: async (query) => seen(await inner.resources(query)) };
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cimi-lists-'));
  store = await openSqliteStore({ file: join(dir, 'cimi.db'), cipher: createCipher(randomBytes(32)) });
  const state = (n: number) => (n % 5 === 0 ? 'FAILED' : 'SUCCESS');
  const jobs = Array.from({ length: JOBS }, (_, n) =>
    newJob(`j${n}`, { state: state(n), parent: n === 3 || n === 4 ? 'j2' : null, naming: { name: `n${n % 10}` } }),
  );
  await insert(store, ...jobs, newJob('theirs', { tenant: 'other' }));
  await store.transaction(async (unit) => {
    for (let n = 0; n < 30; n++) {
      const values = { name: `t${n}`, description: 'x'.repeat(10_000) };
      await unit.insertResource(resourceRow(`machineTemplates/${n}`, { type: 'MachineTemplate', cloud: null, values }));
    }
  });
  const catalogue = standardCatalogue();
  const none: readonly never[] = [];
  const ignore = (): void => undefined;
  handle = createProtocol({
    rules: new RuleBook(),
    ...{ catalogue, handlers: [storedHandler('MachineTemplate')], store: watched(store), base: BASE, tagKey: randomBytes(32) },
    clock: { here: (time) => time },
    clouds: { all: () => none, byKey: () => undefined, forTenant: () => none },
    jobs: {
      ...{ notify: () => Promise.resolve(), waitFor: (id) => store.job(id), leasedHere: (id) => store.job(id) },
      ...{ requestStop: (id) => store.job(id), mayStop: () => true },
    },
    writers: { json: createWriter(catalogue, 'json'), xml: createWriter(catalogue, 'xml') },
    readers: { json: createBodyReader(catalogue, 'json'), xml: createBodyReader(catalogue, 'xml') },
    ...{ bodyLimits: { depth: 32, items: 1000 }, defaultCloud: undefined, graceMs: 0, waits: { longestMs: 0, perTenant: 0 } },
    streams: { perTenant: 0, keepAliveMs: 1000 },
    quotas: { resources: 1000, meters: 1000, jobs: 1000, unfinishedJobs: 1000, bytes: 1e9, tenants: {} },
    auditContent: 'access',
    ...{ retentionMinutes: 60, maxItems: MAX_ITEMS, maxListBytes: MAX_BYTES, listCacheMs: 60_000, log: { warn: ignore, error: ignore } },
  } as Parameters<typeof createProtocol>[0]);
});
afterAll(async () => {
  await store.close();
  await rm(dir, { recursive: true, force: true });
});

const get = (target: string, accept = 'application/json'): Promise<CimiResponse> => {
  const [path = '', query = ''] = target.split('?');
  const principal = { name: 'ann', tenant: 'acme', role: 'operator' as const };
  const headers = { accept };
  return handle({
    method: 'GET',
    path,
    query: [...new URLSearchParams(query)],
    headers,
    body: new Uint8Array(),
    principal,
    requestId: 'r',
  });
};
const textOf = ({ body }: CimiResponse): string => Buffer.concat(body ?? []).toString();
interface List {
  count: number;
  jobs?: { id: string; state: string; nestedJobs?: { href: string }[] }[];
}
const list = async (target: string): Promise<List> => {
  const answer = await get(target);
  expect(answer.status).toBe(200);
  return JSON.parse(textOf(answer)) as List;
};

test('windows next to each other hold each Job once, each with the count of the whole filtered list, and read no more rows than they show', async () => {
  for (const [filter, total] of [
    ['', JOBS],
    ["$filter=state='FAILED'&", JOBS / 5],
    ["$filter=name='n1' or name='n2'&$orderby=name:desc&", JOBS / 5],
  ] as const) {
    const ids: string[] = [];
    for (let first = 1; first <= total; first += 40) {
      most = 0;
      const { count, jobs = [] } = await list(`jobs?${filter}$first=${first}&$last=${first + 39}`);
      expect(count).toBe(total);
      expect(most).toBeLessThanOrEqual(100);
      ids.push(...jobs.map(({ id }) => id));
    }
    expect(ids).toHaveLength(total);
    expect(new Set(ids).size).toBe(total);
  }
});

test('a window in XML is the same as in JSON', async () => {
  const xml = textOf(await get("jobs?$filter=state='FAILED'&$orderby=created:desc&$first=2&$last=4", 'application/xml'));
  const { jobs = [] } = await list("jobs?$filter=state='FAILED'&$orderby=created:desc&$first=2&$last=4");
  expect([...xml.matchAll(/<id>([^<]*jobs\/[^<]*)<\/id>/g)].map(([, id]) => id)).toEqual(jobs.map(({ id }) => id));
  expect(xml).toContain(`<count>${JOBS / 5}</count>`);
});

test('a Job in a window tells its nested Jobs, also where these are outside of it (5.17.1)', async () => {
  const { jobs } = await list("jobs?$filter=id='jobs/j2'&$first=1&$last=1");
  expect(jobs).toHaveLength(1);
  expect(jobs?.[0]?.nestedJobs).toEqual([{ href: `${BASE}jobs/j3` }, { href: `${BASE}jobs/j4` }]);
  expect((await list(`jobs?$filter=parentJob='${BASE}jobs/j2'`)).count).toBe(2);
});

test('what is made between two windows moves nothing before it: there is no list that is kept', async () => {
  const before = await list("jobs?$filter=state='QUEUED'&$first=2&$last=9");
  await insert(store, newJob('later1'), newJob('later2'));
  const after = await list("jobs?$filter=state='QUEUED'&$first=2&$last=9");
  expect([before.count, after.count]).toEqual([0, 2]);
  expect(after.jobs?.map(({ id }) => id)).toEqual([`${BASE}jobs/later2`]);
  await store.transaction(async (unit) => {
    for (const id of ['later1', 'later2']) await unit.updateJob(id, { state: 'SUCCESS' });
    for (const id of ['later1', 'later2']) await unit.deleteJob(id);
  });
});

test.each(['jobs', 'jobs?$first=1&$last=201', 'jobs?$orderby=name', "jobs?$filter=name!='none'"])(
  '%s: more items than are answered at once are refused in words that say how to go on',
  async (target) => {
    const answer = await get(target);
    expect(answer.status).toBe(503);
    expect(textOf(answer)).toContain(`lists.maxItems`);
    expect(textOf(answer)).toContain('$first=1');
  },
);

test.each(['application/json', 'application/xml'])(
  '%s: a list longer than the bound in bytes is refused, and read no further',
  async (accept) => {
    const refused = await get('machineTemplates', accept);
    expect(refused.status).toBe(503);
    expect(textOf(refused)).toContain('lists.maxBytes');
    expect((await get('machineTemplates?$first=1&$last=10', accept)).status).toBe(200);
    const short = await get('machineTemplates?$select=count,machineTemplates/name', accept);
    expect(short.status).toBe(200);
    expect(textOf(short)).toContain('t29');
  },
);

test('only the count is answered without reading any row', async () => {
  most = 0;
  expect(await list('jobs?$select=count&$first=1&$last=10')).toMatchObject({ count: JOBS });
  expect(most).toBe(0);
});
