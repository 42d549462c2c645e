import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../backends/moto';
import { waitUntil } from '../harness/wait';

const ROOT = resolve(__dirname, '../..');

const answer = (url: string): Promise<Response | undefined> => fetch(url).catch(() => undefined);

/** Ends the process group; it is no fault if all of it has ended by itself. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** README's first command as it is written. It compiles the sources where that has not been done yet. */
test('npm start serves the simulated cloud, and ends with npm', async () => {
  const data = mkdtempSync(join(tmpdir(), 'cimi-start-'));
  const port = await freePort();
  const env = { ...process.env, CIMI_PORT: String(port), CIMI_DATA: data };
  // A group of its own, so that nothing of it stays whatever happens.
  const npm = spawn('npm', ['start'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const entry = `http://127.0.0.1:${port}/cimi/cloudEntryPoint`;
  try {
    await waitUntil(async () => {
      if (npm.exitCode !== null) throw new Error(`npm start ended with ${npm.exitCode}:\n${said}`);
      return (await answer(entry))?.status === 200;
    });
    const { machines } = (await (await fetch(entry)).json()) as { machines: { href: string } };
    expect((await fetch(machines.href)).status).toBe(200);
    npm.kill('SIGTERM');
    await waitUntil(async () => (await answer(entry)) === undefined);
  } finally {
    if (npm.pid !== undefined) endGroup(npm.pid);
    rmSync(data, { recursive: true, force: true });
  }
});
