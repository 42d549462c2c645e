import { ProviderError } from '../../src/clouds/errors';
import { LoginGate } from '../../src/clouds/logins';
import type { CatalogEntry } from './catalog';
import type { OpenstackOptions } from './options';

/** A login that holds: a token with what Keystone told about it. */
export interface Session {
  token: string;
  /** When the token ends, in ms since the epoch. */
  expiresAt: number;
  catalog: readonly CatalogEntry[];
  userId: string;
  userName: string;
  projectId: string | undefined;
  projectName: string | undefined;
  roles: readonly string[];
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
    return secrets.reduce<string>((clean, secret) => (secret === undefined ? clean : clean.replaceAll(secret, '…')), text);
  }

  private async begin(): Promise<Session> {
    const { token, body } = await this.send(loginBody(this.options), AbortSignal.timeout(LOGIN_MS));
    return (this.session = sessionOf(token, body));
  }
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
  const told = (body as { token?: Told } | undefined)?.token;
  if (token === undefined || !told)
    throw new ProviderError('unavailable', 'Keystone answered a login without a token', { maybeDone: false });
  return {
    token,
    expiresAt: told.expires_at === undefined ? Date.now() + 3_600_000 : Date.parse(told.expires_at),
    catalog: told.catalog ?? [],
    userId: told.user?.id ?? '',
    userName: told.user?.name ?? '',
    projectId: told.project?.id,
    projectName: told.project?.name,
    roles: (told.roles ?? []).map((role) => role.name),
  };
}

interface Told {
  expires_at?: string;
  catalog?: CatalogEntry[];
  user?: { id: string; name: string };
  project?: { id: string; name: string };
  roles?: { name: string }[];
}
