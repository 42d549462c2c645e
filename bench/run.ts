import { measureAccept } from './accepting';
import { measureCalls } from './calls';
import { measureCompare } from './compare';
import { measureCopies } from './copies';
import { measureDisks } from './disks';
import { KEPT, measureEvents } from './events';
import { measureLarge } from './large';
import { measureLatency } from './latency';
import { measureNeighbours } from './neighbours';
import { measureProviders } from './providers';
import { measureReads } from './reading';
import { table, type Line } from './rounds';
import { measureSamples } from './samples';
import { measureStarts } from './starting';
import { measureWindows } from './windows';
import { measureJobs } from './working';
import { startWorld, type World } from './world';

/** `npm run bench [-- part …]`: measures the gateway against references in the same run and prints one table. */

const PARTS: Readonly<Record<string, () => Promise<Line[]>>> = {
  reads: () => inWorld((world) => measureReads(world, { rounds: ROUNDS, seconds: SECONDS })),
  large: () => inWorld((world) => measureLarge(world, Math.min(ROUNDS, 3))),
  windows: () => inWorld((world) => measureWindows(world, Math.min(ROUNDS, 3))),
  events: () => inWorld((world) => measureEvents(world, Math.min(ROUNDS, 3)), KEPT),
  samples: () => measureSamples(Math.min(ROUNDS, 3)),
  calls: () => inWorld(measureCalls),
  accept: () => measureAccept(ROUNDS),
  jobs: () => measureJobs(Math.min(ROUNDS, 3)),
  providers: () => measureProviders(Math.min(ROUNDS, 3)),
  starts: () => measureStarts(Math.min(ROUNDS, 5)),
  neighbours: () => measureNeighbours(process.env.BENCH_KINDS?.split(',')),
  disks: () => measureDisks(Math.min(ROUNDS, 3)),
  copies: () => measureCopies(Math.min(ROUNDS, 3)),
  latency: () => inWorld((world) => measureLatency(world, Math.min(ROUNDS, 3))),
};
/** Part that runs only where it is named: it needs another checkout. */
const COMPARE: Readonly<Record<string, () => Promise<Line[]>>> = {
  compare: () => measureCompare(process.env.BENCH_BEFORE, ROUNDS, process.env.BENCH_KINDS),
};
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 1);

async function inWorld(measure: (world: World) => Promise<Line[]>, more: Record<string, unknown> = {}): Promise<Line[]> {
  const world = await startWorld(more);
  try {
    return await measure(world);
  } finally {
    await world.stop();
  }
}

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const parts = { ...PARTS, ...COMPARE };
  const unknown = asked.filter((name) => !parts[name]);
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  const lines: Line[] = [];
  for (const [name, measure] of Object.entries(asked.length > 0 ? parts : PARTS)) {
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
