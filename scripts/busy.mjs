// Busy loops beside a run (BUSY=4 npm test): what holds on a machine that has better things to do holds anywhere.
import { spawn } from 'node:child_process';

/** Ends by itself when its parent is gone, however that ended. */
const LOOP = 'const parent = process.ppid; while (process.ppid === parent);';

/** Starts so many processes that do nothing with all their might, until this process exits. */
export function keepBusy(count) {
  const loops = Array.from({ length: count }, () => spawn(process.execPath, ['-e', LOOP], { stdio: 'ignore' }));
  process.on('exit', () => loops.forEach((loop) => loop.kill('SIGKILL')));
  if (count > 0) console.error(`${count} busy loops run beside: ${loops.map(({ pid }) => pid).join(' ')}`);
}
