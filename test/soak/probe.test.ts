import { join } from 'node:path';
import { runTypescript } from '../backends/run-typescript';
import { waitUntil } from '../harness/wait';
import { Folder } from '../running/program';
import { judge } from './flat';
import { OF_PROCESS } from './measures';
import { footprint, OPEN, type Footprint } from './probe';

/** A soak's measuring and its rule tell programs that keep things from one that does not. */
const ROUNDS = 14;
let folder: Folder;
beforeEach(() => {
  folder = new Folder(runTypescript(join(__dirname, 'leaking-child.ts')));
});
afterEach(() => folder.remove());

async function grewIn(kept: string): Promise<string[]> {
  const program = await folder.serve([kept], { env: OPEN });
  const measured: Footprint[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    program.signal('SIGUSR2');
    await waitUntil(() => program.stdout.includes(`round ${round}\n`));
    measured.push(await footprint(program));
  }
  const at = measured.map((_, index) => index * 60_000);
  return (['live', 'sockets', 'files', 'handles'] as const).filter((name) => {
    const values = measured.map((one) => one[name]);
    return !judge({ name, unit: '', allowance: OF_PROCESS[name], at, values }).flat;
  });
}

test.each([
  ['nothing', []],
  ['memory', ['live']],
  ['timers', ['handles']],
])('of a program that keeps %s grows %j', async (kept, grows) => {
  expect(await grewIn(kept)).toEqual(grows);
});
