import { Command } from 'commander';
import type { Config } from '../config/config';
import { problemText } from '../config/problems';
import { checkRules, knownNames, namesUsers, rulesForNobody } from '../gateway/declared-rules';
import { openStore } from '../gateway/opening';
import { createLog } from '../http/log';
import { explain } from '../rights/explain';
import { scopeProblems } from '../rights/rule-problems';
import type { Holder } from '../rights/rule';
import { reasonOf } from '../store/postgres-check';
import { lesserRole, ROLES, type PrincipalRow, type Role } from '../store/store';
import { catalogueOf } from './catalogue';
import { configOf, say, withConfig, type CommonOptions } from './common';
import { roleOf } from './users';

interface ExplainOptions extends CommonOptions {
  user: string;
  role?: Role;
  tenant?: string;
  group: string[];
  token?: string;
  cloud?: string;
  collection: string;
  action: string;
  json?: boolean;
}

/** `policy`: the declared rules (access.policies), tried and checked. */
export function policyCommand(): Command {
  const policy = new Command('policy').description('try and check the rules of access.policies');
  const collect = (one: string, all: string[]): string[] => [...all, one];
  policy.addCommand(
    withConfig(new Command('explain').description('say whether somebody may do something, and which rule decides; exit code 1 where not'))
      .requiredOption('--user <name>', 'who: a user of the gateway, or of an issuer (corp:ann)')
      .option('--group <group>', 'a group of it at its issuer; may be given several times', collect, [])
      .option('--role <role>', `role: ${ROLES.join(', ')} (default: that of the user, or of the grant of its groups)`, roleOf)
      .option('--tenant <tenant>', 'tenant (default: that of the user, or of the grant)')
      .option('--token <name>', 'a token of the user, by name or id')
      .option('--cloud <key>', 'cloud that it is about (default: what is in none)')
      .requiredOption('--collection <name>', 'collection, as the Cloud Entry Point calls it: machines')
      .requiredOption('--action <name>', 'read, add, edit, delete, or an action: start')
      .option('--json', 'as JSON')
      .action(explained),
  );
  policy.addCommand(
    withConfig(new Command('check').description('check the names in the rules')).action(async (options: CommonOptions) => {
      const config = await configOf(options);
      checkRules(config, await catalogueOf(config));
      say(rulesWords(config));
      for (const words of await warningsOf(config)) say(`warning: ${words}`);
    }),
  );
  return policy;
}

/** Says how many rules there are. */
export function rulesWords({ access: { policies } }: Config): string {
  return policies.length === 0
    ? 'there are no rules: roles alone decide'
    : `${policies.length} rule${policies.length === 1 ? '' : 's'}: ok`;
}

/** Says which users, groups and issuers in the rules nobody knows; they may come later. */
export async function warningsOf(config: Config): Promise<string[]> {
  if (config.access.policies.length === 0) return [];
  const { users, trouble } = await usersOf(config);
  return [...rulesForNobody(config, users).map(problemText), ...(trouble === undefined ? [] : [`users are not looked at: ${trouble}`])];
}

async function usersOf(config: Config): Promise<{ users?: PrincipalRow[]; trouble?: string }> {
  if (!namesUsers(config)) return {};
  try {
    const store = await openStore(config, undefined, createLog({ level: 'silent' }), false);
    try {
      return { users: await store.access.principals() };
    } finally {
      await store.close();
    }
  } catch (error) {
    return { trouble: reasonOf(error) };
  }
}

async function explained(options: ExplainOptions): Promise<void> {
  const config = await configOf(options);
  const catalogue = await catalogueOf(config);
  checkRules(config, catalogue);
  const { cloud = null, collection, action } = options;
  const names = { collections: [collection], actions: [action], ...(cloud === null ? {} : { clouds: [cloud] }) };
  const [problem] = scopeProblems(names, knownNames(config, catalogue));
  if (problem) throw new Error(problem.message);
  const who = await holderOf(config, options);
  const told = explain(config.access.policies, { who, action, collection, cloud }, cloud === null ? undefined : config.clouds[cloud]);
  say(options.json ? JSON.stringify(told) : told.words);
  if (!told.allowed) process.exitCode = 1;
}

/** Finds out who it is: as the store and the grants of issuers say, but for what the options say. @throws Error in words where nobody knows it */
export async function holderOf(
  config: Config,
  { user, group, role, tenant, token }: Pick<ExplainOptions, 'user' | 'group' | 'role' | 'tenant' | 'token'>,
): Promise<Holder> {
  const store = await openStore(config, undefined, createLog({ level: 'silent' }), false);
  try {
    const row = await store.access.principal(user);
    const grant = config.access.oidc[user.split(':', 1)[0] ?? '']?.grants.find(
      (one) => one.group === undefined || group.includes(one.group),
    );
    const known = { role: role ?? row?.role ?? grant?.role, tenant: tenant ?? row?.tenant ?? grant?.tenant };
    if (known.role === undefined || known.tenant === undefined)
      throw new Error(`there is no user ${user}, and no grant of an issuer for it: say --role and --tenant`);
    const groups = group.length > 0 ? { groups: group } : {};
    if (token === undefined) return { name: user, role: known.role, tenant: known.tenant, ...groups };
    const found = (await store.access.tokens(user)).find(({ id, name }) => id === token || name === token);
    if (!found) throw new Error(`${user} has no token ${token}`);
    const lowered = found.role === null ? {} : { role: lesserRole(found.role, known.role), userRole: known.role };
    return { name: user, role: known.role, tenant: known.tenant, ...groups, ...lowered, ...(found.scope && { scope: found.scope }) };
  } finally {
    await store.close();
  }
}
