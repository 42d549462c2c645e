import { createBody } from './machines';
import type { Subject } from './rounds';
import { spentOn, type Caller, type Stage } from './stage';

const POSTS = 60;

/** Acceptance of POST /machines by any of the gateways. */
export async function posts(stage: Stage): Promise<Subject> {
  const { ask, base } = stage.next();
  // Whichever gateway it is sent to.
  const body = (await createBody(ask, `${base}clouds/one/`)).replaceAll(base, '');
  return spentOn(stage, POSTS, async (caller: Caller) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await caller.ask(`${caller.base}clouds/one/machines`, { method: 'POST', headers, body });
    if (answer.status !== 202) throw new Error(`${answer.status}: ${answer.body.toString().slice(0, 500)}`);
  });
}
