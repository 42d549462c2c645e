import { Rights } from './rights';
import { isFor, type Holder, type Rule } from './rule';

/** Holders whose rights are remembered; tokens of strangers are among them. */
const MOST_KNOWN = 10_000;

/** The declared rules, and the rights that somebody has by them. They may be others from one moment to the next. */
export class RuleBook {
  /** Groups that any rule names. */
  groups: ReadonlySet<string> = new Set();
  private rules: readonly Rule[] = [];
  private known = new Map<string, Rights | undefined>();

  constructor(rules: readonly Rule[] = []) {
    this.renew(rules);
  }

  /** Takes other rules from now on. */
  renew(rules: readonly Rule[]): void {
    this.rules = rules;
    this.groups = new Set(rules.flatMap(({ groups = [] }) => groups));
    this.known = new Map();
  }

  /** Returns what the rules leave of somebody's role; undefined where nothing narrows it. */
  rightsOf(holder: Holder): Rights | undefined {
    const { name, tenant, role, userRole = role, groups, scope } = holder;
    if (this.rules.length === 0 && !scope) return undefined;
    const key = JSON.stringify([name, tenant, userRole, groups, scope]);
    if (this.known.has(key)) return this.known.get(key);
    const rules = this.rules.filter((rule) => isFor(rule, holder));
    const rights = rules.length === 0 && !scope ? undefined : new Rights(rules, scope);
    if (this.known.size >= MOST_KNOWN) this.known = new Map();
    this.known.set(key, rights);
    return rights;
  }
}
