import type { Value } from '../model/values';
import type { EventRecord, EventRow } from '../store/event-record';
import type { UnitOfWork } from '../store/store';
import { signatureOf, webhookWork, type Post, type Webhook } from './webhooks';

const HOUR = 3_600_000;
const hook: Webhook = {
  name: 'ops',
  url: 'https://ops.example/hook',
  tenant: 'acme',
  types: [],
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};
const event = (n: number, type = 'http://schemas.dmtf.org/cimi/1/event/state'): EventRow => ({
  ...{ id: String(n), timestamp: '2026-11-30T12:00:00.000Z', recorded: '2026-11-30T12:00:00.100Z', tenant: 'acme' },
  ...{ resource: 'machines/a', resourceType: 'Machine', type, content: { state: 'STARTED' }, outcome: 'Status', naming: {}, updated: null },
});

/** Turns of one webhook: its memory, what it sent, and what was recorded. */
function scene(answers: () => Awaited<ReturnType<Post>>, more: Partial<Webhook> = {}) {
  const feed: EventRow[] = [];
  const sent: { headers: Readonly<Record<string, string>>; body: { events: { id: string }[] } }[] = [];
  const recorded: EventRecord[] = [];
  const lines: string[] = [];
  const clock = { now: Date.parse('2026-11-30T12:00:00Z') };
  let losing = false;
  let memory: Value | null = null;
  const post: Post = (_url, { headers, body }) => {
    sent.push({ headers, body: JSON.parse(body) as { events: { id: string }[] } });
    return Promise.resolve(answers());
  };
  const say = (_fields: object, message: string) => void lines.push(message);
  const store = {
    feedEnd: () => Promise.resolve(`0-${feed.length}`),
    readNews: (_query: object, after: string, limit: number) => {
      const from = Number(after.split('-')[1]);
      const events = feed.slice(from, from + limit).map((one, n) => ({ ...one, place: `0-${from + n + 1}` }));
      return Promise.resolve({ events, place: `0-${from + events.length}` });
    },
  };
  const log = { debug: say, info: say, warn: say, error: say };
  const [work] = webhookWork([{ ...hook, ...more }], { store, post, log, base: 'https://cimi.example/cimi/' });
  const unit = { recordEvent: (one: EventRecord) => Promise.resolve(recorded.push(one) > 0) };
  const turn = async (): Promise<void> => {
    const before = sent.length;
    const save = async (next: Value, write?: (unit: UnitOfWork) => Promise<void>) => {
      if (losing && sent.length > before) {
        losing = false;
        throw new Error('lost');
      }
      await write?.(unit as unknown as UnitOfWork);
      memory = next;
    };
    await work?.run(memory, new AbortController().signal, save, () => clock.now);
  };
  /** Loses what a turn says after its next delivery. */
  const lose = (): void => void (losing = true);
  return { lose, feed, sent, recorded, lines, clock, turn, ids: () => sent.map(({ body }) => body.events.map(({ id }) => id)) };
}

test('a signature is that of Standard Webhooks, by its own example', () => {
  const body = '{"test": 2432232314}';
  expect(signatureOf(hook.secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', body)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('it is told of what is new from its first turn on, in order, in batches, each once', async () => {
  const { feed, turn, ids, sent } = scene(() => ({ status: 204 }));
  feed.push(event(1));
  await turn();
  await turn();
  expect(ids()).toEqual([]);
  for (let n = 2; n <= 103; n++) feed.push(event(n));
  await turn();
  await turn();
  expect(ids().map((each) => [each[0], each.at(-1)])).toEqual([
    ['2', '101'],
    ['102', '103'],
  ]);
  expect(sent[1]?.body).toMatchObject({
    tenant: 'acme',
    baseURI: 'https://cimi.example/cimi/',
    events: [{ about: { href: 'machines/a' } }, {}],
  });
  expect(sent[1]?.headers).toMatchObject({ 'webhook-id': 'ops-0-103', 'webhook-timestamp': '1796040000' });
});

test('only of the types that it wants', async () => {
  const { feed, turn, ids } = scene(() => ({ status: 200 }), { types: ['alarm', 'http://own.example/kind'] });
  await turn();
  feed.push(event(1), event(2, 'http://schemas.dmtf.org/cimi/1/event/alarm'), event(3, 'http://own.example/kind'), event(4));
  await turn();
  expect(ids()).toEqual([['2', '3']]);
});

test('entries of the audit only where it names their type', async () => {
  const entries = ['http://schemas.dmtf.org/cimi/1/event/access', 'http://schemas.dmtf.org/cloud/audit/1.0/event'];
  for (const [types, told] of [
    [[], []],
    [['access'], [['1']]],
    [entries, [['1', '2']]],
  ] as const) {
    const { feed, turn, ids } = scene(() => ({ status: 200 }), { types });
    await turn();
    feed.push(...entries.map((type, index) => event(index + 1, type)));
    await turn();
    expect([types, ids()]).toEqual([types, told]);
  }
});

test('what is not taken is sent again under the same id, later and later, and nothing is passed over', async () => {
  let status = 500;
  const { feed, turn, ids, sent, clock } = scene(() => ({ status }));
  await turn();
  feed.push(event(1));
  for (const [pause, tries] of [
    [0, 1],
    [4_999, 1],
    [1, 2],
    [9_999, 2],
    [1, 3],
  ] as const) {
    clock.now += pause;
    await turn();
    expect(sent).toHaveLength(tries);
  }
  feed.push(event(2));
  status = 200;
  clock.now += HOUR;
  await turn();
  expect(ids()).toEqual([['1'], ['1'], ['1'], ['1'], ['2']]);
  expect(new Set(sent.slice(0, 4).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('one that takes nothing for a day is told of once: in the log, and as an alarm of its tenant', async () => {
  let answer: Awaited<ReturnType<Post>> = { message: 'ops.example refused the connection' };
  const { feed, turn, recorded, lines, clock } = scene(() => answer);
  await turn();
  feed.push(event(1));
  for (let hours = 0; hours < 40; hours++) {
    await turn();
    clock.now += HOUR;
  }
  expect(recorded).toEqual([
    expect.objectContaining({ tenant: 'acme', severity: 'high', content: expect.objectContaining({ code: 'webhookDead' }) as object }),
  ]);
  expect(lines.filter((line) => line.includes('for a day'))).toHaveLength(1);
  answer = { status: 200 };
  await turn();
  expect(lines.at(-1)).toBe('the webhook takes events again');
});

test('one whose record was lost with the process is sent again as it was, also where more has happened since', async () => {
  const { feed, turn, sent, lose } = scene(() => ({ status: 204 }));
  await turn();
  feed.push(event(1));
  lose();
  await expect(turn()).rejects.toThrow('lost');
  feed.push(event(2));
  await turn();
  expect(sent.map(({ headers, body }) => [headers['webhook-id'], body.events.map(({ id }) => id)])).toEqual([
    ['ops-0-1', ['1']],
    ['ops-0-1', ['1']],
    ['ops-0-2', ['2']],
  ]);
});
