import { assert } from './kit/assert';
import { CIMI, type Content } from './kit/body';
import { actionUri, type Context, type Sending } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineCreate, makeMachine } from './kit/ingredients';
import { PLAYGROUND, playground, TYPE } from './kit/playground';
import { MEDIA, type Answer } from './kit/wire';
import type { Value } from './kit/value';

const small = { cpu: 1, memory: 1048576 };
const NOBODY: Sending = { headers: { accept: 'image/png' } };
const STALE: Sending = { headers: { 'if-match': '"nosuchtag"' } };
const STRANGE: Sending = { headers: { 'content-type': 'image/png' } };
const query = { $select: 'description' };

const makeConfig = (c: Context): Promise<Value> => c.create(PLAYGROUND, TYPE, { name: freshName(), description: 'as it was', ...small });

/** Change by one method of the check's own things: what the gateway keeps, and what a cloud has. */
interface Change {
  what: string;
  send: (more: Sending) => Promise<Answer>;
  /** The same with a body that is none. */
  broken?: () => Promise<Answer>;
}

async function changes(c: Context, where: string, type: string, content: Content, thing: Value): Promise<Change[]> {
  const [add, edit, remove] = [await c.addUri(where), c.offered(thing, 'edit'), c.offered(thing, 'delete')];
  const resource = (thing.resourceURI ?? '').slice(CIMI.length + 1);
  const broken = c.format === 'json' ? '{"name":' : `<${type} xmlns="${CIMI}"><name>`;
  const action = thing.operations().find(({ rel }) => rel === actionUri('stop') || rel === actionUri('start'));
  return [
    { what: `POST to ${where}`, send: (more) => c.post(add, type, content, more), broken: () => c.sendText('POST', add, broken) },
    {
      what: `PUT to ${resource}`,
      send: (more) => c.put(edit, resource, { description: 'changed' }, { query, ...more }),
      broken: () => c.sendText('PUT', edit, broken, { query }),
    },
    ...(action === undefined
      ? []
      : [
          {
            what: `an action on ${resource}`,
            send: (more: Sending) => c.post(action.href, 'Action', { action: action.rel }, more),
            broken: () => c.sendText('POST', action.href, broken),
          },
        ]),
    { what: `DELETE of ${resource}`, send: (more) => c.delete(remove, more) },
  ];
}

/** Changes to a thing that is made of words, and to a Machine where Machines can be made. */
async function allChanges(c: Context): Promise<Change[]> {
  const config = await changes(c, PLAYGROUND, TYPE, small, await makeConfig(c));
  if (!c.entry.has('machines') || c.operation(await c.collection('machines'), 'add') === undefined) return config;
  const { name: _name, ...content } = await machineCreate(c);
  return [...config, ...(await changes(c, 'machines', 'MachineCreate', content, await makeMachine(c)))];
}

