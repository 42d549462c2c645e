import { createAsk } from './load';
import { processorTime } from './processor';
import { median, type Line } from './rounds';
import type { World } from './world';

/** Consoles that are open, and the distance of their looks where nothing changes, in ms (console/poll.ts). */
const CONSOLES = 50;
const EVERY_MS = 15_000;
/** Windows that the console's pages look at: lists, Jobs, the clouds of its first page. */
const WINDOWS = ['clouds/hundred/machines?$first=1&$last=50&$orderby=name', 'jobs?$first=1&$last=50&$orderby=created:desc', 'clouds'];
const LOOKS = 10;

/**
 * Measures what consoles cost that nobody uses: the share of one processor that the gateway's process takes for their looks, each of
 * which brings the validator of the last one.
 */
export async function measureConsoles(world: World, rounds: number): Promise<Line[]> {
  const { ask, close } = createAsk();
  const headers = { accept: 'application/json' };
  const tags = new Map<string, string>();
  const statuses: number[] = [];
  const look = async (console: number): Promise<void> => {
    for (const path of WINDOWS) {
      const key = `${console} ${path}`;
      const known = tags.get(key);
      const { status, headers: told } = await ask(world.base + path, {
        headers: { ...headers, ...(known !== undefined && { 'if-none-match': known }) },
      });
      statuses.push(status);
      if (typeof told.etag === 'string') tags.set(key, told.etag);
    }
  };
  const all = async (): Promise<void> => void (await Promise.all(Array.from({ length: CONSOLES }, (_, console) => look(console))));
  const shares: number[] = [];
  try {
    await all();
    statuses.length = 0;
    for (let round = 0; round < rounds; round++) {
      const before = processorTime(world.pid);
      for (let times = 0; times < LOOKS; times++) await all();
      shares.push((processorTime(world.pid) - before) / LOOKS / EVERY_MS);
    }
  } finally {
    close();
  }
  const same = statuses.filter((status) => status === 304).length / statuses.length;
  return [
    {
      measure: `${CONSOLES} consoles that look at an idle gateway, ${WINDOWS.length} windows every ${EVERY_MS / 1000} s`,
      reference: 'one processor',
      figures: ['1', median(shares).toFixed(4)],
      ratio: median(shares),
      aim: { most: 0.2 },
      note: `${(100 * same).toFixed(1)} % of the answers are 304 (aim ≥ 95)`,
    },
  ];
}
