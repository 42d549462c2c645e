import type { CallContext } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
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

/**
 * Id of the volume that a server boots from; undefined of one that boots from an image.
 * @throws ProviderError (conflict) where the volume cannot be told
 */
export async function bootVolumeOf(wire: Wire, key: string, context: CallContext): Promise<string | undefined> {
  const { image, volumes = [] } = await wire.one('server', key, context);
  if (image !== '') return undefined;
  const read = await Promise.all(volumes.map(({ id }) => wire.oneIfThere('volume', id, context)));
  const booting = read.flatMap((volume) => (volume?.bootable === true ? [{ id: volume.id, device: deviceOf(volume, key) }] : []));
  const [first] = booting.sort((a, b) => (a.device < b.device ? -1 : 1));
  if (first) return first.id;
  throw new ProviderError('conflict', 'Nova does not tell which volume the server boots from', { maybeDone: false });
}

/** Place of a volume in its server: those after the last letter go on with two. */
function deviceOf({ attachments = [] }: Volume, server: string): string {
  const { device = '' } = attachments.find(({ server_id: id }) => id === server) ?? {};
  return device === '' ? '~' : String(device.length).padStart(4, '0') + device;
}
