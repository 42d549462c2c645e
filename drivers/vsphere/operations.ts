import type { CallContext, Created, WorkHandle, Outcome, Ongoing } from '../../src/clouds/driver';
import { HandleForgotten, ProviderError } from '../../src/clouds/errors';
import type { Value } from '../../src/model/values';
import type { Wire } from './client';
import { isOurs, readTask, recentTasks, taskError, type TaskSeen } from './tasks';
import type { MethodName } from './methods';
import type { Ref } from './types';

/**
 * Operations that vCenter carries out by tasks. None waits: an operation is a function that is entered again when the task
 * it began has ended. What its stages resulted in is in the handle, so that a stage that has ended is passed over; all
 * else it looks up anew. The handle is plain JSON: any process goes on with it.
 */

/** Content of a handle. */
type Memory = {
  op: string;
  /** Arguments of the operation: plain JSON, without secrets, and no more than later stages need. */
  args: object;
  /** Results of stages that have ended, by name. */
  ended: { [stage: string]: Value };
  /** The task that is waited for: of a stage, or somebody's that is in the way. */
  task?: string;
  /** The stage that the task is of. */
  stage?: string;
  /** Number of times the operation began a stage anew because somebody else was faster. */
  again?: number;
};

/** Somebody who is faster every time is not waited for: it comes from something else. */
const MOST_AGAIN = 50;

/** Ends one entering of an operation: it is entered again later. */
class Pending extends Error {
  constructor(readonly ongoing: Ongoing) {
    super('the operation goes on');
  }
}

/** The result of a stage that needs no task. */
export type Known = { known: Value };

interface StageOptions<T> {
  /** Selects what is remembered of the task's result. */
  pick?: (result: unknown) => T;
  /** Faults that mean that what the stage is for is so. */
  forgive?: (error: ProviderError) => boolean;
}

/** The stages of one operation, as it is entered once. */
export class Stages {
  constructor(
    private readonly wire: Wire,
    private readonly memory: Memory,
    readonly context: CallContext,
    /** The task of the handle, which has ended; undefined on the first entry. */
    private seen: TaskSeen | undefined,
    /** Entered by the method itself, not by a poll. */
    private readonly first: boolean,
  ) {}

  /** The method was called before, and that call may have taken effect; since when, in ms of our clock. */
  get repeated(): number | undefined {
    return this.first ? this.context.repeated?.since : undefined;
  }

  /** Tells whether a stage was begun, or has ended. */
  began(stage: string): boolean {
    return Object.hasOwn(this.memory.ended, stage) || this.memory.stage === stage;
  }

  /**
   * Returns the result of a stage's task. Where it was not begun, it is begun; where it has not ended, the operation is left.
   * @param begin answers the task; what is known already where there is none to begin; undefined where nothing is to be done
   * @throws ProviderError of the task's own fault; HandleForgotten where that passes: the whole is then called again
   */
  async task<T extends Value = null>(
    stage: string,
    begin: () => Promise<Ref | Known | undefined>,
    options: StageOptions<T> = {},
  ): Promise<T> {
    if (Object.hasOwn(this.memory.ended, stage)) return this.memory.ended[stage] as T;
    if (this.memory.stage !== stage) {
      const task = await this.forgiving(begin, options);
      if (task === undefined) return this.end(stage, null as T);
      if ('known' in task) return this.end(stage, task.known as T);
      this.memory.stage = stage;
      this.memory.task = task.value;
      this.seen = await this.read(task);
    }
    if (!this.seen?.ended) throw this.pending(wordsOf(this.seen), this.seen?.progress);
    const { seen } = this;
    this.forgetTask();
    if (seen.ended === 'error') {
      const error = taskError(seen);
      if (options.forgive?.(error) === true) return this.end(stage, null as T);
      throw this.first || !error.passing ? error : new HandleForgotten(error.message, { code: error.code, cause: error });
    }
    return this.end(stage, options.pick ? options.pick(seen.result) : (null as T));
  }

  /** Does something that is no task, once in the operation. */
  async once<T extends Value>(stage: string, run: () => Promise<T>): Promise<T> {
    if (Object.hasOwn(this.memory.ended, stage)) return this.memory.ended[stage] as T;
    return this.end(stage, await run());
  }

  /** Returns the result of a stage; undefined where it has not ended. */
  value(stage: string): Value | undefined {
    return this.memory.ended[stage];
  }

  /** Forgets what a stage resulted in. */
  forget(stage: string): void {
    this.memory.ended = Object.fromEntries(Object.entries(this.memory.ended).filter(([name]) => name !== stage));
  }

  /** Leaves the operation until it is asked for again. */
  pending(message: string, progress?: number): Error {
    return new Pending({ ongoing: this.handle(), message, ...(progress === undefined ? {} : { progress }) });
  }

