import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outputOf } from './run-command';

const run = (script: string, timeoutMs?: number) =>
  outputOf({
    ...{ program: process.execPath, arguments: ['-e', script, 'argument-hush'], folder: process.cwd(), env: process.env },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });

test('the text that a program writes is taken, without the line break at its end and without a shell', async () => {
  expect(await run(`console.log('$HOME; ä')`)).toEqual({ text: '$HOME; ä' });
});

test.each([
  ['fails', `console.log('hush'); console.error('hush'); process.exit(3)`, /failed \(exit code 3\)/],
  ['is killed', `process.kill(process.pid, 'SIGTERM'); setInterval(() => 0, 1000)`, /failed \(SIGTERM\)/],
  ['writes nothing', '', /wrote nothing/],
  ['writes too much', `process.stdout.write('hush'.repeat(100000)); setInterval(() => 0, 1000)`, /wrote more than 65536 bytes/],
  ['writes no text', `process.stdout.write(Buffer.from([255, 254]))`, /wrote no UTF-8 text/],
])('one that %s is told of without its output and its arguments', async (_, script, words) => {
  const result = await run(script);
  expect(result).toEqual({ problem: expect.stringMatching(words) as string });
  expect(JSON.stringify(result)).not.toContain('hush');
});

test('one that does not end is ended, with what it started', async () => {
  const child = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'inherit' })`;
  expect(await run(child, 300)).toEqual({ problem: expect.stringContaining('did not end within 300 ms') as string });
});

test('one that leaves a program of another group with its output is told of at the limit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cimi-command-'));
  const file = join(folder, 'pid');
  const left = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => 0, 600000)'], { stdio: 'inherit', detached: true });
    require('node:fs').writeFileSync(${JSON.stringify(file)}, String(child.pid));
    child.unref();
    console.log('x');`;
  try {
    expect(await run(left, 3_000)).toEqual({ problem: expect.stringContaining('did not end within 3000 ms') as string });
    const pid = Number(readFileSync(file, 'utf8'));
    expect(pid).toBeGreaterThan(0);
    // Still there, and ended here: the limit ended no more than the reading.
    expect(process.kill(pid, 'SIGKILL')).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('one that is not there is told of', async () => {
  const result = outputOf({ program: '/nowhere/vault', arguments: ['hush'], folder: process.cwd(), env: {} });
  expect(await result).toEqual({ problem: "the command /nowhere/vault can't be run (ENOENT)" });
});
