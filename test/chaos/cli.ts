import { parseArgs } from 'node:util';
import { chaos } from './chaos';

/** `npm run chaos -- [--kills N] [--seed N] [--clients N]`: runs of at most 500 kills, each with a seed of its own, until a violation. */

const PER_RUN = 500;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' }, clients: { type: 'string' } } });
  const kills = Number(values.kills ?? 200);
  const first = Number(values.seed ?? Date.now() % 1_000_000);
  const clients = Number(values.clients ?? 2);
  for (let done = 0, seed = first; done < kills; done += PER_RUN, seed++) {
    const report = await chaos({
      seed,
      clients,
      kills: Math.min(PER_RUN, kills - done),
      tell: (line) => void process.stderr.write(`${line}\n`),
    });
    process.stdout.write(`${JSON.stringify(report)}\n`);
    if (report.violations.length === 0) continue;
    process.exitCode = 1;
    return;
  }
}

void main();
