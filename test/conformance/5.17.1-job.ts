import { assert } from './kit/assert';
import { CIMI, type Content } from './kit/body';
import { actionUri, type Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineCreate, makeMachine } from './kit/ingredients';
import { machineComponent } from './kit/parts';
import { list } from './kit/body';
import { PLAYGROUND, playground, TYPE } from './kit/playground';
import { assertCollection, assertShape } from './kit/shape';
import { hrefOf, textOf, type Value } from './kit/value';
import type { Answer } from './kit/wire';

const needs = { ...playground, collections: ['jobs'] };
const machines = { adds: ['machines'], collections: ['jobs'] };
const small = { cpu: 1, memory: 1048576 };
const MANDATORY = ['state', 'targetResource', 'action', 'returnCode', 'progress', 'statusMessage', 'timeOfStatusChange'];
const ENDED = ['SUCCESS', 'FAILED', 'STOPPED'];

const affectedBy = (c: Context, job: Value): string[] =>
  job.list('affectedResources', 'affectedResource').map((each) => c.session.absolute(each.text('href') ?? ''));
const nestedIn = (job: Value): string[] => job.list('nestedJobs', 'nestedJob').map((each) => textOf(each, 'href'));

/** A Job that has ended, with those inside it, deep. */
async function withNested(c: Context, job: Value): Promise<Value[]> {
  const inside = await Promise.all(nestedIn(job).map((uri) => c.read(uri)));
  return [job, ...(await Promise.all(inside.map((each) => withNested(c, each)))).flat()];
}

/** The ended Job of a change. */
async function jobOf(c: Context, answer: Answer): Promise<Value> {
  assert.ok(answer.jobUri, `${answer.said()} names no Job`);
  await c.owned(answer);
  return (await c.job(answer)) ?? c.skip('Jobs are not supported');
}

/** Asserts what holds of every Job that has ended. */
async function assertEnded(c: Context, job: Value, state: string, target: string, action: string): Promise<void> {
  assertShape(c, job, 'Job', MANDATORY);
  assert.deepEqual([textOf(job, 'state'), textOf(job, 'progress')], [state, '100'], idOf(job));
  assert.equal(c.session.absolute(hrefOf(job, 'targetResource')), c.session.absolute(target));
  assert.equal(textOf(job, 'action'), actionUri(action));
  assert.ok(textOf(job, 'statusMessage').length > 0);
  const code = Number(textOf(job, 'returnCode'));
  assert.ok(
    code < 0 || code > 9999 || (code === 0) === (state === 'SUCCESS'),
    `returnCode ${code} is the specification's to give a meaning`,
  );
  const changed = Date.parse(textOf(job, 'timeOfStatusChange'));
  assert.ok(Math.abs(changed - Date.now()) < 3_600_000, textOf(job, 'timeOfStatusChange'));
  if (job.has('created')) assert.ok(changed >= Date.parse(textOf(job, 'created')), 'a Job ends after it was made');
  const living = (await c.get(target)).status === 200;
  // A Resource that has been deleted shall not appear, not even as the target (D015).
  assert.equal(affectedBy(c, job).includes(c.session.absolute(target)), living, `${idOf(job)}: the target among the affected`);
}

/** An action on a Machine of its own: a change that is on its way for a moment. */
async function acting(c: Context): Promise<{ machine: Value; name: string; answer: Answer }> {
  const machine = await makeMachine(c);
  const name = c.operation(machine, 'stop') === undefined ? 'start' : 'stop';
  return { machine, name, answer: await c.act(machine, name) };
}

/** Tries an action and its Job until the Job is caught on its way. @throws Unproven where it never is. */
async function caught<T>(c: Context, seize: (tried: { machine: Value; answer: Answer }) => Promise<T | undefined>): Promise<T> {
  for (let times = 0; times < TRIES; times++) {
    const tried = await acting(c);
    const found = await seize(tried);
    await c.untilState(idOf(tried.machine), 'STARTED', 'STOPPED');
    if (found !== undefined) return found;
  }
  return c.unproven('no Job was caught on its way');
}

