import { createLocalJWKSet, type JSONWebKeySet, type JWK, type LocalJWKSet } from 'jose';
import { shown } from '../model/shown';

/** Place where an issuer's keys are found. */
export interface IssuerPlace {
  /** URL of the issuer, as `iss` has it. */
  issuer: string;
  /** URL of its discovery document (OpenID Connect Discovery 1.0, 4). */
  discoveryUrl: string;
  /** Subnets at which it may be beside the public internet. */
  addresses: readonly string[];
}

export interface IssuerKeysOptions extends IssuerPlace {
  fetch: (uri: string, rules: { addresses: readonly string[] }) => Promise<{ bytes: Uint8Array } | { message: string }>;
  log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  /** Time for which keys are good that can't be read anew, in ms. */
  keepMs: number;
  now: () => number;
}

/** Keys of an issuer that can't be had, and none are kept. */
export class IssuerAway extends Error {
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super(message);
    this.name = 'IssuerAway';
  }
}

/** Age from which keys are read anew beside their use; time between attempts after one that failed; and between those for unknown keys, in ms. */
export const REFRESH_MS = 10 * 60_000;
const RETRY_MS = 5_000;
const UNKNOWN_MS = 30_000;
/** Largest number of keys that an issuer is taken to have. */
const MOST_KEYS = 100;
/** Types of keys of which one half is public. */
const PUBLIC_TYPES: readonly unknown[] = ['RSA', 'EC', 'OKP'];

interface Kept {
  set: LocalJWKSet;
  /** Discovery document. */
  described: Record<string, unknown>;
  at: number;
}

/** The public keys of one issuer: read by its discovery document, kept, and read anew. */
export class IssuerKeys {
  private kept: Kept | undefined;
  private reading: Promise<Kept> | undefined;
  private failed: { at: number; message: string } | undefined;
  private askedForUnknown = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: IssuerKeysOptions) {}

  /** Tells whether it reads the same place. */
  isOf({ issuer, discoveryUrl, addresses }: IssuerPlace, keepMs: number): boolean {
    const own = this.options;
    const same = own.issuer === issuer && own.discoveryUrl === discoveryUrl && own.keepMs === keepMs;
    return same && own.addresses.join() === addresses.join();
  }

  /** Returns the keys as they are known. @throws IssuerAway where none are, or only such as are too old */
  async current(): Promise<LocalJWKSet> {
    const { now, keepMs } = this.options;
    const age = this.kept ? now() - this.kept.at : Number.POSITIVE_INFINITY;
    if (this.kept && age < keepMs) {
      // Whoever asks is served with what is kept; what comes of it the log tells.
      if (age > REFRESH_MS) void this.refresh();
      return this.kept.set;
    }
    return (await this.read()).set;
  }

  /** Returns the discovery document as it is known. @throws IssuerAway */
  async described(): Promise<Readonly<Record<string, unknown>>> {
    await this.current();
    return this.kept?.described ?? {};
  }

  /** Reads the keys anew, so that one which was withdrawn is not good for long, nobody asking. Trouble is told by the log. */
  async refresh(): Promise<void> {
    await this.read().catch((error: unknown) => {
      if (!(error instanceof IssuerAway)) throw error;
    });
  }

  /**
   * Reads the keys anew because one of them is not known: at most once in a while, however many ask.
   * @returns undefined where that was done a moment ago
   * @throws IssuerAway
   */
  async renewed(): Promise<LocalJWKSet | undefined> {
    const at = this.options.now();
    if (this.reading) return (await this.reading).set;
    if (at - this.askedForUnknown < UNKNOWN_MS) return undefined;
    const { set } = await this.read();
    // One that failed does not count: the key may be there.
    this.askedForUnknown = at;
    return set;
  }

  private async read(): Promise<Kept> {
    const { now } = this.options;
    if (this.reading) return this.reading;
    const since = this.failed ? now() - this.failed.at : RETRY_MS;
    if (this.failed && since < RETRY_MS) throw this.away(this.failed.message, RETRY_MS - since);
    this.reading = this.readNow();
    try {
      return await this.reading;
    } finally {
      this.reading = undefined;
    }
  }

  private async readNow(): Promise<Kept> {
    const { now, log, issuer } = this.options;
    const found = await this.found();
    if (typeof found === 'string') {
      if (this.failed?.message !== found) log.warn({ issuer, reason: found }, 'the keys of an issuer of tokens can not be read');
      this.failed = { at: now(), message: found };
      throw this.away(found, RETRY_MS);
    }
    if (this.failed) log.info({ issuer }, 'the keys of an issuer of tokens can be read again');
    this.failed = undefined;
    this.kept = { ...found, at: now() };
    return this.kept;
  }

  private away(reason: string, ms: number): IssuerAway {
    const words = `the keys of the token's issuer can not be read now (${reason}): other logins go on`;
    return new IssuerAway(words, Math.max(1, Math.ceil(ms / 1000)));
  }

  /** Reads discovery document and keys. @returns words for what is wrong with them */
  private async found(): Promise<Omit<Kept, 'at'> | string> {
    const { issuer, discoveryUrl } = this.options;
    const described = await this.json(discoveryUrl);
    if (typeof described === 'string') return described;
    if (described['issuer'] !== issuer) return `${new URL(discoveryUrl).host} describes another issuer`;
    const uri = described['jwks_uri'];
    if (typeof uri !== 'string' || !URL.canParse(uri)) return `${new URL(discoveryUrl).host} names no place of its keys`;
    if (!isSafeFrom(issuer, uri)) return `${new URL(discoveryUrl).host} has its keys where anybody could change them on the way`;
    const answered = await this.json(uri);
    if (typeof answered === 'string') return answered;
    const keys = (Array.isArray(answered['keys']) ? answered['keys'] : []).filter(isPublic).slice(0, MOST_KEYS);
    if (keys.length === 0) return `${new URL(uri).host} has no public keys`;
    return { set: createLocalJWKSet({ keys } satisfies JSONWebKeySet), described };
  }

  private async json(uri: string): Promise<Record<string, unknown> | string> {
    const answer = await this.options.fetch(uri, { addresses: this.options.addresses });
    if ('message' in answer) return answer.message;
    try {
      const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.bytes));
      if (isObject(value)) return value;
    } catch {
      // What it says instead is nobody's to repeat.
    }
    return `${shown(new URL(uri).host)} does not answer with a JSON object`;
  }
}

/** Tells whether an issuer may lead there: from https to nothing less; one of this machine also to where it is itself. */
export function isSafeFrom(issuer: string, uri: string): boolean {
  return new URL(uri).protocol === 'https:' || new URL(uri).origin === new URL(issuer).origin;
}

function isPublic(key: unknown): key is JWK {
  return isObject(key) && PUBLIC_TYPES.includes(key['kty']) && !('d' in key) && !('k' in key);
}

/** Tells whether a value of JSON is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