  /** Begins a stage anew at the next entry, because somebody else was faster. @throws the error where that goes on for ever */
  again(stage: string, error: ProviderError): Error {
    const again = (this.memory.again ?? 0) + 1;
    if (again > MOST_AGAIN) return error;
    this.memory.again = again;
    this.forget(stage);
    this.forgetTask();
    return this.pending(error.message);
  }

  /**
   * Finds, after a lost answer, what an earlier call of this very method began on an object (or, of a task manager, at all). One
   * that goes on is waited for before anything is begun.
   * @returns those that have succeeded; empty where nothing was lost
   */
  async earlier(of: Ref, method: MethodName): Promise<TaskSeen[]> {
    const since = this.repeated;
    const waiting = this.memory.task !== undefined && this.memory.stage === undefined;
    if (since === undefined && !waiting) return [];
    const known = this.seen;
    if (waiting) this.forgetTask();
    if (since === undefined) return known?.ended === 'success' ? [known] : [];
    const { user } = await this.wire.whoAmI(this.context);
    const ours = (await recentTasks(this.wire, of, this.context)).filter((task) => isOurs(task, method, since, user));
    const running = ours.find(({ ended }) => !ended);
    if (!running) return ours.filter(({ ended }) => ended === 'success');
    this.memory.task = running.ref.value;
    throw this.pending(wordsOf(running), running.progress);
  }

  private end<T extends Value>(stage: string, result: T): T {
    this.memory.ended = { ...this.memory.ended, [stage]: result };
    return result;
  }

  private forgetTask(): void {
    delete this.memory.task;
    delete this.memory.stage;
    this.seen = undefined;
  }

  private async forgiving<B, T>(begin: () => Promise<B>, { forgive }: StageOptions<T>): Promise<B | undefined> {
    try {
      return await begin();
    } catch (error) {
      if (!(error instanceof ProviderError) || forgive?.(error) !== true) throw error;
      return undefined;
    }
  }

  /** Right after it was begun. What is not told now is told by the next poll: the task must not be lost for that. */
  private async read(task: Ref): Promise<TaskSeen | undefined> {
    try {
      return await readTask(this.wire, task, this.context);
    } catch (error) {
      if (error instanceof ProviderError) return undefined;
      throw error;
    }
  }

  private handle(): WorkHandle {
    return { ...this.memory, args: this.memory.args as Value };
  }
}

const wordsOf = (task: TaskSeen | undefined): string =>
  task ? `vCenter goes on with ${task.what} (${task.ref.value})` : 'vCenter has begun it';

type Result = Created | void;
type Operation<A extends object, F, R extends Result> = (args: A, stages: Stages, fresh: F | undefined) => Promise<R>;
/** Enters an operation for the first time. `fresh`: what is not kept in handles, for the stages that are begun now. */
export type Entry<A extends object, R extends Result, F = undefined> = (args: A, context: CallContext, fresh?: F) => Promise<Outcome<R>>;

/** The operations of one driver, by name. */
export class Operations {
  private readonly known = new Map<string, Operation<object, unknown, Result>>();

  constructor(private readonly wire: Wire) {}

  /** Makes an operation known, so that polls find it. @returns how it is entered */
  define<A extends object, R extends Result, F = undefined>(name: string, operation: Operation<A, F, R>): Entry<A, R, F> {
    if (this.known.has(name)) throw new Error(`two operations are called ${name}`);
    this.known.set(name, operation as unknown as Operation<object, unknown, Result>);
    return (args, context, fresh) => {
      const stages = new Stages(this.wire, { op: name, args, ended: {} }, context, undefined, true);
      return entered(() => operation(args, stages, fresh));
    };
  }

  /**
   * Looks how far an operation is: one call while its task goes on; then it is entered again.
   * @throws ProviderError for what the operation fails with, HandleForgotten where vCenter no longer knows the task
   */
  async poll(handle: WorkHandle, context: CallContext): Promise<Outcome<Result>> {
    const memory = memoryOf(handle);
    const operation = this.known.get(memory.op);
    if (!operation) throw new HandleForgotten(`this driver has no operation '${memory.op}'`);
    const seen = memory.task === undefined ? undefined : await readTask(this.wire, { type: 'Task', value: memory.task }, context);
    if (seen && !seen.ended)
      return { ongoing: handle, message: wordsOf(seen), ...(seen.progress === undefined ? {} : { progress: seen.progress }) };
    return entered(() => operation(memory.args, new Stages(this.wire, memory, context, seen, false), undefined));
  }
}

async function entered<R extends Result>(enter: () => Promise<R>): Promise<Outcome<R>> {
  try {
    return await enter();
  } catch (error) {
    if (error instanceof Pending) return error.ongoing;
    throw error;
  }
}

function memoryOf(handle: WorkHandle): Memory {
  const { op, args, ended, task, stage, again } = handle as Partial<Memory>;
  return {
    op: String(op),
    args: args ?? {},
    ended: { ...ended },
    ...(task === undefined ? {} : { task }),
    ...(stage === undefined ? {} : { stage }),
    ...(again === undefined ? {} : { again }),
  };
}
