#!/usr/bin/env node
import { Command } from 'commander';
import { checkCommand } from './cli/check';
import { serveCommand, workerCommand } from './cli/serve';
import { tokenCommand, userCommand } from './cli/users';

/** The command line: `cimi-gateway serve`, `worker`, `check`, `user`, `token`. */
async function main(): Promise<void> {
  const program = new Command('cimi-gateway')
    .description('CIMI 1.1 (DMTF DSP0263) in front of the clouds you already run')
    .showHelpAfterError()
    .addCommand(serveCommand())
    .addCommand(workerCommand())
    .addCommand(checkCommand())
    .addCommand(userCommand())
    .addCommand(tokenCommand());
  await program.parseAsync();
}

main().catch((error: unknown) => {
  process.stderr.write(`cimi-gateway: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
