// `npm start`: installs, builds and starts the gateway in front of the simulated cloud (or what CIMI_CONFIG names).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, installToStart, root } from './prepare.mjs';

installToStart();
build();
const gateway = spawn(process.execPath, [join(root, 'dist', 'src', 'main.js'), 'serve', '--make-key', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// The gateway ends in its own time; the signal of a terminal has reached it already, that of a supervisor has not.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => gateway.kill(signal));
// npm passes a supervisor's signal to the shell that it started this in, and that to nobody: its end is what can be seen.
const { ppid } = process;
const orphaned = () => process.ppid !== ppid && gateway.kill('SIGTERM');
if (process.env.npm_lifecycle_event !== undefined) setInterval(orphaned, 500).unref();
gateway.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0);
});
