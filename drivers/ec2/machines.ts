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
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { InstanceTypes } from './configs';
import { instancesById, instancesOf } from './instance-reads';
import { launchElsewhere, launchInput } from './launch';
import { machineItem } from './machine-item';
import { holds, TAG, tagList } from './naming';
import type { Offerings } from './offerings';
import { RootTasks } from './root-tasks';
import { failedLaunch } from './states';
import { renameTags, writeTags } from './tags';
import { Young } from './young';
import type { Zones } from './zones';

/** EC2 instances as Machines. */
export class Ec2Machines implements Machines {
  private readonly rootTasks: RootTasks;
  private readonly young: Young;

  constructor(
    private readonly wire: Wire,
    private readonly types: InstanceTypes,
    private readonly zones: Zones,
    private readonly offerings: Offerings,
  ) {
    this.rootTasks = new RootTasks(wire);
    this.young = new Young(wire.options.settleMs);
  }

  async *list(context: CallContext): Pages {
    yield* this.#described({ MaxResults: this.wire.options.pageSize }, context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const instances = await instancesById(this.wire, keys, context);
    const ended = instances.filter((instance) => failedLaunch(instance) !== undefined);
    return [...(await this.#items(instances.filter(isThere), context)), ...(await this.#items(ended, context))];
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
      yield await this.#items(instancesOf(page).filter(isThere), context);
    }
  }

  async #items(instances: readonly Instance[], context: CallContext): Promise<Item[]> {
    if (instances.length === 0) return [];
    const figures = await this.types.figures(
      instances.map((instance) => instance.InstanceType ?? ''),
      context,
    );
    const tasks = await this.rootTasks.of(instances, context);
    return instances.map((instance) =>
      machineItem(instance, figures.get(instance.InstanceType ?? ''), tasks.get(instance.InstanceId ?? '')),
    );
  }

  holds(naming: Naming): Naming {
    return holds(naming);
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
    const input = await launchInput(this.wire, this.zones, request, context);
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
    await this.wire.send(new StartInstancesCommand({ InstanceIds: [key] }), context);
  }

  /** Forced: the guest's own shutdown is skipped, and a shutdown that hangs is cut. */
  async stop(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<void> {
    const forced = options.force === true ? { Force: true, SkipOsShutdown: true } : {};
    await this.wire.send(new StopInstancesCommand({ InstanceIds: [key], ...forced }), context);
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
    await this.wire.send(new StopInstancesCommand({ InstanceIds: [key], Hibernate: true }), context);
  }

  async resize(key: string, to: { config: string }, context: CallContext): Promise<void> {
    await this.wire.send(new ModifyInstanceAttributeCommand({ InstanceId: key, InstanceType: { Value: to.config } }), context);
  }

  /**
   * Replaces the root volume by the image's. The instance is tagged first with the time and token, so that reads by any
   * process know for which instances to ask for the task's state.
   */
  async restore(key: string, from: Marks & { image: string }, context: CallContext): Promise<void> {
    await writeTags(this.wire, [key], { [TAG.restore]: `${new Date().toISOString()} ${from.token}` }, context);
    await this.wire.send(
      new CreateReplaceRootVolumeTaskCommand({
        InstanceId: key,
        ImageId: from.image,
        ClientToken: from.token,
        DeleteReplacedRootVolume: true,
        TagSpecifications: [{ ResourceType: 'replace-root-volume-task', Tags: tagList({ [TAG.token]: from.token }) }],
      }),
      context,
    );
  }

  /** What is gone is success; but a machine made a moment ago that EC2 says it does not know may be unseen, not gone. */
  async delete(key: string, context: CallContext): Promise<void> {
    try {
      await this.wire.send(new TerminateInstancesCommand({ InstanceIds: [key] }), context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'notFound') throw error;
      if (!this.young.has(key)) return;
      throw new ProviderError('unavailable', `EC2 does not show the new instance ${key} yet`, {
        code: error.code,
        requestId: error.requestId,
      });
    }
  }
}

const isThere = (instance: Instance): boolean => instance.State?.Name !== 'terminated';

/** Filter values know wildcards; these are meant as they stand. */
export const literal = (value: string): string => value.replace(/[\\*?]/g, '\\$&');
