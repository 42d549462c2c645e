import { ASPECT_UNITS, type MeterOffer, type Meters, type ProviderEvent, type SeriesQuery } from '../../../src/clouds/driver';
import { ProviderError } from '../../../src/clouds/errors';
import { standardCatalogue } from '../../../src/model/catalogue';
import type { Value } from '../../../src/model/values';
import { type Bench, type Counterpart, context, type Monitoring, startedMachines } from '../counterpart';
import { comesTrue } from '../../harness/wait';

/** Resources that each aspect of the standard is typically of (Table 53), among those that clouds have. */
const TYPICAL: Readonly<Record<string, readonly string[]>> = {
  cpu: ['Machine'],
  memory: ['Machine'],
  disk: ['Machine', 'Volume'],
  bandwidth: ['Network'],
  inputBandwidth: ['Machine', 'NetworkPort', 'Volume'],
  outputBandwidth: ['Machine', 'NetworkPort', 'Volume'],
};
const SEVERITIES = ['critical', 'high', 'medium', 'low', undefined];
const through = (cursor: Value): Value => JSON.parse(JSON.stringify(cursor)) as Value;

function metersOf({ driver }: Counterpart): Meters {
  if (!driver.meters) throw new Error('meters are not offered: name them among the needs of this test');
  return driver.meters;
}
function eventsOf({ driver }: Counterpart): NonNullable<Counterpart['driver']['events']> {
  if (!driver.events) throw new Error('events are not offered: name them among the needs of this test');
  return driver.events;
}
function hooks<M extends keyof Monitoring>(counterpart: Counterpart, name: M): NonNullable<Monitoring[M]> {
  const found = counterpart.monitoring?.[name];
  if (found === undefined) throw new Error(`the counterpart has to lend monitoring.${name}, since its driver offers what that is for`);
  return found;
}

function offersAreWhole(counterpart: Counterpart): void {
  const catalogue = standardCatalogue();
  const offers = metersOf(counterpart).offers();
  expect(offers.length).toBeGreaterThan(0);
  expect(new Set(offers.map(({ type, aspect }) => `${type} ${aspect}`)).size).toBe(offers.length);
  for (const { type, aspect, resolution, delay, kept } of offers) {
    expect(Object.keys(catalogue.attributesOf(type))).toContain('meters');
    if (TYPICAL[aspect]) expect([aspect, TYPICAL[aspect]]).toEqual([aspect, expect.arrayContaining([type])]);
    if (TYPICAL[aspect]) expect(ASPECT_UNITS[aspect]).toMatch(/./);
    for (const seconds of [resolution, delay, kept]) expect(Number.isSafeInteger(seconds) && seconds >= 0).toBe(true);
    expect(resolution).toBeGreaterThan(0);
    expect(kept).toBeGreaterThan(resolution + delay);
  }
}

interface Measured {
  counterpart: Counterpart;
  machine: string;
  window: { after: number; upTo: number };
  offers: readonly MeterOffer[];
  ask(offer: MeterOffer, more?: Partial<SeriesQuery>): SeriesQuery;
}

/** Runs with a machine of which there are points, taken away whatever happens. */
function measured(run: (measured: Measured) => Promise<void>) {
  return async (counterpart: Counterpart): Promise<void> => {
    const { keys, end } = await startedMachines(counterpart, 1);
    try {
      const machine = String(keys[0]);
      const window = await hooks(counterpart, 'measured')(machine);
      const offers = metersOf(counterpart)
        .offers()
        .filter(({ type }) => type === 'Machine');
      const ask: Measured['ask'] = ({ type, aspect, resolution }, more) => ({
        ...{ type, aspect, key: machine, interval: resolution, ...window, ...more },
      });
      await run({ counterpart, machine, window, offers, ask });
    } finally {
      await end();
    }
  };
}

async function seriesAreInOrder({ counterpart, window, offers, ask }: Measured): Promise<void> {
  const meters = metersOf(counterpart);
  const answers = await meters.sample(
    offers.map((offer) => ask(offer)),
    context(),
  );
  expect(answers).toHaveLength(offers.length);
  let most = 0;
  for (const [index, { points, missing }] of answers.entries()) {
    const { aspect = '', resolution = 1 } = offers[index] ?? {};
    const times = points.map(([at]) => at);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    for (const at of times) expect([at % (resolution * 1000), at > window.after, at <= window.upTo]).toEqual([0, true, true]);
    for (const [, value] of points) expect([aspect, value >= 0, Number.isFinite(value)]).toEqual([aspect, true, true]);
    if (aspect === 'cpu') for (const [, percent] of points) expect(percent).toBeLessThanOrEqual(100);
    if (missing !== undefined) expect([points.length, missing]).toEqual([0, expect.stringMatching(/\S/)]);
    most = Math.max(most, points.length);
  }
  expect(most).toBeGreaterThanOrEqual(3);
}

