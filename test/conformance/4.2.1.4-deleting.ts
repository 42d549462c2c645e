import { assert } from './kit/assert';
import { CIMI } from './kit/body';
import { actionUri } from './kit/context';
import { check, clause } from './kit/define';
import { idOf, machineCreate, makeMachine, readOnlyMachine } from './kit/ingredients';
import { PLAYGROUND, playground, TYPE } from './kit/playground';
import { textOf } from './kit/value';
import { stateAt, watch } from './kit/watch';

const machines = { adds: ['machines'] };
const jobs = { adds: ['machines', PLAYGROUND], collections: ['jobs'] };
const small = { cpu: 1, memory: 1048576 };
/** Number of times a check tries to see what lasts a moment. */
const TRIES = 3;
const ENDED = ['SUCCESS', 'FAILED', 'STOPPED'];

export const clauses = [
  clause('4.2.1.4', 'Deleting a Resource', [
    check('DELETE at the URI of delete removes the resource', ['R4.2.1.4-01'], { needs: playground }, async (c) => {
      const made = await c.create(PLAYGROUND, TYPE, small);
      await c.done(await c.delete(c.offered(made, 'delete')));
      await c.gone(idOf(made));
      assert.ok(!(await c.items(PLAYGROUND)).some((item) => idOf(item) === idOf(made)));
    }),
    check('a Machine is DELETING while it is being deleted', ['R4.2.1.4-02'], { needs: machines }, async (c) => {
      for (let times = 0; times < TRIES; times++) {
        const machine = await makeMachine(c);
        const uri = idOf(machine);
        const before = textOf(machine, 'state');
        const { answer, states: certain, unsure } = await watch(c, c.delete(c.offered(machine, 'delete')), () => stateAt(c, uri));
        await c.done(answer);
        await c.gone(uri);
        const states = [...certain, ...unsure];
        const first = states.indexOf('DELETING');
        // As it was while the Job waited for its turn, DELETING from then on.
        const early = first < 0 ? states : states.slice(0, first);
        const late = first < 0 ? [] : states.slice(first);
        assert.deepEqual([early.filter((state) => state !== before), late.filter((state) => state !== 'DELETING')], [[], []]);
        if (first >= 0) return;
      }
      c.unproven('no Machine was seen while it was being deleted');
    }),
  ]),
  clause('4.2.1.5', 'Other operations', [
    check(
      'an action is a POST to the URI that the operation names',
      ['R4.2.1.5-01'],
      { needs: { ...machines, actions: ['Machine/restart'] } },
      async (c) => {
        const uri = idOf(await makeMachine(c));
        const machine = await c.read(uri);
        const name =
          ['restart', 'start', 'stop'].find((each) => c.operation(machine, each) !== undefined) ?? c.skip('no action is offered');
        await c.done(await c.post(c.offered(machine, name), 'Action', { action: actionUri(name) }));
        await c.untilState(uri, name === 'stop' ? 'STOPPED' : 'STARTED');
      },
    ),
    check('an action that nobody knows is refused', ['R4.2.1.5-01'], { needs: machines }, async (c) => {
      const machine = await readOnlyMachine(c);
      const href = machine.operations().find(({ rel }) => rel.startsWith(`${CIMI}/action/`))?.href ?? c.skip('no action is offered');
      await c.fails(async () => c.post(href, 'Action', { action: `${CIMI}/action/nosuchaction` }));
    }),
  ]),
  clause('4.2.1.6', 'Synchronous operations', [
    check(
      'POST, PUT and DELETE each create a Job and name it by an absolute URI',
      ['R4.2.1.6-01', 'R4.2.1.6-02', 'R4.1.6.8-01'],
      { needs: jobs },
      async (c) => {
        const created = await c.post(await c.addUri(PLAYGROUND), TYPE, small);
        const uri = (await c.owned(created)) ?? '';
        await c.done(created);
        const value = await c.read(uri);
        const changed = await c.put(c.offered(value, 'edit'), TYPE, { description: 'x' }, { query: { $select: 'description' } });
        await c.done(changed);
        const deleted = await c.delete(c.offered(value, 'delete'));
        await c.done(deleted);
        const uris = [created, changed, deleted].map(({ jobUri }) => jobUri ?? '');
        assert.equal(new Set(uris).size, 3, uris.join(', '));
        for (const each of uris) {
          assert.ok(URL.canParse(each), `'${each}' is not absolute`);
          assert.equal((await c.read(each)).resourceURI, `${CIMI}/Job`);
        }
      },
    ),
    check(
      'an action creates a Job, too',
      ['R4.2.1.6-01', 'R4.2.1.6-02'],
      { needs: { ...jobs, actions: ['Machine/restart'] } },
      async (c) => {
        const machine = await makeMachine(c);
        const name =
          ['restart', 'start', 'stop'].find((each) => c.operation(machine, each) !== undefined) ?? c.skip('no action is offered');
        const answer = await c.act(machine, name);
        assert.ok(answer.jobUri !== undefined && URL.canParse(answer.jobUri), answer.said());
        const job = await c.done(answer);
        assert.equal(job?.href('targetResource'), idOf(machine));
      },
    ),
    check(
      'an answer other than 202 comes when the operation and its Job are complete',
      ['R4.2.1.6-03', 'R4.2.1.6-04', 'R4.2.1.6-05'],
      { needs: jobs },
      async (c) => {
        const small1 = await c.post(await c.addUri(PLAYGROUND), TYPE, small);
        const machine = await c.post(await c.addUri('machines'), 'MachineCreate', await machineCreate(c));
        for (const answer of [small1, machine]) {
          const state = textOf(await c.read(answer.is(200, 201, 202).jobUri ?? ''), 'state');
          await c.owned(answer);
          if (answer.status !== 202) assert.equal(state, 'SUCCESS', answer.said());
          await c.done(answer);
        }
      },
    ),
  ]),
  clause('4.2.1.7', 'Asynchronous operations', [
    check(
      'what takes long is answered with 202 and a Job that can be followed; the body is a Job, a part of the resource, or empty',
      ['R4.2.1.7-01', 'R4.2.1.7-02', 'R4.2.1.7-05'],
      { needs: jobs },
      async (c) => {
        const machine = await c.post(await c.addUri('machines'), 'MachineCreate', await machineCreate(c));
        const uri = (await c.owned(machine)) ?? '';
        await c.done(machine);
        const ready = await c.untilState(uri, 'STARTED', 'STOPPED');
        const action = await c.act(ready, c.operation(ready, 'stop') === undefined ? 'start' : 'stop');
        for (const answer of [machine, action].filter(({ status }) => status === 202)) {
          if (!answer.empty) assert.ok([`${CIMI}/Job`, `${CIMI}/Machine`].includes(answer.body.resourceURI ?? ''), answer.said());
          assert.ok(answer.jobUri, answer.said());
          assert.ok(ENDED.includes((await c.job(answer))?.text('state') ?? ''));
        }
        await c.done(action);
      },
    ),
  ]),
];
