/** Callbacks that wait for a turn, by the owner of their work; in the order in which they are next. */
const waiting = new Map<string, (() => void)[]>();
let armed = false;
/** Time for which work may go on before others are looked at, in ms. */
const TURN_MS = 4;
/** Time at which the present turn of the event loop was first asked about, in ms. */
let begun: number | undefined;

/**
 * Lets others go first: resolves when it is this one's turn. Of all who wait one goes on between two looks of the event loop
 * at what came in, in turn by whose work it is; so that a short request waits for one slice of long work at most, however
 * much of it there is, and nobody's long work keeps another's waiting by its number.
 * @param whose a tenant, where it is known
 */
export function giveWay(whose = ''): Promise<void> {
  return new Promise((resolve) => {
    const queue = waiting.get(whose);
    if (queue) queue.push(resolve);
    else waiting.set(whose, [resolve]);
    if (armed) return;
    armed = true;
    setImmediate(next);
  });
}

/** Tells whether work has gone on for so long that others should be let in: `if (overdue()) await giveWay()`. */
export function overdue(): boolean {
  const now = performance.now();
  if (begun !== undefined) return now - begun > TURN_MS;
  begun = now;
  setImmediate(() => (begun = undefined));
  return false;
}

/**
 * Resolves once all that has come in is looked at: answers that cost nothing are sent together then. Each one by itself wakes who waits for
 * it, another process mostly, which with many at once takes longer than the answer.
 */
export function endOfTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Items between two looks at the clock. */
const LOOK_EVERY = 8;

/** Maps each of many, letting others go first when it takes long. */
export async function eased<T, R>(all: readonly T[], whose: string, each: (one: T) => R): Promise<R[]> {
  const made: R[] = [];
  let index = 0;
  for (const one of all) {
    if (index++ % LOOK_EVERY === 0 && overdue()) await giveWay(whose);
    made.push(each(one));
  }
  return made;
}

function next(): void {
  const [first] = waiting;
  if (first) {
    const [whose, queue] = first;
    waiting.delete(whose);
    queue.shift()?.();
    if (queue.length > 0) waiting.set(whose, queue);
  }
  armed = waiting.size > 0;
  if (armed) setImmediate(next);
}
