import { steadyTime } from '../model/steady-time';

/** Owners that are remembered at once. */
const MOST = 10_000;

/** Bound on how often something is done for each of many, in windows of time that follow one another. */
export class Ration {
  private readonly taken = new Map<string, number>();
  private begun = 0;

  /** @param most times for each in one window @param windowMs length of a window, ms */
  constructor(
    private readonly most: number,
    private readonly windowMs: number,
  ) {}

  /** Takes one of somebody's share. @returns false where nothing is left of it */
  take(whose: string, now = steadyTime()): boolean {
    if (now - this.begun >= this.windowMs) {
      this.taken.clear();
      this.begun = now;
    }
    const taken = this.taken.get(whose) ?? 0;
    if (taken >= this.most || (taken === 0 && this.taken.size >= MOST)) return false;
    this.taken.set(whose, taken + 1);
    return true;
  }
}
