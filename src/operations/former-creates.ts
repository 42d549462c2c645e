import type { EndContext, Step, StepContext, Workflow } from '../jobs/workflow';
import type { Values } from '../model/values';
import type { ResourcePath } from '../store/store';
import { CREATES, type CreateInput } from './create-input';
import { keptSnapshot } from './snapshot';

/**
 * Jobs that an older version of the gateway accepted: their create workflows were version 1, of several makes, with other
 * names for the same steps and other inputs. They are worked to their end by the workflow of today, seen through the
 * names of then: results are found, tokens stay what the provider was sent, and steps that were missing are taken too.
 */

interface Former {
  name: string;
  /** Former names of steps, by those of today; the others have kept theirs. */
  steps: { readonly [today: string]: string };
  /** The input of today, of the former one. */
  input(former: Values, job: StepContext['job']): CreateInput;
}

const FORMER_VERSION = 1;
const asToday = (former: Values): CreateInput => former as unknown as CreateInput;

const FORMERS: readonly Former[] = [
  { name: CREATES.machine, steps: { duplicates: 'twins', ready: 'running' }, input: machineInput },
  { name: CREATES.capture, steps: { create: 'capture', ready: 'available' }, input: captureInput },
  { name: CREATES.upload, steps: { duplicates: 'twins', ready: 'reached' }, input: asToday },
  { name: CREATES.other, steps: { duplicates: 'twins', ready: 'reached', initialState: 'call', settled: 'called' }, input: asToday },
];

/** The workflows of version 1, as today's do them. @param today the create workflows of today */
export function formerCreates(today: readonly Workflow<CreateInput>[]): Workflow<Values>[] {
  return FORMERS.flatMap((former) => {
    const workflow = today.find(({ name }) => name === former.name);
    return workflow ? [formerly(workflow, former)] : [];
  });
}

function formerly(today: Workflow<CreateInput>, former: Former): Workflow<Values> {
  const nameOf = (step: string): string => former.steps[step] ?? step;
  const results = (given: StepContext['results']) =>
    Object.fromEntries(today.steps.map(({ name }) => [name, given[nameOf(name)]] as const));
  const inStep = (context: StepContext<Values>, step: string): StepContext<CreateInput> => ({
    ...context,
    input: former.input(context.input, context.job),
    results: results(context.results),
    token: (name = step) => context.token(nameOf(name)),
  });
  const atEnd = <C extends EndContext<Values>>(context: C) => ({
    ...context,
    input: former.input(context.input, context.job),
    results: results(context.results),
  });
  const { succeeded, failed, stopped } = today;
  return {
    name: former.name,
    version: FORMER_VERSION,
    steps: today.steps.map((step): Step<Values> => {
      const { undo, late, readOnly } = step;
      return {
        name: nameOf(step.name),
        message: step.message,
        run: (context) => step.run(inStep(context, step.name)),
        ...(undo ? { undo: (context: StepContext<Values>) => undo(inStep(context, step.name)) } : {}),
        ...(readOnly ? { readOnly } : {}),
        ...(late ? { late: (context: StepContext<Values>, outcome) => late(inStep(context, step.name), outcome) } : {}),
      };
    }),
    ...(succeeded ? { succeeded: (context) => succeeded(atEnd(context)) } : {}),
    ...(failed ? { failed: (context) => failed(atEnd(context)) } : {}),
    ...(stopped ? { stopped: (context) => stopped(atEnd(context)) } : {}),
  };
}

function machineInput(former: Values): CreateInput {
  const { initialState, ...rest } = former as Values & {
    initialState: { state: string; method: string | null; providerState: string };
  };
  const { state, method, providerState } = initialState;
  return {
    ...(rest as unknown as CreateInput),
    group: 'machines',
    goal: [providerState],
    ...(method === null ? {} : { calls: [{ method, args: method === 'stop' ? [{}] : [], goal: [state] }] }),
  };
}

function captureInput(former: Values, { tenant }: StepContext['job']): CreateInput {
  const { cloud, path, machine, request } = former as Values & {
    cloud: string;
    path: ResourcePath;
    machine: ResourcePath;
    request: Values;
  };
  const base: CreateInput = { cloud, path, group: 'machineImages', method: 'capture', request, goal: ['AVAILABLE'] };
  return request.type === 'SNAPSHOT' ? { ...base, ...keptSnapshot(machine, path, tenant) } : base;
}
