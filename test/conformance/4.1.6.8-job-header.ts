import { assert } from './kit/assert';
import { CIMI } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { idOf } from './kit/ingredients';
import { PLAYGROUND, playground, TYPE } from './kit/playground';
import { textOf, type Value } from './kit/value';
import type { Answer } from './kit/wire';

const small = { cpu: 1, memory: 1048576 };

/** Asserts that an answer of failure describes itself as a Job. */
function failure(answer: Answer): Value {
  const job = answer.refused().body;
  assert.equal(job.resourceURI, `${CIMI}/Job`, answer.said());
  assert.equal(job.text('state'), 'FAILED');
  assert.ok((job.text('statusMessage') ?? '').length > 0, 'it says why');
  return job;
}

const refusedCreate = async (c: Context): Promise<Answer> => c.post(await c.addUri(PLAYGROUND), TYPE, { nosuchattribute: 'x' });

export const clauses = [
  clause('4.1.6.8', 'Job header', [
    check('a change names its Job in CIMI-Job-URI', ['R4.1.6.8-01'], { needs: { ...playground, collections: ['jobs'] } }, async (c) => {
      const answer = await c.post(await c.addUri(PLAYGROUND), TYPE, small);
      await c.owned(answer);
      assert.ok(answer.jobUri, answer.said());
      const job = await c.read(answer.jobUri);
      assert.equal(job.resourceURI, `${CIMI}/Job`);
      assert.equal(idOf(job), answer.jobUri);
    }),
    check('a change that fails is described by a Job in the answer', ['R4.1.6.8-02', 'R4.1.6.8-03'], { needs: playground }, async (c) => {
      failure(await refusedCreate(c));
      failure(await c.post(await c.addUri(PLAYGROUND), 'NoSuchType', small));
    }),
    check('a read that fails is described by a Job, too', ['R4.1.6.8-02', 'R4.1.6.8-03'], { needs: playground }, async (c) => {
      const uri = await c.createUri(PLAYGROUND, TYPE, small);
      await c.session.remove(uri);
      const job = failure(await c.get(uri));
      assert.ok(job.format === c.format);
    }),
    check(
      'without Jobs the one that describes a failure has no references',
      ['R4.1.6.8-04', 'R4.1.6.8-05'],
      { needs: playground },
      async (c) => {
        if (c.entry.has('jobs')) c.skip('Jobs are supported');
        const job = failure(await refusedCreate(c));
        assert.equal(job.text('id'), '');
        for (const nested of job.list('nestedJobs', 'nestedJob')) assert.equal(nested.text('href'), '');
      },
    ),
  ]),
  clause('4.1.6.9', 'ETag support', [
    check('If-Match is honoured where an ETag is sent', ['R4.1.6.9-02'], { needs: playground }, async (c) => {
      const uri = await c.createUri(PLAYGROUND, TYPE, { description: 'first', ...small });
      const etag = (await c.get(uri)).etag ?? c.skip('no ETag is sent');
      const edit = c.offered(await c.read(uri), 'edit');
      const change = (description: string, match: string) =>
        c.put(edit, TYPE, { description }, { query: { $select: 'description' }, headers: { 'if-match': match } });
      (await change('refused', '"nosuchtag"')).is(412);
      assert.equal(textOf(await c.read(uri), 'description'), 'first');
      await c.done(await change('second', etag));
      assert.equal(textOf(await c.read(uri), 'description'), 'second');
      (await change('third', etag)).is(412);
      (await c.delete(c.offered(await c.read(uri), 'delete'), { headers: { 'if-match': etag } })).is(412);
      assert.equal(textOf(await c.read(uri), 'description'), 'second');
    }),
  ]),
];
