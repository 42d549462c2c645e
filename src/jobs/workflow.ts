import type { Cloud, Clouds } from '../clouds/cloud';
import type { ProviderError } from '../clouds/errors';
import type { Value, Values } from '../model/values';
import type { Hold, JobRow, NewJob, ResourcePath, StoreReads, UnitOfWork } from '../store/store';
import { spoken } from '../model/shown';

/**
 * Work of a Job as a resumable list of named steps. A step's result is remembered in the same transaction as what
 * it changes in the store; a killed process goes on at the step in progress. Steps depend only on the Job's input
 * and on earlier results, never on the process.
 */
export interface Workflow<I = Value> {
  name: string;
  /** Kept until no unfinished Job uses it; raised when steps change their meaning. */
  version: number;
  steps: readonly Step<I>[];
  /** Written with the end, in the same transaction. */
  succeeded?(context: EndContext<I>): Promise<LastWords>;
  /** Ends a Job that failed, after everything that could be undone was undone. `left`: messages of what could not. */
  failed?(context: EndContext<I> & { error: ProviderError | Error; left: readonly string[] }): Promise<LastWords>;
  /** Ends a Job that was stopped, as `failed` does. Default: as failed. */
  stopped?(context: EndContext<I> & { left: readonly string[] }): Promise<LastWords>;
  /**
   * Patience, in ms: for so long passing errors (throttled, unavailable, timeout) of one step are tried again, and calls that
   * never answered are sent again. Default 600,000.
   */
  patienceMs?: number;
  /** True where it cannot be stopped once a step that changes something has begun (deletes): it goes on to its end. */
  unstoppable?: boolean;
}

const PATIENCE_MS = 600_000;

/** The workflow's patience with passing errors, and with calls that never answer, of one step, in ms. */
export function patienceOf({ patienceMs = PATIENCE_MS }: Pick<Workflow, 'patienceMs'>): number {
  return patienceMs;
}

export interface LastWords {
  /** statusMessage; default: made from the last step or the error. */
  message?: string;
  /** affectedResources; default: as they are. References to what was deleted are left out (D015). */
  affected?: readonly ResourcePath[];
  /** Added to the message, the default one too. */
  note?: string;
  /** Parts of what would be done, of a Job that only plans. */
  plan?: readonly Values[];
}

export interface Step<I = Value> {
  name: string;
  /** statusMessage while it runs. */
  message: string;
  run(context: StepContext<I>): Promise<StepOutcome>;
  /** Takes back what `run` did (or may have done); also called for the step that failed. Absent: nothing to take back. */
  undo?(context: StepContext<I>): Promise<StepOutcome>;
  /**
   * True where it has nothing to do in a Job of this input and these results of earlier steps: it is passed over, without a call and
   * without a record of its own. It is undone all the same, where it can be.
   */
  idle?(known: Pick<StepContext<I>, 'input' | 'results'>): boolean;
  /** True where it only looks: a Job that was stopped before any other step began has done nothing. */
  readOnly?: boolean;
  /**
   * Called by a worker that finds, after `run` has sent something, that another worker has the Job: what it sent may take
   * effect beside the other's. It must not touch what the other may be keeping.
   * @param outcome how `run` ended; undefined where it threw
   * @returns store changes (a follow-up Job, see look-again.ts), if any
   */
  late?(context: StepContext<I>, outcome: StepOutcome | undefined): Promise<((unit: UnitOfWork) => Promise<void>) | undefined>;
}

export type StepOutcome =
  | {
      /** The step is done; remembered under its name. */
      done: Value;
      /** Store changes of the same transaction. */
      apply?: (unit: UnitOfWork) => Promise<void>;
      /** Resources now known to be affected, added to the Job's. */
      affected?: readonly ResourcePath[];
      /** New states shown by held resources from now on. */
      holds?: readonly Hold[];
      /** Added to the statusMessage that the Job ends with (of an undo: what may still come to be). */
      note?: string;
    }
  | {
      /** Attempt the step again after this many ms; the Job is released meanwhile. */
      wait: number;
      /** Replaces what the step remembers between attempts. */
      remember?: Value;
      message?: string;
      holds?: readonly Hold[];
      /** Progress of the step, in percent, where the provider tells. */
      progress?: number;
      /** The wait is part of trying again after passing errors: the patience with them goes on running out. */
      retrying?: boolean;
      /** The call that the attempt made can't be followed any more: the attempt counts as one of unknown outcome. */
      unanswered?: boolean;
    }
  | {
      /** Child Jobs, made once: their ids derive from parent and step. The step runs again when all have ended. */
      nested: readonly Omit<NewJob, 'id' | 'parent' | 'tenant' | 'principal'>[];
      /** Store changes of the transaction that makes them. */
      apply?: (unit: UnitOfWork) => Promise<void>;
      /** Resources now known to be affected, added to the Job's. */
      affected?: readonly ResourcePath[];
    };

/** The outcome of a step that is done. */
export type Done = Extract<StepOutcome, { done: unknown }>;
/** The outcome of a step that goes on by nested Jobs. */
export type Nested = Extract<StepOutcome, { nested: unknown }>;
/** The outcome of a step that is to be attempted again after a wait. */
export type Wait = Extract<StepOutcome, { wait: number }>;

