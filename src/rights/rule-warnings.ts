import type { RuleProblem } from './rule-problems';
import type { Holder, Rule } from './rule';

/** People whom rules may be for, as far as they are known. */
export interface People {
  /** Users of the gateway; undefined where they could not be looked at. */
  users: readonly Pick<Holder, 'name' | 'tenant' | 'role'>[] | undefined;
  /** Keys of the issuers that are configured. */
  issuers: readonly string[];
}

/**
 * Finds whom rules name and nobody knows. That is no fault: users are added later, and only their issuer knows its own. But a rule that
 * is to take something away takes it from nobody, where there is a slip in a name.
 */
export function ruleWarnings(rules: readonly Rule[], people: People): RuleProblem[] {
  return rules.flatMap((rule, index) => {
    const named = (rule.users ?? []).map((name, place) => ({ path: `[${index}].users[${place}]`, message: whyNot(name, rule, people) }));
    const grouped =
      rule.groups && people.issuers.length === 0 ? 'only an issuer says groups, and none is configured (access.oidc)' : undefined;
    return [...named, { path: `[${index}].groups`, message: grouped && `${grouped}: the rule is for nobody` }].flatMap(
      ({ path, message }) => (message === undefined ? [] : [{ path, message }]),
    );
  });
}

/** Says why a rule is not for who has this name; undefined where it is, or may be. */
function whyNot(name: string, { tenants, roles, groups }: Rule, { users, issuers }: People): string | undefined {
  if (name.includes(':')) {
    const issuer = name.slice(0, name.indexOf(':'));
    if (issuers.includes(issuer)) return undefined;
    return `there is no issuer '${issuer}' in access.oidc; there are ${[...issuers].sort().join(', ') || 'none'}`;
  }
  if (groups) return `${name} would be a user of the gateway, and only an issuer says groups: the rule is not for it`;
  if (!users) return undefined;
  const known = users.find((user) => user.name === name);
  if (!known) return `there is no user '${name}' yet`;
  const isFor = (tenants?.includes(known.tenant) ?? true) && (roles?.some((role) => role === known.role) ?? true);
  return isFor ? undefined : `${name} is ${known.role} of ${known.tenant}: the rule is not for it`;
}
