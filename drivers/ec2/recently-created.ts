import { steadyTime } from '../../src/model/steady-time';

/** Register of what this connection made a moment ago: EC2 may not know it everywhere yet, and says "not found" of it. */
export class RecentlyCreated {
  /** Time at which each was made, by the steady clock. */
  private readonly born = new Map<string, number>();

  /** @param settleMs how long a new thing may stay invisible, in ms */
  constructor(private readonly settleMs: number) {}

  add(id: string): void {
    this.born.set(id, steadyTime());
  }

  /** Takes "not found" for gone from now on. */
  forget(id: string): void {
    this.born.delete(id);
  }

  has(id: string): boolean {
    const oldest = steadyTime() - this.settleMs;
    for (const [other, at] of this.born) if (at < oldest) this.born.delete(other);
    return this.born.has(id);
  }
}
