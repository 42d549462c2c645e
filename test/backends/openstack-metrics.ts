import type { OpenstackAccount } from './openstack-account';
import { waitUntil } from '../harness/wait';

/** Measures of one resource, put into Gnocchi as Ceilometer puts them: under its resource types and the names of its metrics. */
export interface Measured {
  type: 'instance' | 'instance_network_interface' | 'instance_disk';
  id: string;
  /** Attributes of an interface or disk. */
  name?: string;
  instance_id?: string;
  /** Policy and measures of each metric, as time (ms since the epoch) and value. */
  metrics: Readonly<Record<string, { policy: string; measures: readonly (readonly [number, number])[] }>>;
}

/** Policy that Ceilometer gives to counters. */
export const USUAL = 'ceilometer-low-rate';

/** Puts measures in as the service's administrator does, and waits until Gnocchi has taken them in. */
export async function measure({ admin, direct }: OpenstackAccount, { metrics, type, ...resource }: Measured): Promise<void> {
  const policies = Object.entries(metrics).map(([metric, { policy }]) => [metric, { archive_policy_name: policy }]);
  const body = { ...resource, project_id: direct.projectId, metrics: Object.fromEntries(policies) as object };
  const made = await admin.call<{ metrics: Record<string, string> }>('POST', 'metric', `/v1/resource/${type}`, body);
  for (const [metric, { measures }] of Object.entries(metrics)) {
    const told = measures.map(([at, value]) => ({ timestamp: new Date(at).toISOString(), value }));
    const path = `/v1/metric/${made.metrics[metric] ?? ''}/measures`;
    await admin.call('POST', 'metric', path, told);
    const { archive_policy: policy } = await admin.call<Kept>('GET', 'metric', path.replace('/measures', ''));
    const method = policy.aggregation_methods[0] ?? '';
    // Growth needs a measure more.
    if (measures.length > 1)
      await waitUntil(
        async () => (await admin.call<unknown[]>('GET', 'metric', `${path}?aggregation=${method}`)).length > 0,
        () => `Gnocchi has not taken in the ${metric} of ${resource.id}`,
      );
  }
}

interface Kept {
  archive_policy: { aggregation_methods: string[] };
}

/** Beginning of a time that is past and whole for every distance up to an hour, in ms since the epoch. */
export const past = (): number => Math.floor((Date.now() - 2 * 3_600_000) / 3_600_000) * 3_600_000;

/** Measures every five minutes, ten seconds past, from a time on. */
export const every = (from: number, values: readonly number[]): [number, number][] =>
  values.map((value, n) => [from + n * 300_000 + 10_000, value]);
