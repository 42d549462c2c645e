import { assert } from './kit/assert';
import { CIMI } from './kit/body';
import { actionUri, type Context } from './kit/context';
import { check, clause } from './kit/define';
import { idOf, makeMachine } from './kit/ingredients';
import { isCollection } from './kit/links';
import { makeNetwork } from './kit/parts';
import { everything } from './kit/population';
import { shortName, textOf, type Value } from './kit/value';

/** Names of the standard's actions that ResourceMetadata lists for a type. */
const actionsOf = (c: Context, type: string): string[] =>
  (c.session.metadataOf(type)?.list('actions', 'action') ?? [])
    .map((each) => each.text('uri') ?? '')
    .filter((uri) => uri.startsWith(`${CIMI}/action/`))
    .map(shortName);

/** Tries every action of its type that a resource does not offer. @returns how many. */
async function tryOthers(c: Context, value: Value, type: string): Promise<number> {
  const others = actionsOf(c, type).filter((name) => c.operation(value, name) === undefined);
  for (const name of others) await c.fails(() => c.post(idOf(value), 'Action', { action: actionUri(name) }));
  return others.length;
}

/** Number of times a check tries to catch what lasts a moment. */
const TRIES = 3;

export const clauses = [
  clause('4.2', 'Protocol operations', [
    check(
      'an action that a Machine or a Network does not offer is refused, in each of its steady states',
      ['R4.2-01', 'R4.2-02'],
      { needs: { adds: ['machines'], collections: ['resourceMetadata'], actions: ['Machine/start', 'Machine/stop'] } },
      async (c) => {
        const machine = await makeMachine(c);
        let tried = await tryOthers(c, machine, 'Machine');
        await c.done(await c.act(machine, textOf(machine, 'state') === 'STARTED' ? 'stop' : 'start'));
        const other = await c.untilState(idOf(machine), 'STARTED', 'STOPPED');
        tried += await tryOthers(c, other, 'Machine');
        if (c.entry.has('networks') && c.operation(await c.collection('networks'), 'add'))
          tried += await tryOthers(c, await makeNetwork(c), 'Network');
        if (tried === 0) c.unproven('every action is offered in every state');
      },
    ),
    check('what offers no edit is not changed', ['R4.2-01', 'R4.2.1.3-03'], {}, async (c) => {
      const closed = (await everything(c)).filter(({ value }) => !isCollection(value) && c.operation(value, 'edit') === undefined);
      const some = closed.filter(({ value }) => !['Job', 'CloudEntryPoint'].includes(shortName(value.resourceURI ?? '')));
      for (const { uri, answer, value } of c.some(some, 'resource without edit')) {
        const changed = answer.text.replace(/("name":")|(<name>)/, (name) => `${name}changed `);
        assert.ok(value.has('id'));
        await c.fails(() => c.sendText('PUT', uri, changed));
      }
    }),
    check(
      'a Machine that is STOPPING and offers stop takes it',
      ['R4.2-01', 'R5.14.1.2-08'],
      { needs: { adds: ['machines'], actions: ['Machine/start', 'Machine/stop'] } },
      async (c) => {
        for (let times = 0; times < TRIES; times++) {
          const machine = await makeMachine(c);
          if (c.operation(machine, 'stop') === undefined) await c.done(await c.act(machine, 'start'));
          const stopping = await c.act(await c.untilState(idOf(machine), 'STARTED'), 'stop');
          const during = await c.read(idOf(machine));
          const again = during.text('state') === 'STOPPING' && c.operation(during, 'stop') !== undefined;
          const answer = again ? await c.act(during, 'stop') : undefined;
          const after = await c.read(idOf(machine));
          await c.job(stopping);
          await c.untilState(idOf(machine), 'STOPPED');
          // Unless it had stopped by then.
          if (answer === undefined || (answer.status >= 400 && after.text('state') !== 'STOPPING')) continue;
          assert.ok(answer.status < 300, `a STOPPING Machine offers stop, and refuses it: ${answer.said()}`);
          await c.job(answer);
          return;
        }
        c.unproven('no Machine was seen that is STOPPING and offers stop');
      },
    ),
  ]),
];
