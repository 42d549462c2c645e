import { DescribeReplaceRootVolumeTasksCommand, type Instance, type ReplaceRootVolumeTask } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { batches, type Wire } from './client';
import { TAG, tagsOf } from './naming';

/** Time for which the task of a restore is still asked for, in ms; replacing a volume takes minutes. */
const WATCH_MS = 2 * 3_600_000;
const FILTER_VALUES = 200;

/** The last replacement of an instance's root volume. */
export interface RootTask {
  /** EC2's word. */
  state: string;
  /** The restore that failed after it was accepted, with words. */
  failure?: { token: string; reason: string };
}

const FAILED: Readonly<Record<string, string>> = {
  failed: 'EC2 could not replace the root volume; the machine runs from its former one',
  'failed-detached': 'EC2 could not replace the root volume; the machine is left without one',
};

/** Asks for root volume tasks of those instances alone that were restored within the last hours: no call for the others. */
export class RootTasks {
  constructor(private readonly wire: Wire) {}

  /** Newest task by instance id. */
  async of(instances: readonly Instance[], context: CallContext): Promise<ReadonlyMap<string, RootTask>> {
    const restored = new Map<string, string>();
    for (const instance of instances) {
      const token = restoreToken(tagsOf(instance.Tags)[TAG.restore], Date.now());
      if (token !== undefined && instance.InstanceId !== undefined) restored.set(instance.InstanceId, token);
    }
    const tasks = new Map<string, ReplaceRootVolumeTask>();
    for (const Values of batches([...restored.keys()], FILTER_VALUES)) {
      const Filters = [{ Name: 'instance-id', Values }];
      for await (const page of this.wire.pages((NextToken) =>
        this.wire.send(new DescribeReplaceRootVolumeTasksCommand({ Filters, NextToken }), context),
      )) {
        for (const task of page.ReplaceRootVolumeTasks ?? []) keepNewest(tasks, task);
      }
    }
    return new Map([...tasks].map(([id, task]) => [id, rootTask(task, restored.get(id) ?? '')]));
  }
}

function keepNewest(tasks: Map<string, ReplaceRootVolumeTask>, task: ReplaceRootVolumeTask): void {
  const id = task.InstanceId ?? '';
  if ((tasks.get(id)?.StartTime ?? '') <= (task.StartTime ?? '')) tasks.set(id, task);
}

function rootTask(task: ReplaceRootVolumeTask, newestToken: string): RootTask {
  const state = task.TaskState ?? 'unknown';
  const reason = Object.hasOwn(FAILED, state) ? FAILED[state] : undefined;
  const token = tagsOf(task.Tags)[TAG.token] ?? newestToken;
  return { state, ...(reason === undefined ? {} : { failure: { token, reason } }) };
}

/** Token of a restore not older than the watch; the tag holds the time, a blank, the token. */
export function restoreToken(tag: string | undefined, now: number): string | undefined {
  const [time, token] = tag?.split(' ') ?? [];
  if (time === undefined || token === undefined) return undefined;
  return now - Date.parse(time) < WATCH_MS ? token : undefined;
}
