import { createHash, randomBytes } from 'node:crypto';
import type { CallContext } from '../../src/clouds/driver';
import type { Account, Page } from './account';
import { SimulatorFault } from './errors';
import type { Settings } from './options';
import type { Kind, Labelled, Of, Phased } from './things';
import { phaseAt, timelineOf } from './things';
import type { Wire } from './wire';

export interface Names {
  label?: string | undefined;
  note?: string | undefined;
  labels?: { [key: string]: string } | undefined;
}

/** Asked to make something: said once, done once. */
export interface Order {
  tag: string;
  token: string;
}

/** Kinds that are shown as gone for a while. */
const SHOWN_AS_GONE: readonly Kind[] = ['instance', 'snapshot', 'volume', 'copy', 'net', 'port'];

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
export const newKey = (prefix: string) => `${prefix}-${randomBytes(6).toString('hex')}`;
export const namesOf = ({ label, note, labels }: Names) => ({ label: label ?? null, note: note ?? null, labels: labels ?? {} });
export const wrongState = (id: string, phase: string, what: string) =>
  new SimulatorFault('WrongState', `${id} is ${phase}: no ${what} now`);

/**
 * Base of all parts of the provider's API. Every method is one request.
 * @throws SimulatorFault
 */
export class Requests {
  protected readonly account: Account;

  constructor(protected readonly wire: Wire) {
    this.account = wire.account;
  }

  describe<K extends Kind>(
    kind: K,
    as: string,
    which: { ids: readonly string[] } | { after?: number; tag?: string },
    context: CallContext,
  ): Promise<Page<Of<K>>> {
    return this.wire.request(as, context, (settings) => {
      const shownAfter = Date.now() - (SHOWN_AS_GONE.includes(kind) ? settings.lingerMs : 0);
      if ('ids' in which) return { things: this.account.byIds(kind, which.ids, shownAfter) };
      return this.account.page(kind, { ...which, shownAfter, size: settings.pageSize });
    });
  }

  relabel(kind: Labelled['kind'], as: string, id: string, names: Names, context: CallContext): Promise<void> {
    return this.wire.request(as, context, () => {
      const thing: Labelled = this.account.need(kind, id);
      refuseBuiltin(thing);
      this.account.put({ ...thing, ...namesOf(names) });
    });
  }

  /** Sends a request that makes something; a repeated one gets the first answer. */
  protected order<R extends Order>(
    as: string,
    request: R,
    context: CallContext,
    make: (now: number, settings: Settings) => string,
  ): Promise<string> {
    return this.wire.request(as, context, (settings) =>
      this.onlyOnce(as, request.token, request, settings, () => make(Date.now(), settings)),
    );
  }

  protected onlyOnce(method: string, token: string, request: unknown, { ignoreTokens }: Settings, run: () => string): string {
    if (ignoreTokens) return run();
    const hash = digest(request);
    const earlier = this.account.repeated(method, token, hash);
    if (earlier !== undefined) return earlier;
    const result = run();
    this.account.remember(method, token, hash, result);
    return result;
  }

  /** A thing that a request names in its parameters. */
  protected referred<K extends Kind>(kind: K, id: string): Of<K> {
    const found = this.account.find(kind, id);
    if (!found) throw new SimulatorFault('BadParameter', `The ${kind} ${id} does not exist`);
    return found;
  }

  /** Lets a thing go over `ms`; false where it is going already. */
  protected retire(thing: Phased, now: number, ms: number): boolean {
    refuseBuiltin(thing);
    if (phaseAt(thing.timeline, now) === 'removing') return false;
    this.account.put({ ...thing, timeline: timelineOf(['removing'], 'gone', now, ms) }, { goneAt: now + ms });
    return true;
  }
}

export function refuseBuiltin(thing: { id: string; builtin?: boolean }): void {
  if (thing.builtin === true) throw new SimulatorFault('NotAllowed', `${thing.id} belongs to the provider`);
}

export const inUse = (message: string) => new SimulatorFault('InUse', message);
