import type { Driver } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { driverContract } from './contract';
import type { Counterpart } from './counterpart';
import { GROUPS_OFFERED, SKIPS, startCounterpart } from './vsphere-counterpart';

/** How long vCenter takes for each task, and how long a call may take: whoever waits for a task in a call fails, in ms. */
const EACH_TASK_MS = 1_200;
const DEADLINE_MS = 400;

type Method = (...args: unknown[]) => unknown;

/** A driver whose calls are given up at the deadline, as the guard does it. */
function hurried(driver: Driver): Driver {
  const within =
    (owner: object, call: Method): Method =>
    (...args) => {
      const answer = Reflect.apply(call, owner, args);
      if (!(answer instanceof Promise)) return answer;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new ProviderError('timeout', `${call.name} took more than ${DEADLINE_MS} ms`)), DEADLINE_MS);
      });
      return Promise.race([answer, late]).finally(() => clearTimeout(timer));
    };
  const wrap = <T extends object>(owner: T): T =>
    new Proxy(owner, {
      get(target, name) {
        const found: unknown = Reflect.get(target, name);
        if (typeof found === 'function') return within(target, found as Method);
        const isGroup = typeof found === 'object' && found !== null && 'getMany' in found;
        return isGroup ? wrap(found) : found;
      },
    });
  return wrap(driver);
}

async function start(): Promise<Counterpart> {
  const counterpart = await startCounterpart({ eachTaskMs: EACH_TASK_MS });
  return { ...counterpart, driver: hurried(counterpart.driver) };
}

describeWith('vcsim', vcsimAvailable(), () => {
  driverContract('vsphere with slow tasks', { start, groups: GROUPS_OFFERED, skips: SKIPS, patienceMs: 50_000 });
});
