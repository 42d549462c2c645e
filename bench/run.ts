import { measureAccept } from './accepting';
import { measureCalls } from './calls';
import { measureLarge } from './large';
import { measureLatency } from './latency';
import { measureProviders } from './providers';
import { measureReads } from './reading';
import { table, type Line } from './rounds';
import { measureStarts } from './starting';
import { measureJobs } from './working';
import { startWorld, type World } from './world';

/** `npm run bench [-- part …]`: measures the gateway against references in the same run and prints one table. */

const PARTS: Readonly<Record<string, () => Promise<Line[]>>> = {
  reads: () => inWorld((world) => measureReads(world, { rounds: ROUNDS, seconds: SECONDS })),
  large: () => inWorld((world) => measureLarge(world, Math.min(ROUNDS, 3))),
  calls: () => inWorld(measureCalls),
  accept: () => measureAccept(ROUNDS),
  jobs: () => measureJobs(Math.min(ROUNDS, 3)),
  providers: () => measureProviders(Math.min(ROUNDS, 3)),
  starts: () => measureStarts(Math.min(ROUNDS, 5)),
  latency: () => inWorld((world) => measureLatency(world, Math.min(ROUNDS, 3))),
};
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 1);

async function inWorld(measure: (world: World) => Promise<Line[]>): Promise<Line[]> {
  const world = await startWorld();
  try {
    return await measure(world);
  } finally {
    await world.stop();
  }
}

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !PARTS[name]);
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  const lines: Line[] = [];
  for (const [name, measure] of Object.entries(PARTS)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    console.error(`measuring ${name} …`);
    lines.push(...(await measure()));
  }
  console.log(table(lines));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
