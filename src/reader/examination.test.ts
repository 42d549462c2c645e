import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answers, Cloud } from '../clouds/cloud';
import { ProviderError } from '../clouds/errors';
import type { Item } from '../clouds/driver';
import { makeTag } from '../clouds/identity';
import { standardCatalogue } from '../model/catalogue';
import { resourceHandlers } from '../operations/handlers';
import { createCipher } from '../store/cipher';
import { openSqliteStore } from '../store/sqlite';
import type { NewResourceRow, Store, UnitOfWork } from '../store/store';
import { examine } from './examination';

/** A comparison beside a gateway that is at work: what goes on while everything is read is no disagreement. */

const tagKey = randomBytes(32);
const ID = '0123456789abcdefghjkmnpqrs';
const PATH = `machines/${ID}`;
let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cimi-examination-'));
  store = await openSqliteStore({ file: join(folder, 'cimi.db'), cipher: createCipher(randomBytes(32)) });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const row = (more: Partial<NewResourceRow>): NewResourceRow => ({
  ...{ path: PATH, type: 'Machine', tenant: 'acme', cloud: 'east', providerKey: null, owner: null, state: null },
  ...{ values: {}, secrets: null, internal: {}, created: '2026-01-01T00:00:00.000Z', ...more },
});
const item = { key: 'i-1', values: { state: 'STARTED' }, tag: makeTag(tagKey, ID, 'acme') } as Item;

/** A cloud that lists the first and tells the second one by one; `listed` is done when it has answered the list. */
function cloudOf(
  lists: readonly Item[],
  tells: readonly Item[],
  listed: () => Promise<unknown>,
  unknown = new Map<string, ProviderError>(),
): Cloud {
  const shown: Partial<Cloud> = {
    ...{ key: 'east', tenants: ['acme'], capabilities: { settleMs: 0 } as Cloud['capabilities'] },
    has: (group) => group === 'machines',
    list: async () => {
      await listed();
      return { value: lists, at: Date.now() };
    },
    getMany: () =>
      Promise.resolve({ value: Object.assign(new Map(tells.map((one) => [one.key, one])), { unknown }) as Answers, at: Date.now() }),
  };
  return shown as Cloud;
}

/** Examines a cloud. @param meanwhile done when the rows were read, before the holds are */
async function told(cloud: Cloud, meanwhile: (unit: UnitOfWork) => Promise<unknown> = () => Promise.resolve()): Promise<string[][]> {
  const clouds = { all: () => [cloud], byKey: (key: string) => (key === cloud.key ? cloud : undefined) };
  const beside: Store = {
    ...store,
    holds: async (...asked) => {
      await store.transaction(meanwhile);
      return store.holds(...asked);
    },
  };
  const context = {
    store: beside,
    clouds,
    catalogue: standardCatalogue(),
    handlers: resourceHandlers(),
    tagKey,
    log: { warn: () => undefined },
  };
  const found: string[][] = [];
  for await (const { kind, what } of examine(context as never)) found.push([kind, what]);
  return found;
}

const none = (): Promise<void> => Promise.resolve();

test('a machine that was deleted since the list was read is no leftover, nor lost', async () => {
  await store.transaction((unit) => unit.insertResource(row({ providerKey: 'i-1' })));
  const deleted = () => store.transaction((unit) => unit.deleteResource(PATH));
  expect(await told(cloudOf([item], [], deleted))).toEqual([]);
  expect(await told(cloudOf([item], [item], none))).toEqual([['leftover', PATH]]);
  expect(await told(cloudOf([item], [{ ...item, gone: { reason: 'terminated' } }], none))).toEqual([]);
});

test('one that cannot be read is neither', async () => {
  const unknown = new Map([['i-1', new ProviderError('unavailable', 'maintenance')]]);
  expect(await told(cloudOf([item], [], none, unknown))).toEqual([['unknown', PATH]]);
});

test('a machine whose create ends while the rows are read is not unfinished', async () => {
  await store.transaction((unit) => unit.insertResource(row({ state: 'CREATING' })));
  const ends = (unit: UnitOfWork) => unit.updateResource(PATH, 1, { providerKey: 'i-1', state: null });
  expect(await told(cloudOf([], [item], none), ends)).toEqual([]);
});

test('a machine whose delete ends while the rows are read is not gone: its row went with it', async () => {
  await store.transaction((unit) => unit.insertResource(row({ providerKey: 'i-1' })));
  expect(await told(cloudOf([], [], none), (unit) => unit.deleteResource(PATH))).toEqual([]);
  await store.transaction((unit) => unit.insertResource(row({ path: 'machines/other', providerKey: 'i-1' })));
  expect(await told(cloudOf([], [], none))).toEqual([['gone', 'machines/other']]);
});
