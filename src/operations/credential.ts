import type { Workflow } from '../jobs/workflow';
import { cloudOf } from '../jobs/workflow';
import type { Values } from '../model/values';
import { Refusal, type ResourceHandler, type ChangePlan, type PlanContext, type CreateRequest } from './resource-handler';
import { makeKeyPair, type KeyPair, type KeyType } from './keypair';
import { importedOf } from './create-credential';
import { keyChange, withKey, withPublicKey } from './public-key';
import { planStoredCreate, planStoredRemove, planStoredUpdate, storedHandler, storedOffered } from './stored';
import { removeWithAssociations } from './associations';
import { BusyError } from '../threads/limit';

const TYPE = 'Credential';
/** Delay after which a place in the queue of RSA keys may have become free, in seconds. */
const KEY_S = 3;

interface RemoveInput {
  path: string;
  /** Provider copies by cloud key. */
  imported: { [cloud: string]: string };
}

/** Deletes a credential together with the copies that machines brought to providers. */
export const removeCredential: Workflow<RemoveInput> = {
  name: 'credential.delete',
  version: 1,
  unstoppable: true,
  steps: [
    {
      name: 'copies',
      message: 'Removing the copies at the providers',
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
export const credentialHandler: ResourceHandler = {
  type: TYPE,
  stored: true,
  create: planCreate,
  enrich: withPublicKey,
  update: (context, found, request) => planStoredUpdate(context, found, keyChange(found, request)),
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

const TEMPLATE = 'CredentialTemplate';

/** CredentialTemplate (5.14.11). */
export const credentialTemplateHandler: ResourceHandler = storedHandler(TEMPLATE, {
  enrich: withPublicKey,
  create: (context, request) => planStoredCreate(TEMPLATE, context, { ...request, values: withKey(request.values, (name) => name) }),
  update: (context, found, request) => planStoredUpdate(context, found, keyChange(found, request)),
});

async function planCreate(context: PlanContext, request: CreateRequest): Promise<ChangePlan> {
  const { cloud: _cloud, ...common } = request.values;
  const values = withKey({ ...common, ...request.template }, (name) => `credentialTemplate.${name}`);
  const { keyType, ...others } = values;
  // Of what is given nothing is made, and there is no type to tell.
  if (values.key !== undefined || values.password !== undefined) return planStoredCreate(TYPE, context, { ...request, values: others });
  const planned = (key: Values) => planStoredCreate(TYPE, context, { ...request, values: { ...others, ...key } });
  const run = async (): Promise<ChangePlan> => {
    const pair = await generated(keyType === 'rsa' ? 'rsa' : 'ed25519', context.principal.tenant);
    const plan = await planned({ key: Buffer.from(pair.publicKey).toString('hex') });
    return { ...plan, answerOnly: { privateKey: pair.privateKey } };
  };
  return { ...(await planned({})), generate: { brings: ['privateKey'], run } };
}

/** @throws Refusal 503 where too many keys that take long are being made already */
async function generated(type: KeyType, tenant: string): Promise<KeyPair> {
  try {
    return await makeKeyPair(type, 'cimi', tenant);
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    const message = `${error.message}: try again, or ask for an ed25519 key, which is made at once`;
    throw new Refusal(503, message, { at: 'credentialTemplate.keyType', kind: 'unavailable', retryAfterS: KEY_S });
  }
}
