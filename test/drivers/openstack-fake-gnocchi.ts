import type { FakeAnswer, FakeCall } from './openstack-fake';

/** Gnocchi's documented answers over measures that a test gives (https://gnocchi.osci.io/rest.html), in the forms of release 4.4. */

/** Measures of one resource. */
export interface FakeMetrics {
  /** Gnocchi's resource type, and the resource's attributes. */
  type: string;
  id: string;
  instance_id?: string;
  name?: string;
  /** Measures as time (ms) and value, by metric, and the policy of each metric. */
  metrics: Readonly<Record<string, { policy: string; measures: readonly (readonly [number, number])[] }>>;
}

export interface FakePolicy {
  methods: readonly string[];
  /** Distances, in s. */
  grains: readonly number[];
}

/** Policies as Ceilometer sets them up, and others that a cloud may have. */
export const POLICIES: Readonly<Record<string, FakePolicy>> = {
  'ceilometer-low': { methods: ['mean'], grains: [300] },
  'ceilometer-low-rate': { methods: ['mean', 'rate:mean'], grains: [300] },
  'by-minute': { methods: ['last', 'count'], grains: [60] },
  'by-hour': { methods: ['mean'], grains: [3600] },
  'rates-only': { methods: ['rate:mean'], grains: [300] },
  counts: { methods: ['count'], grains: [300] },
};

interface Search {
  in?: Record<string, string[]>;
}

/** Answers as Gnocchi does. */
export function fakeGnocchi(resources: readonly FakeMetrics[]): (call: FakeCall) => FakeAnswer {
  return (call) => {
    const [, first = '', second = '', third = ''] = call.path.split('/').map(decodeURIComponent);
    if (call.method === 'POST' && first === 'aggregates') return aggregates(resources, call);
    if (call.method === 'POST' && first === 'search' && second === 'resource')
      return found(chosen(resources, third, call.body as Search | undefined), call);
    if (call.method === 'GET' && first === 'metric') return metric(resources, second);
    return refusal(404, 'Not Found', 'The resource could not be found.');
  };
}

function aggregates(resources: readonly FakeMetrics[], { query, body }: FakeCall): FakeAnswer {
  const {
    operations,
    resource_type: type,
    search,
  } = body as { operations: [string, string, string]; resource_type: string; search: Search };
  const [, name, method] = operations;
  if (!resources.some((each) => each.type === type))
    return refusal(400, 'Bad Request', { cause: 'Resource type does not exist', detail: type });
  const own = chosen(resources, type, search).filter((each) => Object.hasOwn(each.metrics, name));
  if (own.length === 0) return refusal(400, 'Bad Request', { cause: 'Metrics not found', detail: [[name, method]] });
  const grain = Number(query.get('granularity'));
  for (const each of own) {
    const policy = POLICIES[each.metrics[name]?.policy ?? ''];
    if (policy?.methods.includes(method) !== true)
      return refusal(404, 'Not Found', { cause: 'Metrics with unknown aggregation', detail: [[metricId(each, name), method]] });
    if (!policy.grains.includes(grain))
      return refusal(400, 'Bad Request', {
        cause: "Metrics can't being aggregated",
        reason: 'Granularities are missing',
        detail: [[name, method, grain]],
      });
  }
  const [start, stop] = [Date.parse(query.get('start') ?? ''), Date.parse(query.get('stop') ?? '')];
  const measures = own.map((each) => {
    const points = aggregated(each.metrics[name]?.measures ?? [], method, grain * 1000).filter(([at]) => at >= start && at < stop);
    return [
      each.id,
      { [name]: { [method]: points.map(([at, value]) => [new Date(at).toISOString().replace('.000Z', '+00:00'), grain, value]) } },
    ];
  });
  return { status: 200, body: { measures: Object.fromEntries(measures) as unknown, references: own.map(shown) } };
}

function aggregated(measures: readonly (readonly [number, number])[], method: string, interval: number): [number, number][] {
  const changes = measures.flatMap(([at, value], n): [number, number][] => (n === 0 ? [] : [[at, value - (measures[n - 1]?.[1] ?? 0)]]));
  const grains = new Map<number, number[]>();
  for (const [at, value] of method.startsWith('rate:') ? changes : measures) {
    const begin = Math.floor(at / interval) * interval;
    grains.set(begin, [...(grains.get(begin) ?? []), value]);
  }
  const of = (values: readonly number[]) =>
    method === 'last' ? (values.at(-1) ?? 0) : values.reduce((sum, each) => sum + each, 0) / values.length;
  return [...grains].map(([at, values]) => [at, of(values)]);
}

function chosen(resources: readonly FakeMetrics[], type: string, search: Search | undefined): FakeMetrics[] {
  if (!search) return resources.filter((each) => each.type === type);
  const [[attribute, values] = ['id', []]] = Object.entries(search.in ?? {});
  return resources.filter((each) => each.type === type && values.includes(String(each[attribute as 'id'])));
}

/** Pages of two, whatever is asked for. */
function found(resources: readonly FakeMetrics[], { query }: FakeCall): FakeAnswer {
  const sorted = [...resources].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    status: 200,
    body: sorted
      .filter(({ id }) => id > (query.get('marker') ?? ''))
      .slice(0, 2)
      .map(shown),
  };
}

const metricId = (resource: FakeMetrics, name: string): string => `${resource.id}.${name}`;

function metric(resources: readonly FakeMetrics[], id: string): FakeAnswer {
  const [resource] = resources.filter((each) => id.startsWith(each.id));
  const name = id.slice((resource?.id.length ?? 0) + 1);
  const policy = resource?.metrics[name]?.policy ?? '';
  const { methods, grains } = POLICIES[policy] ?? { methods: [], grains: [] };
  const definition = grains.map((seconds) => ({
    granularity: `${Math.floor(seconds / 3600)}:${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`,
    points: 8640,
    timespan: '30 days, 0:00:00',
  }));
  return {
    status: 200,
    body: { id, name, unit: null, archive_policy: { name: policy, aggregation_methods: methods, definition, back_window: 0 } },
  };
}

function shown(resource: FakeMetrics): unknown {
  const { type, id, instance_id, name, metrics } = resource;
  const ids = Object.fromEntries(Object.keys(metrics).map((each) => [each, metricId(resource, each)]));
  return { id, type, instance_id, name, metrics: ids, ended_at: null };
}

export const refusal = (code: number, title: string, description: unknown): FakeAnswer => ({
  status: code,
  body: { code, title, description },
});
