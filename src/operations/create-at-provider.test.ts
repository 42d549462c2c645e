import { createHouse, someBytes } from '../../test/harness/create-house';
import { FakeCloud } from '../../test/harness/fake-cloud';
import type { House } from '../../test/jobs/harness';
import type { ListedGroup } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import { tokenOf } from '../jobs/job-run';
import type { JobRow, NewResourceRow } from '../store/store';
import { CREATE_VERSION, CREATES, type CreateInput } from './create-input';
import { createAtProvider } from './create-at-provider';
import { createTable } from './create-table';
import { keptSnapshot } from './snapshot';

const SETTLE_MS = 40;
const DAY_MS = 86_400_000;

interface Case {
  workflow: string;
  group: ListedGroup;
  input: Partial<CreateInput>;
}

const MACHINE = 'machines/m';
const request = { tag: 'the-tag', name: 'mine' };
const CASES: Case[] = [
  {
    workflow: CREATES.machine,
    group: 'machines',
    input: { goal: ['STARTED'], calls: [{ method: 'stop', args: [{}], goal: ['STOPPED'] }] },
  },
  {
    workflow: CREATES.capture,
    group: 'machineImages',
    input: { method: 'capture', goal: ['AVAILABLE'], ...keptSnapshot(MACHINE, 'things/new', 'acme') },
  },
  { workflow: CREATES.upload, group: 'machineImages', input: { method: 'upload', uri: 'http://x/y', goal: ['AVAILABLE'] } },
  { workflow: CREATES.other, group: 'volumes', input: { goal: ['AVAILABLE'] } },
  { workflow: CREATES.other, group: 'attachments', input: {} },
];

let fake: FakeCloud;
let rooms: Awaited<ReturnType<typeof createHouse>>;
let house: House;

function row(path: string, more: Partial<NewResourceRow> = {}): NewResourceRow {
  return {
    ...{ path, type: 'Thing', tenant: 'acme', cloud: 'fake', providerKey: null, owner: null, state: 'CREATING' },
    ...{ values: { state: 'CREATING' }, secrets: null, internal: {}, ...more },
  };
}

async function open(settings: { waitAtMostMs?: number } = {}): Promise<void> {
  fake = new FakeCloud({ settleMs: SETTLE_MS });
  rooms = await createHouse(fake, settings);
  house = rooms.house;
  await house.store.transaction(async (unit) => {
    const kept = { latestSnapshot: { href: 'machineImages/before' } };
    await unit.insertResource(row(MACHINE, { providerKey: 'm-1', state: null, internal: { kept } }));
    await unit.insertResource(row('things/new'));
  });
}

const accept = ({ workflow, group, input }: Case): Promise<string> =>
  house.accept(workflow, {
    workflowVersion: CREATE_VERSION,
    input: { cloud: 'fake', group, path: 'things/new', request, ...input } as unknown as JobRow['input'],
  });

const keysOf = (group: ListedGroup): string[] => [...fake.of(group).values()].flatMap(({ tag, key }) => (tag === 'the-tag' ? key : []));

/** The first call of these names takes effect, and its answer is lost. */
function loseAnswer(...names: string[]): void {
  let lost = false;
  fake.around = ({ name }, go) => {
    const result = go();
    if (lost || !names.some((one) => name.endsWith(`.${one}`))) return result;
    lost = true;
    throw new ProviderError('timeout', 'no answer', { maybeDone: true });
  };
}

