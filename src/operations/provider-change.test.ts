import { createHouse } from '../../test/harness/create-house';
import { FakeCloud } from '../../test/harness/fake-cloud';
import type { House } from '../../test/jobs/harness';
import { ProviderError } from '../clouds/errors';
import type { Workflow } from '../jobs/workflow';
import type { Value } from '../model/values';
import type { JobRow } from '../store/store';
import { remove } from './provider-change';

/** A delete ends well on the provider's proof, and on nothing else; until then it waits, and then it fails with its words. */
let fake: FakeCloud;
let rooms: Awaited<ReturnType<typeof createHouse>>;
let house: House;
beforeEach(async () => {
  fake = new FakeCloud();
  rooms = await createHouse(fake);
  house = rooms.house;
  fake.put('volumes', { key: 'v-1', values: { state: 'AVAILABLE' } });
  await house.store.transaction(async (unit) => {
    const common = { tenant: 'acme', owner: null, state: null, secrets: null, internal: {} };
    await unit.insertResource({ ...common, path: 'volumes/v', type: 'Volume', cloud: 'fake', providerKey: 'v-1', values: {} });
    const image = { ...common, path: 'volumes/v/images/i', type: 'VolumeVolumeImage', cloud: null, providerKey: null, owner: 'volumes/v' };
    await unit.insertResource({ ...image, values: { volumeImage: { href: 'volumeImages/i' } } });
  });
});
afterEach(() => house.remove());

async function deleted(): Promise<JobRow> {
  const input = { cloud: 'fake', group: 'volumes', path: 'volumes/v', key: 'v-1' };
  const id = await house.accept(remove.name, { input });
  await house.process([{ ...remove, patienceMs: 300 } as unknown as Workflow<Value>], { clouds: rooms.clouds });
  return house.end(id, 30_000);
}

async function expectKept(): Promise<void> {
  expect(await house.store.resource('volumes/v')).toMatchObject({ providerKey: 'v-1' });
  expect(await house.store.resource('volumes/v/images/i')).toBeDefined();
  expect(await house.store.retired(['volumes/v'])).toEqual(new Set());
}

test('what is proven gone is deleted, its row and what it owns with it', async () => {
  expect(await deleted()).toMatchObject({ state: 'SUCCESS', statusMessage: 'Deleted' });
  expect(await house.store.resource('volumes/v')).toBeUndefined();
  expect(await house.store.resource('volumes/v/images/i')).toBeUndefined();
});

test('a provider that says nothing of the thing: it waits, then fails with why, and everything stays', async () => {
  fake.around = ({ name }, go) => (name === 'volumes.getMany' ? [] : go());
  expect(await deleted()).toMatchObject({
    state: 'FAILED',
    statusMessage: expect.stringMatching(/given up .*without a word on the Volume v-1/) as string,
  });
  await expectKept();
});

test.each(['volumes.delete', 'volumes.getMany'])('%s is answered by somebody else: it waits, then fails with the words', async (method) => {
  fake.around = ({ name }, go) => {
    if (name === method) throw new ProviderError('unavailable', 'default backend - 404');
    return go();
  };
  const job = await deleted();
  expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('default backend - 404') as string });
  await expectKept();
});

test.each(['auth', 'forbidden', 'conflict', 'invalid'] as const)(
  'a delete that is refused (%s) fails, and everything stays',
  async (kind) => {
    fake.around = ({ name }, go) => {
      if (name === 'volumes.delete') throw new ProviderError(kind, 'not for you');
      return go();
    };
    expect(await deleted()).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('not for you') as string });
    await expectKept();
    expect(fake.of('volumes').has('v-1')).toBe(true);
  },
);

test('what the provider gave up by itself counts as gone', async () => {
  fake.around = ({ name }, go) => {
    if (name === 'volumes.getMany') return [{ key: 'v-1', values: { state: 'ERROR' }, gone: { reason: 'no room' } }];
    return go();
  };
  expect(await deleted()).toMatchObject({ state: 'SUCCESS' });
});
