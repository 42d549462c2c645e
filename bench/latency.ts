import { join } from 'node:path';
import { driver } from '../drivers/simulator/index';
import { createAsk } from './load';
import { interleave, median, quantile, show, type Line } from './rounds';
import { PROVIDER_MS, type World } from './world';

const REQUESTS = 20;

/** Measures what the gateway adds to a provider call that takes 50 ms: GET of one machine against the driver's own call. */
export async function measureLatency(world: World, rounds: number): Promise<Line[]> {
  const { ask, close } = createAsk();
  const direct = await driver.connect(driver.options.parse({ latencyMs: PROVIDER_MS, file: 'simulator.sqlite' }), {
    dataDir: join(world.folder, 'clouds', 'slow'),
    warn: (message: string) => console.error(message),
  });
  const through: number[] = [];
  const alone: number[] = [];
  const url = `${world.base}clouds/slow/machines/slow.i-00003`;
  try {
    await ask(url);
    await interleave(rounds, {
      alone: () =>
        each(alone, async () => {
          const found = await direct.machines?.getMany(['i-00003'], { signal: AbortSignal.timeout(10_000) });
          if (found?.length !== 1) throw new Error('the driver found no machine');
        }),
      through: () =>
        each(through, async () => {
          const { status } = await ask(url);
          if (status !== 200) throw new Error(`${url} answered ${status}`);
        }),
    });
  } finally {
    close();
    await direct.close();
  }
  const added = (q: number) => quantile(through, q) - quantile(alone, q);
  const p50 = added(0.5);
  const p99 = added(0.99);
  const measure = `GET one machine, provider takes ${PROVIDER_MS} ms`;
  return [
    {
      ...{ measure, reference: 'the driver alone', figures: [show(median(alone), 'ms'), show(median(through), 'ms')] as const },
      ratio: median(through) / median(alone),
      note: `added p50 ${p50.toFixed(1)} ms (aim < 5, ${p50 < 5 ? 'met' : 'MISSED'}), p99 ${p99.toFixed(1)} ms (aim < 15, ${p99 < 15 ? 'met' : 'MISSED'})`,
    },
  ];
}

async function each(times: number[], work: () => Promise<void>): Promise<number> {
  for (let index = 0; index < REQUESTS; index++) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return median(times);
}
