import { Command, InvalidArgumentError } from 'commander';
import { tenantsOf, type Config } from '../config/config';
import { declaredRules } from '../gateway/declared-rules';
import { openStore } from '../gateway/opening';
import { createLog } from '../http/log';
import { addToken, addUser, changeUser, listTokens, listUsers, removeUser, revokeToken, type TokenFacts } from '../http/principals';
import { ROLES, type AccessStore, type Role } from '../store/store';
import type { Scope } from '../model/scope';
import { commandEntry, keyOf } from './audit';
import { catalogueOf } from './catalogue';
import { configOf, say, withConfig, type CommonOptions } from './common';
import { askPassword } from './password';

interface AddOptions extends CommonOptions {
  tenant: string;
  role: Role;
  tokenOnly?: boolean;
}

/** `user`: who may log in. Passwords come by standard input, never by argument. */
export function userCommand(): Command {
  const user = new Command('user').description('manage who may log in');
  user.addCommand(
    withConfig(new Command('add').description('add a user; the password is read from standard input').argument('<name>'))
      .option('--tenant <tenant>', 'tenant', 'default')
      .option('--role <role>', `role: ${ROLES.join(', ')}`, roleOf, 'operator')
      .option('--token-only', 'without a password: a service account, which has tokens only')
      .action((name: string, options: AddOptions) =>
        withAccess(options, async (access, config) => {
          assertTenant(config, options.tenant);
          const password = options.tokenOnly ? undefined : await passwordFromInput();
          const first = (await access.principals()).length === 0;
          await addUser(access, { name, tenant: options.tenant, role: options.role, ...(password === undefined ? {} : { password }) });
          say(`added ${name} (tenant ${options.tenant}, ${options.role})`);
          if (first) process.stderr.write('the first user: a gateway that runs without logins asks for them from its next start on\n');
        }),
      ),
  );
  user.addCommand(
    withConfig(new Command('passwd').description('set a password, read from standard input').argument('<name>')).action(
      (name: string, options: CommonOptions) =>
        withAccess(options, async (access) => {
          await changeUser(access, name, { password: await passwordFromInput() });
          say(`changed the password of ${name}`);
        }),
    ),
  );
  user.addCommand(
    withConfig(
      new Command('role').description('change the role of a user').argument('<name>').argument('<role>', ROLES.join(', '), roleOf),
    ).action((name: string, role: Role, options: CommonOptions) =>
      withAccess(options, async (access) => {
        await changeUser(access, name, { role });
        say(`${name} is ${role} now`);
      }),
    ),
  );
  user.addCommand(
    withConfig(new Command('remove').description('remove a user and all tokens').argument('<name>')).action(
      (name: string, options: CommonOptions) =>
        withAccess(options, async (access) => {
          await removeUser(access, name);
          say(`removed ${name}`);
        }),
    ),
  );
  user.addCommand(
    withConfig(new Command('list').description('list users')).action((options: CommonOptions) =>
      withAccess(options, async (access) => {
        for (const one of await listUsers(access)) say(JSON.stringify(one));
      }),
    ),
  );
  return user;
}

/** `token`: bearer tokens for programs. */
export function tokenCommand(): Command {
  const token = new Command('token').description('manage API tokens');
  token.addCommand(
    withConfig(new Command('add').description('make a token; it is shown once').argument('<user>'))
      .option('--name <name>', 'what it is called in lists, log and audit')
      .option('--role <role>', `role that it has at most: ${ROLES.join(', ')} (default: that of its user)`, roleOf)
      .option('--expires <time>', 'RFC 3339 time after which it is refused')
      .option('--collections <names>', 'collections that it is for, with commas between: machineImages,volumes (default: all)', namesOf)
      .option('--clouds <keys>', 'clouds that it is for (default: all)', namesOf)
      .option('--actions <names>', 'actions that it is for: read,add,start (default: all that its user may)', namesOf)
      .action((user: string, { name, role, expires, collections, clouds, actions, ...options }: CommonOptions & TokenFacts & Scope) =>
        withAccess(options, async (access, config) => {
          const lists = { ...(collections && { collections }), ...(clouds && { clouds }), ...(actions && { actions }) };
          const scope = Object.keys(lists).length > 0 ? { scope: lists } : {};
          const facts = { ...(name !== undefined && { name }), ...(role && { role }), ...(expires !== undefined && { expires }), ...scope };
          const { wider } = declaredRules(config, await catalogueOf(config)).forAccess;
          const made = await addToken(access, user, facts, wider);
          process.stderr.write(`token ${made.id} of ${user}; it is shown this once:\n`);
          say(made.token);
        }),
      ),
  );
  token.addCommand(
    withConfig(new Command('list').description('list the tokens of a user, as JSON lines, with their last use').argument('<user>')).action(
      (user: string, options: CommonOptions) =>
        withAccess(options, async (access) => {
          for (const one of await listTokens(access, user)) say(JSON.stringify(one));
        }),
    ),
  );
  token.addCommand(
    withConfig(new Command('revoke').description('revoke a token').argument('<id>')).action((id: string, options: CommonOptions) =>
      withAccess(options, async (access) => {
        await revokeToken(access, id);
        say(`revoked ${id}`);
      }),
    ),
  );
  return token;
}

function namesOf(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

export function roleOf(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (!role) throw new InvalidArgumentError(`roles are ${ROLES.join(', ')}`);
  return role;
}

function passwordFromInput(): Promise<string> {
  return askPassword(process.stdin, process.stderr);
}

/** A user of a tenant that no cloud serves could do nothing, and would be told so with every request. */
function assertTenant(config: Config, tenant: string): void {
  const known = tenantsOf(config);
  if (known.includes(tenant)) return;
  if (known.length === 0) return void process.stderr.write('no cloud is configured yet: its tenants must include this one\n');
  throw new Error(
    `no cloud is configured for a tenant ${tenant}; there are ${known.join(', ')}: choose one with --tenant, or name it at a cloud's tenants first`,
  );
}

/**
 * Opens the store for the management of users. Each change is an entry of the audit, which needs the gateway's key; before its first
 * start there is neither.
 * @throws Error where the gateway has a key and this command does not
 */
async function withAccess(options: CommonOptions, work: (access: AccessStore, config: Config) => Promise<void>): Promise<void> {
  const config = await configOf(options);
  const key = await keyOf(config);
  const store = await openStore(config, key, createLog({ level: 'silent' }));
  try {
    if (!key && (await store.hasKey()))
      throw new Error('changes of users are recorded in the audit, which needs the key that the gateway uses: set secrets.key here, too');
    await work(key ? store.accessTold((change) => commandEntry(change, config.audit.content)) : store.access, config);
  } finally {
    await store.close();
  }
}
