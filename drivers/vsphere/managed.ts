import { ProviderError } from '../../src/clouds/errors';
import type { Seen } from './collector';
import { isA } from './types';

/** Machines that belong to a product beside vCenter (vCLS, vSAN's and NSX's agents, Kubernetes): shown, and left alone. */

/** Property that tells who manages a machine. */
export const MANAGED_PATH = 'config.managedBy';

/** Returns the reason why the gateway may not change a machine; undefined where it may. */
export function managedWords(seen: Seen): string | undefined {
  const by = seen.properties.get(MANAGED_PATH);
  if (!isA(by, 'ManagedByInfo') || by.extensionKey === undefined || by.extensionKey === '') return undefined;
  return `It is managed by ${by.extensionKey}${by.type === undefined || by.type === '' ? '' : ` (${by.type})`}, which would not know of the change`;
}

/** @throws ProviderError `forbidden` for what somebody else manages */
export function refuseManaged(seen: Seen): void {
  const message = managedWords(seen);
  if (message !== undefined) throw new ProviderError('forbidden', message, { code: 'ManagedBy', maybeDone: false });
}