async function windowsMeet({ counterpart, offers, ask }: Measured): Promise<void> {
  const meters = metersOf(counterpart);
  const whole = await meters.sample(
    offers.map((offer) => ask(offer)),
    context(),
  );
  const index = whole.findIndex(({ points }) => points.length >= 3);
  const [offer, times] = [offers[index], (whole[index]?.points ?? []).map(([at]) => at)];
  if (!offer) throw new Error('no aspect has three points');
  const second = times[1] ?? 0;
  const halves = [ask(offer, { upTo: second }), ask(offer, { after: second })];
  const [before, after] = await meters.sample(halves, context());
  expect([...(before?.points ?? []), ...(after?.points ?? [])].map(([at]) => at).slice(0, times.length)).toEqual(times);
  expect(before?.points.map(([at]) => at)).toEqual(times.slice(0, 2));
  const [none] = await meters.sample([ask(offer, { after: second, upTo: second })], context());
  expect(none?.points).toEqual([]);
  // Every other point at twice the distance, as far as the clock's multiples go.
  const [coarse] = await meters.sample([ask(offer, { interval: offer.resolution * 2 })], context());
  for (const [at] of coarse?.points ?? []) expect(at % (offer.resolution * 2000)).toBe(0);
  expect(coarse?.points.length).toBeGreaterThan(0);
}

async function oneBadOfMany({ counterpart, offers, ask }: Measured): Promise<void> {
  const meters = metersOf(counterpart);
  const good = await meters.sample(
    offers.map((offer) => ask(offer)),
    context(),
  );
  const place = good.findIndex(({ points }) => points.length > 0);
  const offer = offers[place];
  if (!offer) throw new Error('no aspect has points');
  const answers = await meters.sample(
    [
      ask(offer, { key: counterpart.fixtures.missing.machines }),
      ask(offer),
      ask(offer, { aspect: 'no-such-aspect' }),
      ask(offer, { type: 'Credential' }),
      ask(offer, { key: '\u0000 <no> & "key"' }),
      ask(offer),
    ],
    context(),
  );
  const times = good[place]?.points.map(([at]) => at);
  expect(answers.map(({ points }) => points.map(([at]) => at))).toEqual([[], times, [], [], [], times]);
  for (const index of [2, 3]) expect(answers[index]?.missing).toMatch(/\S/);
}

async function callsAreFew(counterpart: Counterpart): Promise<void> {
  const meters = metersOf(counterpart);
  const { keys, end } = await startedMachines(counterpart, 2);
  try {
    const windows = await Promise.all(keys.map((key) => hooks(counterpart, 'measured')(key)));
    const offers = meters.offers().filter(({ type }) => type === 'Machine');
    const queries = Array.from({ length: 200 }, (_, index): SeriesQuery[] => {
      const [key = '', window] = [keys[index % 2], windows[index % 2]];
      return window ? offers.map(({ type, aspect, resolution }) => ({ type, aspect, key, interval: resolution, ...window })) : [];
    }).flat();
    const before = await counterpart.calls();
    expect(await meters.sample(queries, context())).toHaveLength(queries.length);
    const used = (await counterpart.calls()) - before;
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThanOrEqual(hooks(counterpart, 'calls')(queries));
    const idle = await counterpart.calls();
    expect(await meters.sample([], context())).toEqual([]);
    expect(await counterpart.calls()).toBe(idle);
  } finally {
    await end();
  }
}

function isWhole({ id, at, type, key, kind, code, detail, severity, state, change }: ProviderEvent): void {
  expect(id).toMatch(/\S/);
  expect(Number.isSafeInteger(at) && at > 0).toBe(true);
  expect([type === undefined, type === undefined || standardCatalogue().has(type)]).toEqual([key === undefined, true]);
  expect(['alarm', 'state', 'model']).toContain(kind);
  for (const words of [code, detail]) expect(words).toMatch(/\S/);
  expect(SEVERITIES).toContain(severity);
  if (state !== undefined) expect(kind).toBe('state');
  if (change !== undefined) expect([kind, ['create', 'update', 'delete'].includes(change)]).toEqual(['model', true]);
}

