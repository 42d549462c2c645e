import { elapse } from '../harness/wait';
import type { Random } from './random';
import type { Member, World } from './world';

/** Faults that happen to the world, and how often each did. */
export type Fault = 'kill' | 'freeze' | 'redis forgets' | 'redis restarts' | 'postgres dies' | 'answer lost' | 'cloud slow' | 'cloud away';

/** Faults of what only several processes share. */
const OF_SHARED: ReadonlySet<Fault> = new Set(['redis forgets', 'redis restarts', 'postgres dies']);

const WEIGHTS: readonly (readonly [number, Fault])[] = [
  [60, 'kill'],
  [12, 'freeze'],
  [4, 'redis forgets'],
  [3, 'redis restarts'],
  [4, 'postgres dies'],
  [9, 'answer lost'],
  [4, 'cloud slow'],
  [4, 'cloud away'],
];

/** Does one fault after the other. A member is dead or stands still once at a time; the others go on. */
export class Faults {
  readonly counts = new Map<Fault, number>();
  private readonly busy = new Set<Member>();
  private readonly under = new Set<Promise<void>>();

  constructor(
    private readonly world: World,
    private readonly random: Random,
  ) {}

  /** Kills so far, of processes. */
  get kills(): number {
    return this.counts.get('kill') ?? 0;
  }

  async one(): Promise<void> {
    const fault = this.random.pick(this.world.shared ? WEIGHTS : WEIGHTS.filter(([, one]) => !OF_SHARED.has(one)));
    await this.happen(fault);
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
  }

  /** Waits until all that died or stood still is there again. */
  async settled(): Promise<void> {
    await Promise.all(this.under);
  }

  private async happen(fault: Fault): Promise<void> {
    const { world, random } = this;
    const { shared, clouds } = world;
    if (fault === 'kill' || fault === 'freeze') {
      const free = world.members.filter((member) => !this.busy.has(member));
      // Never all gateways of several, nor all workers: then nothing would happen but silence.
      const others = shared ? free.filter(({ role }) => free.filter((member) => member.role === role).length > 1) : free;
      if (others.length === 0) return this.settled();
      const member = random.of(others);
      const stillMs = 200 + random.next() * 5_000;
      this.during(member, fault === 'kill' ? () => this.kill(member) : () => this.freeze(member, stillMs));
    } else if (fault === 'redis forgets') await shared?.redis.flush();
    else if (fault === 'redis restarts') await shared?.redis.restart();
    else if (fault === 'postgres dies') await shared?.postgres.restart();
    else {
      const cloud = random.of(clouds);
      if (fault === 'answer lost') cloud.loseAnswer(random);
      else if (fault === 'cloud slow') cloud.slow();
      else cloud.away();
    }
  }

  private during(member: Member, work: () => Promise<void>): void {
    this.busy.add(member);
    const doing = work().finally(() => {
      this.busy.delete(member);
      this.under.delete(doing);
    });
    this.under.add(doing);
  }

  private async kill(member: Member): Promise<void> {
    await member.program.end('SIGKILL');
    await this.world.revive(member);
  }

  private async freeze(member: Member, ms: number): Promise<void> {
    member.program.signal('SIGSTOP');
    await elapse(ms);
    member.program.signal('SIGCONT');
  }
}
