import {
  CreateReplaceRootVolumeTaskCommand,
  DescribeInstancesCommand,
  type Instance,
  ModifyInstanceAttributeCommand,
  RebootInstancesCommand,
  RunInstancesCommand,
  type RunInstancesCommandOutput,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { CallContext, CreateMachine, Created, Item, Machines, Marks, Naming, Pages } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { InstanceTypes } from './configs';
import { orStillMoving } from './dependents';
import { thing } from './gone';
import { instancesById, instancesOf } from './instance-reads';
import { launchElsewhere, launchInput } from './launch';
import { machineItem } from './machine-item';
import { literal, holds, TAG, tagList } from './naming';
import type { Offerings } from './offerings';
import { refusedBy } from './poll';
import { RootTasks } from './root-tasks';
import { failedLaunch } from './states';
import { renameTags, writeTags } from './tags';
import { RecentlyCreated } from './recently-created';
import type { Zones } from './zones';

/** EC2 instances as Machines. */
export class Ec2Machines implements Machines {
  private readonly rootTasks: RootTasks;
  private readonly young: RecentlyCreated;

  constructor(
    private readonly wire: Wire,
    readonly types: InstanceTypes,
    readonly zones: Zones,
    private readonly offerings: Offerings,
  ) {
    this.rootTasks = new RootTasks(wire);
    this.young = new RecentlyCreated(wire.options.settleMs);
  }

  async *list(context: CallContext): Pages {
    yield* this.#described({ MaxResults: this.wire.options.pageSize }, context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const { found, gone } = await instancesById(this.wire, keys, context);
    const shown = found.filter((instance) => isThere(instance) || failedLaunch(instance) !== undefined);
    const ended = found.filter((instance) => !shown.includes(instance));
    return [...(await this.#items(shown, context)), ...gone, ...ended.map(shownAsEnded)];
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found: Item[] = [];
    const filter = { Filters: [{ Name: `tag:${TAG.id}`, Values: [literal(marks.tag)] }], MaxResults: this.wire.options.pageSize };
    for await (const page of this.#described(filter, context)) found.push(...page.filter((item) => item.tag === marks.tag));
    return found;
  }

  async *#described(input: { Filters?: { Name: string; Values: string[] }[]; MaxResults: number }, context: CallContext): Pages {
    for await (const page of this.wire.pages((NextToken) =>
      this.wire.send(new DescribeInstancesCommand({ ...input, NextToken }), context),
    )) {
      yield await this.#items(instancesOf(this.wire, page).filter(isThere), context);
    }
  }

  async #items(instances: readonly Instance[], context: CallContext): Promise<Item[]> {
    if (instances.length === 0) return [];
    const figures = await this.types.figures(
      instances.flatMap(({ InstanceType }) => InstanceType || []),
      context,
    );
    const tasks = await this.rootTasks.of(instances, context);
    return instances.map((instance) =>
      machineItem(instance, figures.get(instance.InstanceType ?? ''), tasks.get(instance.InstanceId ?? '')),
    );
  }

  holds(naming: Naming): Naming {
    return holds(naming, this.wire.maxProperties);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameTags(this.wire, key, naming, context);
  }

  /** RunInstances for exactly one, with the token as its ClientToken. */
  async create(request: CreateMachine, context: CallContext): Promise<Created> {
    const answer = await this.#launch(request, context);
    const id = answer.Instances?.[0]?.InstanceId;
    if (id === undefined) throw new ProviderError('unavailable', 'RunInstances answered without an instance', { maybeDone: true });
    this.young.add(id);
    return { key: id };
  }

  /** Type and zone go together: where nobody said a zone, one that has the type is taken. */
  async #launch(request: CreateMachine, context: CallContext): Promise<RunInstancesCommandOutput> {
    const input = await launchInput(this.wire, this, request, context);
    try {
      return await this.wire.send(new RunInstancesCommand(input), context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'Unsupported') throw error;
      const other = await launchElsewhere(this.zones, this.offerings, { request, input }, context);
      if (!other) throw error;
      return this.wire.send(new RunInstancesCommand(other), context);
    }
  }

  async start(key: string, context: CallContext): Promise<void> {
    await this.#inTime(key, this.wire.send(new StartInstancesCommand({ InstanceIds: [key] }), context), context);
  }

  /** Forced: the guest's own shutdown is skipped, and a shutdown that hangs is cut. */
  async stop(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<void> {
    const forced = options.force === true ? { Force: true, SkipOsShutdown: true } : {};
    await this.#inTime(key, this.wire.send(new StopInstancesCommand({ InstanceIds: [key], ...forced }), context), context);
  }

  /** EC2 escalates a reboot that the guest ignores by itself after minutes; it has no forced one. */
  async restart(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<void> {
    if (options.force === true) {
      throw new ProviderError('unsupported', 'EC2 has no forced reboot: stop the machine with force, then start it', { maybeDone: false });
    }
    await this.wire.send(new RebootInstancesCommand({ InstanceIds: [key] }), context);
  }

  /** Hibernates; only instances launched for it can (Item.refuses says which cannot). */
  async suspend(key: string, context: CallContext): Promise<void> {
    await this.#inTime(key, this.wire.send(new StopInstancesCommand({ InstanceIds: [key], Hibernate: true }), context), context);
  }

  async resize(key: string, to: { config: string }, context: CallContext): Promise<void> {
    const change = new ModifyInstanceAttributeCommand({ InstanceId: key, InstanceType: { Value: to.config } });
    await this.#inTime(key, this.wire.send(change, context), context);
  }

  /**
   * Replaces the root volume by the image's. The instance is tagged first with the time and token, so that reads by any
   * process know for which instances to ask for the task's state.
   */
  async restore(key: string, from: Marks & { image: string }, context: CallContext): Promise<void> {
    await writeTags(this.wire, [key], { [TAG.restore]: `${new Date().toISOString()} ${from.token}` }, context);
    const task = new CreateReplaceRootVolumeTaskCommand({
      InstanceId: key,
      ImageId: from.image,
      ClientToken: from.token,
      DeleteReplacedRootVolume: true,
      TagSpecifications: [{ ResourceType: 'replace-root-volume-task', Tags: tagList({ [TAG.token]: from.token }) }],
    });
    await this.#inTime(key, this.wire.send(task, context), context);
  }

  /** A refusal for a state that the instance leaves by itself is no end. */
  async #inTime(key: string, call: Promise<unknown>, context: CallContext): Promise<void> {
    try {
      await call;
    } catch (error) {
      const refusal = refusedBy(error, 'IncorrectInstanceState', 'IncorrectState');
      throw refusal ? await orStillMoving(this.wire, refusal, key, context) : error;
    }
  }

  /** Terminates a machine; succeeds if it is gone already. A machine made a moment ago that EC2 does not know may be unseen, not gone. */
  async delete(key: string, context: CallContext): Promise<void> {
    try {
      await this.wire.send(new TerminateInstancesCommand({ InstanceIds: [key] }), context);
    } catch (error) {
      if (!isGone(error, thing('instance', key))) throw error;
      if (!this.young.has(key)) return;
      throw new ProviderError('unavailable', `EC2 does not show the new instance ${key} yet`, {
        code: error.code,
        requestId: error.requestId,
      });
    }
  }
}

/** EC2 shows an instance for some time after its end. */
function shownAsEnded({ InstanceId = '', StateReason }: Instance): Gone {
  const reason = StateReason?.Message ? ` (${StateReason.Message})` : '';
  return Gone.shown(thing('instance', InstanceId), `EC2 shows the instance ${InstanceId} as terminated${reason}`);
}

const isThere = (instance: Instance): boolean => instance.State?.Name !== 'terminated';
