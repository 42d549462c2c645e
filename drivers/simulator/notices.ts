import type { CallContext, Events, ProviderEvent } from '../../src/clouds/driver';
import type { Value } from '../../src/model/values';
import { sent } from './pages';
import { Requests } from './requests';
import { IMAGE_STATES, MACHINE_STATES, NET_STATES, PORT_STATES, stateOf, VOLUME_STATES } from './states';
import type { Kind, Notice } from './things';

/** Types of the things that notices are about, and the states that their phases are. */
const TYPES: Readonly<Partial<Record<Kind, readonly [string, Readonly<Record<string, string>>]>>> = {
  instance: ['Machine', MACHINE_STATES],
  snapshot: ['MachineImage', IMAGE_STATES],
  volume: ['Volume', VOLUME_STATES],
  copy: ['VolumeImage', IMAGE_STATES],
  net: ['Network', NET_STATES],
  port: ['NetworkPort', PORT_STATES],
};

/** The simulated provider's API for its notices. @throws SimulatorFault */
export class NoticeClient extends Requests {
  /** A page of those after a number, and the number to go on from; without one those that are pending. */
  notices(after: number | undefined, context: CallContext): Promise<{ notices: Notice[]; last: number; more: boolean }> {
    return this.wire.request('events.since', context, ({ pageSize }) => {
      const newest = this.account.newestNotice();
      // A number that this account has not come to is another account's.
      if (after === undefined || after > newest) return { notices: this.account.pendingNotices(), last: newest, more: false };
      const page = this.account.notices(after, pageSize);
      const last = page.at(-1)?.seq ?? after;
      return { notices: page.map(({ notice }) => notice), last, more: last < newest };
    });
  }

  noticesOf(kind: Kind, id: string, context: CallContext): Promise<Notice[]> {
    return this.wire.request('events.of', context, () => this.account.noticesOf(kind, id));
  }
}

/** The provider's notices as events. `ofOne`: those of a thing are told with that thing only, as Nova's are. */
export function events(client: NoticeClient, ofOne: boolean): Events {
  const told = (notices: readonly Notice[]) => notices.filter(({ thing }) => !ofOne || !thing).map(eventOf);
  return {
    async since(cursor: Value | undefined, context) {
      let after = Number.isSafeInteger(cursor) ? Number(cursor) : undefined;
      const all: ProviderEvent[] = [];
      for (let more = true; more;) {
        const page = await sent(client.notices(after, context));
        all.push(...told(page.notices));
        ({ last: after, more } = page);
      }
      return { events: all, cursor: after ?? 0 };
    },
    ...(ofOne
      ? {
          async of({ type, key }, context) {
            const kind = (Object.keys(TYPES) as Kind[]).find((each) => TYPES[each]?.[0] === type);
            return kind ? (await sent(client.noticesOf(kind, key, context))).map(eventOf) : [];
          },
        }
      : {}),
  };
}

function eventOf({ id, at, thing, kind, code, text, severity, phase, change }: Notice): ProviderEvent {
  const [type, states] = (thing && TYPES[thing.kind]) ?? [];
  return {
    ...{ id, at, kind, code, detail: text, severity, change },
    ...(thing && type !== undefined ? { type, key: thing.id } : {}),
    ...(phase !== undefined && states ? { state: stateOf(states, phase).state } : {}),
  };
}
