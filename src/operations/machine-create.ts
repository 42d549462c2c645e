import type { CreateMachine } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import { createOnce, type OnceResult } from '../jobs/once';
import { cloudOf, type Step, type StepContext, type Workflow } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import type { ResourcePath } from '../store/store';
import { forgetParts, partSteps, type MachineParts } from './machine-storage';
import { withKeys, type KeysToCome } from './provider-create';
import { carryOut, carryOutAll, makeAt, pollAt } from './carry-out';
import { keptOf, reachState, settle } from './provider-change';
import { madeHere, undoCreate } from './undo-create';

export interface CreateMachineInput {
  cloud: string;
  path: ResourcePath;
  /** Everything the provider's create takes but its token, resolved before the first attempt. */
  request: Omit<CreateMachine, 'token' | 'credential'>;
  /** Public key to import first, with the tag its provider copy is known by. */
  credential?: { publicKey: string; tag: string; path: ResourcePath | null };
  /** State the machine is to end in, and the driver method that leads there from the provider's own initial state. */
  initialState: { state: string; method: string | null; providerState: string };
  /** Volumes and addresses that come with it. */
  parts?: MachineParts;
  keys?: KeysToCome;
}

type Context = StepContext<CreateMachineInput>;

const importCredential: Step<CreateMachineInput> = {
  name: 'credential',
  words: 'Bringing the credential to the provider',
  async run(context) {
    const { credential } = context.input;
    if (!credential) return { done: null };
    const imported = await importOf(context, credential);
    if (!('done' in imported)) return imported;
    const { key } = imported.done as { key: string };
    const cloud = context.input.cloud;
    return {
      done: key,
      apply: async (unit) => {
        // A credential of its own is remembered there, one given by value with the machine it was made for.
        const owner = await unit.resource(credential.path ?? context.input.path);
        if (owner)
          await unit.updateResource(owner.path, undefined, {
            internal: { ...owner.internal, imported: { ...importedOf(owner.internal), [cloud]: key } },
          });
      },
    };
  },
  async undo(context) {
    const { credential } = context.input;
    if (credential?.path !== null) return { done: null };
    const known = context.results.credential;
    // Importing again tells the key of an import that was not recorded; one that is refused had made nothing.
    const imported = typeof known === 'string' ? { done: { key: known } } : await importOf(context, credential).catch(refused);
    if (imported === undefined) return { done: null };
    if (!('done' in imported)) return imported;
    return carryOut(context, 'credentials', 'delete', [(imported.done as { key: string }).key]);
  },
};

function importOf(context: Context, credential: NonNullable<CreateMachineInput['credential']>) {
  const request = { ...credential, path: undefined, token: context.token('credential') } as Value;
  return carryOut(context, 'credentials', 'import', [request]);
}

function refused(error: unknown): undefined {
  if (error instanceof ProviderError && !error.passing && !error.maybeDone) return undefined;
  throw error;
}

/** Provider copies of a credential by cloud key. */
export function importedOf(internal: { imported?: Value }): { [cloud: string]: string } {
  return typeof internal.imported === 'object' && internal.imported !== null ? (internal.imported as { [cloud: string]: string }) : {};
}

function marks(context: Context): { token: string; tag: string } {
  return { token: context.token('create'), tag: context.input.request.tag };
}

const create: Step<CreateMachineInput> = {
  name: 'create',
  words: 'Creating the machine at the provider',
  async run(context) {
    const { input } = context;
    const cloud = cloudOf(context.clouds, input.cloud);
    const credential = context.results.credential;
    const request: CreateMachine = {
      ...((await withKeys(context, input.request as unknown as Value)) as unknown as CreateMachineInput['request']),
      token: marks(context).token,
      ...(typeof credential === 'string' ? { credential } : {}),
    };
    const outcome = await createOnce(context, {
      settleMs: cloud.capabilities.settleMs,
      find: () => cloud.find('machines', marks(context)),
      atMostMs: cloud.waitAtMostMs,
      create: () => makeAt(context, 'machines', 'create', request as unknown as Values),
      poll: (handle) => pollAt(context, 'machines', handle),
    });
    if (!('done' in outcome)) return outcome;
    const { key } = outcome.done as { key: string };
    return {
      ...outcome,
      apply: async (unit) => {
        await unit.updateResource(input.path, undefined, { providerKey: key });
      },
    };
  },
  undo: (context) => undoCreate(context, 'machines', marks(context), context.results.create as OnceResult | undefined),
};

function madeKey(context: Context): string {
  return (context.results.create as { key: string }).key;
}

/**
 * After attempts whose end is unknown, one more look for what they may have made late. A twin goes only if the
 * provider's own timestamp puts its creation inside this Job: people clone machines with their tags.
 */
const twins: Step<CreateMachineInput> = {
  name: 'twins',
  words: 'Making sure that there is only one',
  async run(context) {
    const made = context.results.create as OnceResult;
    if (!made.found && made.attempts === 1) return { done: null };
    const cloud = cloudOf(context.clouds, context.input.cloud);
    if (context.elapsedMs < cloud.capabilities.settleMs) return { wait: cloud.capabilities.settleMs - context.elapsedMs };
    const { ours } = await madeHere(context, 'machines', marks(context));
    return carryOutAll(
      context,
      ours.filter((key) => key !== made.key).map((key) => ({ group: 'machines' as const, method: 'delete', args: [key] })),
    );
  },
};

const running: Step<CreateMachineInput> = {
  name: 'running',
  words: 'Waiting for the machine to come up',
  run: (context) => reachState(context, 'machines', madeKey(context), { goal: [context.input.initialState.providerState] }),
};

const reachInitialState: Step<CreateMachineInput> = {
  name: 'initialState',
  words: 'Bringing the machine into its initial state',
  async run(context) {
    const { method } = context.input.initialState;
    return method ? carryOut(context, 'machines', method, [madeKey(context), ...(method === 'stop' ? [{}] : [])]) : { done: null };
  },
};

const settled: Step<CreateMachineInput> = {
  name: 'settled',
  words: 'Waiting for the initial state',
  async run(context) {
    const { method, state } = context.input.initialState;
    if (!method) return { done: null };
    return reachState(context, 'machines', madeKey(context), { goal: [state] });
  },
};

export const createMachine: Workflow<CreateMachineInput> = {
  name: 'machine.create',
  version: 1,
  steps: [importCredential, create, twins, running, ...partSteps<CreateMachineInput>(madeKey), reachInitialState, settled],
  async succeeded(context) {
    const row = await context.unit.resource(context.input.path);
    if (row) {
      // What the provider holds is read from there; the row goes on with the rest.
      await context.unit.updateResource(row.path, undefined, { state: null, internal: { ...row.internal, kept: keptOf(row.internal) } });
    }
    await settle(context);
    return { message: 'Created' };
  },
  async failed({ unit, input, error, left }) {
    await forgetParts(unit, input.parts);
    const row = await unit.resource(input.path);
    if (row) {
      await unit.updateResource(input.path, undefined, {
        state: 'ERROR',
        values: { ...row.values, state: 'ERROR' },
        internal: { ...row.internal, failed: error.message, left: [...left] },
      });
    }
    return {};
  },
};
