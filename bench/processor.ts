import { readFileSync, readdirSync } from 'node:fs';

/** Time that a process's threads have had a processor, as Linux counts it (the first field of schedstat, in ns), in ms. */
export function processorTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce(
    (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    0,
  );
}

/**
 * Processor time that processes take for one request of a kind, in ms: what other programs on the machine do changes it little.
 * @param times requests that are sent, some at once
 */
export async function processorMs(pids: readonly number[], times: number, run: () => Promise<unknown>, atOnce = 10): Promise<number> {
  const spent = (): number => pids.reduce((sum, pid) => sum + processorTime(pid), 0);
  const before = spent();
  for (let sent = 0; sent < times; sent += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, times - sent) }, run));
  }
  return (spent() - before) / times;
}
