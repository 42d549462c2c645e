/** Everything that an answer was made of, as it was counted then: it counts as long as nothing of that has changed. */
export interface Footing {
  /** Count of what concerns everything. */
  readonly all: number;
  /** Counters, and what each had counted. */
  readonly slots: Uint16Array;
  readonly counts: Float64Array;
  /** Time until which it counts, in ms since the epoch. */
  readonly until: number;
}

/** Counters of changes. Topics that share one are told as changed together, which costs a reading and is never wrong. */
const SLOTS = 65_536;
/** Topics of one answer at most. */
const MOST_TOPICS = 512;
/** Readings that are noted at once; beyond that nothing that is being made now is kept. */
const MOST_NOTED = 100_000;
/** Paths that changed lately which are remembered at least. */
const MOST_PATHS = 1_000;
/** Stands in the notes for something whose changes nobody tells, and for a time. */
const [UNTOLD, TIME] = [-1, -2];

/**
 * Ledger of what is read and of what has changed, in one process: by it an answer is known to be still right without being made
 * again. Whoever reads what an answer may depend on notes the topic before he reads; whoever changes it tells of it after the change
 * is made, and before anybody is told that it was. What is read while an answer is made counts as read for it, whoever read it: that
 * is too much now and then, and never too little (docs/decisions/0038).
 */
export class Ledger {
  private readonly changes = new Float64Array(SLOTS);
  private everything = 0;
  /** Notes of who reads now: slots, and their counts. */
  private noted: number[] = [];
  private counted: number[] = [];
  private open = 0;
  /** Paths of what has changed lately, in their order, and the number of the first of them. */
  private paths: string[] = [];
  private first = 0;
  /** Raised when the notes were thrown away. */
  private volume = 0;

  /** Notes that something is read. */
  read(topic: string): void {
    if (this.open === 0) return;
    const slot = slotOf(topic);
    this.note(slot, this.changes[slot] ?? 0);
  }

  /** Notes that what was read counts up to a time. @param time ms since the epoch */
  readUntil(time: number): void {
    if (this.open > 0) this.note(TIME, time);
  }

  /** Notes that something is read whose changes nobody tells: what is being made of it is not kept. */
  readUntold(): void {
    if (this.open > 0) this.note(UNTOLD, 0);
  }

  /** Tells that something has changed. */
  changed(topic: string): void {
    const slot = slotOf(topic);
    this.changes[slot] = (this.changes[slot] ?? 0) + 1;
  }

  /** Tells which resource it was about, for who keeps much and reads again what has changed alone. */
  changedAt(path: string): void {
    this.paths.push(path);
    if (this.paths.length <= 2 * MOST_PATHS) return;
    this.paths = this.paths.slice(MOST_PATHS);
    this.first += MOST_PATHS;
  }

  /** Tells that anything may have changed. */
  changedAll(): void {
    this.everything += 1;
    // Of no mark that was set before it is known what has changed since.
    this.first += this.paths.length + 1;
    this.paths = [];
  }

  /** Marks the present: to be asked for before something is read. */
  mark(): number {
    return this.first + this.paths.length;
  }

  /** Lists the paths that were told of since a mark, each once; undefined where that is not known. */
  changedSince(mark: number): ReadonlySet<string> | undefined {
    return mark < this.first ? undefined : new Set(this.paths.slice(mark - this.first));
  }

  /**
   * Makes something, watching what is read meanwhile.
   * @returns what was made, and what it stands on; undefined where that cannot be told or has changed already
   */
  async watch<T>(make: () => Promise<T>): Promise<{ made: T; footing: Footing | undefined }> {
    const { volume, everything: all } = this;
    const from = this.noted.length;
    this.open += 1;
    try {
      const made = await make();
      return { made, footing: volume === this.volume ? this.footingOf(from, all) : undefined };
    } finally {
      this.open -= 1;
      if (this.open === 0) this.throwAway();
    }
  }

  /** Tells whether nothing of what something stands on has changed. @param now ms since the epoch */
  stands({ all, slots, counts, until }: Footing, now: number): boolean {
    if (all !== this.everything || now > until) return false;
    for (let index = 0; index < slots.length; index += 1) if (this.changes[slots[index] ?? 0] !== counts[index]) return false;
    return true;
  }

  private note(slot: number, count: number): void {
    if (this.noted.length >= MOST_NOTED) {
      this.volume += 1;
      this.throwAway();
    }
    this.noted.push(slot);
    this.counted.push(count);
  }

  private throwAway(): void {
    if (this.noted.length === 0) return;
    this.noted = [];
    this.counted = [];
  }

  private footingOf(from: number, all: number): Footing | undefined {
    if (all !== this.everything) return undefined;
    const read = new Map<number, number>();
    let until = Number.POSITIVE_INFINITY;
    for (let index = from; index < this.noted.length; index += 1) {
      const slot = this.noted[index] ?? UNTOLD;
      const count = this.counted[index] ?? 0;
      if (slot === TIME) until = Math.min(until, count);
      else if (slot === UNTOLD || this.changes[slot] !== count) return undefined;
      else read.set(slot, count);
      if (read.size > MOST_TOPICS) return undefined;
    }
    return { all, slots: Uint16Array.from(read.keys()), counts: Float64Array.from(read.values()), until };
  }
}

/** FNV-1a. */
function slotOf(topic: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < topic.length; index += 1) hash = Math.imul(hash ^ topic.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}
