import { dirname } from 'node:path';
import { loadConfig } from '../../src/config/load';
import { startGateway, type Gateway } from '../../src/gateway';
import { createLog } from '../../src/http/log';
import type { BoundaryPoint } from '../../src/jobs/kit';
import type { Order, Report } from './wire';

/**
 * A gateway in a process of its own, which does at step boundaries what its parent ordered: reports them, stands
 * still at one until told to go on, or ends by SIGKILL once so many Jobs stand at it.
 */
let order: Order = { do: 'pass' };
const standing = new Map<string, () => void>();

function report(what: Report): void {
  process.send?.(what);
}

function hear(next: Order, { engine }: Gateway): void {
  if (next.do === 'sweep') {
    void engine.sweep();
  } else {
    order = next;
    for (const go of standing.values()) go();
    standing.clear();
  }
  report({ is: 'heard' });
}

async function onBoundary(point: BoundaryPoint): Promise<void> {
  if (!('workflow' in order)) return;
  if (order.workflow !== point.workflow || order.step !== point.step || order.moment !== point.moment) return;
  if (standing.has(point.job)) return;
  const go = new Promise<void>((resolve) => standing.set(point.job, resolve));
  if (standing.size < order.jobs) return go;
  if (order.do === 'kill') process.kill(process.pid, 'SIGKILL');
  report({ is: 'standing' });
  return go;
}

/** Between an accepting transaction and the queue there is no boundary of the engine's: it is made here. */
function interrupt({ engine }: Gateway): void {
  const { tell } = { ...engine };
  let untold = 0;
  engine.tell = async (jobs) => {
    if (order.do !== 'killUntold') return tell(jobs);
    untold += jobs.length;
    if (untold >= order.jobs) process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  };
}

async function main(file: string): Promise<void> {
  const config = await loadConfig({ file, env: {}, cwd: dirname(file) });
  const gateway = await startGateway({ config, log: createLog({ level: 'info' }), role: 'gateway', makeKey: true, onBoundary });
  interrupt(gateway);
  process.on('message', (next: Order) => hear(next, gateway));
  report({ is: 'ready', entryPoint: gateway.entryPoint ?? '' });
}

void main(process.argv[2] ?? '');
