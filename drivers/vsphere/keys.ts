import { ProviderError } from '../../src/clouds/errors';
import { isRef, type Ref } from './types';

/** Keys of machines and images: the values of vCenter's references. */

export const vm = (value: string): Ref => ({ type: 'VirtualMachine', value });
export const snapshotRef = (value: string): Ref => ({ type: 'VirtualMachineSnapshot', value });
/** MoRefs of snapshots begin so, on every vCenter. */
export const isSnapshotKey = (key: string): boolean => key.startsWith('snapshot-');
/** Tells whether the text can be the value of a reference at all. */
export const isKey = (key: string): boolean => /^[A-Za-z0-9_-]{1,80}$/.test(key);

/** The key of what a task made. @throws ProviderError where vCenter does not tell it */
export function keyPicked(made: unknown): string {
  if (isRef(made)) return made.value;
  throw new ProviderError('unavailable', 'the task ended without its result', { maybeDone: true });
}
