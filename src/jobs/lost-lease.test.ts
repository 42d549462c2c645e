import { noted, workflow } from '../../test/jobs/harness';
import { LEASE_MS, runnerScene } from '../../test/jobs/runner-scene';
import { ProviderError } from '../clouds/errors';
import type { UnitOfWork } from '../store/store';
import type { Step, StepContext } from './workflow';

const scene = runnerScene();
const insert = async (unit: UnitOfWork, id: string): Promise<void> => {
  await unit.insertJob({ id, tenant: 'acme', principal: 'ann', action: 'urn:x', target: 't', affected: [], statusMessage: 'look' });
};
const timeout = () => new ProviderError('timeout', 'no answer');

describe('a lost lease', () => {
  test('writes nothing: neither the record nor what the step changes', async () => {
    const late: unknown[] = [];
    const one: Step = {
      ...noted([], 'one', async ({ job }) => {
        await scene.steal(job.id);
        return { done: 'mine', apply: (unit) => insert(unit, 'of-a-lost-lease') };
      }),
      late: async (context, outcome) => {
        late.push(context.job.id, outcome);
        return undefined;
      },
    };
    const id = await scene.accept(workflow('lost', [one]));
    await expect(scene.work(id)).rejects.toThrow(`the lease of job ${id} was lost`);
    expect(await scene.row(id)).toMatchObject({ leaseOwner: 'worker-2', epoch: 2, attempts: 2, results: null, statusMessage: 'queued' });
    expect(await scene.store.job('of-a-lost-lease')).toBeUndefined();
    expect(late).toEqual([id, expect.objectContaining({ done: 'mine' })]);
    expect(scene.log.lines).toMatchObject([{ level: 'warn', fields: { job: id, tenant: 'acme', principal: 'ann', step: 'one' } }]);
    expect(scene.lease().signal.aborted).toBe(true);
    expect(scene.ended).toEqual([]);
  });

  test('found by a process that slept: nothing is sent any more', async () => {
    const diary: string[] = [];
    const id = await scene.accept(workflow('slept', [noted(diary, 'one')]));
    scene.onMoment = async (_step, moment, job) => void (moment === 'before' && (await scene.steal(job)));
    await expect(scene.work(id)).rejects.toThrow('was lost');
    expect(diary).toEqual([]);
  });

  test('that nobody took meanwhile is renewed, and the step runs', async () => {
    const diary: string[] = [];
    const id = await scene.accept(workflow('renewed', [noted(diary, 'one')]));
    scene.onMoment = (_step, moment) => void (moment === 'before' && scene.pass(LEASE_MS));
    expect(await scene.work(id)).toMatchObject({ state: 'SUCCESS' });
    expect(diary).toEqual(['one#1']);
  });

  test('known between two steps ends the work before the next', async () => {
    const diary: string[] = [];
    const id = await scene.accept(workflow('between', [noted(diary, 'one'), noted(diary, 'two')]));
    scene.onMoment = (_step, moment) => void (moment === 'recorded' && scene.lease().lose());
    await expect(scene.work(id)).rejects.toThrow('was lost');
    expect(diary).toEqual(['one#1']);
    expect(scene.moments.at(-1)).toBe('one/recorded');
  });

  test('of a step that does not say what a late call means is no more than logged', async () => {
    const one = noted([], 'one', async ({ job }) => {
      await scene.steal(job.id);
      return { done: null };
    });
    await expect(scene.work(await scene.accept(workflow('silent', [one])))).rejects.toThrow('was lost');
    expect(scene.log.lines).toMatchObject([{ level: 'warn' }]);
  });

  test('is not what a worker has that could not record: the step is asked nothing', async () => {
    const late = jest.fn();
    const id = await scene.accept(workflow('killed', [{ ...noted([], 'one'), late }]));
    scene.onMoment = (_step, moment) => {
      if (moment === 'ran') throw new Error('killed');
    };
    await expect(scene.work(id)).rejects.toThrow('killed');
    expect(late).not.toHaveBeenCalled();
  });

  test('after a call that threw: the step is asked what it may do, without an outcome, and its changes are made', async () => {
    const asked: unknown[] = [];
    const one: Step = {
      ...noted([], 'one', async ({ job }) => {
        await scene.steal(job.id);
        throw timeout();
      }),
      late: async (_context, outcome) => {
        asked.push(outcome);
        return (unit) => insert(unit, 'follow-up');
      },
    };
    const id = await scene.accept(workflow('late', [one]));
    await expect(scene.work(id)).rejects.toThrow('was lost');
    expect(asked).toEqual([undefined]);
    expect(await scene.row('follow-up')).toMatchObject({ state: 'QUEUED' });
    const words = 'the lease was lost while a call was on its way: it may have landed beside another worker';
    expect(scene.log.lines).toEqual([{ level: 'warn', words, fields: { job: id, tenant: 'acme', principal: 'ann', step: 'one' } }]);
  });

  test('a follow-up that fails is logged, and the worker lets go all the same', async () => {
    const error = new Error('no');
    const one: Step = {
      ...noted([], 'one', async ({ job }) => {
        await scene.steal(job.id);
        return { done: null };
      }),
      late: async () => Promise.reject(error),
    };
    const id = await scene.accept(workflow('late-fails', [one]));
    await expect(scene.work(id)).rejects.toThrow('was lost');
    const words = 'what a call did after the lease was lost could not be followed up';
    expect(scene.log.lines.at(-1)).toEqual({
      level: 'error',
      words,
      fields: { job: id, tenant: 'acme', principal: 'ann', step: 'one', err: error },
    });
  });

  test('while undoing asks no step: what an undo does is no late effect', async () => {
    const late = jest.fn();
    const undo = async ({ job }: StepContext) => {
      await scene.steal(job.id);
      return { done: null };
    };
    const one: Step = { ...noted([], 'one', () => Promise.reject(new ProviderError('quota', 'no')), undo), late };
    await expect(scene.work(await scene.accept(workflow('undoing', [one])))).rejects.toThrow('was lost');
    expect(late).not.toHaveBeenCalled();
  });
});
