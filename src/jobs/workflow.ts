import type { Cloud, Clouds } from '../clouds/cloud';
import type { ProviderError } from '../clouds/errors';
import type { Value } from '../model/values';
import type { Hold, NewJob, ResourcePath, StoreReads, UnitOfWork } from '../store/store';

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
  succeeded?(context: EndContext<I>): Promise<EndWords>;
  /** After everything that could be undone was undone. `left` names in words what could not. */
  failed?(context: EndContext<I> & { error: ProviderError | Error; left: readonly string[] }): Promise<EndWords>;
  /** As failed, for a Job that was stopped. Default: as failed. */
  stopped?(context: EndContext<I> & { left: readonly string[] }): Promise<EndWords>;
  /**
   * How long passing errors (throttled, unavailable, timeout) of one step are tried again, and calls that never answered
   * are sent again, in ms. Default 600,000.
   */
  patienceMs?: number;
  /** Not stopped any more once a step that changes something has begun (deletes): it goes on to its end. */
  endures?: boolean;
}

export interface EndWords {
  /** statusMessage; default: words made from the last step or the error. */
  message?: string;
  /** affectedResources; default: as they are. References to what was deleted are left out (D015). */
  affected?: readonly ResourcePath[];
  /** Added to the message, the default one too. */
  note?: string;
}

export interface Step<I = Value> {
  name: string;
  /** statusMessage while it runs. */
  words: string;
  run(context: StepContext<I>): Promise<StepOutcome>;
  /** Takes back what `run` did (or may have done); also called for the step that failed. Absent: nothing to take back. */
  undo?(context: StepContext<I>): Promise<StepOutcome>;
  /** It only looks: a Job that was stopped before any other step began has done nothing. */
  looks?: boolean;
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
      /** Added to the words that the Job ends with (of an undo: what may still come to be). */
      note?: string;
    }
  | {
      /** Come back after this many ms; the slot is given up meanwhile. */
      wait: number;
      /** Replaces what the step remembers between attempts. */
      remember?: Value;
      message?: string;
      holds?: readonly Hold[];
      /** How far the step is, in percent, where the provider tells. */
      progress?: number;
      /** The wait is part of getting over trouble: the time that passing errors have taken goes on. */
      inTrouble?: boolean;
      /** What the attempt began can't be followed any more: it counts as one whose end is unknown. */
      unanswered?: boolean;
    }
  | {
      /** Child Jobs, made once: their ids derive from parent and step. The step runs again when all have ended. */
      nested: readonly Omit<NewJob, 'id' | 'parent' | 'tenant' | 'principal'>[];
    };

export interface StepContext<I = Value> {
  job: { id: string; tenant: string; principal: string; created: string };
  input: I;
  /** Results of earlier steps by name. */
  results: { readonly [step: string]: Value | undefined };
  /** What this step remembered at its last attempt; null at first. */
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
  nested?: readonly { id: string; state: string; statusMessage: string; /** The provider goes on with its work. */ left?: boolean }[];
  clouds: Clouds;
  store: StoreReads;
  /** Aborted at shutdown and when the lease is lost. */
  signal: AbortSignal;
  /** Same for every attempt of this Job's step: for the provider's idempotency token ([a-z0-9-], at most 64). */
  token(step?: string): string;
}

export interface EndContext<I = Value> {
  job: StepContext<I>['job'];
  input: I;
  results: { readonly [step: string]: Value | undefined };
  /** What the step in progress remembered. */
  memory: Value;
  unit: UnitOfWork;
}

/** Thrown by a step to end the Job as FAILED with these words, without further attempts. */
export class StepFailure extends Error {
  constructor(
    message: string,
    readonly kind: string = 'invalid',
  ) {
    super(message);
    this.name = 'StepFailure';
  }
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
