import assert from 'node:assert/strict';
import type { Content } from './body';
import type { Context } from './context';
import type { Value } from './value';

/** What an action does to the state: those passed through, and the one it ends in. */
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

/** Values of a capability that is a list, `Machine/InitialStates`; undefined where it is not announced. */
export function listed(c: Context, name: string): string[] | undefined {
  const [type = '', capability] = name.split('/');
  const found = c.capabilities(type).find((each) => each.text('name') === capability);
  if (found === undefined) return undefined;
  const one = found.text('value');
  return one === undefined ? found.texts('value', 'value') : one.split(/[\s,]+/);
}
