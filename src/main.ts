#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { auditCommand } from './cli/audit';
import { keyCommand } from './cli/keys';
import { checkCommand } from './cli/check';
import { serveCommand, workerCommand } from './cli/serve';
import { tokenCommand, userCommand } from './cli/users';
import { buildOf } from './config/build';
import { withoutPasswords } from './config/redact';

// V8 lets its heap grow to four times what is in use before it looks for garbage, as long as the machine has memory: bursts of large
// requests would take what other programs need.
setFlagsFromString('--heap-growing-percent=50');

/** The command line: `cimi-gateway serve`, `worker`, `check`, `user`, `token`, `audit`, `key`. */
async function main(): Promise<void> {
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
    .addCommand(userCommand())
    .addCommand(tokenCommand())
    .addCommand(auditCommand())
    .addCommand(keyCommand());
  await program.parseAsync();
}

main().catch((error: unknown) => {
  process.stderr.write(`cimi-gateway: ${withoutPasswords(error instanceof Error ? error.message : String(error))}\n`);
  process.exitCode = 1;
});
