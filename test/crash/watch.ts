import { isSilence } from './life';
import type { Client, Json } from '../harness/client';
import { elapse } from '../harness/wait';

interface WatchOptions {
  /** True where the database or a cloud may be away: such an answer says so, and proves nothing. */
  patient?: boolean;
  /** True where others may be listed whom nobody told of. */
  amongOthers?: boolean;
}

/**
 * Looks at a collection all the time, as long as there is a gateway: every resource must be in every list exactly
 * once from when it was accepted until its deletion was, and nothing else ever.
 */
export class Watch {
  private readonly known = new Set<string>();
  private readonly must = new Set<string>();
  private readonly gone = new Set<string>();
  /** Items as they were first listed, by their paths. */
  private readonly seen = new Map<string, Json>();
  private readonly wrong = new Set<string>();
  private looking: Promise<void> | undefined;
  private stopped = true;
  lists = 0;

  constructor(
    private readonly client: Client,
    private readonly collection: string,
    private readonly attribute: string,
    private readonly options: WatchOptions = {},
  ) {}

  /** Looks until stopped, or until there is nobody to answer. */
  resume(): void {
    this.stopped = false;
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.looking;
  }

  /** Takes what is listed now as having been there before. */
  async settleIn(): Promise<void> {
    await this.once();
    for (const path of this.seen.keys()) this.known.add(path);
  }

  /** Expects it in every list from now on. */
  made(path: string): void {
    this.known.add(path);
    this.must.add(path);
  }

  /** Allows it in lists from now on, until it is deleted. */
  found(path: string): void {
    this.known.add(path);
    this.gone.delete(path);
  }

  /** Allows it to go from now on. */
  leaving(path: string): void {
    this.must.delete(path);
  }

  /** Expects it in no list from now on. */
  left(path: string): void {
    this.must.delete(path);
    this.gone.add(path);
  }

  /** Expects nothing any more of what is known: a case that failed may have left anything. */
  forgive(): void {
    this.must.clear();
    this.gone.clear();
    this.findings();
  }

  /** Returns what was wrong so far, in words, and forgets it. */
  findings(): string[] {
    const strangers = this.options.amongOthers ? [] : [...this.seen].filter(([path]) => !this.known.has(path));
    const words = ([path, item]: [string, Json]): string =>
      `${path} was listed and is no resource of ours: ${JSON.stringify(item).slice(0, 500)}`;
    const found = [...this.wrong, ...strangers.map(words)];
    this.wrong.clear();
    this.seen.clear();
    return found;
  }

  /** Looks once. */
  async once(): Promise<void> {
    const must = [...this.must];
    const gone = [...this.gone];
    const { status, headers, json, text } = await this.client.get(this.collection);
    if (this.options.patient && (status === 503 || headers.get('cimi-unavailable-clouds') !== null)) return;
    if (status !== 200) {
      this.wrong.add(`the list of ${this.collection} was answered with ${status}: ${text.slice(0, 300)}`);
      return;
    }
    this.lists++;
    const items = (json[this.attribute] ?? []) as unknown as Json[];
    const paths = items.map((item) => pathOf(this.client, item));
    for (const [at, path] of paths.entries()) if (!this.seen.has(path)) this.seen.set(path, items[at] ?? {});
    const counted = new Set(paths);
    if (counted.size < paths.length) this.wrong.add(`listed twice: ${paths.join(' ')}`);
    for (const path of must) if (!counted.has(path) && this.must.has(path)) this.wrong.add(`${path} was not listed`);
    for (const path of gone)
      if (counted.has(path)) this.wrong.add(`${path} was listed after it was deleted: ${stateIn(items, this.client, path)}`);
  }

  private async look(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.once();
      } catch (error) {
        // The gateway was killed: nobody answers, or half an answer came.
        if (isSilence(error)) return;
        throw error;
      }
      await elapse(15);
    }
  }
}

function pathOf(client: Client, item: Json): string {
  return String(item.id).slice(client.base.length);
}

function stateIn(items: readonly Json[], client: Client, path: string): string {
  return String(items.find((item) => pathOf(client, item) === path)?.state);
}
