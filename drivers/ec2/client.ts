import {
  type $Command,
  EC2Client,
  type EC2ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-ec2';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { LoginRefusals } from '../../src/clouds/logins';
import { translate } from './errors';
import type { Ec2Options } from './options';
import { ProxiedHandler } from './proxied';

/** EC2's and STS's own words for credentials they refuse. */
const REFUSALS: readonly string[] = [
  'AuthFailure',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
  'ExpiredToken',
  'ExpiredTokenException',
];

/** The wire to one region of one account. It retries nothing; whoever calls it does. */
export class Wire {
  private readonly client: EC2Client;
  private readonly refusals = new LoginRefusals({ carried: true, refuses: ({ code }) => REFUSALS.includes(code ?? '') });

  constructor(readonly options: Ec2Options) {
    this.client = new EC2Client({
      region: options.region,
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      credentials: credentialsOf(options),
      maxAttempts: 1,
      requestHandler: new ProxiedHandler(options),
    });
  }

  /** Sends one command. Throws ProviderError and nothing else. */
  async send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: $Command<I, O, EC2ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
    context: CallContext,
  ): Promise<O> {
    if (context.signal.aborted) throw new ProviderError('timeout', 'Nobody waits for this call any more', { maybeDone: false });
    return this.refusals.pass(async () => {
      try {
        // Credentials without an end are kept for ever by the SDK: after a refusal a rotated file is read again.
        if (this.refusals.refused) await this.client.config.credentials({ forceRefresh: true });
        // A signal of its own for each call: many at once on one signal look like leaked listeners to Node.
        return await this.client.send(command, { abortSignal: AbortSignal.any([context.signal]) });
      } catch (thrown) {
        throw translate(thrown);
      }
    });
  }

  /** Answers of a paged call, to the last page. */
  async *pages<O extends { NextToken?: string | undefined }>(ask: (NextToken: string | undefined) => Promise<O>): AsyncIterable<O> {
    let token: string | undefined;
    do {
      const answer = await ask(token);
      yield answer;
      token = answer.NextToken === '' ? undefined : answer.NextToken;
    } while (token !== undefined);
  }

  close(): void {
    this.client.destroy();
  }
}

function credentialsOf(options: Ec2Options) {
  const { accessKeyId, secretAccessKey, sessionToken } = options;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }
  return fromNodeProviderChain({
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    clientConfig: { region: options.region, requestHandler: new ProxiedHandler(options) },
  });
}

/**
 * Reads by id in batches. EC2 refuses a whole batch for one id that is gone and names it: the rest is asked again.
 * @param shape ids of another shape cannot exist and are not asked for
 * @param read reads one batch; throws notFound naming the missing ones
 */
export async function readByIds<T>(
  keys: readonly string[],
  shape: RegExp,
  size: number,
  read: (ids: string[]) => Promise<T[]>,
): Promise<T[]> {
  const found: T[] = [];
  const work = batches(
    [...new Set(keys)].filter((key) => shape.test(key)),
    size,
  );
  for (let batch = work.shift(); batch !== undefined; batch = work.shift()) {
    try {
      found.push(...(await read(batch)));
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'notFound') throw error;
      work.unshift(...withoutMissing(batch, error.message));
    }
  }
  return found;
}

function withoutMissing(batch: readonly string[], words: string): string[][] {
  const rest = batch.filter((id) => !words.includes(id));
  if (rest.length < batch.length) return batches(rest, batch.length);
  // No id named: halves find the missing one.
  const half = Math.ceil(batch.length / 2);
  return batch.length === 1 ? [] : [batch.slice(0, half), batch.slice(half)];
}

/** Cuts a list into lists of at most `size`. */
export function batches<T>(list: readonly T[], size: number): T[][] {
  const all: T[][] = [];
  for (let i = 0; i < list.length; i += size) all.push(list.slice(i, i + size));
  return all;
}
