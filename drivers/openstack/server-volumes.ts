import type { CallContext } from '../../src/clouds/driver';
import type { Wire } from './client';
import { once } from './neutron';

/** What a server tells of its storage. */
export interface ServerStorage {
  id: string;
  status: string;
  created?: string;
  image?: { id: string } | string | null;
  /** From 2.47 on without its id, but with its figures (GiB, swap in MiB). */
  flavor: { id?: string; disk?: number; ephemeral?: number; swap?: number | string };
  'os-extended-volumes:volumes_attached'?: readonly { id: string; delete_on_termination?: boolean }[];
}

export const volumesOf = (server: ServerStorage): readonly { id: string; delete_on_termination?: boolean }[] =>
  server['os-extended-volumes:volumes_attached'] ?? [];

/** Volumes that Nova deletes together with their server: those are its Disks, all others are Volumes. */
export const doomedOf = (server: ServerStorage): string[] =>
  volumesOf(server).flatMap(({ id, delete_on_termination: goes }) => (goes === true ? [id] : []));

/** Ids of the volumes of this project that go with their servers; read once, when first asked for. Only Nova knows. */
export function doomedVolumes(wire: Wire, context: CallContext): () => Promise<ReadonlySet<string>> {
  return once(async () => {
    const servers = await wire.all<ServerStorage>('compute', '/servers/detail', 'servers', context);
    return new Set(servers.flatMap(doomedOf));
  });
}
