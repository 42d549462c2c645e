import type { Item } from '../../src/clouds/driver';
import { mibToKib } from '../../src/model/units';
import { familyOf, serverFit } from './choice';
import type { Flavor } from './configs';
import { type Metadata, propertiesOf, shownName, TAG } from './naming';
import { machineState, MOVING, type ServerState } from './states';

/** A server as `GET /servers/detail` tells it, as far as it is of use here. */
export interface Server extends ServerState {
  id: string;
  name: string;
  description?: string | null;
  metadata?: Metadata;
  created?: string;
  updated?: string;
  /** "" where the server boots from a volume. */
  image?: { id: string } | string | null;
  /** Up to 2.46 the id alone, from 2.47 on the figures without the id. */
  flavor: { id?: string; original_name?: string; vcpus?: number; ram?: number; disk?: number };
  locked?: boolean;
  locked_reason?: string | null;
  fault?: { message?: string; code?: number };
  security_groups?: readonly { name: string }[];
  'OS-EXT-AZ:availability_zone'?: string | null;
}

/** Everything that changes a machine, but its deletion. */
const CHANGES = ['start', 'stop', 'restart', 'pause', 'suspend', 'restore', 'capture', 'snapshot', 'edit'] as const;
/** Statuses that Nova takes these actions in. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  restart: ['ACTIVE'],
  pause: ['ACTIVE'],
  suspend: ['ACTIVE'],
  restore: ['ACTIVE', 'SHUTOFF', 'ERROR'],
  capture: ['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'],
  snapshot: ['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'],
};

/**
 * A server as a Machine.
 * @param known flavors by id, for servers that come without figures
 * @param may what this login may do beyond the owner's rights
 */
export function machineItem(server: Server, known: ReadonlyMap<string, Flavor>, may: { unlock: boolean; rebuildVolumes: boolean }): Item {
  const metadata = server.metadata ?? {};
  const { state, unmapped } = machineState(server);
  const figures = server.flavor.id === undefined ? server.flavor : known.get(server.flavor.id);
  const token = metadata[TAG.token];
  const zone = server['OS-EXT-AZ:availability_zone'];
  const groups = [...new Set((server.security_groups ?? []).map(({ name }) => name))].sort();
  const refuses = refusals(server, may);
  const fit = serverFit({ ...server, flavor: figures ?? {} });
  const size = server.flavor.original_name ?? known.get(server.flavor.id ?? '')?.name;
  return {
    key: server.id,
    values: {
      name: shownName(server.name, [metadata[TAG.id], server.id]),
      description: description(server),
      properties: propertiesOf(metadata),
      state,
      cpu: figures?.vcpus,
      memory: figures?.ram === undefined ? undefined : mibToKib(figures.ram),
      ...(zone === undefined || zone === null || zone === '' ? {} : { availabilityZone: zone }),
      ...(groups.length === 0 ? {} : { securityGroups: groups }),
    },
    ...(size === undefined ? {} : { choice: { rank: 0, family: familyOf(size) } }),
    ...(fit ? { fit } : {}),
    tag: metadata[TAG.id],
    token,
    created: server.created,
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...failureOf(server, metadata[TAG.restore] ?? token),
    ...(Object.keys(refuses).length === 0 ? {} : { refuses }),
  };
}

/** Nova before 2.19 gives a server its name as description. */
function description({ name, description: text, metadata = {} }: Server): string | undefined {
  if (metadata[TAG.description] !== undefined) return metadata[TAG.description];
  return text === undefined || text === null || text === '' || text === name ? undefined : text;
}

/** A server in ERROR tells why; it is of the last write that could bring it there. */
function failureOf(server: Server, token: string | undefined): Pick<Item, 'failure'> {
  const reason = server.fault?.message;
  if (server.status !== 'ERROR' || reason === undefined || token === undefined) return {};
  return { failure: { token, reason } };
}

/** What this very server refuses, with the reason. */
function refusals(server: Server, may: { unlock: boolean; rebuildVolumes: boolean }): Record<string, string> {
  const task = server['OS-EXT-STS:task_state'] ?? undefined;
  if (server.locked === true && !may.unlock) {
    const why = server.locked_reason ? `: ${server.locked_reason}` : '';
    return all([...CHANGES, 'delete'], `The server is locked${why}; unlock it at the cloud first`);
  }
  if (task !== undefined) return all(CHANGES, `Nova is busy with the server (${task})`);
  if (server.status === 'VERIFY_RESIZE') return all(CHANGES, 'A change of size waits for its confirmation at the cloud');
  if (MOVING.includes(server.status)) return all(CHANGES, `Nova is moving the server (${server.status})`);
  const refused = Object.entries(ONLY_IN).flatMap(([action, statuses]) =>
    statuses.includes(server.status) ? [] : [[action, `Nova does this only in ${statuses.join(', ')}, not in ${server.status}`]],
  );
  const fromVolume = server.image === '' && !may.rebuildVolumes;
  return {
    ...(Object.fromEntries(refused) as Record<string, string>),
    ...(fromVolume ? { restore: 'The root disk is a volume; Nova rebuilds these from 2.93 on' } : {}),
  };
}

const all = (names: readonly string[], reason: string): Record<string, string> => Object.fromEntries(names.map((name) => [name, reason]));
