import { GROUPS, isOngoing, type Driver } from '../../src/clouds/driver';
import type { SoapProxy } from '../backends/vsphere-proxy';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { driverContract } from './contract';
import type { Counterpart } from './counterpart';
import { SKIPS, startCounterpart, vsphereShape } from './vsphere-counterpart';

/** Duration of each task at vCenter, in ms: longer than a call's answer, so that nearly none has ended when it is first read. */
const EACH_TASK_MS = 200;

type Method = (...args: unknown[]) => unknown;

/** Watch of what goes on between driver and vCenter. */
class Watch {
  /** Tasks that vCenter began, how often one was read by its reference, calls of `poll`, answers that were handles. */
  readonly counts = { begun: 0, readings: 0, polls: 0, handles: 0 };

  /** A rule that catches nothing sees every call. */
  see(proxy: SoapProxy): void {
    proxy.add({
      when: (body) => {
        if (/<soapenv:Body><\w+_Task[ >]/.test(body)) this.counts.begun += 1;
        if (/<objectSet><obj type="Task">/.test(body)) this.counts.readings += 1;
        return false;
      },
    });
  }

  /** The driver, its handles and polls counted. */
  over(driver: Driver): Driver {
    const within =
      (owner: object, name: string | symbol, call: Method): Method =>
      (...args) => {
        if (name === 'poll') this.counts.polls += 1;
        const answer = Reflect.apply(call, owner, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.then((outcome: unknown) => {
          if (isOngoing(outcome)) this.counts.handles += 1;
          return outcome;
        });
      };
    const wrap = <T extends object>(owner: T): T =>
      new Proxy(owner, {
        get: (target, name) => {
          const found: unknown = Reflect.get(target, name);
          if (typeof found === 'function') return within(target, name, found as Method);
          return Object.hasOwn(GROUPS, name) && typeof found === 'object' && found !== null ? wrap(found) : found;
        },
      });
    return wrap(driver);
  }
}

describeWith('vcsim', vcsimAvailable(), () => {
  const watch = new Watch();
  const start = async (): Promise<Counterpart> => {
    const counterpart = await startCounterpart({ eachTaskMs: EACH_TASK_MS, watch: (proxy) => watch.see(proxy) });
    return { ...counterpart, driver: watch.over(counterpart.driver) };
  };
  driverContract('vsphere with slow tasks', { start, shape: vsphereShape(), skips: SKIPS });

  test('no call waited for a task: each was read once when it was begun, and then once by each poll', () => {
    const { begun, readings, polls, handles } = watch.counts;
    expect(Math.min(begun, readings)).toBeGreaterThan(0);
    expect(handles).toBeGreaterThan(begun / 2);
    expect(readings).toBeLessThanOrEqual(begun + polls);
  });
});
