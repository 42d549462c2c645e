import type { CallContext } from '../../src/clouds/driver';
import { Gone } from '../../src/clouds/errors';
import type { Volume } from './cinder';
import type { Wire } from './client';
import { doomedOf, type Server } from './nova';
import { confirmed, FEW } from './reads';

/** Test whether a volume goes with a server that has it; undefined where Nova does not tell of one of these. */
export type Goes = (volume: Volume) => boolean | undefined;

const holdersOf = ({ attachments = [] }: Volume): string[] => attachments.map(({ server_id: id }) => id);

/**
 * Tells which volumes go with their servers: only Nova knows. A few holders are read by themselves, more by the list of
 * servers, once, and by themselves where it leaves them out.
 * @throws ProviderError where Nova tells of none of them
 */
export function doomedVolumes(wire: Wire, context: CallContext): (volumes: readonly Volume[]) => Promise<Goes> {
  const known = new Map<string, Server | Gone>();
  let listed = false;
  const goes: Goes = (volume) => {
    const told = holdersOf(volume).map((id) => goesWith(known.get(id), volume.id));
    return told.includes(true) ? true : told.includes(undefined) ? undefined : false;
  };
  return async (volumes) => {
    const fresh = [...new Set(volumes.flatMap(holdersOf))].filter((id) => !known.has(id));
    if (fresh.length > FEW && !listed) {
      for (const server of await wire.all('server', context)) known.set(server.id, server);
      listed = true;
    }
    await confirmed(wire, 'server', fresh, known, context);
    return goes;
  };
}

function goesWith(server: Server | Gone | undefined, volume: string): boolean | undefined {
  if (server instanceof Gone) return false;
  return server?.volumes === undefined ? undefined : doomedOf(server).includes(volume);
}
