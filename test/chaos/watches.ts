import { isSilence } from '../crash/life';
import { Watch } from '../crash/watch';
import type { Client } from '../harness/client';
import { elapse } from '../harness/wait';
import { collectionOf, kindOf, KINDS, type Kind } from './expected';

/** Kinds in whose lists stands what no client made: what machines come with. */
const AMONG_OTHERS: readonly Kind[] = ['addresses'];

/** Watches of every list at every gateway. */
export class Watches {
  private readonly byKind: Record<Kind, Watch[]>;

  /**
   * @param strays whether what a stopped create had begun may be listed as the cloud's own until it has been found and taken back
   * @param others kinds besides addresses in whose lists stands what no client made
   */
  constructor(
    private readonly clients: readonly Client[],
    strays: boolean,
    others: readonly Kind[],
  ) {
    const watch = (kind: Kind) =>
      clients.map(
        (client) =>
          new Watch(client, kind, collectionOf(kind).json, {
            patient: true,
            amongOthers: strays || [...AMONG_OTHERS, ...others].includes(kind),
          }),
      );
    this.byKind = Object.fromEntries(KINDS.map((kind) => [kind, watch(kind)])) as Record<Kind, Watch[]>;
  }

  get lists(): number {
    return this.all.reduce((sum, { lists }) => sum + lists, 0);
  }

  /** Takes what is listed now as having been there before. */
  async settleIn(): Promise<void> {
    for (const watch of this.all) await watch.settleIn();
  }

  /** Expects it in every list of its kind from now on. */
  made(path: string): void {
    this.of(path).forEach((watch) => watch.made(path));
  }

  /** Allows it in lists, as long as it is there. */
  found(path: string): void {
    this.of(path).forEach((watch) => watch.found(path));
  }

  /** Allows it to go from now on. */
  leaving(path: string): void {
    this.of(path).forEach((watch) => watch.leaving(path));
  }

  /** Expects it in no list from now on. */
  left(path: string): void {
    this.of(path).forEach((watch) => watch.left(path));
  }

  /** Looks at one list after the other of each gateway; at one that is dead again when it lives. @throws Error where an answer is none at all */
  async look(isOver: () => boolean): Promise<void> {
    await Promise.all(
      this.clients.map(async (_, at) => {
        while (!isOver()) for (const kind of KINDS) if (!isOver()) await this.lookAt(this.byKind[kind][at]);
      }),
    );
  }

  /** Looks once at every list. @returns what was wrong so far, in words */
  async findings(): Promise<string[]> {
    for (const watch of this.all) await watch.once();
    return this.all.flatMap((watch) => watch.findings());
  }

  private async lookAt(watch: Watch | undefined): Promise<void> {
    try {
      await watch?.once();
    } catch (error) {
      if (!isSilence(error)) throw error;
      await elapse(50);
    }
    await elapse(5);
  }

  private get all(): Watch[] {
    return Object.values(this.byKind).flat();
  }

  private of(path: string): readonly Watch[] {
    const kind = kindOf(path);
    return kind ? this.byKind[kind] : [];
  }
}
