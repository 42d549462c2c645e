import { leftOf, type Quota, type QuotaOf } from '../clouds/quotas';
import { roundUp } from '../model/units';

/** Things that an import makes, in the units of quotas. */
export type Needs = Partial<Readonly<Record<QuotaOf, number>>>;

/** Unit of each for people, and an amount in it. */
const SAID: Readonly<Record<QuotaOf, readonly [unit: string, amount: (own: number) => number]>> = {
  machines: ['Machines', (count) => count],
  cpus: ['CPUs', (count) => count],
  memory: ['MiB of memory', (kib) => roundUp(kib, 'kibibyte', 'mebibyte')],
  volumes: ['Volumes', (count) => count],
  capacity: ['GB of Volumes', (kb) => roundUp(kb, 'kilobyte', 'gigabyte')],
};

/** Tells of each quota of what is needed whether it is enough: by the room that it leaves now, which others may take. */
export function quotaRows(cloud: string, quotas: readonly Quota[], needs: Needs): { part: string; detail: string }[] {
  return quotas.flatMap((quota) => {
    const need = needs[quota.of] ?? 0;
    if (need === 0) return [];
    const [unit, amount] = SAID[quota.of];
    const left = leftOf(quota);
    const verdict = need > left ? `, too few: have the quota raised at cloud '${cloud}', or delete what is not needed there` : '';
    return [
      { part: `quota of ${quota.of}`, detail: `${unit}: ${amount(need)} needed, ${amount(left)} of ${amount(quota.limit)} left${verdict}` },
    ];
  });
}
