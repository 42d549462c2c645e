import { Command, InvalidArgumentError } from 'commander';
import { secretKey } from '../config/config';
import { openStore } from '../gateway';
import { createLog } from '../http/log';
import { addToken, addUser, listUsers, readPassword, removeUser, revokeToken, ROLES, setPassword } from '../http/principals';
import type { AccessStore, Role } from '../store/store';
import { configOf, withConfig, type CommonOptions } from './common';

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
      .option('--token-only', 'without a password: the user has tokens only')
      .action((name: string, options: AddOptions) =>
        withAccess(options, async (access) => {
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
          await setPassword(access, name, await passwordFromInput());
          say(`changed the password of ${name}`);
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
      .option('--expires <time>', 'RFC 3339 time after which it is refused')
      .action((name: string, options: CommonOptions & { expires?: string }) =>
        withAccess(options, async (access) => {
          const made = await addToken(access, name, options.expires);
          process.stderr.write(`token ${made.id} of ${name}; it is shown this once:\n`);
          say(made.token);
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

function roleOf(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (!role) throw new InvalidArgumentError(`roles are ${ROLES.join(', ')}`);
  return role;
}

async function passwordFromInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('password: ');
  return readPassword(process.stdin);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Opens the store for the management of users; no key is needed for that. */
async function withAccess(options: CommonOptions, work: (access: AccessStore) => Promise<void>): Promise<void> {
  const config = await configOf(options);
  const store = await openStore(config, secretKey(config), createLog({ level: 'silent' }));
  try {
    await work(store.access);
  } finally {
    await store.close();
  }
}
