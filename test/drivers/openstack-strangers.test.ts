import { gzipSync } from 'node:zlib';
import { type CallContext, type Driver, GROUPS, isOngoing, type ListedGroup } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { type FakeAnswer, type FakeCall, type FakeCloud, fakeState, ID, startFakeCloud } from './openstack-fake';

/** Answers of strangers in the services' place: nothing is gone by them, nothing done, and nothing is said of the login. */

const context = (): CallContext => ({ signal: AbortSignal.timeout(10_000) });
const html = (status: number, words: string): FakeAnswer => ({
  status,
  headers: { 'content-type': 'text/html' },
  raw: `<html><head><title>${words}</title></head><body><h1>${words}</h1></body></html>`,
});

/** An honest answer with another body. */
const rewritten = (
  { status, body, headers }: FakeAnswer,
  change: (text: string) => string,
  more: Readonly<Record<string, string>> = {},
): FakeAnswer => ({
  status,
  raw: change(JSON.stringify(body ?? { an: 'answer' })),
  headers: { 'content-type': 'application/json', ...headers, ...more },
});

/** Each with the kinds that it may come to. `of`: what it is instead, made from the honest answer. */
const STRANGERS: readonly (readonly [string, (honest: () => FakeAnswer) => FakeAnswer, readonly string[]])[] = [
  ['404 in HTML', () => html(404, 'Not Found'), ['unavailable']],
  ['404 of an ingress', () => ({ status: 404, headers: { 'content-type': 'text/plain' }, raw: 'default backend - 404' }), ['unavailable']],
  ['404 of a proxy in JSON', () => ({ status: 404, body: { error: 'not found', status: 404 } }), ['unavailable']],
  [
    '404 of another API',
    () => ({ status: 404, body: { kind: 'Status', code: 404, reason: 'NotFound', message: 'the server could not find it' } }),
    ['unavailable'],
  ],
  ['404 without a word', () => ({ status: 404 }), ['unavailable']],
  ['200 in HTML', () => html(200, 'Welcome'), ['unavailable']],
  ['200 without a word', () => ({ status: 200 }), ['unavailable']],
  ['200 with {}', () => ({ status: 200, body: {} }), ['unavailable']],
  ['200 with []', () => ({ status: 200, body: [] }), ['unavailable']],
  ['200 of another API', () => ({ status: 200, body: { status: 'ok' } }), ['unavailable']],
  ['204', () => ({ status: 204 }), ['unavailable']],
  [
    'a redirect to a login',
    () => ({ status: 302, headers: { location: 'https://login.example.org/?ticket=geheim-geheim' } }),
    ['unavailable'],
  ],
  ['301', () => ({ status: 301, headers: { location: '/elsewhere' } }), ['unavailable']],
  ['401 of a gateway', () => html(401, 'Authorization Required'), ['unavailable', 'auth']],
  ['403 of a gateway', () => html(403, 'Forbidden'), ['unavailable']],
  ['407', () => html(407, 'Proxy Authentication Required'), ['unavailable']],
  ['429', () => html(429, 'Slow down'), ['throttled']],
  ['429 with a time', () => ({ ...html(429, 'Slow down'), headers: { 'content-type': 'text/html', 'retry-after': '7' } }), ['throttled']],
  ['500', () => html(500, 'Oops'), ['unavailable']],
  ['502', () => html(502, 'Bad Gateway'), ['unavailable']],
  ['503', () => html(503, 'Service Unavailable'), ['unavailable']],
  ['504', () => html(504, 'Gateway Time-out'), ['timeout']],
  ['a cut body', (honest) => rewritten(honest(), (text) => text.slice(0, -2)), ['unavailable']],
  ['a cut connection', () => ({ status: 200, cut: true }), ['timeout']],
  ['another type', (honest) => rewritten(honest(), (text) => text, { 'content-type': 'text/html' }), ['unavailable']],
  ['broken gzip', (honest) => rewritten(honest(), () => 'not gzip', { 'content-encoding': 'gzip' }), ['unavailable']],
  [
    'Neutron’s fault for all',
    () => ({ status: 404, body: { NeutronError: { type: 'HTTPNotFound', message: 'x', detail: '' } } }),
    ['unavailable', 'unsupported'],
  ],
  [
    'a fault of Nova’s about another server',
    () => ({ status: 404, body: { itemNotFound: { code: 404, message: `Instance ${ID(999)} could not be found.` } } }),
    ['unavailable', 'invalid'],
  ],
];

const KEYS: Readonly<Partial<Record<ListedGroup, string>>> = {
  machines: ID(1),
  machineConfigs: '1',
  machineImages: ID(30),
  disks: `${ID(1)}:root`,
  attachments: `${ID(1)}:${ID(40)}`,
  interfaces: ID(70),
  volumes: ID(40),
  volumeImages: ID(50),
  networks: ID(60),
  networkPorts: ID(70),
  addresses: `fip-${ID(90)}`,
  forwardingGroups: ID(80),
};
/** Groups whose listing asks Nova about each holder by itself: one that is not told leaves the others. */
const PIECEMEAL: readonly ListedGroup[] = ['attachments', 'volumes'];
const groups = Object.keys(KEYS) as (keyof typeof KEYS & ListedGroup)[];
const keyOf = (group: ListedGroup): string => KEYS[group] ?? '';

async function listed(driver: Driver, group: ListedGroup): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of driver[group]?.list(context()) ?? []) keys.push(...page.map(({ key }) => key));
  return keys;
}

