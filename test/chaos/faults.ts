import { elapse } from '../harness/wait';
import type { SmallDisk } from '../backends/small-disk';
import type { Random } from './random';
import type { Member, World } from './world';

/** Parts that not every world has. */
type Need = 'shared' | 'disk' | 'clocks';

/** Faults that happen to the world: how often, and what of the world they need. */
const FAULTS = {
  kill: { weight: 60 },
  freeze: { weight: 12 },
  'redis forgets': { weight: 4, needs: 'shared' },
  'redis restarts': { weight: 3, needs: 'shared' },
  'postgres dies': { weight: 3, needs: 'shared' },
  'postgres fails over': { weight: 2, needs: 'shared' },
  'disk full': { weight: 3, needs: 'disk' },
  'clock jumps': { weight: 12, needs: 'clocks' },
  'answer lost': { weight: 9 },
  'cloud slow': { weight: 4 },
  'cloud away': { weight: 4 },
} as const satisfies Record<string, { weight: number; needs?: Need }>;

export type Fault = keyof typeof FAULTS;

/** Takes the name of a fault. @throws Error in words for one that is not known */
export function faultOf(name: string): Fault {
  if (!Object.hasOwn(FAULTS, name)) throw new Error(`there is no fault '${name}'; there are ${Object.keys(FAULTS).join(', ')}`);
  return name as Fault;
}

/** Seconds by which a clock may be ahead after it jumped: what waits for one that was set back by an hour waits in vain. */
const JUMPS: readonly (readonly [weight: number, seconds: number])[] = [
  [1, -3_600],
  [2, -20],
  [2, 0],
  [2, 20],
  [1, 3_600],
];

/** Faults that can happen to a world, with their weights. */
function faultsOf(world: World): [weight: number, fault: Fault][] {
  const all = Object.entries(FAULTS) as [Fault, { weight: number; needs?: Need }][];
  return all.filter(([, { needs }]) => needs === undefined || world[needs] !== undefined).map(([fault, { weight }]) => [weight, fault]);
}

/** Does one fault after the other. A member is dead or stands still once at a time; the others go on. */
export class Faults {
  readonly counts = new Map<Fault, number>();
  private readonly busy = new Set<object>();
  private broken: { error: unknown } | undefined;
  private readonly under = new Set<Promise<void>>();

  constructor(
    private readonly world: World,
    private readonly random: Random,
  ) {}

  /** Number of times that it happened so far. */
  count(fault: Fault): number {
    return this.counts.get(fault) ?? 0;
  }

  /** Does one fault. @param only which; any if absent */
  async one(only?: Fault): Promise<void> {
    const possible = faultsOf(this.world).filter(([, fault]) => only === undefined || fault === only);
    if (this.broken) throw this.broken.error;
    if (possible.length === 0) throw new Error(`'${only}' cannot happen here`);
    const fault = this.random.pick(possible);
    await this.happen(fault);
    this.counts.set(fault, this.count(fault) + 1);
  }

  /** Waits until all that died or stood still is there again. @throws what hindered it */
  async settled(): Promise<void> {
    await Promise.all(this.under);
    if (this.broken) throw this.broken.error;
  }

  private async happen(fault: Fault): Promise<void> {
    const { world, random } = this;
    const { shared, clouds, disk } = world;
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
    else if (fault === 'postgres fails over') await shared?.postgres.failOver();
    else if (fault === 'disk full') {
      if (!disk || this.busy.has(disk)) return this.settled();
      const fullMs = 500 + random.next() * 4_000;
      this.during(disk, () => this.fill(disk, fullMs));
    } else if (fault === 'clock jumps') random.of(world.members).clock?.set(random.pick(JUMPS));
    else {
      const cloud = random.of(clouds);
      if (fault === 'answer lost') cloud.loseAnswer(random);
      else if (fault === 'cloud slow') cloud.slow();
      else cloud.away();
    }
  }

  private during(what: object, work: () => Promise<void>): void {
    this.busy.add(what);
    const fail = (error: unknown): void => void (this.broken ??= { error });
    const doing = work()
      .catch(fail)
      .finally(() => {
        this.busy.delete(what);
        this.under.delete(doing);
      });
    this.under.add(doing);
  }

  private async kill(member: Member): Promise<void> {
    await member.program.end('SIGKILL');
    await this.world.revive(member);
  }

  /** Takes all room again and again: the gateway, too, gives some back. */
  private async fill(disk: SmallDisk, ms: number): Promise<void> {
    let over = false;
    const ending = elapse(ms).then(() => (over = true));
    try {
      for (; !over; await elapse(20)) await disk.fill();
    } finally {
      await ending;
      await disk.free();
    }
  }

  private async freeze(member: Member, ms: number): Promise<void> {
    member.program.signal('SIGSTOP');
    await elapse(ms);
    member.program.signal('SIGCONT');
  }
}