async function tellsWhatHappened(counterpart: Counterpart): Promise<void> {
  const events = eventsOf(counterpart);
  const { keys, end } = await startedMachines(counterpart, 1);
  try {
    const key = String(keys[0]);
    const { cursor } = await events.since(undefined, context());
    const { code } = await hooks(counterpart, 'tell')(key);
    const since = async () => (await events.since(through(cursor), context())).events;
    const all = async () => [...(await since()), ...((await events.of?.({ type: 'Machine', key }, context())) ?? [])];
    await comesTrue(async () => expect((await all()).filter((event) => event.code === code)).not.toEqual([]));
    const told = await all();
    for (const event of told) isWhole(event);
    expect(told.filter((event) => event.code === code)).toContainEqual(expect.objectContaining({ type: 'Machine', key }));
    // Asked again from the same place it is the same events, in the same order; from the next place they are past.
    const again = await events.since(through(cursor), context());
    const ids = (list: readonly ProviderEvent[]) => list.map(({ id }) => id);
    expect(ids(again.events).slice(0, (await since()).length)).toEqual(ids(await since()).slice(0, again.events.length));
    expect(new Set(ids(again.events)).size).toBe(again.events.length);
    const next = await events.since(through(again.cursor), context());
    expect(ids(next.events).filter((id) => again.events.some((event) => event.id === id && event.kind !== 'alarm'))).toEqual([]);
  } finally {
    await end();
  }
}

/** Measured values and events of a provider, and what they cost. */
export function monitoringTests(bench: Bench): void {
  bench.test(
    'meters: offers are of types that have meters, with aspects that are theirs and bounds in s',
    ['meters'],
    async (counterpart) => offersAreWhole(counterpart),
  );
  bench.test(
    'meters: a series is in order, at multiples of its interval, within what was asked for',
    ['meters', 'machines'],
    measured(seriesAreInOrder),
  );
  bench.test('meters: windows meet without a point lost or told twice', ['meters', 'machines'], measured(windowsMeet));
  bench.test('meters: one question that has no answer takes none from the others', ['meters', 'machines'], measured(oneBadOfMany));
  bench.test('meters: many questions cost few calls, none cost none', ['meters', 'machines'], callsAreFew);
  bench.test(
    'meters: a call that is given up throws a ProviderError',
    ['meters', 'machines'],
    measured(async ({ counterpart, offers, ask }) => {
      const asked = metersOf(counterpart).sample(
        offers.map((offer) => ask(offer)),
        { signal: AbortSignal.abort() },
      );
      await expect(asked).rejects.toBeInstanceOf(ProviderError);
    }),
  );
  bench.test('events: what happens is told after the cursor, with an id that stays', ['events', 'machines'], tellsWhatHappened);
  bench.test(
    'events: a cursor that is none begins anew or is refused, and a call that is given up throws',
    ['events'],
    async (counterpart) => {
      const events = eventsOf(counterpart);
      for (const cursor of ['nonsense', -1, { a: [1] }, true]) {
        const answer = await events.since(cursor, context()).catch((error: unknown) => error);
        if (answer instanceof ProviderError) continue;
        expect(answer).toEqual({ events: expect.any(Array) as unknown, cursor: expect.anything() as unknown });
      }
      await expect(events.since(undefined, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(ProviderError);
    },
  );
  bench.test('events: those of one resource are told in order, of one that is not there none', ['events.of'], async (counterpart) => {
    const events = eventsOf(counterpart);
    const { keys, end } = await startedMachines(counterpart, 1);
    try {
      await hooks(counterpart, 'tell')(String(keys[0]));
      const told = (await events.of?.({ type: 'Machine', key: String(keys[0]) }, context())) ?? [];
      for (const event of told) isWhole(event);
      expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).sort((a, b) => a - b));
      const stranger = { type: 'Machine', key: counterpart.fixtures.missing.machines };
      const none = await events.of?.(stranger, context()).catch((error: unknown) => error);
      if (!(none instanceof ProviderError)) expect(none).toEqual([]);
    } finally {
      await end();
    }
  });
}
