import type { Context } from './context';
import { idOf } from './ingredients';
import type { Answer } from './wire';

/** What was seen of a change while it was on its way. */
export interface Watched {
  answer: Answer;
  /** States of the resource, each seen while the change was certainly on its way. */
  states: string[];
  /** States seen before the answer came, in their order, where only the answer says that the change was done: some may be later. */
  unsure: string[];
}

const PAUSE_MS = 5;
const ENDED = ['SUCCESS', 'FAILED', 'STOPPED'];

/**
 * Sends a change and reads the state of the resource again and again until the change is done. `look` reads it, or
 * gives undefined where there is nothing yet. A state is certain where the Job was still unfinished when the reading had
 * come back. Before there is an answer nobody can tell: the change may be done and its answer still on the way.
 */
export async function watch(c: Context, change: Promise<Answer>, look: () => Promise<string | undefined>): Promise<Watched> {
  const seen: { answer?: Answer; failed?: boolean } = {};
  void change.then(
    (answer) => (seen.answer = answer),
    () => (seen.failed = true),
  );
  const unfinished = async ({ status, jobUri }: Answer): Promise<boolean> =>
    status === 202 && jobUri !== undefined && !ENDED.includes((await c.read(jobUri)).text('state') ?? '');
  const states: string[] = [];
  let unsure: string[] = [];
  while (seen.failed !== true) {
    const state = await look();
    if (state !== undefined) unsure.push(state);
    if (seen.answer !== undefined) {
      if (!(await unfinished(seen.answer))) break;
      states.push(...unsure);
      unsure = [];
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return { answer: await change, states, unsure };
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
