import { passing, stopClock } from '../../test/harness/wait';
import { Ledger } from '../model/ledger';
import { KeptAnswers } from './kept-answers';
import type { CimiRequest, CimiResponse } from './messages';

const principal = { name: 'ann', tenant: 'a', role: 'admin' } as const;
const asked = (more: Partial<CimiRequest> = {}): CimiRequest => ({
  ...{ method: 'GET', path: 'machines/x', query: [], headers: {}, principal, requestId: 'r' },
  ...more,
});

/** Makes answers and counts them. */
function maker(response: Partial<CimiResponse> = {}) {
  const made: CimiRequest[] = [];
  const make = (request: CimiRequest): Promise<CimiResponse> => {
    made.push(request);
    return Promise.resolve({ status: 200, headers: { ETag: `"${made.length}"` }, body: [Buffer.from('x')], ...response });
  };
  return { made, make };
}

test('the same request has the same answer as long as nothing has changed', async () => {
  const ledger = new Ledger();
  const kept = new KeptAnswers(ledger);
  const { make } = maker();
  const first = await kept.answer(asked(), make);
  expect(await kept.answer(asked({ requestId: 'another' }), make)).toBe(first);
  ledger.changedAll();
  expect((await kept.answer(asked(), make)).headers.ETag).toBe('"2"');
});

test.each<[string, Partial<CimiRequest>]>([
  ['user', { principal: { ...principal, name: 'bob' } }],
  ['tenant', { principal: { ...principal, tenant: 'b' } }],
  ['role', { principal: { ...principal, role: 'reader' } }],
  ['path', { path: 'machines/y' }],
  ['query', { query: [['$select', 'name']] }],
  ['format', { headers: { accept: 'application/xml' } }],
  ['knowledge', { headers: { 'if-none-match': '"1"' } }],
  ['wish to wait', { headers: { prefer: 'wait=1' } }],
  ['place to go on from', { headers: { 'last-event-id': '1' } }],
  ['method', { method: 'PUT' }],
  ['refusal by its carrier', { refused: { status: 413, message: 'too large' } }],
])('a request with another %s has an answer of its own', async (_what, more) => {
  const kept = new KeptAnswers(new Ledger());
  const { made, make } = maker();
  await kept.answer(asked(), make);
  await kept.answer(asked(more), make);
  expect(made).toHaveLength(2);
});

test('an answer that may be kept is made of no header that is not part of what it is kept by', async () => {
  const { made, make } = maker();
  await new KeptAnswers(new Ledger()).answer(asked({ headers: { accept: 'application/xml', cookie: 'x' } }), make);
  expect(made.map(({ headers }) => headers)).toEqual([{ accept: 'application/xml' }]);
});

test.each<[string, Partial<CimiResponse>]>([
  ['refusals', { status: 404 }],
  ['what was asked of a provider just now', { seenAt: Number.MAX_SAFE_INTEGER }],
])('%s are made anew each time', async (_what, response) => {
  const kept = new KeptAnswers(new Ledger());
  const { made, make } = maker(response);
  await kept.answer(asked(), make);
  await kept.answer(asked(), make);
  expect(made).toHaveLength(2);
});

test('the age of a kept answer goes on', async () => {
  stopClock();
  try {
    const kept = new KeptAnswers(new Ledger());
    const { made, make } = maker({ seenAt: Date.now() - 1_500 });
    await kept.answer(asked(), make);
    await passing(2_000);
    expect((await kept.answer(asked(), make)).headers.Age).toBe('3');
    expect(made).toHaveLength(1);
  } finally {
    jest.useRealTimers();
  }
});

test('the longest unused give way when there are too many bytes, and one that is too large is not kept', async () => {
  const kept = new KeptAnswers(new Ledger(), () => undefined, 20_000);
  const { made, make } = maker({ body: [Buffer.alloc(3_000)] });
  const paths = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const path of paths) await kept.answer(asked({ path }), make);
  await kept.answer(asked({ path: 'f' }), make);
  expect(made).toHaveLength(paths.length);
  await kept.answer(asked({ path: 'a' }), make);
  expect(made).toHaveLength(paths.length + 1);
  const large = maker({ body: [Buffer.alloc(10_000)] });
  for (let times = 0; times < 2; times += 1) await kept.answer(asked({ path: 'large' }), large.make);
  expect(large.made).toHaveLength(2);
});