export const clauses = [
  clause('4.2.1.6', 'Synchronous operations', [
    check(
      'a request whose answer nobody could write is refused before anything is done, by every method',
      ['R4.2.1.1-04', 'R4.1.6.8-02', 'R4.2.1.6-03'],
      { needs: playground },
      async (c) => {
        for (const { what, send } of await allChanges(c)) {
          const answer = await c.watched(() => send(NOBODY));
          // Who takes any Accept answers in a format of the standard (RFC 9110 12.5.1).
          if (answer.status < 400) {
            await c.owned(answer);
            assert.ok(Object.values(MEDIA).includes(answer.mediaType) || answer.empty, answer.said());
            c.unproven(`${what} is answered in ${answer.mediaType} though nothing but image/png was asked for`);
          }
          assert.equal(answer.status, 406, what);
          await c.fails(answer);
        }
      },
    ),
    check(
      'a request for what has changed meanwhile (If-Match) is refused before anything is done',
      ['R4.1.6.9-02', 'R4.1.6.8-02'],
      { needs: playground },
      async (c) => {
        const changing = (await allChanges(c)).filter(({ what }) => !what.startsWith('POST'));
        for (const { what, send } of changing) {
          const answer = await c.watched(() => send(STALE));
          assert.equal(answer.status, 412, what);
          await c.fails(answer);
        }
      },
    ),
    check(
      'a body of a media type that the standard does not have is refused before anything is done',
      ['R4.1.4-01', 'R4.1.4-02', 'R4.1.6.8-02'],
      { needs: playground },
      async (c) => {
        for (const { what, send } of (await allChanges(c)).filter(({ broken }) => broken !== undefined)) {
          const answer = await c.watched(() => send(STRANGE));
          assert.ok([400, 415].includes(answer.status), `${what}: ${answer.said()}`);
          await c.fails(answer);
        }
      },
    ),
    check(
      'a body that is broken off is refused before anything is done',
      ['R5.5.1-02', 'R5.5.1-03', 'R4.1.6.8-02'],
      { needs: playground },
      async (c) => {
        for (const { broken } of await allChanges(c)) if (broken) await c.refuses(broken, 400);
      },
    ),
    check(
      'what is refused, or is not there, has a Job, too: in the header, in the body, and of this request',
      ['R4.2.1.6-01', 'R4.2.1.6-02', 'R4.1.6.8-01', 'R4.1.6.8-02'],
      { needs: { ...playground, collections: ['jobs'] } },
      async (c) => {
        const gone = await makeConfig(c);
        const [edit, remove] = [c.offered(gone, 'edit'), c.offered(gone, 'delete')];
        await c.done(await c.delete(remove));
        const add = await c.addUri(PLAYGROUND);
        const kept = await makeConfig(c);
        const refused: [string, Answer][] = [
          [idOf(gone), await c.put(edit, TYPE, { description: 'x' }, { query })],
          [idOf(gone), await c.delete(remove)],
          [`${idOf(gone)}`, await c.post(idOf(gone), 'Action', { action: actionUri('start') })],
          [add, await c.post(add, TYPE, { nosuchattribute: 'x', ...small })],
          [idOf(kept), await c.put(c.offered(kept, 'edit'), TYPE, { nosuchattribute: 'x' }, { query })],
          [idOf(kept), await c.delete(c.offered(kept, 'delete'), STALE)],
        ];
        for (const [target, answer] of refused) {
          const said = answer.refused().body;
          assert.equal(said.resourceURI, `${CIMI}/Job`, answer.said());
          assert.ok(answer.jobUri, `${answer.said()} has no CIMI-Job-URI`);
          assert.equal(said.text('id'), answer.jobUri, `the Job in the header is that of the body: ${answer.said()}`);
          const job = await c.read(answer.jobUri);
          assert.equal(job.text('state'), 'FAILED', answer.said());
          assert.equal(c.session.absolute(job.href('targetResource') ?? ''), c.session.absolute(target.split('?')[0] ?? ''), answer.said());
        }
        assert.equal(new Set(refused.map(([, { jobUri }]) => jobUri)).size, refused.length, 'each request has a Job of its own');
      },
    ),
    check(
      'who comes second to a thing that is being changed is told by a Job of his own',
      ['R4.1.6.8-01', 'R4.1.6.8-02'],
      { needs: { adds: ['machines'], collections: ['jobs'] } },
      async (c) => {
        const machine = await makeMachine(c);
        const offered = ['stop', 'start', 'restart', 'pause', 'suspend'].filter((name) => c.operation(machine, name) !== undefined);
        const both = await Promise.all(offered.slice(0, 3).map((name) => c.act(machine, name)));
        for (const answer of both) await c.job(answer);
        const [second] = c.some(
          both.filter(({ status }) => status >= 400),
          'request that was refused for another one',
        );
        const said = second?.body;
        assert.deepEqual([said?.resourceURI, said?.text('state')], [`${CIMI}/Job`, 'FAILED'], second?.said());
        assert.equal(said?.text('id'), second?.jobUri, 'the Job in the header is that of the body');
        assert.equal(new Set(both.map(({ jobUri }) => jobUri)).size, both.length, 'each request has a Job of its own');
        await c.untilState(idOf(machine), 'STOPPED', 'STARTED', 'PAUSED', 'SUSPENDED');
      },
    ),
  ]),
];