export interface StepContext<I = Value> {
  job: { id: string; tenant: string; principal: string; created: string };
  input: I;
  /** Results of earlier steps by name. */
  results: { readonly [step: string]: Value | undefined };
  /** Remembered by this step at its last attempt; null at first. */
  memory: Value;
  /** 1 for the first attempt. Above 1, an earlier attempt began and may have taken effect at the provider. */
  attempt: number;
  /**
   * Calls of this step that never answered (timeouts, forgotten work), over all waits; absent: none. `spent`: the patience
   * with them is over, nothing may be sent once more.
   */
  unanswered?: { count: number; spent: boolean };
  /** ms since the first attempt of this step began, by the database's clock. */
  elapsedMs: number;
  /** States of nested Jobs made by this step, once they have ended. */
  nested?: readonly EndedJob[];
  clouds: Clouds;
  store: StoreReads;
  /** Aborted at shutdown and when the lease is lost. */
  signal: AbortSignal;
  /**
   * Records how far the step is while it runs: a progress of the whole Job in percent, which never goes back, words, what the next attempt
   * is to remember if this one does not end, and store changes of the same transaction.
   * @throws LeaseLost where another worker has the Job; else the store's error
   */
  report(progress: StepProgress): Promise<void>;
  /** Same for every attempt of this Job's step: for the provider's idempotency token ([a-z0-9-], at most 64). */
  token(step?: string): string;
}

/** Progress of a step while it runs. */
export interface StepProgress {
  progress: number;
  message: string;
  /** Replaces what the step remembers. It has come further: passing errors are counted anew. */
  remember?: Value;
  apply?(unit: UnitOfWork): Promise<void>;
}

/** A nested Job as its parent finds it. */
export interface EndedJob {
  id: string;
  state: string;
  statusMessage: string;
  /** Kind of its failure. */
  kind?: string;
  /** The provider goes on with its work. */
  left?: boolean;
}

export interface EndContext<I = Value> {
  job: StepContext<I>['job'];
  input: I;
  results: { readonly [step: string]: Value | undefined };
  /** Remembered by the step in progress. */
  memory: Value;
  unit: UnitOfWork;
}

/** Thrown by a step to end the Job as FAILED with this message, without further attempts. */
export class StepFailure extends Error {
  constructor(
    message: string,
    readonly kind: string = 'invalid',
  ) {
    super(spoken(message));
    this.name = 'StepFailure';
  }
}

/**
 * The failure of a step whose nested Jobs failed: of the kind of the first of them, so that the whole is answered as that
 * part would be by itself (a bad parameter is no outage).
 */
export function nestedFailure(message: string, nested: readonly EndedJob[]): StepFailure {
  return new StepFailure(message, nested.find(({ state }) => state === 'FAILED')?.kind ?? 'unavailable');
}

/**
 * Thrown by a step where an operator's limit ends the waiting for what the provider still goes on with. The Job is FAILED,
 * and nothing is undone: the work may still come to its end, and a later read shows what became of it.
 */
export class LeftUnderWay extends StepFailure {
  constructor(message: string) {
    super(message, 'timeout');
    this.name = 'LeftUnderWay';
  }
}

/** Convenience for steps: the cloud named in the Job's input, or a StepFailure where it is no longer configured. */
export function cloudOf(clouds: Clouds, key: string): Cloud {
  const cloud = clouds.byKey(key);
  if (!cloud) throw new StepFailure(`the cloud '${key}' is no longer configured`, 'unavailable');
  return cloud;
}

/** The workflows that this process knows, by name and version. */
export interface WorkflowRegistry {
  get(name: string, version: number): Workflow | undefined;
}

/**
 * Makes the table the engine works from.
 * @throws Error when a workflow has no steps, two workflows share name and version, or two steps of one share a name.
 */
export function createWorkflowRegistry(workflows: readonly Workflow[]): WorkflowRegistry {
  const known = new Map<string, Workflow>();
  for (const workflow of workflows) {
    const key = keyOf(workflow.name, workflow.version);
    if (known.has(key)) throw new Error(`the workflow ${key} is declared twice`);
    const steps = new Set(workflow.steps.map((step) => step.name));
    if (steps.size === 0) throw new Error(`the workflow ${key} has no steps`);
    if (steps.size !== workflow.steps.length) throw new Error(`the workflow ${key} has two steps of one name`);
    known.set(key, workflow);
  }
  return { get: (name, version) => known.get(keyOf(name, version)) };
}

function keyOf(name: string, version: number): string {
  return `${name}@${version}`;
}

/**
 * Place of the step that comes next in a Job.
 * @param from the first that may be
 * @returns the number of steps where none has anything to do
 */
export function nextPlace({ steps }: Workflow, from: number, { input, results }: Pick<JobRow, 'input' | 'results'>): number {
  const known = { input, results: results ?? {} };
  const at = steps.findIndex((step, index) => index >= from && !step.idle?.(known));
  return at < 0 ? steps.length : at;
}

/** Place of the step that a Job begins with: its last one where none has anything to do. */
export function firstPlace(workflow: Workflow, row: Pick<JobRow, 'input' | 'results'>): number {
  return Math.min(nextPlace(workflow, 0, row), workflow.steps.length - 1);
}
