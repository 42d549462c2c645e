import { answerXml } from './ec2-xml';
import type { Call, FaultProxy } from './fault-proxy';

interface Task {
  id: string;
  instance: string;
  image: string;
  token: string;
  started: number;
}

/** Stands in for the one thing a restore needs that moto does not have: tasks that replace a root volume. */
export interface RootVolumeTasks {
  /** End of a task after `runningMs`. */
  ends: 'succeeded' | 'failed';
  runningMs: number;
}

/**
 * Answers CreateReplaceRootVolumeTask and DescribeReplaceRootVolumeTasks from memory, in the shape of EC2's API model
 * (moto answers an HTML 500 to both). The volume itself is not touched. Gone after `proxy.reset()`.
 */
export function rootVolumeTasks(proxy: FaultProxy): RootVolumeTasks {
  const manner: RootVolumeTasks = { ends: 'succeeded', runningMs: 100 };
  const tasks: Task[] = [];
  const state = (task: Task): string => (Date.now() - task.started < manner.runningMs ? 'in-progress' : manner.ends);
  const xml = (task: Task): string =>
    `<replaceRootVolumeTaskId>${task.id}</replaceRootVolumeTaskId><instanceId>${task.instance}</instanceId>` +
    `<taskState>${state(task)}</taskState><startTime>${new Date(task.started).toISOString()}</startTime><imageId>${task.image}</imageId>`;
  const create = (call: Call): string => {
    const given = (name: string): string => call.parameters.get(name) ?? '';
    const token = given('ClientToken');
    const task = tasks.find((known) => known.token === token) ?? {
      id: `replacevol-${String(tasks.length + 1).padStart(17, '0')}`,
      instance: given('InstanceId'),
      image: given('ImageId'),
      token,
      started: Date.now(),
    };
    if (!tasks.includes(task)) tasks.push(task);
    return answerXml('CreateReplaceRootVolumeTask', `<replaceRootVolumeTask>${xml(task)}</replaceRootVolumeTask>`);
  };
  const describe = (): string => {
    const items = tasks.map((task) => `<item>${xml(task)}</item>`).join('');
    return answerXml('DescribeReplaceRootVolumeTasks', `<replaceRootVolumeTaskSet>${items}</replaceRootVolumeTaskSet>`);
  };
  const good = (body: string) => ({ status: 200, type: 'text/xml', body });
  const wanted = (call: Call): boolean => call.parameters.get('DryRun') !== 'true';
  const dry = { code: 'DryRunOperation', message: 'Request would have succeeded, but DryRun flag is set.', status: 412 };
  for (const [action, answer] of [
    ['CreateReplaceRootVolumeTask', create],
    ['DescribeReplaceRootVolumeTasks', describe],
  ] as const) {
    proxy.add({ action, when: wanted, answer: (call) => good(answer(call)) });
    proxy.add({ action, fail: dry });
  }
  return manner;
}
