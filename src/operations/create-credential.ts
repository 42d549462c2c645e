import { ProviderError } from '../clouds/errors';
import type { Step, StepContext } from '../jobs/workflow';
import type { Value } from '../model/values';
import { carryOut } from './carry-out';
import type { CreateInput } from './create-input';

type Context = StepContext<CreateInput>;

/** Brings the key that a machine is created with to the provider; its result is the key of the copy. */
export const importCredential: Step<CreateInput> = {
  name: 'credential',
  message: 'Bringing the credential to the provider',
  idle: ({ input }) => !input.credential,
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

function importOf(context: Context, credential: NonNullable<CreateInput['credential']>) {
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
