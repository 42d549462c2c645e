import type { Workflow } from '../jobs/workflow';
import { cloudOf } from '../jobs/workflow';
import type { Values } from '../model/values';
import { Refusal, type Family, type Plan, type PlanContext, type CreateRequest } from './family';
import { isPublicKey, makeKeyPair } from './keypair';
import { importedOf } from './create-credential';
import { planStoredCreate, planStoredRemove, planStoredUpdate, storedOffered } from './stored';
import { removeWithAssociations } from './associations';

const TYPE = 'Credential';

interface RemoveInput {
  path: string;
  /** Provider copies by cloud key. */
  imported: { [cloud: string]: string };
}

/** Deletes a credential together with the copies that machines brought to providers. */
export const removeCredential: Workflow<RemoveInput> = {
  name: 'credential.delete',
  version: 1,
  endures: true,
  steps: [
    {
      name: 'copies',
      words: 'Removing the copies at the providers',
      async run({ input, clouds }) {
        for (const [key, copy] of Object.entries(input.imported)) await cloudOf(clouds, key).write('credentials', 'delete', copy);
        return { done: null };
      },
    },
  ],
  async succeeded({ unit, input }) {
    await removeWithAssociations(unit, input.path);
    return { message: 'Deleted', affected: [] };
  },
};

/** Credential (DSP0263 5.14.9): the gateway's own, of no cloud; brought to a provider where it is first used. */
export const credentialFamily: Family = {
  type: TYPE,
  stored: true,
  create: planCreate,
  update: (context, found, request) => {
    checkKey(request.set);
    return planStoredUpdate(context, found, request);
  },
  async remove(context, found) {
    const imported = found.row ? importedOf(found.row.internal) : {};
    if (Object.keys(imported).length === 0) return planStoredRemove(context, found);
    const input: RemoveInput = { path: found.path, imported };
    return {
      target: found.path,
      affected: [found.path],
      holds: [{ path: found.path, shows: null }],
      work: { workflow: removeCredential.name, version: removeCredential.version, input: input as unknown as Values },
      statusMessage: 'Waiting to be deleted',
    };
  },
  offered: storedOffered,
};

async function planCreate(context: PlanContext, request: CreateRequest): Promise<Plan> {
  const { cloud: _cloud, ...common } = request.values;
  const values: Values = { ...common, ...request.template };
  checkKey(values);
  if (values.key !== undefined || values.password !== undefined) return planStoredCreate(TYPE, context, { ...request, values });
  const pair = await makeKeyPair('cimi');
  const key = Buffer.from(pair.publicKey).toString('hex');
  const plan = await planStoredCreate(TYPE, context, { ...request, values: { ...values, key } });
  return { ...plan, answerOnly: { privateKey: pair.privateKey } };
}

function checkKey(values: Values): void {
  if (values.key !== undefined && values.key !== null && publicKeyOf(values) === undefined) {
    throw new Refusal(400, 'key: the hexadecimal bytes of an OpenSSH public key line are needed (ssh-rsa, ssh-ed25519 or ecdsa)');
  }
}

/** The OpenSSH public key line of a credential's values (`key` is byte[], 5.5.9, D054); undefined when there is none. */
export function publicKeyOf(values: Values): string | undefined {
  if (typeof values.key !== 'string') return undefined;
  const text = Buffer.from(values.key, 'hex').toString('utf8').trim();
  return isPublicKey(text) ? text : undefined;
}
