// `node scripts/warm.mjs PACKAGE`: starts the program of a package once, so that what it compiles is kept beside it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? '.');
const data = mkdtempSync(join(tmpdir(), 'cimi-warm-'));
const gateway = spawn(process.execPath, [join(folder, 'dist', 'src', 'main.js'), 'serve', '--make-key', '--port', '0'], {
  env: { ...process.env, CIMI_DATA: data },
  stdio: ['ignore', 'ignore', 'pipe'],
});
let said = '';
gateway.stderr.setEncoding('utf8').on('data', (piece) => {
  said += piece;
  if (/^cimi-gateway: http/m.test(said)) gateway.kill('SIGTERM');
});
const [code] = await once(gateway, 'close');
rmSync(data, { recursive: true, force: true });
if (code !== 0) throw new Error(`the program ended with ${code}:\n${said}`);
console.error(`kept: ${readdirSync(join(folder, 'dist', 'chunks', 'cache'), { recursive: true }).length} files`);
