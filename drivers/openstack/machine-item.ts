import type { Item } from '../../src/clouds/driver';
import { mibToKib } from '../../src/model/units';
import { familyOf, serverFit } from './choice';
import { told } from './documents';
import { propertiesOf, shownName, TAG } from './naming';
import { type Flavor, FLAVOR_NAMED, type Server } from './nova';
import { machineState, MOVING } from './states';

/** Actions that change a machine, other than its deletion. */
const CHANGES = ['start', 'stop', 'restart', 'pause', 'suspend', 'restore', 'capture', 'snapshot', 'edit'] as const;
/** Statuses that Nova takes these actions in. */
export const ACTION_STATUSES: Readonly<Record<string, readonly string[]>> = {
  restart: ['ACTIVE'],
  pause: ['ACTIVE'],
  suspend: ['ACTIVE'],
  restore: ['ACTIVE', 'SHUTOFF', 'ERROR'],
  capture: ['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'],
  snapshot: ['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'],
};
const PARTIAL = 'Nova could not ask the cell that has the server, and does not tell how it is';

/**
 * A server as a Machine.
 * @param known flavors by id, for servers that come without figures
 * @param may what this login may do beyond the owner's rights
 */
export function machineItem(server: Server, known: ReadonlyMap<string, Flavor>, may: { unlock: boolean; rebuildVolumes: boolean }): Item {
  const { metadata } = server;
  const { state, unmapped } = machineState(server);
  const figures = server.flavor.id === undefined ? server.flavor : known.get(server.flavor.id);
  const token = metadata[TAG.token];
  const groups = [...new Set(server.security_groups)].sort();
  const refuses = refusals(server, may);
  const fit = serverFit({ ...server, flavor: figures ?? {} });
  const size = server.flavor.original_name ?? known.get(server.flavor.id ?? '')?.name;
  const reason = server.partial ? PARTIAL : server.fault;
  return told<Item>({
    key: server.id,
    values: {
      name: shownName(server.name, [metadata[TAG.id], server.id]),
      description: description(server),
      properties: propertiesOf(metadata),
      state,
      cpu: figures?.vcpus,
      memory: figures?.ram === undefined ? undefined : mibToKib(figures.ram),
      ...told({ availabilityZone: server['OS-EXT-AZ:availability_zone'] }),
      ...(groups.length === 0 ? {} : { securityGroups: groups }),
    },
    choice: size === undefined ? undefined : { rank: 0, family: familyOf(size) },
    fit,
    unconfirmedSize: unconfirmed(server),
    tag: metadata[TAG.id],
    token,
    created: server.created,
    unmappedState: unmapped,
    reason,
    failure: failureOf(server, metadata[TAG.restore] ?? token),
    refuses: Object.keys(refuses).length === 0 ? undefined : refuses,
  });
}

/** Tells whether `resize` has to confirm an earlier one first; a server that is locked or busy takes no confirmation. */
function unconfirmed({ status, flavor, partial, 'OS-EXT-STS:task_state': task }: Server): string | undefined {
  if (status !== 'VERIFY_RESIZE' || partial || task !== undefined) return undefined;
  return flavor.id ?? (flavor.original_name === undefined ? undefined : FLAVOR_NAMED + flavor.original_name);
}

/** Nova before 2.19 gives a server its name as description. */
function description({ name, description: message, metadata }: Server): string | undefined {
  if (metadata[TAG.description] !== undefined) return metadata[TAG.description];
  return message === name ? undefined : message;
}

/** A server in ERROR tells why; it is of the last write that could bring it there. */
function failureOf({ status, fault }: Server, token: string | undefined): Item['failure'] {
  return status !== 'ERROR' || fault === undefined || token === undefined ? undefined : { token, reason: fault };
}

/** Returns the actions that this server refuses, with the reasons. */
function refusals(server: Server, may: { unlock: boolean; rebuildVolumes: boolean }): Record<string, string> {
  const task = server['OS-EXT-STS:task_state'];
  if (server.partial) return all(CHANGES, PARTIAL);
  if (server.locked === true && !may.unlock) {
    const why = server.locked_reason === undefined ? '' : `: ${server.locked_reason}`;
    return all([...CHANGES, 'delete'], `The server is locked${why}; unlock it at the cloud first`);
  }
  if (task !== undefined) return all(CHANGES, `Nova is busy with the server (${task})`);
  if (server.status === 'VERIFY_RESIZE')
    return all(
      CHANGES.filter((change) => change !== 'edit'),
      'A change of size waits for its confirmation: ask for the same size again, or confirm or revert it at the cloud',
    );
  if (MOVING.includes(server.status)) return all(CHANGES, `Nova is moving the server (${server.status})`);
  const refused = Object.entries(ACTION_STATUSES).flatMap(([action, statuses]) =>
    statuses.includes(server.status) ? [] : [[action, `Nova does this only in ${statuses.join(', ')}, not in ${server.status}`]],
  );
  const fromVolume = server.image === '' && !may.rebuildVolumes;
  return {
    ...(Object.fromEntries(refused) as Record<string, string>),
    ...(fromVolume ? { restore: 'The root disk is a volume; Nova rebuilds these from 2.93 on' } : {}),
  };
}

const all = (names: readonly string[], reason: string): Record<string, string> => Object.fromEntries(names.map((name) => [name, reason]));
