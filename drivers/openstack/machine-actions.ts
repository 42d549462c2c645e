import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { enc, type Wire } from './client';
import type { Flavors } from './configs';
import type { Server } from './machine-item';
import { machineState } from './states';

/** How often a server is looked at while its size changes, in ms. */
const PACE_MS = 700;

/** Reads one server. Throws notFound. */
export async function serverOf(wire: Wire, key: string, context: CallContext): Promise<Server> {
  return (await wire.get<{ server: Server }>('compute', `/servers/${enc(key)}`, context)).server;
}

/** POST /servers/ID/action. */
export async function act(wire: Wire, key: string, body: object, context: CallContext): Promise<{ image_id?: string }> {
  return wire.post<{ image_id?: string }>('compute', `/servers/${enc(key)}/action`, body, context);
}

const isConflict = (error: unknown): boolean => error instanceof ProviderError && error.kind === 'conflict';

/** An action whose refusal is success where the server is (or is about to be) in one of these states anyway. */
export async function actTowards(wire: Wire, key: string, body: object, states: readonly string[], context: CallContext): Promise<void> {
  try {
    await act(wire, key, body, context);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const { state } = machineState(await serverOf(wire, key, context));
    if (!states.includes(state)) throw error;
  }
}

/** What starts a server, by its status. */
const STARTS: Readonly<Record<string, object>> = {
  SHUTOFF: { 'os-start': null },
  PAUSED: { unpause: null },
  SUSPENDED: { resume: null },
  SHELVED: { unshelve: null },
  SHELVED_OFFLOADED: { unshelve: null },
};

/** Starts, unpauses, resumes or unshelves. What runs or is on its way there is left alone. */
export async function start(wire: Wire, key: string, context: CallContext): Promise<void> {
  const server = await serverOf(wire, key, context);
  const { state } = machineState(server);
  if (state === 'STARTING' || (state === 'STARTED' && server.status === 'ACTIVE')) return;
  const action = Object.hasOwn(STARTS, server.status) ? STARTS[server.status] : undefined;
  if (!action) throw new ProviderError('conflict', `Nova does not start a server that is ${server.status}`, { maybeDone: false });
  await actTowards(wire, key, action, ['STARTING', 'STARTED'], context);
}

/**
 * Changes the flavor: asks for it, waits until Nova wants it confirmed, confirms, and waits until the server is what it was.
 * A call that comes after one that was cut goes on where that one was.
 */
export async function resize(wire: Wire, flavors: Flavors, key: string, config: string, context: CallContext): Promise<void> {
  const target = await flavors.of(config, context);
  if (!target) throw new ProviderError('notFound', `There is no flavor ${config}`, { maybeDone: false });
  const isTarget = ({ flavor }: Server) => (flavor.id === undefined ? flavor.original_name === target.name : flavor.id === config);
  let asked = false;
  for (; ; await pause(context)) {
    const server = await serverOf(wire, key, context);
    const busy = (server['OS-EXT-STS:task_state'] ?? null) !== null || server.status === 'RESIZE' || server.status === 'REVERT_RESIZE';
    if (server.status === 'ERROR') throw failed(server, server.fault?.message ?? 'the server is in ERROR');
    if (busy) continue;
    if (server.status === 'VERIFY_RESIZE') {
      if (!isTarget(server)) throw failed(server, 'another change of size waits for its confirmation', 'conflict');
      await confirm(wire, key, context);
    } else if (isTarget(server)) {
      return;
    } else if (asked) {
      throw failed(server, (await lastWords(wire, key, 'resize', context)) ?? 'Nova gave no reason');
    } else {
      await act(wire, key, { resize: { flavorRef: config } }, context);
      asked = true;
    }
  }
}

/**
 * The state may have been left meanwhile (Nova can confirm by itself), and Nova shows it a moment before its own record of
 * the migration is ready: the next look tells.
 */
async function confirm(wire: Wire, key: string, context: CallContext): Promise<void> {
  try {
    await act(wire, key, { confirmResize: null }, context);
  } catch (error) {
    const early = error instanceof ProviderError && error.kind === 'invalid' && /not been resized/i.test(error.message);
    if (!early && !isConflict(error)) throw error;
  }
}

function failed({ status }: Server, reason: string, kind: 'unavailable' | 'conflict' = 'unavailable'): ProviderError {
  return new ProviderError(kind, `Nova did not change the size (${status}): ${reason}`, { maybeDone: false, lasting: true });
}

interface Action {
  action: string;
  message?: string | null;
}

/** What Nova's log of a server says of its last action of this kind. */
export async function lastWords(wire: Wire, key: string, kind: string, context: CallContext): Promise<string | undefined> {
  const answer = await wire.getIfThere<{ instanceActions: readonly Action[] }>(
    'compute',
    `/servers/${enc(key)}/os-instance-actions`,
    context,
  );
  return answer?.instanceActions.find(({ action }) => action === kind)?.message ?? undefined;
}

/**
 * Waits a little.
 * @param maybeDone whether what was begun may come to its end although nobody waits any more
 * @throws ProviderError `timeout`
 */
export async function pause(
  { signal }: CallContext,
  ms = PACE_MS,
  busy = 'Nova was still busy with the server',
  maybeDone = false,
): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw new ProviderError('timeout', `${busy} at the deadline`, { maybeDone });
  }
}
