import { parseArgs } from 'node:util';
import { chaos } from './chaos';
import { cloudKeysOf, SIMULATED } from './clouds';
import { faultOf } from './faults';

/** `npm run chaos -- [--kills N] [--seed N] [--clients N] [--store postgres|sqlite] [--clouds NAME,…] [--only FAULT] [--stops PART] [--clocks]`: runs of at most 500 kills, each with a seed of its own, until a violation. */

const PER_RUN = 500;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { kills: text, seed: text, clients: text, store: text, clouds: text, only: text, stops: text, clocks: { type: 'boolean' } },
  });
  const { store = 'postgres' } = values;
  if (store !== 'postgres' && store !== 'sqlite') throw new Error('--store is postgres or sqlite');
  const clouds = values.clouds === undefined ? SIMULATED : cloudKeysOf(values.clouds.split(','));
  const only = values.only === undefined ? undefined : faultOf(values.only);
  const kills = Number(values.kills ?? 200);
  const first = Number(values.seed ?? Date.now() % 1_000_000);
  const clients = Number(values.clients ?? 2);
  for (let done = 0, seed = first; done < kills; done += PER_RUN, seed++) {
    const report = await chaos({
      seed,
      clients,
      store,
      clouds,
      clocks: values.clocks ?? false,
      stops: Number(values.stops ?? 0),
      only,
      times: Math.min(PER_RUN, kills - done),
      tell: (line) => void process.stderr.write(`${line}\n`),
    });
    process.stdout.write(`${JSON.stringify(report)}\n`);
    if (report.violations.length === 0) continue;
    process.exitCode = 1;
    return;
  }
}

void main();
