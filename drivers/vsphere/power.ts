import type { CallContext, Outcome } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { present } from './collector';
import { vm } from './keys';
import { text } from './machine-item';
import type { Entry, Operations, Stages } from './operations';
import { SoapFault } from './soap';
import { isA } from './types';

type Key = { key: string };
type PowerMethod = 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'SuspendVM_Task';

/** Switch of machines: on, off, suspended. */
export class MachinePower {
  readonly #start: Entry<Key, void>;
  readonly #powerOff: Entry<Key, void>;
  readonly #shutdown: Entry<Key, void>;
  readonly #reset: Entry<Key, void>;
  readonly #suspend: Entry<Key, void>;

  constructor(
    protected readonly wire: Wire,
    operations: Operations,
  ) {
    this.#start = operations.define('machines.start', ({ key }, stages) => powerOn(wire, key, stages));
    this.#powerOff = operations.define('machines.powerOff', ({ key }, stages) => powerOff(wire, key, stages));
    this.#shutdown = operations.define('machines.shutdown', ({ key }, stages) => this.#shuttingDown(key, stages));
    this.#reset = operations.define('machines.reset', ({ key }, stages) => this.#resetting(key, stages));
    this.#suspend = operations.define('machines.suspend', ({ key }, stages) => power(wire, 'SuspendVM_Task', key, 'suspended', stages));
  }

  start(key: string, context: CallContext): Promise<Outcome> {
    return this.#start({ key }, context);
  }

  /**
   * Stops a machine. Without force the guest shuts itself down, for which it needs VMware Tools; the wait for it has an end
   * (guestPatienceMs).
   */
  stop(key: string, { force }: { force?: boolean | undefined }, context: CallContext): Promise<Outcome> {
    return force === true ? this.#powerOff({ key }, context) : this.#shutdown({ key }, context);
  }

  /** Restarts a machine. Without force the guest reboots by itself; vCenter tells no end of it. */
  async restart(key: string, { force }: { force?: boolean | undefined }, context: CallContext): Promise<Outcome> {
    if (force === true) return this.#reset({ key }, context);
    await this.#guest('RebootGuest', key, 'restart it with force', context);
  }

  suspend(key: string, context: CallContext): Promise<Outcome> {
    return this.#suspend({ key }, context);
  }

  /** A reset that was begun by a call whose answer was lost is the one that was asked for. */
  async #resetting(key: string, stages: Stages): Promise<void> {
    const [done] = await stages.earlier(vm(key), 'ResetVM_Task');
    if (!done) await stages.task('reset', () => this.wire.begin('ResetVM_Task', vm(key), {}, stages.context));
  }

  async #shuttingDown(key: string, stages: Stages): Promise<void> {
    const { context } = stages;
    const asked = stages.began('asked');
    const since = await stages.once('asked', () => this.#askToShutDown(key, context));
    if (since === null) return;
    if (!asked) throw stages.pending('the guest shuts down');
    const now = text(await present(this.wire, vm(key), ['runtime.powerState'], context), 'runtime.powerState');
    if (now === 'poweredOff') return;
    if (now === 'suspended') throw conflict('the machine was suspended while its guest was to shut down');
    const { guestPatienceMs } = this.wire.options;
    const waited = Date.now() - since;
    if (waited < guestPatienceMs) throw stages.pending(`the guest shuts down, since ${Math.round(waited / 1000)} s`);
    throw conflict(`the guest has not shut down within ${Math.round(guestPatienceMs / 1000)} s (guestPatienceMs): stop it with force`);
  }

  /** @returns when, in ms since the epoch; null where the machine is off already */
  async #askToShutDown(key: string, context: CallContext): Promise<number | null> {
    try {
      await this.#guest('ShutdownGuest', key, 'stop it with force', context);
      return Date.now();
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'InvalidPowerState' || existingState(error) !== 'poweredOff') throw error;
      return null;
    }
  }

  async #guest(method: 'ShutdownGuest' | 'RebootGuest', key: string, instead: string, context: CallContext): Promise<void> {
    try {
      await this.wire.faulty(method, vm(key), {}, context);
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      if (error.code !== 'ToolsUnavailable') throw error.translated();
      throw conflict(`VMware Tools do not run in the machine: ${instead}`, error.code);
    }
  }
}

export const powerOn = (wire: Wire, key: string, stages: Stages): Promise<void> => power(wire, 'PowerOnVM_Task', key, 'poweredOn', stages);
export const powerOff = (wire: Wire, key: string, stages: Stages): Promise<void> =>
  power(wire, 'PowerOffVM_Task', key, 'poweredOff', stages);

/** Being in the state already is success: also after a lost answer. */
async function power(wire: Wire, method: PowerMethod, key: string, state: string, stages: Stages): Promise<void> {
  await stages.task(method, () => wire.begin(method, vm(key), {}, stages.context), {
    forgive: (error) => error.code === 'InvalidPowerState' && existingState(error) === state,
  });
}

function existingState({ cause }: ProviderError): string | undefined {
  return isA(cause, 'InvalidPowerState') ? cause.existingState : undefined;
}

function conflict(message: string, code?: string): ProviderError {
  return new ProviderError('conflict', message, { code, maybeDone: false });
}
