import type { Values } from '../model/values';
import type { Sample } from '../store/monitoring';
import type { Found } from '../operations/resource-handler';
import { permitRead } from './policy';
import type { ReadableFound, Reading, ReadStrategy } from './reading';
import type { StoredTable } from './stored-list';
import { steadyTime } from '../model/steady-time';

/** Samples of Meters (5.17.3.1.1): no rows of resources, but a table of their own. */

export const SAMPLE = 'Sample';

/** Digits of a value that mean something: a mean of many numbers has more. */
const DIGITS = 6;

/** A measured value as plain decimals, at most six significant digits, no exponent. */
export function decimal(value: number): string {
  const rounded = Number(value.toPrecision(DIGITS));
  const text = String(rounded);
  if (!text.includes('e')) return text;
  if (Math.abs(rounded) >= 1) return BigInt(rounded).toString();
  return rounded.toFixed(20).replace(/\.?0+$/, '');
}

/** Attributes of a sample. */
export function sampleValues({ t, value, covered }: Sample): Values {
  return {
    timestamp: new Date(t * 1000).toISOString().replace('.000Z', 'Z'),
    value: decimal(value),
    ...(covered === null ? {} : { covered }),
  };
}

/** Path of a sample, whose id is its time, in s; that of a mean tells its step too. */
const pathOf = (meter: string, t: number, step: number | undefined): string =>
  `${meter}/samples/${t}${step === undefined ? '' : `-${step}`}`;

/** A Meter, and the length of the steps (s) that are shown in place of its samples. */
export interface Sampled {
  owner: ReadableFound;
  step?: number | undefined;
}

/** Shows samples to who may read their Meter. */
export function showSamples(
  { context, tenant }: Pick<Reading, 'context' | 'tenant'>,
  { owner, step }: Sampled,
  samples: readonly Sample[],
): readonly ReadableFound[] {
  return samples.flatMap((sample): ReadableFound | readonly ReadableFound[] => {
    const found: Found = {
      path: pathOf(owner.path, sample.t, step),
      type: SAMPLE,
      tenant: owner.tenant,
      cloud: null,
      ...{ row: undefined, item: undefined, key: undefined, held: undefined },
      values: sampleValues(sample),
      derived: true,
      at: steadyTime(),
    };
    return permitRead(context.policy, tenant, found, { type: SAMPLE, tenant: owner.tenant, cloud: null, discovered: false, owner }) ?? [];
  });
}

/** One sample, or the mean of one step. */
export const sampleItems: ReadStrategy = {
  async one(reading, { id, owner }) {
    const [, t, length] = /^(0|[1-9]\d{0,10})(?:-([1-9]\d{0,7}))?$/.exec(id) ?? [];
    if (!owner || t === undefined) return undefined;
    const step = length === undefined ? undefined : Number(length);
    const samples = await reading.context.store.samples({ meter: owner.path, times: [Number(t)], step });
    return showSamples(reading, { owner, step }, samples)[0];
  },
};

/** The samples of one Meter, or their means, as a table, in the order of time. */
export function sampleTable<V>(
  { context, tenant }: Pick<Reading, 'context' | 'tenant'>,
  { owner, step }: Sampled,
  viewsOf: (founds: readonly ReadableFound[]) => Promise<readonly V[]>,
): StoredTable<Sample, V> {
  const { store } = context;
  const meter = owner.path;
  const path = (t: number): string => pathOf(meter, t, step);
  const timeOf = (each: string): number => Number.parseInt(each.slice(`${meter}/samples/`.length), 10);
  return {
    counted: () => Promise.resolve(undefined),
    count: (query) => store.countSamples({ meter, step, ...query }),
    place: (query) => store.samplePlace({ meter, step, ...query }),
    rows: ({ paths, ...query }) => store.samples({ meter, step, ...query, ...(paths ? { times: paths.map(timeOf) } : {}) }),
    placeOf: ({ t }) => ({ created: new Date(t * 1000).toISOString(), path: path(t) }),
    values: (rows) => Promise.resolve(rows.map((sample): Values => ({ id: path(sample.t), ...sampleValues(sample) }))),
    views: (rows) => viewsOf(showSamples({ context, tenant }, { owner, step }, rows)),
  };
}
