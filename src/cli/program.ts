import { Command } from 'commander';
import { buildOf } from '../config/build';
import { withoutPasswords } from '../config/redact';
import { auditCommand } from './audit';
import { backupCommand, restoreCommand } from './backup';
import { checkCommand } from './check';
import { doctorCommand } from './doctor';
import { keyCommand } from './keys';
import { policyCommand } from './policy';
import { serveCommand, workerCommand } from './serve';
import { quotaCommand, tenantCommand } from './tenants';
import { tokenCommand, userCommand } from './users';

/** The command line: `cimi-gateway serve`, `worker`, `check`, `doctor`, `user`, `token`, `tenant`, `quota`, `policy`, `audit`, `key`, `backup`, `restore`. */
async function run(): Promise<void> {
  // Whatever this process makes is its owner's alone.
  process.umask(0o077);
  // A reader that has seen enough (check | head) is no reason to stop, nor to complain.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const { version, commit, node } = buildOf(process.env);
  const program = new Command('cimi-gateway')
    .description('CIMI 1.1 (DMTF DSP0263) in front of the clouds you already run')
    .version(
      `cimi-gateway ${version}${commit === undefined ? '' : ` (${commit})`}, Node ${node}`,
      '-V, --version',
      'tell version and build',
    )
    .showHelpAfterError()
    .addCommand(serveCommand())
    .addCommand(workerCommand())
    .addCommand(checkCommand())
    .addCommand(doctorCommand())
    .addCommand(userCommand())
    .addCommand(tokenCommand())
    .addCommand(tenantCommand())
    .addCommand(quotaCommand())
    .addCommand(policyCommand())
    .addCommand(auditCommand())
    .addCommand(keyCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand());
  await program.parseAsync();
}

/** Runs the command line; an error ends it with a line and the exit code 1. */
export function main(): Promise<void> {
  return run().catch((error: unknown) => {
    process.stderr.write(`cimi-gateway: ${withoutPasswords(error instanceof Error ? error.message : String(error))}\n`);
    process.exitCode = 1;
  });
}
