import { hkdfSync, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { tenantsOf, type Config } from '../config/config';
import { createDocumentFetcher } from '../fetch/document';
import { createFormPoster } from '../fetch/form-poster';
import { createAuthenticator, type Authenticate } from '../http/access';
import type { ConsoleLogins } from '../http/console-parts';
import { createLoginAudit, type LoginAudit } from '../http/login-audit';
import type { Metrics } from '../http/metrics';
import { createOidcLogins } from '../http/oidc';
import type { RuleBook } from '../rights/rule-book';
import { loginRecorder, toldAccess } from '../protocol/audited';
import type { Store } from '../store/store';
import { anonymousHosts, anonymousOf } from './strangers';

/** Logins as the configuration has them. */
export interface ConfiguredLogins {
  /** Authenticates requests; those that fail are in the audit. */
  authenticate: Authenticate;
  /** Writes a login into the audit. */
  record: ReturnType<typeof loginRecorder>;
  /** Counts and records a login that was judged elsewhere. */
  note: LoginAudit['note'];
  /** Issuers, with the way to their tokens; absent where nobody logs in. */
  issuers: ConsoleLogins['issuers'];
  /** Changes of users and tenants that requests ask for; absent where nobody logs in: whoever reaches this machine would plant an admin for later. */
  changes: ReturnType<typeof toldAccess> | undefined;
  /** Takes the issuers of a configuration that was read again; absent where nobody logs in. */
  renewal: { renew(next: Config): void } | undefined;
  /** Writes down what was only counted so far. */
  close(): Promise<void>;
}

interface Parts extends Omit<Parameters<typeof loginRecorder>[0], 'auditContent'> {
  config: Config;
  log: Logger;
  metrics: Metrics;
  /** Declared rules. */
  rules: RuleBook;
  /** True where everyone must log in. */
  required: boolean;
  /** Ends what is being read of issuers. */
  signal: AbortSignal;
}

/** Makes the logins: by password, by tokens of the gateway, and by tokens of the configured issuers. */
export function loginsOf({ config, log, metrics, rules, required, signal, ...parts }: Parts): ConfiguredLogins {
  const fetch = createDocumentFetcher(config.fetch, signal);
  const oidc = required
    ? createOidcLogins({ issuers: config.access.oidc, tenants: tenantsOf(config), namedGroups: () => rules.groups, fetch, log })
    : undefined;
  const authenticate = createAuthenticator({
    access: parts.store.access,
    hmacKey: randomBytes(32),
    ...(oidc ? { oidc } : { anonymous: anonymousOf(config), anonymousHosts: anonymousHosts(config) }),
  });
  const told = { ...parts, auditContent: config.audit.content };
  const record = loginRecorder(told);
  const logins = createLoginAudit(authenticate, { record, log, count: (outcome) => metrics.login(outcome) });
  return {
    authenticate: logins.watched,
    record,
    note: (request, result) => logins.note(request, result),
    issuers: oidc && { oidc, post: createFormPoster(config.fetch, signal), key: loginKeyOf(parts.store) },
    changes: required ? toldAccess(told) : undefined,
    // Tenants come and go with a start only: nobody is of one that this process does not know.
    renewal: oidc && { renew: (next) => oidc.renew(next.access.oidc, tenantsOf(config)) },
    close: () => {
      oidc?.close();
      return logins.close();
    },
  };
}

/** Returns the key that seals what browsers keep of a login that has not ended: the same in all gateways of a store. */
function loginKeyOf(store: Store): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', store.keys.lasting('identity tags'), '', 'console login', 32));
}