describe.each(CASES)('$workflow of $group', (one) => {
  beforeEach(() => open());
  afterEach(() => house.remove());

  test('whose answer was lost, and of which a second one shows later, leaves exactly one', async () => {
    loseAnswer('create', 'capture', 'upload');
    const id = await accept(one);
    await rooms.start(async ({ step, moment }) => {
      if (step !== 'create' || moment !== 'recorded') return;
      const made = fake.only(one.group);
      fake.put(one.group, { ...made, key: 'doubled' });
      fake.put(one.group, { ...made, key: 'clone', created: new Date(Date.now() - DAY_MS).toISOString() });
      await Promise.resolve();
    });
    expect(await house.end(id)).toMatchObject({ state: 'SUCCESS' });
    const { providerKey } = (await house.store.resource('things/new')) ?? {};
    // What somebody copied with its tags long ago is nobody's duplicate.
    expect(keysOf(one.group).sort()).toEqual(['clone', providerKey].sort());
  });

  test('that is refused leaves nothing and says why', async () => {
    fake.around = ({ name }, go) => {
      if (/\.(create|capture|upload)$/.test(name)) throw new ProviderError('quota', 'too many of them');
      return go();
    };
    const id = await accept(one);
    await rooms.start();
    expect(await house.end(id)).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('too many of them') as string });
    expect(keysOf(one.group)).toEqual([]);
    const left = await house.store.resource('things/new');
    expect(left).toMatchObject({ state: 'ERROR', providerKey: null, values: { state: 'ERROR' } });
  });
});

test('a snapshot is the latest of its machine, related to the one before, and in its snapshots', async () => {
  await open();
  const id = await accept(CASES[1] as Case);
  await rooms.start();
  expect(await house.end(id)).toMatchObject({ state: 'SUCCESS', statusMessage: 'Captured' });
  const image = await house.store.resource('things/new');
  expect(image?.internal.kept).toEqual({ relatedImage: { href: 'machineImages/before' } });
  expect((await house.store.resource(MACHINE))?.internal.kept).toEqual({ latestSnapshot: { href: 'things/new' } });
  expect(await house.store.referring(['things/new'])).toEqual([`${MACHINE}/snapshots/new`]);
  await house.remove();
});

test('an operator’s limit undoes nothing: what the provider still makes keeps its row, its key and its associations', async () => {
  await open({ waitAtMostMs: 1 });
  fake.around = ({ name }, go) => {
    if (name !== 'machineImages.getMany') return go();
    return [...fake.of('machineImages').values()].map((item) => ({ ...item, values: { ...item.values, state: 'CREATING' } }));
  };
  const id = await accept(CASES[1] as Case);
  await rooms.start();
  expect(await house.end(id)).toMatchObject({ state: 'FAILED', statusMessage: expect.stringMatching(/may still finish/) as string });
  const [key] = keysOf('machineImages');
  expect(await house.store.resource('things/new')).toMatchObject({ providerKey: key });
  expect(await house.store.referring(['things/new'])).toEqual([`${MACHINE}/snapshots/new`]);
  await house.remove();
});

