// `npm run check`: types, lint and the tests beside the code, as many at once as there are cores; two cores need less than three minutes.
// `npm run check -- types format` runs these parts alone. A part is the npm script `check:NAME`.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { install, root } from './prepare.mjs';

const PREFIX = 'check:';
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const parts = Object.keys(scripts).flatMap((name) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !parts.includes(name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${parts.join(', ')}`);
  process.exit(2);
}

/** Runs a part and then tells what it said, in one piece. @returns whether all is well */
async function check(name) {
  const began = performance.now();
  const child = spawn('npm', ['run', '--silent', PREFIX + name], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  console.log(`== ${name}: ${code === 0 ? 'well' : 'FAILED'} after ${Math.round((performance.now() - began) / 1000)} s`);
  process.stdout.write(Buffer.concat(said));
  return code === 0;
}

install();
const waiting = asked.length > 0 ? [...asked] : [...parts];
const failed = [];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) if (!(await check(name))) failed.push(name);
  }),
);
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
