import { createAsk } from './load';
import { exactly, type Line } from './rounds';
import { CLOUDS, PAGE_SIZE, type CloudKey, type World } from './world';

/** Provider calls per request, where no answer is kept: the provider itself has counted them. */
export async function measureCalls(world: World): Promise<Line[]> {
  const { ask, close } = createAsk();
  const entry = `${world.base}clouds/counted/`;
  const counted = async (method: string, work: () => Promise<unknown>, cloud: CloudKey = 'counted'): Promise<number> => {
    const before = world.calls(cloud).get(method) ?? 0;
    await work();
    return (world.calls(cloud).get(method) ?? 0) - before;
  };
  try {
    const machine = `${entry}machines/counted.i-00007`;
    const get = () => ask(machine);
    const crowded = () => ask(`${world.base}clouds/crowd/machines/crowd.i-00007`);
    return [
      exactly('provider calls: one GET of one machine', 1, await counted('machines.getMany', get)),
      exactly(
        'provider calls: 100 equal GETs at once',
        1,
        await counted('machines.getMany', () => Promise.all(Array.from({ length: 100 }, crowded)), 'crowd'),
      ),
      exactly(
        `provider calls: list of ${CLOUDS.counted}, ${PAGE_SIZE} a page`,
        Math.ceil(CLOUDS.counted / PAGE_SIZE),
        await counted('machines.list', () => ask(`${entry}machines`)),
      ),
    ];
  } finally {
    close();
  }
}
