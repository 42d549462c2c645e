import { type CallContext, type Created, type Driver, GROUPS, type WorkHandle, METHOD_KINDS, type Outcome } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Value } from '../../src/model/values';

/**
 * Thrown inside the driver where EC2 has to come further first: it shows that it goes on (a detach), or it refuses because
 * something that has ended is not gone everywhere yet (a subnet right after its last interface). The call comes back as a
 * handle, and is made again when that is polled: every write here may be.
 */
export class NotYet extends ProviderError {
  /** EC2 refuses for now: asked again until the cloud's patience is over. Else it goes on, and ends when EC2 ends it. */
  readonly refused: boolean;

  constructor(message: string, refusal?: ProviderError) {
    const { code, requestId } = refusal ?? {};
    super('conflict', message, { code, requestId, maybeDone: false, cause: refusal });
    this.name = 'NotYet';
    this.refused = refusal !== undefined;
  }
}

/** A call that is made again: its place in the driver, what it was given, and since when EC2 refuses it (ms, epoch). */
interface Again extends WorkHandle {
  group: string;
  method: string;
  args: readonly Value[];
  refusedSince?: number;
}

type Method = (...args: unknown[]) => Promise<unknown>;

/**
 * The driver whose writes answer a handle where EC2 has not come far enough, and that polls it.
 * @param patienceMs how long a refusal that passes is waited out, ms
 */
export function patient(driver: Driver, patienceMs: number): Driver {
  const methods = new Map<string, Method>();
  const attempt = async (again: Again, context: CallContext): Promise<unknown> => {
    const method = methods.get(`${again.group}.${again.method}`);
    if (!method) throw new ProviderError('invalid', `EC2 has no work under way of the kind ${again.group}.${again.method}`);
    try {
      return await method(...again.args, context);
    } catch (error) {
      if (!(error instanceof NotYet)) throw error;
      return waited(again, error, patienceMs);
    }
  };
  for (const group of Object.keys(GROUPS) as (keyof typeof GROUPS)[]) {
    const owner = driver[group];
    for (const name of owner ? Object.keys(METHOD_KINDS) : []) {
      const found: unknown = Reflect.get(owner ?? {}, name);
      if (typeof found !== 'function' || METHOD_KINDS[name] === 'read') continue;
      methods.set(`${group}.${name}`, (...args) => Reflect.apply(found, owner, args) as Promise<unknown>);
      const write: Method = (...given) => {
        const args = given.slice(0, -1) as Value[];
        return attempt({ group, method: name, args }, given.at(-1) as CallContext);
      };
      Reflect.set(owner ?? {}, name, write);
    }
  }
  const poll = (handle: WorkHandle, context: CallContext) => attempt(handle as Again, context) as Promise<Outcome<Created | void>>;
  return Object.assign(driver, { poll });
}

function waited({ group, method, args, refusedSince }: Again, notYet: NotYet, patienceMs: number): Outcome<never> {
  if (!notYet.refused) return { ongoing: { group, method, args }, message: notYet.message };
  const since = refusedSince ?? Date.now();
  const waitedMs = Date.now() - since;
  if (waitedMs >= patienceMs) {
    const { code, requestId, message, cause } = notYet;
    const words = `${message} (asked again for ${Math.round(waitedMs / 1000)} s, the patience of this cloud)`;
    throw new ProviderError('conflict', words, { code, requestId, maybeDone: false, cause });
  }
  return { ongoing: { group, method, args, refusedSince: since }, message: `EC2 refuses for now: ${notYet.message}` };
}

/** A refusal by one of these codes, else undefined. */
export function refusedBy(error: unknown, ...codes: readonly string[]): ProviderError | undefined {
  return error instanceof ProviderError && error.code !== undefined && codes.includes(error.code) ? error : undefined;
}
