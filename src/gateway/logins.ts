import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { tenantsOf, type Config } from '../config/config';
import { createDocumentFetcher } from '../fetch/document';
import { createAuthenticator, type Authenticate } from '../http/access';
import { createLoginAudit } from '../http/login-audit';
import type { Metrics } from '../http/metrics';
import { createOidcLogins } from '../http/oidc';
import type { RuleBook } from '../rights/rule-book';
import { loginRecorder, toldAccess } from '../protocol/audited';
import { anonymousHosts, anonymousOf } from './strangers';

/** Logins as the configuration has them. */
export interface ConfiguredLogins {
  /** Authenticates requests; those that fail are in the audit. */
  authenticate: Authenticate;
  /** Writes a login into the audit. */
  record: ReturnType<typeof loginRecorder>;
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
    changes: required ? toldAccess(told) : undefined,
    // Tenants come and go with a start only: nobody is of one that this process does not know.
    renewal: oidc && { renew: (next) => oidc.renew(next.access.oidc, tenantsOf(config)) },
    close: () => {
      oidc?.close();
      return logins.close();
    },
  };
}
