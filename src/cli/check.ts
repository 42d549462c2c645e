import { Command } from 'commander';
import { connect } from '../gateway';
import { createLog } from '../http/log';
import { createMetrics } from '../http/metrics';
import { configOf, withConfig, type CommonOptions } from './common';

/** `check`: reads the configuration, tries every cloud's login and permissions, and says in words what is wrong. */
export function checkCommand(): Command {
  return withConfig(new Command('check').description('check the configuration and try the login of every cloud')).action(check);
}

async function check(options: CommonOptions): Promise<void> {
  const config = await configOf(options);
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`configuration: ${config.source.file ?? 'the built-in demo'}: well`);
  const log = createLog({ level: 'silent' });
  const clouds = await connect({ config, log, role: 'gateway' }, createMetrics({ process: false }));
  try {
    let wrong = 0;
    for (const cloud of clouds.all()) {
      for (const finding of await cloud.check()) {
        if (!finding.ok) wrong += 1;
        say(`cloud ${cloud.key}: ${finding.what}: ${finding.ok ? 'well' : 'WRONG'}${finding.words === undefined ? '' : ` (${finding.words})`}`);
      }
    }
    if (wrong > 0) {
      say(`${wrong} finding${wrong === 1 ? '' : 's'} to mend`);
      process.exitCode = 1;
    }
  } finally {
    await clouds.close();
  }
}
