import { assert } from './assert';
import type { Content } from './body';
import type { Context } from './context';
import { idOf } from './ingredients';
import type { Value } from './value';
import type { Answer } from './wire';

/** Effect of an action on the state: those passed through, and the one it ends in. */
interface Course {
  during: string[];
  to: string;
}

const ENDED = ['SUCCESS', 'FAILED', 'STOPPED'];

/**
 * Runs an action that the resource offers and watches its state until the Job has ended: nothing but the states passed
 * through and the last one may be seen (the first one only while the Job waits for its turn). @returns the resource
 * as it is when the Job has succeeded.
 */
export async function actAndWatch(
  c: Context,
  uri: string,
  action: string,
  { during, to }: Course,
  parameters: Content = {},
): Promise<Value> {
  const before = await c.read(uri);
  const from = before.text('state') ?? '';
  const answer = await c.act(before, action, parameters);
  assert.ok(answer.status >= 200 && answer.status < 300, `expected ${action} to be taken: ${answer.said()}`);
  const jobState = async (): Promise<string | undefined> =>
    answer.jobUri === undefined ? undefined : (await c.read(answer.jobUri)).text('state');
  for (let job = await jobState(); job !== undefined && !ENDED.includes(job); job = await jobState()) {
    const state = (await c.read(uri)).text('state') ?? '';
    const allowed = [...during, to, ...(job === 'QUEUED' ? [from] : [])];
    assert.ok(allowed.includes(state), `${uri} is ${state} during ${action}, not ${during.join(' or ')}`);
  }
  await c.done(answer);
  const after = answer.jobUri === undefined ? await c.untilState(uri, to) : await c.read(uri);
  assert.equal(after.text('state'), to, `${uri} after ${action}`);
  return after;
}

/** Observations of a change while it was under way. */
export interface Watched {
  answer: Answer;
  /** States of the resource, each seen while the change was certainly on its way. */
  states: string[];
  /** States seen before the answer came, in their order, where only the answer says that the change was done: some may be later. */
  unsure: string[];
}

const PAUSE_MS = 5;

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