describe('a job of version 1 that is in the database when this version starts', () => {
  beforeEach(() => open());
  afterEach(() => house.remove());

  const machine = {
    cloud: 'fake',
    path: 'things/new',
    request,
    initialState: { state: 'STOPPED', method: 'stop', providerState: 'STARTED' },
  };
  const capture = {
    ...{ cloud: 'fake', path: 'things/new', machine: MACHINE, machineState: 'STARTED' },
    request: { ...request, machine: 'm-1', type: 'SNAPSHOT' },
  };
  const volume = { cloud: 'fake', group: 'volumes', path: 'things/new', request, goal: ['AVAILABLE'] };
  const image = { cloud: 'fake', group: 'machineImages', path: 'things/new', request, uri: 'http://x/y', goal: ['AVAILABLE'] };
  const found = { found: true, attempts: 2, twins: [] };
  const FORMER = [
    { workflow: CREATES.machine, group: 'machines', input: machine, create: 'create', step: 'create' },
    { workflow: CREATES.machine, group: 'machines', input: machine, create: 'create', step: 'twins' },
    { workflow: CREATES.machine, group: 'machines', input: machine, create: 'create', step: 'running' },
    { workflow: CREATES.machine, group: 'machines', input: machine, create: 'create', step: 'initialState' },
    { workflow: CREATES.capture, group: 'machineImages', input: capture, create: 'capture', step: 'capture' },
    { workflow: CREATES.capture, group: 'machineImages', input: capture, create: 'capture', step: 'available' },
    { workflow: CREATES.other, group: 'volumes', input: volume, create: 'create', step: 'create' },
    { workflow: CREATES.other, group: 'volumes', input: volume, create: 'create', step: 'reached' },
    { workflow: CREATES.other, group: 'volumes', input: volume, create: 'create', step: 'called' },
    { workflow: CREATES.upload, group: 'machineImages', input: image, create: 'create', step: 'create' },
    { workflow: CREATES.upload, group: 'machineImages', input: image, create: 'create', step: 'twins' },
  ] as const;

  /** Leaves the state as an older process did: what it had made is there, and the step was begun. */
  async function left({ workflow, group, input, create, step }: (typeof FORMER)[number]): Promise<string> {
    const id = await house.accept(workflow, { workflowVersion: 1, input: input as unknown as JobRow['input'] });
    const token = tokenOf(id, create);
    fake.put(group, {
      ...{ key: 'made', tag: 'the-tag', token, created: new Date().toISOString() },
      values: { name: 'mine', state: group === 'machines' ? 'STARTED' : 'AVAILABLE' },
    });
    const job = await house.store.leaseJob(id, 'an older process', 1);
    const made = step === create ? {} : { [create]: { key: 'made', ...found } };
    await house.store.transaction(async (unit) => {
      if (step !== create) await unit.updateResource('things/new', undefined, { providerKey: 'made' });
      const progress = { step, attempts: 2, stepBegins: true, results: { credential: null, ...made }, release: true, dueInMs: 0 };
      await unit.advanceJob(id, job?.epoch ?? 0, progress);
    });
    return id;
  }

  test.each(FORMER)('is worked to its end: $workflow at $step', async (former) => {
    const tokens = new Set<string>();
    fake.around = ({ name, args }, go) => {
      if (name.endsWith('.find')) tokens.add((args[0] as { token: string }).token);
      return go();
    };
    const id = await left(former);
    await rooms.start();
    expect(await house.end(id)).toMatchObject({ state: 'SUCCESS' });
    expect(keysOf(former.group)).toEqual(['made']);
    expect(await house.store.resource('things/new')).toMatchObject({ providerKey: 'made', state: null });
    // What the provider was sent then is what it is asked for now.
    expect([...tokens].every((token) => token === tokenOf(id, former.create))).toBe(true);
    if (former.workflow === CREATES.machine) expect(fake.of('machines').get('made')?.values.state).toBe('STOPPED');
    if (former.workflow === CREATES.capture) expect(await house.store.referring(['things/new'])).toEqual([`${MACHINE}/snapshots/new`]);
  });
});

test('the steps of each kind, in their order: what comes before, one create, no duplicate, ready, its parts, its initial state', () => {
  const steps = createTable(someBytes).map((row) => [
    row.workflow,
    createAtProvider(row)
      .steps.map(({ name }) => name)
      .join(' '),
  ]);
  expect(Object.fromEntries(steps)).toEqual({
    [CREATES.machine]: 'parts credential create duplicates ready volumes attachments disks interfaces initialState settled',
    [CREATES.capture]: 'create duplicates ready',
    [CREATES.upload]: 'create duplicates ready',
    [CREATES.copy]: 'contents create duplicates ready compare forget',
    [CREATES.other]: 'create duplicates ready initialState settled',
  });
});

test('a machine that is there at once takes six transactions from its acceptance to STARTED', async () => {
  await open();
  const called: string[] = [];
  fake.around = ({ name }, go) => (called.push(name), go());
  const writes = (['transaction', 'advanceJob', 'leaseJob', 'advanceAtOnce'] as const).map((name) => jest.spyOn(house.store, name));
  const credential = { path: null, publicKey: 'ssh-ed25519 AAAA', tag: 'key-tag' };
  const id = await accept({ workflow: CREATES.machine, group: 'machines', input: { goal: ['STARTED'], credential } });
  await rooms.start();
  expect(await house.end(id)).toMatchObject({ state: 'SUCCESS' });
  expect(called).toEqual(expect.arrayContaining(['credentials.import', 'machines.create']));
  expect(writes.reduce((count, { mock }) => count + mock.calls.length, 0)).toBeLessThanOrEqual(6);
  await house.remove();
});
