import type { Created, Ongoing } from '../clouds/driver';
import type { TaggedThing, CreateResult } from '../jobs/idempotent-create';
import type { Step, StepContext } from '../jobs/workflow';
import type { CreateInput } from './create-input';

type Context = StepContext<CreateInput>;
export type CreateStep = Step<CreateInput>;

/** Particulars of a kind of create; all else is the same for every kind (create-table.ts has them all). */
export interface CreateRow {
  /** Name of the workflow, which stored Jobs have. */
  workflow: string;
  /** Words of the create, of the wait until it is ready, and of the end. */
  messages: { create: string; ready: string; done: string };
  /** Steps before the create. A result that is a text goes into the request under the name of its step. */
  before?: readonly CreateStep[];
  /** Makes it, where that is more than one call with the request. */
  make?(context: Context): Promise<Created | Ongoing>;
  /** Finds what earlier attempts of the Job have made, where their marks alone do not tell. */
  find?(context: Context): Promise<readonly TaggedThing[]>;
  /** Returns the reason why it cannot be made just now, in words, and when to look again, in ms. */
  busy?(): { message: string; wait: number } | undefined;
  /** Steps that give it what comes with it, once it is ready. */
  parts?: readonly CreateStep[];
  /** True where it may have to be brought into another state than the provider's own. */
  initialState?: boolean;
}

/** Marks of what the Job makes. */
export function marks({ input, token }: Pick<Context, 'input' | 'token'>): { token: string; tag: string } {
  return { token: token('create'), tag: String(input.request.tag) };
}

/** Key of what the Job has made. */
export function madeKey(context: Pick<Context, 'results'>): string {
  return (context.results.create as CreateResult).key;
}
