import { ProviderError } from '../../src/clouds/errors';
import { LoginGate } from '../../src/clouds/logins';
import { type CatalogEntry, catalogFrom } from './catalog';
import { doc, docs, isDoc, text, time } from './documents';
import type { OpenstackOptions } from './options';
import { steadyTime } from '../../src/model/steady-time';

/** A login that holds: a token with what Keystone told about it. */
export interface Session {
  token: string;
  /** Time at which it was made, by the steady clock. */
  since: number;
  /** Time at which it ends, in ms since the epoch. */
  expiresAt: number;
  catalog: readonly CatalogEntry[];
  userId: string;
  userName: string;
  projectId: string | undefined;
  projectName: string | undefined;
  roles: readonly string[];
  /** Rules of the application credential that logged in restrict what it may ask for. */
  accessRules: boolean;
}

/** Sends a login to Keystone and answers the token and the body. Throws ProviderError. */
export type SendLogin = (body: object, signal: AbortSignal) => Promise<{ token: string | undefined; body: unknown }>;

/** A token that ends within this time is renewed before it is used, in ms. */
const MARGIN_MS = 60_000;
/** Deadline of a login, which many calls may wait for, in ms. */
const LOGIN_MS = 30_000;
/** Keystone's own fault document names itself behind the status; what a gateway in front of it answers does not. */
const isKeystones = ({ code }: ProviderError): boolean => /^401 \S/.test(code ?? '');

/** Keystone v3: one login for all calls, renewed when it ends or is refused. */
export class Keystone {
  /** Catalogue that the last login told; it outlives its token. */
  catalog: readonly CatalogEntry[] | undefined;
  private session: Session | undefined;
  private readonly gate = new LoginGate('Keystone', () => this.begin(), { refuses: isKeystones });

  constructor(
    private readonly options: OpenstackOptions,
    private readonly send: SendLogin,
  ) {}

  /**
   * The login that holds, or a new one; of many callers one logs in.
   * @param lastsMs how long the token must hold at least, in ms
   */
  async current(signal: AbortSignal, lastsMs = MARGIN_MS): Promise<Session> {
    const { session } = this;
    const lasting = this.options.token !== undefined && this.options.password === undefined ? 0 : lastsMs;
    if (session && session.expiresAt - lasting > Date.now()) return session;
    return this.gate.enter(signal);
  }

  /** A service refused this token: the next call logs in again, unless another one has done so meanwhile. */
  forget(token: string): void {
    if (this.session?.token === token) this.session = undefined;
  }

  /** The text without password, secret and tokens. */
  redact(text: string): string {
    const { password, applicationCredentialSecret, token } = this.options;
    const secrets = [password, applicationCredentialSecret, token, this.session?.token];
    return secrets.reduce<string>((clean, secret) => (secret === undefined ? clean : without(clean, secret)), text);
  }

  private async begin(): Promise<Session> {
    const { token, body } = await this.send(loginBody(this.options), AbortSignal.timeout(LOGIN_MS));
    this.session = sessionOf(token, body);
    this.catalog = this.session.catalog;
    return this.session;
  }
}

/** A secret of at least so many characters is struck out wherever it stands. */
const LONG_SECRET = 8;
/** A shorter one only where it stands by itself; one that is shorter than this, only in quotation marks: it may be a word. */
const SHORT_SECRET = 4;

function without(text: string, secret: string): string {
  if (secret.length >= LONG_SECRET) return text.replaceAll(secret, '…');
  const literal = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const alone =
    secret.length >= SHORT_SECRET
      ? new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, 'gu')
      : new RegExp(`(?<=["'])${literal}(?=["'])`, 'gu');
  return text.replace(alone, '…');
}

type Named = { id: string } | { name: string };
const domain = (id: string | undefined, name: string | undefined): Named =>
  name !== undefined && id === undefined ? { name } : { id: id ?? 'default' };

function userOf(o: OpenstackOptions): object {
  if (o.userId !== undefined) return { id: o.userId };
  return {
    name: o.username,
    domain: domain(o.userDomainId ?? (o.userDomainName === undefined ? o.projectDomainId : undefined), o.userDomainName),
  };
}

/**
 * The request that logs in: application credential, else password, else token.
 * @throws ProviderError (invalid) where none of them is complete
 */
export function loginBody(options: OpenstackOptions): object {
  const identity = identityOf(options);
  const scope = scopeOf(options);
  // An application credential brings its project along; Keystone refuses any other.
  const scoped = scope !== undefined && !('application_credential' in identity);
  return { auth: { identity, ...(scoped ? { scope } : {}) } };
}

function identityOf(o: OpenstackOptions): object {
  const { applicationCredentialId: id, applicationCredentialName: name, applicationCredentialSecret: secret } = o;
  if (secret !== undefined && id !== undefined) return { methods: ['application_credential'], application_credential: { id, secret } };
  if (secret !== undefined && name !== undefined && (o.userId ?? o.username) !== undefined) {
    return { methods: ['application_credential'], application_credential: { name, secret, user: userOf(o) } };
  }
  if (o.password !== undefined && (o.userId ?? o.username) !== undefined) {
    return { methods: ['password'], password: { user: { ...userOf(o), password: o.password } } };
  }
  if (o.token !== undefined) return { methods: ['token'], token: { id: o.token } };
  const words = 'No way to log in: username and password, an application credential with its secret, or a token is needed';
  throw new ProviderError('auth', words, { maybeDone: false });
}

function scopeOf(o: OpenstackOptions): object | undefined {
  if (o.trustId !== undefined) return { 'OS-TRUST:trust': { id: o.trustId } };
  if (o.projectId !== undefined) return { project: { id: o.projectId } };
  if (o.projectName !== undefined) {
    const inDomain = o.projectDomainId ?? (o.projectDomainName === undefined ? o.userDomainId : undefined);
    const named = o.projectDomainName ?? (inDomain === undefined ? o.userDomainName : undefined);
    return { project: { name: o.projectName, domain: domain(inDomain, named) } };
  }
  if ((o.domainId ?? o.domainName) !== undefined) return { domain: domain(o.domainId, o.domainName) };
  return undefined;
}

function sessionOf(token: string | undefined, body: unknown): Session {
  const given = doc(body).token;
  if (token === undefined || !isDoc(given))
    throw new ProviderError('unavailable', 'Keystone answered a login without a token', { maybeDone: false });
  const [user, project] = [doc(given.user), doc(given.project)];
  const ends = time(given.expires_at);
  return {
    token,
    since: steadyTime(),
    expiresAt: ends === undefined ? Date.now() + UNTOLD_MS : Date.parse(ends),
    catalog: catalogFrom(given.catalog),
    userId: text(user.id) ?? '',
    userName: text(user.name) ?? '',
    projectId: text(project.id),
    projectName: text(project.name),
    roles: docs(given.roles).flatMap((role) => text(role.name) ?? []),
    accessRules: Array.isArray(doc(given.application_credential).access_rules),
  };
}

/** Lifetime assumed for a token of which Keystone does not tell the end, in ms. */
const UNTOLD_MS = 3_600_000;
