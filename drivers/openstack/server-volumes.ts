import type { CallContext } from '../../src/clouds/driver';
import type { Volume } from './cinder';
import type { Wire } from './client';
import { doomedOf } from './nova';
import { byIds, FEW, present } from './reads';

/**
 * Volumes that go with their servers, among those asked for: only Nova knows which. A few holders are read by themselves,
 * more by the list of servers, once.
 */
export function doomedVolumes(wire: Wire, context: CallContext): (volumes: readonly Volume[]) => Promise<ReadonlySet<string>> {
  const doomed = new Set<string>();
  const asked = new Set<string>();
  let listed = false;
  return async (volumes) => {
    const holders = volumes.flatMap(({ attachments = [] }) => attachments.map(({ server_id: id }) => id));
    const fresh = [...new Set(holders)].filter((id) => !asked.has(id));
    if (listed || fresh.length === 0) return doomed;
    const few = fresh.length <= FEW;
    const servers = few ? present(await byIds(wire, 'server', fresh, context)) : await wire.all('server', context);
    for (const id of servers.flatMap(doomedOf)) doomed.add(id);
    for (const id of fresh) asked.add(id);
    listed = !few;
    return doomed;
  };
}
