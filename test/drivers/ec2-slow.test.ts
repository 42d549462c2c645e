import { type Driver, GROUPS, type ListedGroup, METHOD_KINDS } from '../../src/clouds/driver';
import type { FaultProxy } from '../backends/fault-proxy';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { driverContract } from './contract';
import { EC2_SKIPS, type Ec2Counterpart, ec2Shape, startEc2Counterpart } from './ec2-counterpart';

/** Reads for which everything that was begun stays under way. */
const READS = 5;

/**
 * The driver, with each write (and poll) watched: one that waits inside for what it began reads the same again and again.
 * Calls that overlap with others are not told apart, and not judged.
 */
function watched(driver: Driver, proxy: FaultProxy): Driver {
  let inFlight = 0;
  let overlapped = false;
  const watch =
    (name: string, owner: object, run: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      inFlight += 1;
      overlapped = inFlight > 1 || overlapped;
      const before = proxy.counts();
      const judged = (): void => {
        inFlight -= 1;
        const alone = !overlapped;
        if (inFlight === 0) overlapped = false;
        const counts = Object.entries(proxy.counts()).filter(([action]) => action.startsWith('Describe'));
        const waits = counts.filter(([action, count]) => count - (before[action] ?? 0) >= READS);
        if (alone && waits.length > 0) throw new Error(`${name} waits inside: ${JSON.stringify(waits)}`);
      };
      const outcome = await (Reflect.apply(run, owner, args) as Promise<unknown>).catch((error: unknown) => {
        judged();
        throw error;
      });
      judged();
      return outcome;
    };
  for (const group of Object.keys(GROUPS) as ListedGroup[]) {
    const owner: object = driver[group] ?? {};
    for (const [name, kind] of Object.entries(METHOD_KINDS)) {
      const run: unknown = Reflect.get(owner, name);
      if (kind !== 'read' && typeof run === 'function')
        Reflect.set(owner, name, watch(`${group}.${name}`, owner, run as () => Promise<unknown>));
    }
  }
  return driver;
}

async function start(): Promise<Ec2Counterpart> {
  const counterpart = await startEc2Counterpart({ patienceMs: 60_000 });
  const { account } = counterpart;
  account.proxy.manners.pendingMs = 0;
  account.proxy.slow.reads = READS;
  // What is still shown as going when a test has ended has gone by the account's own word.
  return { ...counterpart, driver: watched(counterpart.driver, account.proxy) };
}

describeWith('moto', motoAvailable(), () => {
  driverContract('ec2, slow', { start, shape: ec2Shape(), skips: EC2_SKIPS });
});
