import { steadyTime } from '../model/steady-time';

/** Time for which what nobody asks for is kept, ms: those who look again and again do so more often. */
export const IDLE_MS = 120_000;

/**
 * Things by key, up to a number of bytes: the longest unused give way, and with each new one all that nobody has asked for in a while. What
 * has changed since it was kept is asked for by nobody any more, and would stay until the bytes are full.
 */
export class RecentlyUsed<T extends { readonly bytes: number }> {
  /** Order is that of the last use. */
  private readonly all = new Map<string, { thing: T; used: number }>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Finds a thing, which counts as used then. */
  get(key: string): T | undefined {
    const known = this.all.get(key);
    if (!known) return undefined;
    this.all.delete(key);
    this.all.set(key, known);
    known.used = steadyTime();
    return known.thing;
  }

  /** Finds a thing without using it. */
  peek(key: string): T | undefined {
    return this.all.get(key)?.thing;
  }

  /** Keeps a thing, in place of the one with its key; one that takes more than half of all bytes is not kept. */
  set(key: string, thing: T): void {
    this.delete(key);
    if (thing.bytes > this.maxBytes / 2) return;
    const used = steadyTime();
    this.all.set(key, { thing, used });
    this.bytes += thing.bytes;
    for (const [eldest, { used: last }] of this.all) {
      if (this.bytes <= this.maxBytes && last >= used - IDLE_MS) break;
      this.delete(eldest);
    }
  }

  delete(key: string): void {
    const known = this.all.get(key);
    if (!known) return;
    this.bytes -= known.thing.bytes;
    this.all.delete(key);
  }
}
