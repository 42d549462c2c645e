import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { measureAccept } from './accepting';
import { measureCli } from './cli';
import { checkOut } from './checkout';
import { measureCalls } from './calls';
import { measureCompare } from './compare';
import { measureConsoles } from './consoles';
import { measureCopies } from './copies';
import { measureDisks } from './disks';
import { KEPT, measureEvents } from './events';
import { measureKept } from './kept';
import { measureLarge } from './large';
import { measureLatency } from './latency';
import { measureNeighbours } from './neighbours';
import { measureProgram } from './program';
import { measureProviders } from './providers';
import { measureReads } from './reading';
import { table, unlessFailed, verdict, type Line } from './rounds';
import { measureSamples } from './samples';
import { measureScale } from './scale';
import { measureStarts } from './starting';
import { measureWindows } from './windows';
import { measureJobs } from './working';
import { startWorld, type World } from './world';

/** `npm run bench [-- part …] [--json FILE] [--against REF]`: measures against references in the same run and prints one table. */

/** Keeps lines of a part that goes on. */
type Tell = (lines: readonly Line[]) => Promise<void>;

const PARTS: Readonly<Record<string, (tell: Tell) => Promise<Line[]>>> = {
  reads: () => inWorld((world) => measureReads(world, { rounds: ROUNDS, seconds: SECONDS })),
  kept: () => inWorld((world) => measureKept(world, ROUNDS)),
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
  consoles: () => inWorld((world) => measureConsoles(world, ROUNDS)),
  cli: () => inWorld((world) => measureCli(world, ROUNDS)),
  program: () => measureProgram(ROUNDS),
  latency: () => inWorld((world) => measureLatency(world, Math.min(ROUNDS, 3))),
  foreign: (tell) => measureScale(ROUNDS, tell, 'foreign foreign-postgres'),
  scale: (tell) => measureScale(Math.min(ROUNDS, 3), tell, process.env.BENCH_SCALE),
};
/** Parts that take so long that they are measured only where they are asked for. */
const LONG = ['scale'];
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

/** Compares the processor time of requests with that of another checkout: a commit, or a folder that is installed (BENCH_BEFORE). */
async function against(ref: string | undefined): Promise<Line[]> {
  const kinds = process.env.BENCH_KINDS;
  if (ref === undefined) return measureCompare(process.env.BENCH_BEFORE ?? '', ROUNDS, kinds);
  const checkout = await checkOut(ref);
  try {
    return await measureCompare(checkout.folder, ROUNDS, kinds);
  } finally {
    await checkout.remove();
  }
}

async function main(): Promise<void> {
  const { values, positionals: asked } = parseArgs({
    allowPositionals: true,
    options: { against: { type: 'string' }, json: { type: 'string' } },
  });
  const compared = values.against !== undefined || process.env.BENCH_BEFORE !== undefined;
  const parts: typeof PARTS = { ...PARTS, ...(compared && { compare: () => against(values.against) }) };
  const unknown = asked.filter((name) => !(name in parts));
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  const wanted = compared && asked.length === 0 ? ['compare'] : asked;
  const lines: Line[] = [];
  for (const [name, measure] of Object.entries(parts)) {
    if (wanted.length > 0 ? !wanted.includes(name) : LONG.includes(name)) continue;
    console.error(`measuring ${name} …`);
    // As soon as they are there: what breaks off later takes nothing away.
    const keep: Tell = async (more) => {
      if (values.json !== undefined) await writeFile(values.json, json([...lines, ...more]));
    };
    lines.push(...(await unlessFailed(name, () => measure(keep))));
    await keep([]);
  }
  console.log(table(lines));
  if (lines.some(({ failed }) => failed !== undefined)) process.exitCode = 1;
}

/** The lines for programs, with where and when they were measured. */
function json(lines: readonly Line[]): string {
  const where = { at: new Date().toISOString(), node: process.version, cores: availableParallelism(), rounds: ROUNDS };
  return `${JSON.stringify({ ...where, lines: lines.map((line) => ({ ...line, verdict: verdict(line) })) }, null, 2)}\n`;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
