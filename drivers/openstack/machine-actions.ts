import type { CallContext, WorkHandle, Outcome } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { pathOf, type Wire } from './client';
import type { Flavors } from './configs';
import { type Doc, text } from './documents';
import { busy, isConflict } from './errors';
import { hasBegun, lastAction } from './instance-actions';
import { FLAVOR_NAMED, type Server } from './nova';
import { machineState } from './states';

/** Statuses that Nova accepts an action with; the body is empty most of the time. */
const ANSWERS: readonly number[] = [200, 202, 204];

/**
 * POST /servers/ID/action.
 * @throws Gone where there is no such server: Nova has other words for that here, so it is asked for the server itself
 */
export async function act(wire: Wire, key: string, body: object, context: CallContext): Promise<Doc> {
  try {
    return await wire.send('compute', { method: 'POST', path: `${pathOf('server', key)}/action`, body, answers: ANSWERS }, context);
  } catch (error) {
    if (error instanceof ProviderError && error.code === '404 itemNotFound') await wire.one('server', key, context);
    throw error;
  }
}

/** An action whose refusal is success where the server is (or is about to be) in one of these states anyway. */
export async function actTowards(wire: Wire, key: string, body: object, states: readonly string[], context: CallContext): Promise<void> {
  try {
    await act(wire, key, body, context);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const { state } = machineState(await wire.one('server', key, context));
    if (!states.includes(state)) throw error;
  }
}

/** Action that starts a server, by its status. */
export const STARTS: Readonly<Record<string, object>> = {
  SHUTOFF: { 'os-start': null },
  PAUSED: { unpause: null },
  SUSPENDED: { resume: null },
  SHELVED: { unshelve: null },
  SHELVED_OFFLOADED: { unshelve: null },
};
/** Statuses that Nova leaves by itself. */
export const PASSING: readonly string[] = ['BUILD', 'REBOOT', 'HARD_REBOOT', 'REBUILD', 'RESIZE', 'REVERT_RESIZE', 'MIGRATING', 'PASSWORD'];

/** Starts, unpauses, resumes or unshelves. What runs or is on its way there is left alone. */
export async function start(wire: Wire, key: string, context: CallContext): Promise<void> {
  const server = await wire.one('server', key, context);
  const { state } = machineState(server);
  if (state === 'STARTING' || (state === 'STARTED' && server.status === 'ACTIVE')) return;
  const action = Object.hasOwn(STARTS, server.status) ? STARTS[server.status] : undefined;
  const task = server['OS-EXT-STS:task_state'];
  if (!action && (task !== undefined || PASSING.includes(server.status)))
    throw busy(`Nova is busy with the server (${task ?? server.status})`);
  if (!action) throw new ProviderError('conflict', `Nova does not start a server that is ${server.status}`, { maybeDone: false });
  await actTowards(wire, key, action, ['STARTING', 'STARTED'], context);
}

/** Reboots; what an earlier attempt began is not begun again. */
export async function restart(wire: Wire, key: string, type: 'SOFT' | 'HARD', context: CallContext): Promise<void> {
  if (await hasBegun(wire, key, 'reboot', context)) return;
  await act(wire, key, { reboot: { type } }, context);
}

/** A change of size under way; `asked`: this very change was accepted by Nova. */
export interface ResizeWork extends WorkHandle {
  work: 'resize';
  server: string;
  config: string;
  asked: boolean;
}

/** Statuses of a server whose size is being changed, or changed back. */
export const RESIZING: readonly string[] = ['RESIZE', 'REVERT_RESIZE'];

/**
 * Changes the flavor, one step at a time, each decided by what the server shows: waits until nothing else goes on, asks,
 * waits for Nova to copy what it copies, confirms. What was left waiting for its confirmation is confirmed.
 * @throws ProviderError with Nova's reason where it did not come to pass
 */
export async function resize(wire: Wire, flavors: Flavors, work: ResizeWork, context: CallContext): Promise<Outcome> {
  const { server: key, config } = work;
  const named = config.startsWith(FLAVOR_NAMED);
  const name = named ? config.slice(FLAVOR_NAMED.length) : (await flavors.of(config, context)).name;
  const isTarget = ({ flavor }: Server) => (flavor.id === undefined ? flavor.original_name === name : flavor.id === config);
  const server = await wire.one('server', key, context);
  const going = (message: string, asked = work.asked): Outcome => ({ ongoing: { ...work, asked }, message });
  const task = server['OS-EXT-STS:task_state'];
  if (server.partial) return going('Nova cannot tell how the server is');
  if (server.status === 'ERROR') throw failed(server, server.fault ?? 'the server is in ERROR');
  if (task !== undefined || RESIZING.includes(server.status)) return going(`Nova is busy with the server (${task ?? server.status})`);
  if (server.status === 'VERIFY_RESIZE') {
    if (!isTarget(server)) throw failed(server, 'another change of size waits for its confirmation', 'conflict');
    await confirm(wire, key, context);
    return going('Nova confirms the new size', true);
  }
  if (isTarget(server)) return;
  if (named) throw failed(server, 'the size that was to be confirmed has been taken back', 'conflict');
  const before = work.asked || context.repeated ? await lastAction(wire, key, 'resize', context, context.repeated?.since) : undefined;
  if (work.asked || before?.message !== undefined) throw failed(server, before?.message ?? 'Nova gave no reason');
  await act(wire, key, { resize: { flavorRef: config } }, context);
  return going('Nova changes the size', true);
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

/** Id of the image that a capture makes, as Nova tells it from 2.45 on. */
export const imageOf = (answer: Doc): string | undefined => text(answer.image_id);
