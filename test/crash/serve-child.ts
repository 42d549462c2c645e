import { dirname } from 'node:path';
import { loadConfig } from '../../src/config/load';
import { startGateway, type Gateway } from '../../src/gateway';
import { createLog } from '../../src/http/log';
import type { BoundaryPoint } from '../../src/jobs/engine-context';
import { isCollector } from '../../src/operations/collecting';
import type { Order, Place, Report, SamplingPlace } from './wire';

/**
 * A gateway in a process of its own, which does at step boundaries what its parent ordered: reports them, stands
 * still at one until told to go on, or ends by SIGKILL once so many Jobs stand at it.
 */
let order: Order = JSON.parse(process.argv[3] ?? '{"do":"pass"}') as Order;
const standing = new Map<string, () => void>();

/** Place that a Job was sent to, once it was. */
interface Errand {
  place: Promise<Place | undefined>;
  send: (place?: Place) => void;
}
const errands = new Map<string, Errand>();

function errandOf(job: string): Errand {
  const known = errands.get(job);
  if (known) return known;
  let send: Errand['send'] = () => undefined;
  const place = new Promise<Place | undefined>((resolve) => (send = resolve));
  const errand = { place, send };
  errands.set(job, errand);
  return errand;
}

function report(what: Report): void {
  process.send?.(what);
}

function hear(next: Order, { engine }: Gateway): void {
  if (next.do === 'send') return errandOf(next.job).send(next.to);
  if (next.do === 'sweep') return void engine.sweep().then(() => report({ is: 'heard' }));
  order = next;
  for (const go of standing.values()) go();
  for (const { send } of errands.values()) send();
  standing.clear();
  errands.clear();
  report({ is: 'heard' });
}

async function onBoundary(point: BoundaryPoint): Promise<void> {
  if (!('workflow' in order) || standing.has(point.job)) return;
  const isHere = ({ workflow, step, moment }: Place): boolean =>
    workflow === point.workflow && step === point.step && moment === point.moment;
  if ('step' in order) {
    if (![order, ...(order.also ?? [])].some(isHere)) return;
  } else {
    if (order.workflow !== point.workflow) return;
    const place = await errandOf(point.job).place;
    if (!place || !isHere(place)) return;
  }
  const go = new Promise<void>((resolve) => standing.set(point.job, resolve));
  if (standing.size < order.jobs) return go;
  if (order.do === 'kill') process.kill(process.pid, 'SIGKILL');
  report({ is: 'standing' });
  return go;
}

/** Adds a boundary, which the engine does not have, between an accepting transaction and the queue. */
function interrupt({ engine }: Gateway): void {
  const { notify } = { ...engine };
  let untold = 0;
  engine.notify = async (jobs) => {
    if (order.do !== 'killUntold') return notify(jobs);
    untold += jobs.length;
    if (untold >= order.jobs) process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  };
}

/** Adds boundaries to the reading of Meters, around what it asks of the store. */
function interruptSampling({ store }: Gateway): void {
  const { agenda, transaction } = { ...store };
  const at = (place: SamplingPlace): void => {
    if (order.do === 'killSampling' && order.at === place) process.kill(process.pid, 'SIGKILL');
  };
  store.agenda = async (query) => {
    const entries = await agenda(query);
    if (isCollector(query.work) && entries.length > 0) at('due');
    return entries;
  };
  store.transaction = async (work) => {
    let sampled = false;
    const result = await transaction((unit) =>
      work({
        ...unit,
        async putSamples(batches) {
          sampled = batches.some(({ samples }) => samples.length > 0);
          if (sampled) at('answered');
          await unit.putSamples(batches);
          if (sampled) at('written');
        },
      }),
    );
    if (sampled) at('committed');
    return result;
  };
}

async function main(file: string): Promise<void> {
  const config = await loadConfig({ file, env: {}, cwd: dirname(file) });
  const gateway = await startGateway({ config, log: createLog({ level: 'info' }), role: 'gateway', makeKey: true, onBoundary });
  interrupt(gateway);
  interruptSampling(gateway);
  process.on('message', (next: Order) => hear(next, gateway));
  report({ is: 'ready', entryPoint: gateway.entryPoint ?? '' });
}

void main(process.argv[2] ?? '');