/** Returns the end of a read or a delete: `ok`, `gone`, or the kind of its error. */
async function ending(work: () => Promise<unknown>): Promise<string> {
  try {
    const answer = await work();
    const [first] = Array.isArray(answer) ? (answer as unknown[]) : [answer];
    if (first instanceof Gone) return 'gone';
    return Array.isArray(answer) && answer.length === 0 ? 'unknown' : 'ok';
  } catch (error) {
    if (!(error instanceof ProviderError)) return `a bug: ${String(error)}`;
    if (error instanceof Gone) return 'gone';
    if (error.message.includes('geheim')) return `a secret: ${error.message}`;
    return error.message === '' ? 'no words' : error.kind;
  }
}

describe('answers of strangers', () => {
  let cloud: FakeCloud;
  beforeEach(async () => {
    cloud = await startFakeCloud();
  });
  afterEach(() => cloud.stop());

  /** The n-th call of `work`, the honest ones before it counted, for every n there is. */
  async function atEachCall(
    work: (driver: Driver) => Promise<unknown>,
    stranger: (honest: () => FakeAnswer) => FakeAnswer,
  ): Promise<string[]> {
    const endings: string[] = [];
    for (let nth = 0; nth < 25; nth += 1) {
      // A cloud of its own: calls that an earlier one left on their way would be counted.
      const own = await startFakeCloud();
      const driver = await own.connect();
      let seen = -1;
      own.meddle = (_call, honest) => {
        seen += 1;
        return seen < nth ? undefined : stranger(honest);
      };
      const end = await ending(() => work(driver));
      await own.stop();
      if (seen < nth) break;
      endings.push(end);
    }
    return endings;
  }

  test.each(STRANGERS)('%s: no read is gone or good by it, on any of its calls', async (_name, stranger, kinds) => {
    for (const group of groups) {
      const read = await atEachCall((driver) => driver[group]?.getMany([keyOf(group)], context()) ?? Promise.resolve([]), stranger);
      const all = await listed(await cloud.connect(), group);
      // What is told for certain is listed; what is not is left out, and never taken for something else.
      const certain = (keys: string[]) => (PIECEMEAL.includes(group) && keys.every((key) => all.includes(key)) ? [] : keys);
      const list = await atEachCall(async (driver) => certain(await listed(driver, group)), stranger);
      expect(read.length).toBeGreaterThan(1);
      const wrong = [...read, ...list].filter((end) => ![...kinds, 'unknown'].includes(end));
      expect({ group, wrong }).toEqual({ group, wrong: [] });
    }
  });

  test.each(STRANGERS)('%s: no delete is a success by it unless the thing has gone', async (name, stranger) => {
    for (const group of ['machines', 'volumes', 'volumeImages', 'machineImages', 'networks', 'forwardingGroups'] as const) {
      const key = group === 'volumes' ? ID(42) : group === 'networks' ? ID(61) : keyOf(group);
      const driver = await cloud.connect();
      await listed(driver, group);
      cloud.meddle = (call, honest) => (call.method === 'DELETE' ? stranger(honest) : undefined);
      cloud.state = fakeState();
      const end = await ending(() => driver[group]?.delete?.(key, context()) ?? Promise.resolve());
      cloud.meddle = () => undefined;
      const isThere = Object.values(cloud.state).some((things) => things.some(({ id }) => id === key));
      // A bare 204 is what Nova, Glance and Neutron document for success: the Job waits then until the thing is proven gone.
      expect({ group, end, fair: !isThere || name === '204' || end !== 'ok' }).toMatchObject({ fair: true });
      expect(end).not.toBe('gone');
      expect(await ending(() => driver[group]?.getMany([key], context()) ?? Promise.resolve([]))).toBe(isThere ? 'ok' : 'gone');
    }
  });

  test('while everything below Nova is away, nothing is forgotten; afterwards every key is as before', async () => {
    const driver = await cloud.connect();
    const before = await listed(driver, 'machines');
    cloud.meddle = ({ service }: FakeCall) =>
      service === 'compute' ? { status: 404, headers: { 'content-type': 'text/plain' }, raw: 'default backend - 404' } : undefined;
    for (const group of ['machines', 'disks', 'attachments'] as const) {
      const end = await ending(() => driver[group]?.getMany([keyOf(group)], context()) ?? Promise.resolve([]));
      expect(end).toBe('unavailable');
    }
    const deleting = driver.machines?.delete?.(ID(1), context());
    await expect(deleting).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/in front of Nova.*default backend/) as string,
    });
    cloud.meddle = () => undefined;
    expect(await listed(driver, 'machines')).toEqual(before);
    const outcome = await driver.machines?.delete?.(ID(1), context());
    expect(isOngoing(outcome)).toBe(false);
    expect(await driver.machines?.getMany([ID(1)], context())).toEqual([expect.any(Gone)]);
  });

  test('compressed answers are read although they were not asked for', async () => {
    cloud.meddle = (_call, honest) => {
      const { status, body, headers } = honest();
      return {
        status,
        raw: gzipSync(JSON.stringify(body)),
        headers: { ...headers, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      };
    };
    const driver = await cloud.connect();
    for (const group of groups) expect(await listed(driver, group)).toContain(keyOf(group));
  });

  test('what is not there is proven gone, for every type', async () => {
    const driver = await cloud.connect();
    const gone: Partial<Record<ListedGroup, string>> = {
      ...Object.fromEntries(groups.map((group) => [group, ID(999)])),
      disks: `${ID(999)}:root`,
      attachments: `${ID(1)}:${ID(42)}`,
      addresses: `${ID(70)}@10.0.0.99`,
    };
    for (const group of groups)
      expect(await driver[group]?.getMany([gone[group] ?? '', 'x y'], context())).toEqual([expect.any(Gone), expect.any(Gone)]);
    expect(Object.keys(GROUPS)).toEqual(expect.arrayContaining(groups));
  });
});
