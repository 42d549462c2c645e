import { pathOf } from './fill';
import { processorTime } from './processor';
import type { Subject } from './rounds';
import { get, type Caller, type Stage } from './stage';

/** Reads beside changes: one change every so many ms of the gateways' own processor time, which is a hundred in each second of it. */

const CHANGE_EVERY_MS = 10;
const READS = 400;
const AT_ONCE = 10;
const BODY = JSON.stringify({
  resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineTemplate',
  name: 'written again and again',
  initialState: 'STOPPED',
});

/** Changes a stored template: a row, its Job, its event. */
async function change({ ask, base }: Caller, turn: number): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const { status, body } = await ask(base + pathOf('machineTemplates', 1 + (turn % 97)), { method: 'PUT', headers, body: BODY });
  if (status !== 200) throw new Error(`a change answered ${status}: ${body.toString().slice(0, 500)}`);
}

/** Processor time for one read, that of the changes beside it among it, of the gateways' processes and of the database's for them, in ms. */
export function besideChanges({ place, worlds, next }: Stage, path: (turn: number) => string): Subject {
  const read = get((_, turn) => path(turn));
  const own = (): number => worlds.reduce((sum, { pid }) => sum + processorTime(pid), 0);
  let [turn, changes] = [0, 0];
  const some = (): Promise<unknown>[] => Array.from({ length: AT_ONCE }, () => read(next(), turn++));
  return async () => {
    await Promise.all([...some(), change(next(), changes++)]);
    const [begun, before, from] = [own(), await place.spent(), changes];
    for (let sent = 0; sent < READS; sent += AT_ONCE) {
      const due = Math.floor((own() - begun) / CHANGE_EVERY_MS) > changes - from;
      await Promise.all([...some(), ...(due ? [change(next(), changes++)] : [])]);
    }
    const after = await place.spent();
    const database = [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
    return (own() - begun + database) / READS;
  };
}
