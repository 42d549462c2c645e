import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext } from '../../src/clouds/driver';
import type { Extent } from '../../src/disks/disk';
import type { Account } from './account';
import { SimulatorFault, codeOf } from './errors';
import type { Fault, Settings } from './options';
import { faultSchema } from './options';

/** Settings as changed while the cloud runs, over those of the configuration. */
export function settingsOf(account: Account, configured: Settings): Settings {
  const changed = account.note('settings');
  return changed === undefined ? configured : { ...configured, ...(JSON.parse(changed) as Partial<Settings>) };
}

interface Gate {
  settings: Settings;
  fault: Fault | undefined;
  refusal: SimulatorFault | undefined;
}

/** The way to the provider and back: calls are counted, slowed, throttled, made to fail; answers are lost. */
export class Wire {
  constructor(
    readonly account: Account,
    private readonly configured: Settings,
  ) {}

  settings(): Settings {
    return settingsOf(this.account, this.configured);
  }

  /**
   * Runs one request. `effect` runs alone in the state file and is committed before the answer leaves.
   * @throws SimulatorFault
   */
  async request<T>(method: string, { signal }: CallContext, effect: (settings: Settings) => T): Promise<T> {
    if (signal.aborted) throw new SimulatorFault('NoAnswer', `${method} was given up before it was sent`);
    const requestId = randomUUID();
    const { settings, fault, refusal } = this.account.transaction(() => this.pass(method, requestId));
    const before = settings.latencyMs + (fault && !fault.afterEffect ? fault.delayMs : 0);
    await this.wait(method, before, signal, false);
    if (refusal) throw refusal;
    if (fault?.kind && !fault.afterEffect) throw failure(fault, requestId, false);
    const answer = this.account.transaction(() => effect(settings));
    if (fault?.afterEffect) {
      await this.wait(method, fault.delayMs, signal, true);
      if (fault.kind) throw failure(fault, requestId, true);
    }
    return answer;
  }

  /**
   * Passes contents on, with what a rule for `method` does to them in their midst: it breaks them off, holds them up, or turns a bit.
   * Not counted among the requests; rules for every call mean requests only.
   * @throws SimulatorFault
   */
  async *struck(method: string, extents: AsyncIterable<Extent>, signal: AbortSignal): AsyncGenerator<Extent> {
    const fault = this.account.transaction(() => this.hit(method, false));
    let passed = 0;
    for await (const extent of extents) {
      const length = 'data' in extent ? extent.data.byteLength : 0;
      const place = fault ? fault.atByte - passed : -1;
      passed += length;
      if (!fault || !('data' in extent) || place < 0 || place >= length) {
        yield extent;
        continue;
      }
      const { offset, data } = extent;
      if (place > 0) yield { offset, data: data.subarray(0, place) };
      await this.wait(method, fault.delayMs, signal, false);
      if (fault.kind) throw failure(fault, randomUUID(), false);
      const rest = Uint8Array.from(data.subarray(place));
      if (fault.flip) rest[0] = (rest[0] ?? 0) ^ 1;
      yield { offset: offset + place, data: rest };
    }
  }

  private async wait(method: string, ms: number, signal: AbortSignal, done: boolean): Promise<void> {
    if (ms === 0) return;
    try {
      await sleep(ms, undefined, { signal });
    } catch (cause) {
      throw new SimulatorFault('NoAnswer', `${method} was given up while waiting for its answer`, { lost: done, cause });
    }
  }

  private pass(method: string, requestId: string): Gate {
    const { account } = this;
    account.db.prepare('INSERT INTO calls (method, count) VALUES (?, 1) ON CONFLICT (method) DO UPDATE SET count = count + 1').run(method);
    const settings = this.settings();
    return { settings, fault: this.hit(method), refusal: this.throttled(settings, requestId) };
  }

  /** The first rule that this call falls under; every rule for the method counts the call. */
  private hit(method: string, byAll = true): Fault | undefined {
    let hit: Fault | undefined;
    const rows = this.account.db.prepare('SELECT id, rule, seen FROM fault ORDER BY id').all() as {
      id: number;
      rule: string;
      seen: number;
    }[];
    for (const row of rows) {
      const rule = faultSchema.parse(JSON.parse(row.rule));
      if (rule.method !== method && !(byAll && rule.method === '*')) continue;
      const seen = row.seen + 1;
      this.account.db.prepare('UPDATE fault SET seen = ? WHERE id = ?').run(seen, row.id);
      if (seen >= rule.nth && seen < rule.nth + rule.times) hit ??= rule;
    }
    return hit;
  }

  private throttled({ throttle }: Settings, requestId: string): SimulatorFault | undefined {
    if (!throttle) return undefined;
    const { account } = this;
    const second = String(Math.floor(Date.now() / 1000));
    const total = Number(account.note('throttle.total') ?? 0) + 1;
    const inSecond = account.note('throttle.second') === second ? Number(account.note('throttle.inSecond') ?? 0) + 1 : 1;
    account.setNote('throttle.total', String(total));
    account.setNote('throttle.second', second);
    account.setNote('throttle.inSecond', String(inSecond));
    const refused = (throttle.every && total % throttle.every === 0) || (throttle.perSecond && inSecond > throttle.perSecond);
    if (!refused) return undefined;
    return new SimulatorFault('SlowDown', 'Too many requests; slow down', { retryAfterMs: throttle.retryAfterMs, requestId });
  }
}

function failure(fault: Fault, requestId: string, done: boolean): SimulatorFault {
  // Whoever gets no answer can't know whether there was an effect.
  const unknown = fault.kind === 'timeout' || fault.kind === 'unavailable';
  const details = { retryAfterMs: fault.retryAfterMs, requestId, lost: done || unknown };
  return new SimulatorFault(codeOf(fault.kind ?? 'unavailable'), fault.message, details);
}
