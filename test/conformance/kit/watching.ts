import type { Context } from './context';
import { idOf } from './ingredients';
import type { Answer } from './wire';

/** What was seen of a change while it was on its way. */
export interface Watched {
  answer: Answer;
  /** States of the resource seen before the change was answered, or before its Job had ended. */
  states: string[];
}

const PAUSE_MS = 5;
const ENDED = ['SUCCESS', 'FAILED', 'STOPPED'];

/**
 * Sends a change and reads the state of the resource again and again until the change is done. `look` reads it, or
 * gives undefined where there is nothing yet. A state counts only where the change was still on its way when the
 * reading had come back, so that nothing is claimed about what came later.
 */
export async function watch(c: Context, change: Promise<Answer>, look: () => Promise<string | undefined>): Promise<Watched> {
  let answer: Answer | undefined;
  const states: string[] = [];
  const answered = change.then((it) => {
    answer = it;
  });
  const goesOn = async (): Promise<boolean> => {
    if (answer === undefined) return true;
    if (answer.status !== 202 || answer.jobUri === undefined) return false;
    return !ENDED.includes((await c.read(answer.jobUri)).text('state') ?? '');
  };
  for (;;) {
    const state = await look();
    if (!(await goesOn())) break;
    if (state !== undefined) states.push(state);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await answered;
  if (answer === undefined) throw new Error('the change was never answered');
  return { answer, states };
}

/** State of the item of a collection with this name; undefined where there is none. */
export async function stateByName(c: Context, attribute: string, name: string): Promise<string | undefined> {
  const items = await c.items(attribute);
  return items.find((item) => item.text('name') === name)?.text('state');
}

/** State of the resource at a URI; undefined where it is gone. */
export async function stateAt(c: Context, uri: string): Promise<string | undefined> {
  const answer = await c.get(uri);
  return answer.status === 200 && idOf(answer.body) !== '' ? answer.body.text('state') : undefined;
}
