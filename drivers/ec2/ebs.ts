import { setTimeout as sleep } from 'node:timers/promises';
import {
  type $Command,
  EBSClient,
  type EBSClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-ebs';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { LoginRefusals } from '../../src/clouds/logins';
import { clientSettings, isBesideEc2, quietly } from './connect';
import { translate } from './errors';
import { refusesLogin, renewing } from './login';
import type { Ec2Options } from './options';
import { anySignal } from '../../src/model/any-signal';
import { steadyTime } from '../../src/model/steady-time';

/** Length of a block of a snapshot, in bytes: EBS has no other. */
export const BLOCK_BYTES = 524_288;
/** Blocks of one disk that are under way at the same time. */
export const BLOCKS_AT_ONCE = 8;
/** Time limit of one request, in ms. */
const REQUEST_MS = 60_000;
/** Longest time for which a request in the middle of a disk is sent again: EBS may not know a new snapshot for two minutes. */
const PATIENCE_MS = 120_000;
/** Delay before a request is sent again, in ms: the first, and the longest. */
const AGAIN_MS = 100;
const AGAIN_LONGEST_MS = 10_000;

/** Tells whether there are EBS direct APIs for this account. Pure. */
export const hasEbsDirect = (options: Ec2Options): boolean => isBesideEc2(options, options.ebsEndpoint);

type Command<I extends ServiceInputTypes, O extends ServiceOutputTypes> = $Command<
  I,
  O,
  EBSClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** The wire to the EBS direct APIs, which read and write the blocks of snapshots, in the region of the account. */
export class EbsDirect {
  private readonly client: EBSClient;
  private readonly patienceMs: number;
  private readonly refusals = new LoginRefusals({ carried: true, refuses: refusesLogin });

  constructor(options: Ec2Options) {
    const place = { service: 'EBS', region: options.region, endpoint: options.ebsEndpoint };
    this.client = quietly(() => new EBSClient(clientSettings(options, place)));
    this.patienceMs = Math.min(options.patienceMs, PATIENCE_MS);
  }

  /** Sends one command, once; a second time with new credentials where these have ended. @throws ProviderError */
  async send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(command: Command<I, O>, { signal }: CallContext): Promise<O> {
    return this.refusals.pass(async () => {
      // As in Wire: after a refusal a rotated file is read again.
      if (this.refusals.refused) await this.client.config.credentials({ forceRefresh: true });
      return renewing(this.client, () => this.sent(command, signal));
    });
  }

  private async sent<I extends ServiceInputTypes, O extends ServiceOutputTypes>(command: Command<I, O>, signal: AbortSignal): Promise<O> {
    if (signal.aborted)
      throw new ProviderError('timeout', 'The call was cancelled: nobody waits for its answer any more', { maybeDone: false });
    try {
      return await this.client.send(command, { abortSignal: anySignal(signal, AbortSignal.timeout(REQUEST_MS)) });
    } catch (thrown) {
      throw permitted(translate(thrown, command.input, 'EBS'), thrown, command.constructor.name.replace(/Command$/, ''));
    }
  }

  /**
   * Asks in the middle of a disk, where beginning again costs the whole of it: what fails in passing is asked again. Only for what
   * has the same effect however often it is done.
   * @throws ProviderError once the patience is over, or for what does not pass
   */
  async insist<T>(ask: () => Promise<T>, { signal }: CallContext): Promise<T> {
    const until = steadyTime() + this.patienceMs;
    for (let wait = AGAIN_MS; ; wait = Math.min(2 * wait, AGAIN_LONGEST_MS)) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof ProviderError) || !error.passing || signal.aborted) throw error;
        const delay = Math.max(error.retryAfterMs ?? 0, wait * (0.5 + Math.random() / 2));
        if (steadyTime() + delay > until) throw error;
        await sleep(delay, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  close(): void {
    this.client.destroy();
  }
}

/** A refusal of permissions with the permission that it is about: EBS names it seldom, and the key's never. */
function permitted(error: ProviderError, thrown: unknown, action: string): ProviderError {
  if (error.kind !== 'forbidden') return error;
  const ofKey = (thrown as { Reason?: unknown }).Reason === 'DEPENDENCY_ACCESS_DENIED';
  const needed = ofKey ? 'the use of the KMS key that encrypts the snapshot' : `ebs:${action}`;
  return new ProviderError('forbidden', `The credentials lack the permission for ${needed}. AWS says: ${error.message}`, {
    code: error.code,
    requestId: error.requestId,
    maybeDone: false,
    cause: error,
  });
}
