import {
  type $Command,
  EC2Client,
  type EC2ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-ec2';
import type { CallContext, DriverEnvironment } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { LoginRefusals } from '../../src/clouds/logins';
import { clientSettings, quietly } from './connect';
import { translate } from './errors';
import { type Ec2Type, namedIn, SHAPES, speaksOf, thing } from './gone';
import { readLeniently } from './lenient';
import { refusesLogin, renewing } from './login';
import { MAX_OWN_TAGS_FREE, MAX_PROPERTIES } from './naming';
import type { Ec2Options } from './options';
import { OwnTags } from './own-tags';
import { anySignal } from '../../src/model/any-signal';

/** Ids in one call by id: fewer than EC2 takes of any type. */
const BATCH = 200;
const BATCHES: Readonly<Partial<Record<Ec2Type, number>>> = { instance: 500 };

/** The wire to one region of one account. It retries nothing; whoever calls it does. */
export class Wire {
  private readonly client: EC2Client;
  readonly ownTags: OwnTags;
  /** Properties that a thing has room for beside the tags of the option. */
  readonly maxProperties: number;
  private readonly warned = new Set<string>();
  private readonly refusals = new LoginRefusals({ carried: true, refuses: refusesLogin });

  constructor(
    readonly options: Ec2Options,
    private readonly warn: DriverEnvironment['warn'],
  ) {
    this.ownTags = new OwnTags(options);
    this.maxProperties = MAX_PROPERTIES - Math.max(0, Object.keys(options.tags).length - MAX_OWN_TAGS_FREE);
    this.client = connected(options, options.region);
    readLeniently(this.client, warn);
  }

  /** Sends one command. Throws ProviderError and nothing else. */
  async send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: $Command<I, O, EC2ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
    context: CallContext,
  ): Promise<O> {
    return this.refusals.pass(async () => {
      // Credentials without an end are kept for ever by the SDK: after a refusal a rotated file is read again.
      if (this.refusals.refused) await this.client.config.credentials({ forceRefresh: true });
      return renewing(this.client, () => this.sent(this.client, command, context));
    });
  }

  /** Sends one command to another region of the same account, whatever this one says of the login. */
  async sendTo<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    region: string,
    command: $Command<I, O, EC2ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
    context: CallContext,
  ): Promise<O> {
    const client = connected(this.options, region);
    try {
      return await this.sent(client, command, context);
    } finally {
      client.destroy();
    }
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

  /** Keeps those of a list that have an id; others are left out, with a warning once a type. */
  keyed<T>(type: Ec2Type, list: readonly T[] | undefined, id: (item: T) => string | undefined): T[] {
    const all = list ?? [];
    const known = all.filter((item) => id(item));
    if (known.length < all.length && !this.warned.has(type)) {
      this.warned.add(type);
      this.warn('EC2 listed something without its id; it is left out', { type });
    }
    return known;
  }

  close(): void {
    this.client.destroy();
  }

  private async sent<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    client: EC2Client,
    command: $Command<I, O, EC2ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
    { signal }: CallContext,
  ): Promise<O> {
    if (signal.aborted)
      throw new ProviderError('timeout', 'The call was cancelled: nobody waits for its answer any more', { maybeDone: false });
    try {
      Object.assign(command.input, this.ownTags.outgoing(command.input));
      // A signal of its own for each call: many at once on one signal look like leaked listeners to Node.
      return this.ownTags.incoming(await client.send(command, { abortSignal: anySignal(signal) }));
    } catch (thrown) {
      throw translate(thrown, command.input);
    }
  }
}

function connected(options: Ec2Options, region: string): EC2Client {
  const client = quietly(() => new EC2Client(clientSettings(options, { service: 'EC2', region, endpoint: options.endpoint })));
  // It copies each answer for a logger that there is not: a tenth of what reading a long list takes.
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

/** Answer about several ids: what is there, and which are proven to be gone. */
export interface ById<T> {
  found: T[];
  gone: Gone[];
}

/**
 * Reads by id in batches. EC2 refuses a whole batch for ids that are gone and names them: the rest is asked again. What a
 * good answer leaves out is asked for once more on its own, so that EC2 itself says that it is gone.
 * @param read reads one batch
 * @param idOf id of what was read
 */
export async function readByIds<T>(
  type: Ec2Type,
  keys: readonly string[],
  read: (ids: string[]) => Promise<readonly T[]>,
  idOf: (item: T) => string | undefined,
): Promise<ById<T>> {
  const ids = [...new Set(keys)];
  const gone = ids.filter((id) => !SHAPES[type].test(id)).map((id) => Gone.impossible(thing(type, id)));
  const found: T[] = [];
  const work = batches(
    ids.filter((id) => SHAPES[type].test(id)),
    BATCHES[type] ?? BATCH,
  );
  for (let batch = work.shift(); batch !== undefined; batch = work.shift()) {
    try {
      const some = await read(batch);
      found.push(...some);
      const seen = new Set(some.map(idOf));
      const untold = batch.filter((id) => !seen.has(id));
      if (batch.length > 1) work.push(...untold.map((id) => [id]));
    } catch (error) {
      if (!(error instanceof ProviderError) || !speaksOf(error, type)) throw error;
      const named = namedIn(error.message, batch);
      if (batch.length > 1 && (named.length === 0 || named.length === batch.length)) {
        // Words that name none, or all that was asked, may mean any one of them: halves tell.
        work.unshift(...batches(batch, Math.ceil(batch.length / 2)));
        continue;
      }
      if (!(error instanceof Gone) || !batch.includes(error.key)) throw error;
      const proven = named.length > 0 ? named : [error.key];
      gone.push(...proven.map((id) => error.as(thing(type, id))));
      const rest = batch.filter((id) => !proven.includes(id));
      if (rest.length > 0) work.unshift(rest);
    }
  }
  return { found, gone };
}

/**
 * Reads one thing by its id.
 * @throws Gone where EC2 proves that it is not there; ProviderError where it says nothing of it
 */
export async function oneById<T>(type: Ec2Type, id: string, read: (ids: readonly string[]) => Promise<ById<T>>): Promise<T> {
  const {
    found: [first],
    gone: [proof],
  } = await read([id]);
  if (first !== undefined) return first;
  throw proof ?? new ProviderError('unavailable', `The answer of EC2 does not mention the ${type} ${id}`, { maybeDone: false });
}

/** Cuts a list into lists of at most `size`. */
export function batches<T>(list: readonly T[], size: number): T[][] {
  const all: T[][] = [];
  for (let i = 0; i < list.length; i += size) all.push(list.slice(i, i + size));
  return all;
}
