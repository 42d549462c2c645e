import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { present, type Seen } from './collector';
import { translate } from './errors';
import { text } from './machine-item';
import { isA, type Parameters, type Ref, type Result, type Typed } from './types';

export type DeviceUrl = Typed<'HttpNfcLeaseDeviceUrl'>;

/** Longest time between two reports of progress, in ms: without any, a lease ends after some five minutes. */
const REPORT_MS = 60_000;
/** Lifetime of a lease that does not tell it, in s. */
const LEASE_SECONDS = 300;
/** Delay between two looks at a lease that is not ready, in ms: the first, and the longest. */
const LOOK_MS = 50;
const LOOK_LONGEST_MS = 2_000;
/** Time limit of asking for a lease, in ms: one whose answer nobody waits for could not be given up. */
const ASK_MS = 30_000;
/** Time limit of giving a lease up, in ms; the call's own time may be over. */
const ABORT_MS = 10_000;

/** Context in which a lease is asked for. */
export const asking = (): CallContext => ({ signal: AbortSignal.timeout(ASK_MS) });

const PATHS: readonly string[] = ['state', 'info', 'error'];

/**
 * A lease (HttpNfcLease) under which the disks of one machine are sent in or out. It belongs to the session that asked for it:
 * a process that dies leaves it to end by itself.
 */
export class Lease {
  readonly #lost = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #completed = false;

  private constructor(
    private readonly wire: Wire,
    private readonly ref: Ref,
    private readonly info: Typed<'HttpNfcLeaseInfo'>,
    /** The machine. */
    readonly entity: Ref,
  ) {}

  /**
   * Waits until a lease that was asked for is ready; one that does not become so is given up.
   * @param percent of what is to be sent; it is told to vCenter from a timer until the lease ends, which keeps it alive
   * @throws ProviderError for the lease's own error too
   */
  static async ready(wire: Wire, ref: Ref, percent: () => number, context: CallContext): Promise<Lease> {
    try {
      for (let wait = LOOK_MS; ; wait = Math.min(2 * wait, LOOK_LONGEST_MS)) {
        const seen = await look(wire, ref, context);
        const state = text(seen, 'state');
        if (state === 'ready') return Lease.from(wire, ref, seen, percent);
        if (state === 'error') throw errorOf(seen);
        if (state !== 'initializing') throw strange(`a lease in the state '${state ?? 'none'}'`);
        await sleep(wait, undefined, { signal: context.signal }).catch(() => undefined);
      }
    } catch (error) {
      await giveUp(wire, ref);
      throw error;
    }
  }

  private static from(wire: Wire, ref: Ref, seen: Seen, percent: () => number): Lease {
    const info = seen.properties.get('info');
    if (!isA(info, 'HttpNfcLeaseInfo') || !info.entity) throw strange('a lease without the machine that it is of');
    const lease = new Lease(wire, ref, info, info.entity);
    lease.keepAlive(percent);
    return lease;
  }

  /** Tells whether it was completed, or may have been. */
  get completed(): boolean {
    return this.#completed;
  }

  /** Disks that are to be sent, in their order. */
  get disks(): readonly DeviceUrl[] {
    return (this.info.deviceUrl ?? []).filter(({ disk, targetId = '' }) => disk ?? targetId.endsWith('.vmdk'));
  }

  /** Aborted when vCenter ended the lease, with the error as its reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Asks what vCenter has counted of a disk's bytes; undefined where it tells nothing of it. @throws ProviderError */
  async counted({ key, targetId }: DeviceUrl, context: CallContext): Promise<{ sha1: string; size: number } | undefined> {
    const entries = await this.call('HttpNfcLeaseGetManifest', {}, context).catch((error: unknown) => {
      if (error instanceof ProviderError && error.kind === 'unsupported') return undefined;
      throw error;
    });
    const own = (entries ?? []).find((each) => each.key === key || (targetId !== undefined && each.key?.endsWith(targetId) === true));
    const { sha1 = '', size } = own ?? {};
    return sha1 === '' || size === undefined ? undefined : { sha1: sha1.toLowerCase(), size };
  }

