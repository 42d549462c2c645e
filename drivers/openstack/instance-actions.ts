import type { CallContext } from '../../src/clouds/driver';
import type { Wire } from './client';
import { type Doc, docs, text } from './documents';
import { pathOf } from './client';

/** Entry in Nova's log of actions on a server. */
export interface InstanceAction {
  action: string;
  /** ms since the epoch; absent where Nova does not tell. */
  began?: number;
  /** Reason of its failure. */
  message?: string;
}

/** Tolerance between the clocks of Nova and of this process, in ms. */
const SKEW_MS = 60_000;

/** Nova's log of a server, the newest entry first. @throws Gone where there is no such server */
export async function instanceActions(wire: Wire, server: string, context: CallContext): Promise<InstanceAction[]> {
  const path = `${pathOf('server', server)}/os-instance-actions`;
  const answer = await wire.get('compute', path, 'instanceActions', context, { of: { kind: 'server', id: server } });
  return docs(answer.instanceActions).map((each) => {
    const began = momentOf(each);
    const message = text(each.message);
    return {
      action: text(each.action) ?? '',
      ...(began === undefined ? {} : { began }),
      ...(message === undefined ? {} : { message }),
    };
  });
}

/** Moment at which an entry of the log began, in ms since the epoch; Nova tells UTC without saying so. */
export function momentOf({ start_time: given }: Doc): number | undefined {
  const told = text(given);
  const began = told === undefined ? Number.NaN : Date.parse(/Z$/.test(told) ? told : `${told}Z`);
  return Number.isNaN(began) ? undefined : began;
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

/** Tells whether an earlier attempt of a call, whose answer may have been lost, has begun this action. */
export async function hasBegun(wire: Wire, server: string, kind: string, context: CallContext): Promise<boolean> {
  const { repeated } = context;
  return repeated !== undefined && (await lastAction(wire, server, kind, context, repeated.since)) !== undefined;
}
