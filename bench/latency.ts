import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { driver } from '../drivers/simulator/index';
import { createAsk } from './load';
import { startProcess } from './processes';
import { interleave, median, quantile, show, type Line } from './rounds';
import { PROVIDER_MS, type World } from './world';

const REQUESTS = 20;
/** Most that may be added to the direct call, in ms. */
const AIMS = { p50: 2, p99: 8 };

/**
 * Measures what the gateway adds to a provider call that takes 50 ms: GET of one machine against the driver's own call. Beside it stands
 * what node:http alone adds, that waits as long and sends the same bytes.
 */
export async function measureLatency(world: World, rounds: number): Promise<Line[]> {
  const { ask, close } = createAsk();
  const url = `${world.base}clouds/slow/machines/slow.i-00003`;
  const file = join(world.folder, 'latency.json');
  await writeFile(file, JSON.stringify({ json: (await ask(url)).body.toString(), xml: '', list: [], longList: [] }));
  const bare = await startProcess('bench/references-child.ts', [file], /listening (\S+) (\S+)/);
  const direct = await driver.connect(driver.options.parse({ latencyMs: PROVIDER_MS, file: 'simulator.sqlite' }), {
    dataDir: join(world.folder, 'clouds', 'slow'),
    warn: (message: string) => console.error(message),
  });
  const times = { alone: [] as number[], http: [] as number[], through: [] as number[] };
  const asked = async (target: string) => {
    const { status } = await ask(target);
    if (status !== 200) throw new Error(`${target} answered ${status}`);
  };
  const subjects = {
    alone: () =>
      each(times.alone, async () => {
        const found = await direct.machines?.getMany(['i-00003'], { signal: AbortSignal.timeout(10_000) });
        if (found?.length !== 1) throw new Error('the driver found no machine');
      }),
    http: () => each(times.http, () => asked(`${bare.said[2]}/later/${PROVIDER_MS}`)),
    through: () => each(times.through, () => asked(url)),
  };
  try {
    for (const work of Object.values(subjects)) await work();
    for (const list of Object.values(times)) list.length = 0;
    await interleave(rounds, subjects, false);
  } finally {
    close();
    await direct.close();
    await bare.stop();
  }
  return (['p50', 'p99'] as const).map((name) => line(name, times));
}

function line(name: keyof typeof AIMS, { alone, http, through }: Record<'alone' | 'http' | 'through', number[]>): Line {
  const at = (figures: readonly number[]) => quantile(figures, name === 'p50' ? 0.5 : 0.99);
  const aim = AIMS[name];
  const added = at(through) - at(alone);
  return {
    measure: `GET one machine, provider takes ${PROVIDER_MS} ms: added at ${name}`,
    reference: `the driver alone ${show(at(alone), 'ms')}; at most`,
    figures: [show(aim, 'ms'), show(added, 'ms')],
    ratio: added / aim,
    aim: { most: 1 },
    note: `node:http alone, waiting as long, adds ${show(at(http) - at(alone), 'ms')}`,
  };
}

async function each(times: number[], work: () => Promise<void>): Promise<number> {
  for (let index = 0; index < REQUESTS; index++) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return median(times);
}