  /** Ends it: all was sent. @throws ProviderError */
  async complete(context: CallContext): Promise<void> {
    this.stop();
    this.#completed = true;
    await this.call('HttpNfcLeaseComplete', {}, context);
    this.#ended = true;
  }

  /** Gives it up, unless it was completed: what it was to import is taken away by vCenter. Throws nothing. */
  async abort(): Promise<void> {
    this.stop();
    if (this.#ended) return;
    this.#ended = true;
    this.#lost.abort(new ProviderError('unavailable', 'The lease of vCenter was given up', { maybeDone: false }));
    await giveUp(this.wire, this.ref);
  }

  private keepAlive(percent: () => number): void {
    const { leaseTimeout = LEASE_SECONDS } = this.info;
    const every = Math.min(REPORT_MS, Math.max(100, (leaseTimeout * 1000) / 4));
    this.#timer = setInterval(() => void this.report(percent(), every), every).unref();
  }

  /** Tells the progress; what did not get through is told again the next time. */
  private async report(percent: number, within: number): Promise<void> {
    try {
      await this.call(
        'HttpNfcLeaseProgress',
        { percent: Math.max(0, Math.min(100, Math.floor(percent))) },
        {
          signal: AbortSignal.timeout(Math.max(within, 5_000)),
        },
      );
    } catch (error) {
      const passes = error instanceof ProviderError && error.passing && error.code !== 'Timedout' && error.code !== 'ManagedObjectNotFound';
      if (passes || this.#timer === undefined) return;
      this.stop();
      this.#lost.abort(lostBy(error));
    }
  }

  private stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  private async call<M extends LeaseMethod>(method: M, parameters: Parameters<M>, context: CallContext): Promise<Result<M>> {
    try {
      return await this.wire.call(method, this.ref, parameters, context);
    } catch (error) {
      throw ofLease(error);
    }
  }
}

type LeaseMethod = 'HttpNfcLeaseProgress' | 'HttpNfcLeaseGetManifest' | 'HttpNfcLeaseComplete';

async function look(wire: Wire, ref: Ref, context: CallContext): Promise<Seen> {
  try {
    return await present(wire, ref, PATHS, context);
  } catch (error) {
    throw ofLease(error);
  }
}

/** A lease that is not there says nothing about what it is of. */
function ofLease(error: unknown): unknown {
  if (!(error instanceof ProviderError) || error.kind !== 'notFound') return error;
  return new ProviderError('unavailable', `vCenter has ended the lease: ${error.message}`, {
    code: error.code,
    maybeDone: true,
    cause: error,
  });
}

async function giveUp(wire: Wire, ref: Ref): Promise<void> {
  try {
    await wire.call('HttpNfcLeaseAbort', ref, {}, { signal: AbortSignal.timeout(ABORT_MS) });
  } catch (error) {
    // It has ended, or ends by itself: nobody tells its progress any more.
    if (!(error instanceof ProviderError)) throw error;
  }
}

function errorOf({ properties }: Seen): ProviderError {
  const error = properties.get('error');
  if (!isA(error, 'LocalizedMethodFault')) return strange('a lease that failed without a reason');
  const { kind, message, code, maybeDone, lasting } = translate(error.fault, error.localizedMessage);
  const words = `vCenter refuses the transfer: ${message}`;
  return new ProviderError(kind === 'notFound' ? 'unavailable' : kind, words, { code, maybeDone, lasting });
}

function lostBy(error: unknown): ProviderError {
  const message = error instanceof Error ? error.message : String(error);
  return new ProviderError('unavailable', `vCenter has ended the lease while the disk was sent: ${message}`, {
    maybeDone: true,
    cause: error,
  });
}

const strange = (what: string): ProviderError => new ProviderError('unavailable', `vCenter told of ${what}`, { maybeDone: true });