export const clauses = [
  clause('5.17.1', 'Job Resource', [
    check(
      'creates, updates and deletes have a Job each, which tells its target, its action and how it ended',
      ['R5.17.1-01', 'R5.17.1-02', 'R5.17.1-09', 'R5.17.1-10', 'R5.17.1-11', 'R5.17.1-12', 'R5.17.1-13', 'R5.17.1-14', 'R5.17.1-15'],
      { needs },
      async (c) => {
        const created = await c.post(await c.addUri(PLAYGROUND), TYPE, { name: freshName(), ...small });
        const add = await jobOf(c, created);
        const uri = (await c.owned(created)) ?? '';
        await assertEnded(c, add, 'SUCCESS', c.link(PLAYGROUND), 'add');
        assert.ok(affectedBy(c, add).includes(c.session.absolute(uri)), 'what was created is among the affected');
        const value = await c.read(uri);
        const query = { $select: 'description' };
        const edited = await c.put(c.offered(value, 'edit'), TYPE, { description: 'changed' }, { query });
        await assertEnded(c, await jobOf(c, edited), 'SUCCESS', uri, 'edit');
        const failed = await c.put(c.offered(value, 'edit'), TYPE, { nosuchattribute: 'x' }, { query });
        await assertEnded(c, await jobOf(c, failed), 'FAILED', uri, 'edit');
        const deleted = await jobOf(c, await c.delete(c.offered(value, 'delete')));
        await assertEnded(c, deleted, 'SUCCESS', uri, 'delete');
      },
    ),
    check(
      'creating a Machine and acting on it have Jobs, whose progress never falls and is 100 at the end',
      ['R5.17.1-01', 'R5.17.1-09', 'R5.17.1-10', 'R5.17.1-11', 'R5.17.1-13'],
      { needs: machines },
      async (c) => {
        const created = await c.post(await c.addUri('machines'), 'MachineCreate', await machineCreate(c));
        const made = await jobOf(c, created);
        const uri = (await c.owned(created)) ?? '';
        await assertEnded(c, made, 'SUCCESS', c.link('machines'), 'add');
        assert.ok(affectedBy(c, made).includes(c.session.absolute(uri)), 'the Machine is among the affected');
        const { machine, name, answer } = await acting(c);
        let last = await c.read(answer.jobUri ?? '');
        while (!ENDED.includes(textOf(last, 'state'))) {
          const next = await c.read(idOf(last));
          assert.ok(Number(textOf(next, 'progress')) >= Number(textOf(last, 'progress')), 'progress falls');
          if (!ENDED.includes(textOf(next, 'state'))) assert.ok(Number(textOf(next, 'progress')) < 100, 'a Job that executes is at 100');
          last = next;
        }
        await assertEnded(c, last, 'SUCCESS', idOf(machine), name);
      },
    ),
    check('what was deleted is in no list of affected Resources, of any Job', ['R5.17.1-05'], { needs: machines }, async (c) => {
      const answer = await c.post(await c.addUri('machines'), 'MachineCreate', await machineCreate(c));
      const made = await jobOf(c, answer);
      const machine = await c.untilState((await c.owned(answer)) ?? '', 'STARTED', 'STOPPED');
      const name = c.operation(machine, 'stop') === undefined ? 'start' : 'stop';
      const acted = await jobOf(c, await c.act(machine, name));
      const deleted = await jobOf(c, await c.delete(c.offered(await c.read(idOf(machine)), 'delete')));
      await c.gone(idOf(machine));
      for (const { uri, at } of await affectedNow(c, [made, acted, deleted]))
        assert.equal((await c.get(uri)).status, 200, `${at} names ${uri}, which is gone`);
    }),
    check(
      'a Job of several has them as nested Jobs, which lead back to it, and is SUCCESS only where they all are',
      ['R5.17.1-06', 'R5.17.1-07', 'R5.17.1-10'],
      { needs: { adds: ['systems', 'machines'], collections: ['jobs'] } },
      async (c) => {
        const componentDescriptors = list('componentDescriptor', [await machineComponent(c, 'a'), await machineComponent(c, 'b')]);
        const content = { name: freshName('system'), systemTemplate: { componentDescriptors } };
        const answer = await c.post(await c.addUri('systems'), 'SystemCreate', content);
        const job = await jobOf(c, answer);
        const uri = (await c.owned(answer)) ?? '';
        assert.equal(textOf(job, 'state'), 'SUCCESS');
        const all = await withNested(c, job);
        const affected = new Set(all.flatMap((each) => affectedBy(c, each)));
        const members = (await c.follow(await c.read(uri), 'machines')).items().map((each) => c.session.absolute(hrefOf(each, 'machine')));
        assert.equal(members.length, 2);
        for (const each of [c.session.absolute(uri), ...members]) assert.ok(affected.has(each), `${each} is among the affected of no Job`);
        for (const each of all) {
          assert.equal(textOf(each, 'state'), 'SUCCESS', idOf(each));
          for (const below of nestedIn(each)) assert.equal(hrefOf(await c.read(below), 'parentJob'), idOf(each));
        }
        if (all.length === 1) c.unproven('the creation of a System has no nested Jobs');
      },
    ),
    check(
      'a Consumer changes name, description and properties of a Job, and nothing else',
      ['R5.17.1-14'],
      { needs: { ...needs, capabilities: ['CloudEntryPoint/SelectParameter'] } },
      async (c) => {
        const job = await jobOf(c, await c.post(await c.addUri(PLAYGROUND), TYPE, small));
        const edit = c.operation(job, 'edit') ?? c.skip('Jobs offer no edit');
        const ignored: Content = { state: 'FAILED', action: actionUri('stop'), returnCode: 4711, progress: 1, statusMessage: 'changed' };
        const names = ['name', 'description', ...Object.keys(ignored)];
        const content = { name: 'mine', description: 'changed', ...ignored };
        await c.done(await c.put(edit, 'Job', content, { query: { $select: names.join(',') } }));
        const after = await c.read(idOf(job));
        assert.deepEqual([after.text('name'), after.text('description')], ['mine', 'changed']);
        for (const name of Object.keys(ignored)) assert.equal(after.text(name), job.text(name), name);
      },
    ),
  ]),

  clause('5.17.1.1', 'Job operations', [
    check('a Job that has ended can be deleted, and what it made stays', ['R5.17.1.1-01'], { needs }, async (c) => {
      const answer = await c.post(await c.addUri(PLAYGROUND), TYPE, small);
      const job = await jobOf(c, answer);
      const remove = c.operation(job, 'delete') ?? c.skip('Jobs offer no delete');
      await c.done(await c.delete(remove));
      await c.gone(idOf(job));
      assert.equal((await c.get(answer.location ?? '')).status, 200, 'what the Job had made is gone with it');
    }),
    check(
      'stop leads through STOPPING to STOPPED, and says what is so of its resource',
      ['R5.17.1.1-03', 'R5.17.1.1-04', 'R5.17.1.1-05', 'R5.17.1-13'],
      { needs: machines },
      async (c) => {
        const states: string[] = [];
        const job = await caught(c, ({ answer }) => stop(c, answer, (state) => states.push(state)));
        assert.deepEqual(
          states.filter((state) => !['QUEUED', 'RUNNING', 'STOPPING', 'STOPPED'].includes(state)),
          [],
        );
        assert.equal(textOf(job, 'progress'), '100');
        assert.ok(textOf(job, 'statusMessage').length > 0);
      },
    ),
    check(
      'the Job of an action that was stopped says of the Machine what is so, and names it',
      ['R5.17.1.1-05', 'R5.17.1-04'],
      { needs: machines },
      async (c) => {
        const { job, machine } = await caught(c, async (tried) => {
          const found = await stop(c, tried.answer);
          return found && { job: found, machine: tried.machine };
        });
        const after = await c.read(idOf(machine));
        const words = textOf(job, 'statusMessage');
        const claims = /\bundone\b/.test(words) && !/\b(not|nothing|cannot|can't)\b[^.;]*\bundone\b/.test(words);
        if (claims) assert.equal(after.text('state'), machine.text('state'), words);
        assert.ok(affectedBy(c, job).includes(c.session.absolute(idOf(machine))), 'the Machine is among the affected');
      },
    ),
    check(
      'deleting a running Job stops it first, or fails where it offers no stop',
      ['R5.17.1.1-01', 'R5.17.1.1-02'],
      { needs: machines },
      async (c) => {
        const { stoppable, answer, uri } = await caught(c, async (tried) => {
          const running = await c.read(tried.answer.jobUri ?? c.skip('no Job is named'));
          if (textOf(running, 'state') !== 'RUNNING') return undefined;
          const deleted = await c.delete(idOf(running));
          const now = await c.get(idOf(running));
          const ended = deleted.status >= 400 && (now.status !== 200 || ENDED.includes(textOf(now.body, 'state')));
          return ended ? undefined : { stoppable: c.operation(running, 'stop') !== undefined, answer: deleted, uri: idOf(running) };
        });
        if (!stoppable) return void answer.refused();
        assert.ok(answer.status < 300, `it offers stop, and its deletion was refused: ${answer.said()}`);
        await c.session.until(`${uri} to be gone`, async () => ((await c.get(uri)).status === 404 ? true : undefined));
      },
    ),
  ]),

  clause('5.17.2', 'JobCollection Resource', [
    check('is serialized as published, without add, its items whole', ['R5.17.2-01'], { needs }, async (c) => {
      await c.create(PLAYGROUND, TYPE, small);
      const jobs = await c.collection('jobs', c.can('CloudEntryPoint/FirstParameter') ? { $first: '1', $last: '50' } : {});
      for (const item of c.some(jobs.items(), 'Job')) assertShape(c, item, 'Job', MANDATORY);
      if (!c.can('CloudEntryPoint/FirstParameter')) assertCollection(c, jobs, 'JobCollection', MANDATORY);
      assert.equal(jobs.resourceURI, `${CIMI}/JobCollection`);
      assert.equal(jobs.grouping(), c.format === 'json' ? 'jobs' : 'Job');
      assert.equal(c.operation(jobs, 'add'), undefined);
      await c.refuses(() => c.post(idOf(jobs), 'Job', { name: freshName() }));
    }),
    check(
      'the Job of a change is in it, as it is by itself',
      ['R5.17.2-01', 'R5.17.1-02'],
      { needs: { ...needs, capabilities: ['CloudEntryPoint/FilterParameter'] } },
      async (c) => {
        const target = await c.createUri(PLAYGROUND, TYPE, small);
        const value = await c.read(target);
        const answer = await c.put(c.offered(value, 'edit'), TYPE, { description: 'x' }, { query: { $select: 'description' } });
        const job = await jobOf(c, answer);
        const $filter = `created>='${textOf(job, 'created')}'`.replaceAll("'", '');
        const found = (await c.items('jobs', { $filter })).find((each) => idOf(each) === idOf(job));
        assert.ok(found, `${idOf(job)} is not listed`);
        for (const name of MANDATORY) assert.equal(found.text(name) ?? found.href(name), job.text(name) ?? job.href(name), name);
      },
    ),
  ]),
];

/** Number of times a check tries to catch what lasts a moment. */
const TRIES = 3;

/** Resources that Jobs, read again, name as affected. */
async function affectedNow(c: Context, jobs: Value[]): Promise<{ at: string; uri: string }[]> {
  const all = (await Promise.all(jobs.map(async (job) => withNested(c, await c.read(idOf(job)))))).flat();
  return all.flatMap((job) => affectedBy(c, job).map((uri) => ({ at: idOf(job), uri })));
}

/** Stops the Job of an answer. @returns it when it is STOPPED; undefined where it had ended before. */
async function stop(c: Context, answer: Answer, seen: (state: string) => void = () => undefined): Promise<Value | undefined> {
  const job = await c.read(answer.jobUri ?? c.skip('no Job is named'));
  if (c.operation(job, 'stop') === undefined) return undefined;
  const stopping = await c.act(job, 'stop');
  if (stopping.status >= 400) return undefined;
  const ended = await c.session.until(`the Job ${idOf(job)}`, async () => {
    const now = await c.read(idOf(job));
    seen(textOf(now, 'state'));
    return ENDED.includes(textOf(now, 'state')) ? now : undefined;
  });
  return textOf(ended, 'state') === 'STOPPED' ? ended : undefined;
}
