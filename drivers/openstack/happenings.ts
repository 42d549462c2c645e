import type { CallContext, Events, ProviderEvent } from '../../src/clouds/driver';
import { isGone } from '../../src/clouds/errors';
import type { Value } from '../../src/model/values';
import { pathOf, type Wire } from './client';
import { type Doc, docs, text } from './documents';
import { momentOf } from './instance-actions';
import { UUID } from './reads';

/** Meanings of the actions in Nova's log: the server's state after it, or how it changed. Others changed it somehow. */
const ACTIONS: Readonly<Record<string, Pick<ProviderEvent, 'kind' | 'state' | 'change'>>> = {
  create: { kind: 'model', change: 'create' },
  delete: { kind: 'model', change: 'delete' },
  'soft-delete': { kind: 'model', change: 'delete' },
  start: { kind: 'state', state: 'STARTED' },
  reboot: { kind: 'state', state: 'STARTED' },
  unpause: { kind: 'state', state: 'STARTED' },
  resume: { kind: 'state', state: 'STARTED' },
  unshelve: { kind: 'state', state: 'STARTED' },
  stop: { kind: 'state', state: 'STOPPED' },
  shelve: { kind: 'state', state: 'STOPPED' },
  pause: { kind: 'state', state: 'PAUSED' },
  suspend: { kind: 'state', state: 'SUSPENDED' },
};
const CHANGED: Pick<ProviderEvent, 'kind' | 'change'> = { kind: 'model', change: 'update' };

/** Events of OpenStack: servers that Nova has put into ERROR, and its log of actions on one server. */
export class OpenstackEvents implements Events {
  constructor(private readonly wire: Wire) {}

  /** Alarms for all servers in ERROR, each under the moment of its fault: one paged call, and the same again while they are so. */
  async since(_cursor: Value | undefined, context: CallContext): Promise<{ events: readonly ProviderEvent[]; cursor: Value }> {
    const events: ProviderEvent[] = [];
    for await (const page of this.wire.pages('server', context, { status: 'ERROR' }))
      for (const { id, status, fault, faultAt, created } of page) {
        const at = faultAt ?? created;
        if (status !== 'ERROR' || at === undefined) continue;
        events.push({
          id: `fault:${id}:${at}`,
          at: Date.parse(at),
          type: 'Machine',
          key: id,
          kind: 'alarm',
          code: 'ERROR',
          detail: fault ?? 'Nova put the server into ERROR and gives no reason',
          severity: 'high',
        });
      }
    return { events: events.sort((a, b) => a.at - b.at), cursor: '' };
  }

  async of({ type, key }: { type: string; key: string }, context: CallContext): Promise<readonly ProviderEvent[]> {
    if (type !== 'Machine' || !UUID.test(key)) return [];
    try {
      const path = `${pathOf('server', key)}/os-instance-actions`;
      const answer = await this.wire.get('compute', path, 'instanceActions', context, { of: { kind: 'server', id: key } });
      const events = docs(answer.instanceActions).flatMap((entry) => eventOf(entry, key) ?? []);
      events.sort((a, b) => a.at - b.at);
      const last = events.at(-1);
      const young = last?.kind === 'state' && Date.now() - last.at < UNDER_WAY_MS;
      return young && (await this.#isBusy(key, context)) ? events.slice(0, -1) : events;
    } catch (error) {
      if (isGone(error, { type: 'server', key })) return [];
      throw error;
    }
  }

  /** Tells whether something goes on with a server: then it is not yet in the state that its newest action leads to. */
  async #isBusy(key: string, context: CallContext): Promise<boolean> {
    const { 'OS-EXT-STS:task_state': task } = await this.wire.one('server', key, context);
    return task !== undefined;
  }
}

/** Time for which an action may be under way, in ms; Nova's log does not say of an entry whether it is over. */
const UNDER_WAY_MS = 600_000;

/** An entry of the log; what has no time or name is none. */
function eventOf(entry: Doc, key: string): ProviderEvent | undefined {
  const [action, at] = [text(entry.action), momentOf(entry)];
  if (action === undefined || at === undefined) return undefined;
  const failure = text(entry.message);
  const who = text(entry.user_id);
  const words = `Nova: ${action}${who === undefined ? '' : ` by the user ${who}`}`;
  const common = { id: `${text(entry.request_id) ?? at}:${action}:${key}`, at, type: 'Machine', key, code: action };
  if (failure !== undefined) return { ...common, kind: 'alarm', severity: 'high', detail: `${words} failed: ${failure}` };
  return { ...common, ...((Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined) ?? CHANGED), detail: words };
}
