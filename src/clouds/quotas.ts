/** Kinds of things of which an account may have so many, or so much. */
export type QuotaOf = 'machines' | 'cpus' | 'memory' | 'volumes' | 'capacity';

/** Bound of an account, in numbers of things; of memory in KiB, of the capacity of Volumes in kB. */
export interface Quota {
  of: QuotaOf;
  limit: number;
  used: number;
}

/** Returns what a quota leaves, in its unit: nothing where more is used than it allows. */
export const leftOf = ({ limit, used }: Quota): number => Math.max(0, limit - used);
