import { Rights, type Decision } from './rights';
import { isFor, READ, type Holder, type Rule } from './rule';

/** A question: may somebody do this. */
export interface Question {
  who: Holder;
  action: string;
  collection: string;
  /** Key of the cloud that it is about; null: none. */
  cloud: string | null;
}

/** Answer to it. */
export interface Explanation extends Question {
  allowed: boolean;
  /** Ground of the decision: the role, a rule by its name, that no rule allows it, or the token. */
  by: 'role' | 'rule' | 'no rule' | 'token' | 'cloud';
  rule?: string;
  /** Names of all rules that are for who it is. */
  rules: readonly string[];
  words: string;
}

/** Facts of a cloud's configuration that decide, too. */
export interface CloudFacts {
  tenants: readonly string[];
  mode: string;
}

/**
 * Says whether somebody may do something, and what decides it. What a cloud can do, and in which state a resource is, is another matter.
 * @param facts of the cloud that it is about
 */
export function explain(rules: readonly Rule[], question: Question, facts?: CloudFacts): Explanation {
  const { who, action, collection, cloud } = question;
  const own = rules.filter((rule) => isFor(rule, who));
  const told = { ...question, rules: own.map(({ name }) => name) };
  const it = `${action} ${collection} ${cloud === null ? 'in no cloud' : `in cloud '${cloud}'`}`;
  const whose = `${who.name} (${who.role} of ${who.tenant})`;
  const elsewhere = facts && !facts.tenants.includes(who.tenant) ? `the cloud is not for the tenant ${who.tenant}` : undefined;
  const observed = facts?.mode === 'observe' && action !== READ ? 'the cloud is only observed' : undefined;
  const why = elsewhere ?? observed;
  if (why !== undefined) return { ...told, allowed: false, by: 'cloud', words: `${whose} may not ${it}: ${why}` };
  if (who.role === 'reader' && action !== READ)
    return { ...told, allowed: false, by: 'role', words: `${whose} may not ${it}: the role reader only reads` };
  const decision = own.length === 0 && !who.scope ? { allowed: true } : new Rights(own, who.scope).decide(action, collection, cloud);
  const may = decision.allowed ? 'may' : 'may not';
  return { ...told, allowed: decision.allowed, ...because(decision), words: `${whose} ${may} ${it}: ${reason(decision, who, own)}` };
}

function because({ allowed, rule, token }: Decision): Pick<Explanation, 'by' | 'rule'> {
  if (rule !== undefined) return { by: 'rule', rule };
  if (token) return { by: 'token' };
  return { by: allowed ? 'role' : 'no rule' };
}

function reason({ allowed, rule, token }: Decision, { role }: Holder, own: readonly Rule[]): string {
  if (rule !== undefined) return `the rule '${rule}' ${allowed ? 'allows' : 'denies'} it`;
  if (token) return 'the token is not for it';
  if (!allowed) return `none of the rules for who it is allows it (${own.map(({ name }) => name).join(', ')})`;
  return `the role ${role} allows it, and no rule takes it away`;
}
