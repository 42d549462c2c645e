import { type CallContext, isOngoing, type Ongoing } from '../../src/clouds/driver';
import { HandleForgotten, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { Operations, type Stages } from './operations';
import { SoapFault } from './soap';
import type { Ref } from './types';

const context: CallContext = { signal: new AbortController().signal };
const ref = (value: string): Ref => ({ type: 'Task', value });
type Info = Record<string, unknown>;

/** A vCenter that knows these tasks, and counts how often it is asked. */
function vcenter(tasks: Record<string, Info>, recent: string[] = []) {
  let asked = 0;
  const object = (key: string) => ({
    obj: ref(key),
    propSet: [{ name: 'info', val: { $type: 'TaskInfo', descriptionId: 'VM.x', ...tasks[key] } }],
  });
  const retrieve = (parameters: { specSet: { objectSet: { obj: Ref }[] }[] }) => {
    asked += 1;
    const obj = parameters.specSet[0]?.objectSet[0]?.obj ?? ref('');
    if (obj.type !== 'Task') return { objects: recent.map(object) };
    if (!tasks[obj.value]) throw new SoapFault({ $type: 'ManagedObjectNotFound', obj }, 'already deleted');
    return { objects: [object(obj.value)] };
  };
  const wire = {
    service: () => Promise.resolve({ propertyCollector: ref('collector') }),
    whoAmI: () => Promise.resolve({ key: 's', user: 'gateway@vsphere.local' }),
    faulty: async (_method: string, _self: Ref, parameters: never) => Promise.resolve(retrieve(parameters)),
    call: async (_method: string, _self: Ref, parameters: never) => Promise.resolve(retrieve(parameters)),
  } as unknown as Wire;
  return { operations: new Operations(wire), asked: () => asked };
}

const asJson = ({ ongoing }: Ongoing): Ongoing['ongoing'] => JSON.parse(JSON.stringify(ongoing)) as Ongoing['ongoing'];
function ongoing(outcome: unknown): Ongoing {
  if (isOngoing(outcome)) return outcome;
  throw new Error(`it has ended: ${JSON.stringify(outcome)}`);
}

test('an operation is left at each task and entered again when that has ended, in whichever process', async () => {
  const tasks: Record<string, Info> = { 'task-1': { state: 'running', progress: 40 }, 'task-2': { state: 'queued' } };
  const begun: string[] = [];
  const start = () => {
    const { operations, asked } = vcenter(tasks);
    const begin = (task: string) => () => Promise.resolve(begun.push(task)).then(() => ref(task));
    const enter = operations.define('two', async ({ name }: { name: string }, stages: Stages) => {
      const made = await stages.task<string>('make', begin('task-1'), { pick: (result) => `${name}-${String(result)}` });
      await stages.task('start', begin('task-2'));
      return { key: made };
    });
    return { operations, asked, enter };
  };
  const first = start();
  const one = ongoing(await first.enter({ name: 'vm' }, context));
  expect(one).toMatchObject({ progress: 40, message: expect.stringContaining('task-1') as string });
  // While it goes on, a poll is one call, and the handle stays.
  const second = start();
  expect(await second.operations.poll(asJson(one), context)).toMatchObject({ ongoing: asJson(one), progress: 40 });
  expect([second.asked(), begun]).toEqual([1, ['task-1']]);
  tasks['task-1'] = { state: 'success', result: '7' };
  const two = ongoing(await second.operations.poll(asJson(one), context));
  expect(begun).toEqual(['task-1', 'task-2']);
  tasks['task-2'] = { state: 'success' };
  expect(await start().operations.poll(asJson(two), context)).toEqual({ key: 'vm-7' });
  expect(begun).toEqual(['task-1', 'task-2']);
});

test('a task that ended at once needs no handle', async () => {
  const { operations } = vcenter({ 'task-1': { state: 'success' } });
  const enter = operations.define(
    'quick',
    async (_args: object, stages) => void (await stages.task('do', () => Promise.resolve(ref('task-1')))),
  );
  expect(await enter({}, context)).toBeUndefined();
});

test('why a task failed is told; what passes is to be called again', async () => {
  const tasks: Record<string, Info> = { 'task-1': { state: 'running' } };
  const { operations } = vcenter(tasks);
  const enter = operations.define(
    'one',
    async (_args: object, stages) => void (await stages.task('do', () => Promise.resolve(ref('task-1')))),
  );
  const handle = asJson(ongoing(await enter({}, context)));
  const failing = (name: string) => {
    tasks['task-1'] = { state: 'error', error: { fault: { $type: name }, localizedMessage: 'words of vCenter' } };
    return operations.poll(handle, context);
  };
  await expect(failing('NoDiskSpace')).rejects.toMatchObject({
    kind: 'quota',
    message: expect.stringContaining('words of vCenter') as string,
  });
  await expect(failing('TaskInProgress')).rejects.toBeInstanceOf(HandleForgotten);
  await expect(failing('TaskInProgress')).rejects.toMatchObject({ passing: true, code: 'TaskInProgress' });
  delete tasks['task-1'];
  await expect(operations.poll(handle, context)).rejects.toBeInstanceOf(HandleForgotten);
  await expect(operations.poll({ op: 'none' }, context)).rejects.toBeInstanceOf(HandleForgotten);
});

test('a fault that means that it is so ends the stage, once and for all', async () => {
  const { operations } = vcenter({ 'task-2': { state: 'running' } });
  let begun = 0;
  const enter = operations.define('forgiving', async (_args: object, stages) => {
    const begin = () => {
      begun += 1;
      return Promise.reject(new ProviderError('conflict', 'it is on', { code: 'InvalidPowerState' }));
    };
    await stages.task('on', begin, { forgive: ({ code }) => code === 'InvalidPowerState' });
    await stages.task('more', () => Promise.resolve(ref('task-2')));
  });
  const handle = asJson(ongoing(await enter({}, context)));
  await operations.poll(handle, context);
  expect(begun).toBe(1);
});

test('after a lost answer, what an earlier call began is waited for, and counts', async () => {
  const lately = new Date().toISOString();
  const ours = { name: 'ResetVM_Task', queueTime: lately, reason: { $type: 'TaskReasonUser', userName: 'VSPHERE.LOCAL\\Gateway' } };
  const tasks: Record<string, Info> = {
    'task-1': { ...ours, state: 'success', reason: { $type: 'TaskReasonUser', userName: 'VSPHERE.LOCAL\\somebody' } },
    'task-2': { ...ours, state: 'success', name: 'PowerOnVM_Task' },
    'task-3': { ...ours, state: 'success', queueTime: '2020-01-01T00:00:00Z' },
    'task-4': { ...ours, state: 'running' },
  };
  let begun = 0;
  const start = () => {
    const { operations } = vcenter(tasks, Object.keys(tasks));
    const enter = operations.define('reset', async (_args: object, stages) => {
      const [done] = await stages.earlier({ type: 'VirtualMachine', value: 'vm-1' }, 'ResetVM_Task');
      if (done) return;
      begun += 1;
      await stages.task('reset', () => Promise.resolve(ref('task-4')));
    });
    return { operations, enter };
  };
  const handle = asJson(ongoing(await start().enter({}, { ...context, repeated: { since: Date.now() } })));
  expect([handle['task'], begun]).toEqual(['task-4', 0]);
  tasks['task-4'] = { ...ours, state: 'success' };
  expect(await start().operations.poll(handle, context)).toBeUndefined();
  expect(begun).toBe(0);
  // Where nothing was lost, nothing is looked for.
  await start().enter({}, context);
  expect(begun).toBe(1);
});

test('whoever is outrun again and again gives up at last', async () => {
  const { operations } = vcenter({});
  const error = new ProviderError('unavailable', 'ConcurrentAccess');
  const enter = operations.define('outrun', (_args: object, stages) => Promise.reject(stages.again('change', error)));
  let outcome: unknown = await enter({}, context);
  const poll = async () => {
    for (;;) outcome = await operations.poll(asJson(ongoing(outcome)), context);
  };
  await expect(poll()).rejects.toBe(error);
});
