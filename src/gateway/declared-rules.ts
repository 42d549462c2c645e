import type { Logger } from 'pino';
import type { Config } from '../config/config';
import { configError } from '../config/load';
import { problemText, type Problem } from '../config/problems';
import type { ScopeCheck } from '../http/principals';
import type { Catalogue } from '../model/catalogue';
import type { ResourceHandler } from '../operations/resource-handler';
import { contentsOf, type PackageRecord } from '../packages/package-record';
import type { Principal } from '../protocol/messages';
import { Sight, type SightContext } from '../reader/sight';
import type { Rights } from '../rights/rights';
import { RuleBook } from '../rights/rule-book';
import { ruleProblems, type Known } from '../rights/rule-problems';
import { ruleWarnings } from '../rights/rule-warnings';
import { READ } from '../rights/rule';
import { widerThan } from '../rights/wider';
import { reasonOf } from '../store/postgres-check';
import type { PrincipalRow, Store } from '../store/store';
import { anonymousOf } from './strangers';

/** Declared rules as the parts of a gateway use them. */
export interface DeclaredRules {
  book: RuleBook;
  /** Checks those of a configuration that was read again. @throws ConfigError where they name what there is not */
  check(next: Config): void;
  /** Takes them from the next request on. */
  renew(next: Config): void;
  forAccess: RulesOfAccess;
  /** Makes what tells whether somebody may have a package. */
  mayHave(
    parts: Pick<SightContext, 'clouds' | 'store'> & { handlers: readonly ResourceHandler[] },
  ): (who: Principal, record: PackageRecord) => Promise<boolean>;
}

/** Rules as those need them who let people in. */
export interface RulesOfAccess {
  rightsOf(who: Principal): Rights | undefined;
  wider: ScopeCheck;
}

/** Rules for nobody that a line of the log names. */
const MOST_TOLD = 20;

/** Names that rules of a configuration may have. */
export function knownNames(config: Config, catalogue: Catalogue): Known {
  return { catalogue, clouds: Object.keys(config.clouds) };
}

/** @throws ConfigError where a rule names what there is not */
export function checkRules(config: Config, catalogue: Catalogue): void {
  const problems = ruleProblems(config.access.policies, knownNames(config, catalogue));
  if (problems.length > 0)
    throw configError(
      config,
      problems.map(({ path, message }) => ({ path: `access.policies${path}`, message })),
    );
}

/**
 * Finds users, groups and issuers in the rules that nobody knows, which is no fault.
 * @param users of the gateway; undefined where they could not be looked at
 */
export function rulesForNobody(config: Config, users: readonly PrincipalRow[] | undefined): Problem[] {
  const { oidc, policies, required } = config.access;
  const all = users && (required === true ? users : [...users, anonymousOf(config)]);
  const found = ruleWarnings(policies, { users: all, issuers: Object.keys(oidc) });
  return found.map(({ path, message }) => ({ path: `access.policies${path}`, message }));
}

/** Tells whether rules name users, for which the store has to be asked. */
export const namesUsers = ({ access }: Config): boolean => access.policies.some(({ users }) => users !== undefined);

/** Makes what warns of rules for nobody, in the log. */
export function warningOfRules(store: Pick<Store, 'access'>, log: Pick<Logger, 'warn'>): (config: Config) => Promise<void> {
  return async (config) => {
    const users = namesUsers(config)
      ? await store.access.principals().catch((error: unknown) => {
          log.warn({ error: reasonOf(error) }, 'users could not be looked at: their names in rules are not checked');
          return undefined;
        })
      : undefined;
    const found = rulesForNobody(config, users);
    if (found.length === 0) return;
    const rules = found.slice(0, MOST_TOLD).map(problemText);
    log.warn({ rules, count: found.length }, 'rules are for users, groups or issuers that there are not');
  };
}

/** Makes the rules of a configuration. @throws ConfigError where one names what there is not */
export function declaredRules(config: Config, catalogue: Catalogue): DeclaredRules {
  checkRules(config, catalogue);
  const book = new RuleBook(config.access.policies);
  const known = knownNames(config, catalogue);
  return {
    book,
    // Clouds come and go with a start only.
    check: (next) => checkRules({ ...next, clouds: config.clouds }, catalogue),
    renew: (next) => book.renew(next.access.policies),
    forAccess: {
      rightsOf: (who) => book.rightsOf(who),
      wider: (owner, scope) => widerThan(owner, book.rightsOf(owner), scope, known),
    },
    mayHave:
      ({ handlers, ...parts }) =>
      async (who, record) => {
        const rights = book.rightsOf(who);
        if (!rights) return true;
        const sight = new Sight({ ...parts, catalogue, handlerOf: (type) => handlers.find((one) => one.type === type) }, rights, who.name);
        const contents = contentsOf(catalogue, record);
        return (await sight.mayAll(contents.export, 'export')) && sight.mayAll(contents.read, READ);
      },
  };
}
