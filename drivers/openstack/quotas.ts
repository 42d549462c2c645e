import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Quota, QuotaOf } from '../../src/clouds/quotas';
import { roundDown } from '../../src/model/units';
import type { Wire } from './client';
import { doc, number } from './documents';
import type { Service } from './options';

/** Limits of a service, which it names by these: the most, what of it is used, and what one of them is in the contract's unit. */
const LIMITS: readonly (readonly [Service, readonly (readonly [of: QuotaOf, most: string, used: string, unit: number])[]])[] = [
  [
    'compute',
    [
      ['machines', 'maxTotalInstances', 'totalInstancesUsed', 1],
      ['cpus', 'maxTotalCores', 'totalCoresUsed', 1],
      ['memory', 'maxTotalRAMSize', 'totalRAMUsed', roundDown(1, 'mebibyte', 'kibibyte')],
    ],
  ],
  [
    'volume',
    [
      ['volumes', 'maxTotalVolumes', 'totalVolumesUsed', 1],
      ['capacity', 'maxTotalVolumeGigabytes', 'totalGigabytesUsed', roundDown(1, 'gibibyte', 'kilobyte')],
    ],
  ],
];

/**
 * Reads the limits of the project: GET /limits of Nova and of Cinder. What has no limit (-1) is left out, and so is a service that is
 * not there, or whose policy hides them.
 * @throws ProviderError
 */
export async function quotasOf(wire: Wire, context: CallContext): Promise<Quota[]> {
  const parts = LIMITS.map(async ([service, rows]): Promise<Quota[]> => {
    try {
      const { absolute } = await wire.get(service, '/limits', 'limits', context).then(({ limits }) => doc(limits));
      const told = doc(absolute);
      return rows.flatMap(([of, most, used, unit]) => {
        const limit = number(told[most]) ?? -1;
        return limit < 0 ? [] : [{ of, limit: limit * unit, used: (number(told[used]) ?? 0) * unit }];
      });
    } catch (error) {
      if (error instanceof ProviderError && (error.kind === 'unsupported' || error.kind === 'forbidden')) return [];
      throw error;
    }
  });
  return (await Promise.all(parts)).flat();
}
