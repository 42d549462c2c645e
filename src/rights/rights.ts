import { createHash } from 'node:crypto';
import type { Scope } from '../model/scope';
import { isAbout, READ, type Rule } from './rule';

/** A decision, and what made it. */
export interface Decision {
  allowed: boolean;
  /** Name of the rule; undefined where it is that there is none. */
  rule?: string;
  /** True where it is the token that is not for it. */
  token?: true;
}

/** Rights that the rules for somebody, and the scope of a token, leave of a role. */
export class Rights {
  /** Text that is the same for equal rights, and another for others: whatever is kept for who has them goes by it. */
  readonly key: string;
  /** True where anything at all may not be seen. */
  readonly hides: boolean;
  private readonly allows: readonly Rule[];
  private readonly denies: readonly Rule[];
  private readonly known = new Map<string, Decision>();

  /** @param rules those that are for whom it is about */
  constructor(
    readonly rules: readonly Rule[],
    readonly scope?: Scope,
  ) {
    this.key = keyOf(rules, scope);
    this.allows = rules.filter(({ effect }) => effect === 'allow');
    this.denies = rules.filter(({ effect }) => effect === 'deny');
    const isNarrow = ({ collections, clouds }: Scope): boolean => collections !== undefined || clouds !== undefined;
    this.hides =
      this.denies.some(({ actions }) => actions === undefined || actions.includes(READ)) ||
      (this.allows.length > 0 && this.allows.every(isNarrow)) ||
      (scope !== undefined && isNarrow(scope));
  }

  /**
   * Decides whether they let an action be done; whether the role does is another question.
   * @param cloud key of the cloud that it is about; null: none
   */
  decide(action: string, collection: string, cloud: string | null): Decision {
    const key = `${action} ${collection} ${cloud ?? ''}`;
    const known = this.known.get(key) ?? this.decideAnew(action, collection, cloud);
    if (this.known.size < MOST_KNOWN) this.known.set(key, known);
    return known;
  }

  private decideAnew(action: string, collection: string, cloud: string | null): Decision {
    // What may not be seen is not there for anything else either.
    const seen: Decision = action === READ ? { allowed: true } : this.decide(READ, collection, cloud);
    if (!seen.allowed) return seen;
    const { scope } = this;
    const isIt = (rule: Rule): boolean => isAbout(rule, action, collection, cloud);
    const denied = this.denies.find(isIt);
    if (denied) return { allowed: false, rule: denied.name };
    const allowed = this.allows.find(isIt);
    if (!allowed && this.allows.length > 0) return { allowed: false };
    if (scope && !isAbout({ ...scope, effect: 'allow' }, action, collection, cloud)) return { allowed: false, token: true };
    return { allowed: true, ...(allowed && { rule: allowed.name }) };
  }

  may(action: string, collection: string, cloud: string | null): boolean {
    return this.decide(action, collection, cloud).allowed;
  }
}

/** Decisions that are remembered at most: ids of strangers' making may stand in a question. */
const MOST_KNOWN = 20_000;

function keyOf(rules: readonly Rule[], scope: Scope | undefined): string {
  const about = ({ collections, clouds, actions }: Scope) => [collections ?? 0, clouds ?? 0, actions ?? 0];
  const text = JSON.stringify([rules.map((rule) => [rule.name, rule.effect, ...about(rule)]), scope ? about(scope) : 0]);
  return createHash('sha256').update(text).digest('base64url');
}

/** Words for why something is refused. @param what the action and what it was to be done to */
export function refusedWords({ rule, token }: Decision, { name }: { name: string }, what: string): string {
  if (token) return `the token of user '${name}' is not for it: ${what}`;
  return rule === undefined
    ? `no rule lets user '${name}' do it: ${what}`
    : `the rule '${rule}' does not let user '${name}' do it: ${what}`;
}
