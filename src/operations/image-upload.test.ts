import { FakeCloud } from '../../test/harness/fake-cloud';
import { someBytes } from '../../test/harness/create-house';
import { JOB, openTurns, stepOf, type Turns } from '../../test/harness/step-turn';
import { waitUntil } from '../../test/harness/wait';
import type { UploadImage } from '../clouds/driver';
import type { Fetcher, Opened } from '../fetch/fetcher';
import { FetchBroken, type FetchProblem } from '../fetch/problem';
import { createAtProvider } from './create-at-provider';
import { CREATES, type CreateInput } from './create-input';
import { isElsewhere, uploadRow } from './image-upload';

const PATH = 'machineImages/i';
const MARKS = { tag: 'the-tag' };
const input: CreateInput = {
  cloud: 'fake',
  group: 'machineImages',
  method: 'upload',
  path: PATH,
  request: MARKS,
  uri: 'http://there/image',
};

let fake: FakeCloud;
let turns: Turns;
beforeEach(async () => {
  fake = new FakeCloud();
  turns = await openTurns(fake);
  await turns.insert(PATH, { type: 'MachineImage' });
});
afterEach(() => turns.remove());

/** A fetcher of which `open` answers so. */
const fetching = (answer: (signal: AbortSignal) => Promise<Opened | FetchProblem>, more: Partial<Fetcher> = {}): Fetcher => ({
  ...{ check: () => undefined, busy: () => false },
  open: (_uri, { signal }) => answer(signal),
  ...more,
});
const create = (fetcher: Fetcher, more: { attempt?: number } = {}) =>
  turns.run(createAtProvider(uploadRow(fetcher)), 'create', input, more);
/** A provider that reads all of what it is given. */
function reading(): { bytes: number[]; sizes: unknown[] } {
  const seen = { bytes: [] as number[], sizes: [] as unknown[] };
  fake.around = async ({ name, args }, go) => {
    if (name !== 'machineImages.upload') return go();
    const { source } = args[0] as UploadImage;
    seen.sizes.push(source.size);
    for await (const chunk of source.open()) seen.bytes.push(...chunk);
    return go();
  };
  return seen;
}
const state = (key: string, shown: string, created = new Date().toISOString()): void =>
  void fake.put('machineImages', { key, ...MARKS, created, values: { state: shown } });
const images = () => [...fake.of('machineImages').values()].flatMap(({ tag, key }) => (tag === MARKS.tag ? key : []));

test('the bytes go to the provider as they come, and the image is recorded', async () => {
  const seen = reading();
  const outcome = await create(someBytes);
  await turns.apply(outcome);
  expect(seen).toEqual({ bytes: [1, 2, 3], sizes: [3] });
  expect((await turns.store.resource(PATH))?.providerKey).toBe(images()[0]);
});

test('it waits its turn while as many are fetched as may be', async () => {
  const busy = fetching(() => Promise.reject(new Error('must not be asked')), { busy: () => true });
  expect(await create(busy)).toEqual({ wait: 1_000, message: 'Waiting for other images to be fetched' });
});

test('what the source is wrong in ends the Job, in words about the location', async () => {
  const problem = { kind: 'answer', message: 'there answers with 404' } as const;
  const failure = { name: 'StepFailure', kind: 'invalid', message: 'imageLocation: there answers with 404' };
  await expect(create(fetching(() => Promise.resolve(problem)))).rejects.toMatchObject(failure);
});

test('a source that breaks off is the failure, whatever the provider makes of it', async () => {
  let closed = false;
  const opened: Opened = {
    ...{ withinMs: 1_000, version: {}, sections: false },
    async *bytes() {
      yield await Promise.resolve(Uint8Array.of(1));
      throw new FetchBroken({ kind: 'unreachable', message: 'there closed the connection' });
    },
    close: () => (closed = true),
  };
  reading();
  const failure = { name: 'StepFailure', kind: 'unavailable', message: 'imageLocation: there closed the connection' };
  await expect(create(fetching(() => Promise.resolve(opened)))).rejects.toMatchObject(failure);
  expect([closed, images()]).toEqual([true, []]);
});

test('a Job that is asked to stop stops fetching, and may be taken up again', async () => {
  await turns.store.transaction(async (unit) => {
    const about = { tenant: 'acme', principal: 'ann', workflow: CREATES.upload, action: 'urn:x', target: PATH, affected: [] };
    await unit.insertJob({ id: JOB, ...about, statusMessage: '' });
    await unit.updateJob(JOB, { state: 'STOPPING' });
  });
  const stopped = fetching(async (signal) => {
    await waitUntil(() => signal.aborted);
    return { kind: 'stopped', message: 'stopped' };
  });
  await expect(create(stopped)).rejects.toMatchObject({ name: 'ProviderError', kind: 'unavailable', maybeDone: true });
});

test('a later attempt keeps what is whole, and takes away what is half there', async () => {
  state('half', 'CREATING');
  state('whole', 'AVAILABLE');
  state('clone', 'CREATING', '2020-01-01T00:00:00Z');
  const outcome = await create(
    fetching(() => Promise.reject(new Error('must not be asked'))),
    { attempt: 2 },
  );
  expect(outcome).toMatchObject({ done: { key: 'whole', found: true } });
  expect(images()).toEqual(['whole', 'clone']);
});

test('a location with a scheme is elsewhere; all others are resources of this gateway', () => {
  expect(['http://a/b', 'FTP:x', 'machines/a', 'machineImages/a:b'].map(isElsewhere)).toEqual([true, true, false, false]);
});

test('the steps of the workflow are those of every create', () => {
  expect(createAtProvider(uploadRow(someBytes)).steps.map(({ name }) => name)).toEqual(['create', 'duplicates', 'ready']);
  expect(stepOf(createAtProvider(uploadRow(someBytes)), 'create').message).toBe('Fetching the image for the provider');
});
