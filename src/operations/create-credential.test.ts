import { FakeCloud } from '../../test/harness/fake-cloud';
import { openTurns, type Turns } from '../../test/harness/step-turn';
import { ProviderError } from '../clouds/errors';
import type { StepContext } from '../jobs/workflow';
import { importCredential } from './create-credential';
import type { CreateInput } from './create-input';

const PATH = 'machines/a';
const credential = { publicKey: 'ssh-ed25519 AAAA', tag: 'the-key', path: null };
const input: CreateInput = { cloud: 'fake', group: 'machines', path: PATH, request: { tag: 'the-tag' } };
const COPY = 'pair of the-key';

let fake: FakeCloud;
let turns: Turns;
beforeEach(async () => {
  fake = new FakeCloud();
  turns = await openTurns(fake);
  await turns.insert(PATH, { internal: { imported: { other: 'k-0' } } });
});
afterEach(() => turns.remove());

const context = (more: Partial<CreateInput> = {}, rest: Partial<StepContext<CreateInput>> = {}) =>
  turns.context<CreateInput>({ ...input, credential, ...more }, rest);
const undo = (more: Partial<CreateInput> = {}, rest: Partial<StepContext<CreateInput>> = {}) =>
  importCredential.undo?.(context(more, rest));

test('a key given by value is remembered with the machine that it was made for', async () => {
  const outcome = await importCredential.run(context());
  expect(outcome).toMatchObject({ done: COPY });
  await turns.apply(outcome);
  expect((await turns.store.resource(PATH))?.internal.imported).toEqual({ other: 'k-0', fake: COPY });
});

test('a credential of its own is remembered there', async () => {
  await turns.insert('credentials/c', { type: 'Credential' });
  await turns.apply(await importCredential.run(context({ credential: { ...credential, path: 'credentials/c' } })));
  expect((await turns.store.resource('credentials/c'))?.internal.imported).toEqual({ fake: COPY });
});

test('no credential: nothing is imported, and nothing undone', async () => {
  expect(await importCredential.run(turns.context(input))).toEqual({ done: null });
  expect(await importCredential.undo?.(turns.context(input))).toEqual({ done: null });
  expect(fake.calls).toEqual([]);
});

test('the copy goes with a machine that does not come to be, also where its import was not recorded', async () => {
  fake.keyPairs.add(COPY);
  expect(await undo({}, { results: { credential: COPY } })).toEqual({ done: null });
  expect([...fake.keyPairs, ...fake.calls]).toEqual(['credentials.delete']);
  fake.keyPairs.add(COPY);
  expect(await undo()).toEqual({ done: null });
  expect([...fake.keyPairs]).toEqual([]);
  expect(fake.calls.slice(1)).toEqual(['credentials.import', 'credentials.delete']);
});

test('the copy of a credential of its own stays', async () => {
  fake.keyPairs.add(COPY);
  expect(await undo({ credential: { ...credential, path: 'credentials/c' } }, { results: { credential: COPY } })).toEqual({ done: null });
  expect([...fake.keyPairs]).toEqual([COPY]);
});

test('an import that is refused had made nothing; one that may have happened is tried again', async () => {
  const failing = (error: ProviderError): void => {
    fake.around = () => {
      throw error;
    };
  };
  failing(new ProviderError('invalid', 'no such kind of key'));
  expect(await undo()).toEqual({ done: null });
  failing(new ProviderError('timeout', 'no answer', { maybeDone: true }));
  await expect(undo()).rejects.toMatchObject({ kind: 'timeout' });
});
