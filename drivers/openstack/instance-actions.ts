import type { CallContext } from '../../src/clouds/driver';
import type { Wire } from './client';
import { docs, text } from './documents';
import { pathOf } from './client';

/** One entry in Nova's log of what was done with a server. */
export interface InstanceAction {
  action: string;
  /** ms since the epoch; absent where Nova does not tell. */
  began?: number;
  /** Why it failed. */
  message?: string;
}

/** How far the clocks of Nova and of this process may be apart, in ms. */
const SKEW_MS = 60_000;

/** Nova's log of a server, the newest entry first. @throws Gone where there is no such server */
export async function instanceActions(wire: Wire, server: string, context: CallContext): Promise<InstanceAction[]> {
  const path = `${pathOf('server', server)}/os-instance-actions`;
  const answer = await wire.get('compute', path, 'instanceActions', context, { of: { kind: 'server', id: server } });
  return docs(answer.instanceActions).map((each) => {
    const told = text(each.start_time);
    const began = told === undefined ? Number.NaN : Date.parse(/Z$/.test(told) ? told : `${told}Z`);
    const message = text(each.message);
    return {
      action: text(each.action) ?? '',
      ...(Number.isNaN(began) ? {} : { began }),
      ...(message === undefined ? {} : { message }),
    };
  });
}

/** The last action of this kind; with `since` only one that began after that. */
export async function lastAction(
  wire: Wire,
  server: string,
  kind: string,
  context: CallContext,
  since?: number,
): Promise<InstanceAction | undefined> {
  const all = await instanceActions(wire, server, context);
  return all.find(({ action, began = 0 }) => action === kind && (since === undefined || began >= since - SKEW_MS));
}

/** Whether an earlier attempt of a call, which may have been lost, has begun this action. */
export async function hasBegun(wire: Wire, server: string, kind: string, context: CallContext): Promise<boolean> {
  const { repeated } = context;
  return repeated !== undefined && (await lastAction(wire, server, kind, context, repeated.since)) !== undefined;
}
