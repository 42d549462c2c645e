import type { Cloud } from '../clouds/cloud';
import type { Values } from '../model/values';
import { Refusal, type Found, type PlanContext } from './resource-handler';
import { shown } from '../model/shown';

/**
 * The cloud a create goes to: that of its references, else of the entry point used, else the one named, else the
 * default, else the only one. Nothing is made elsewhere than where it was asked for: every create with references asks here.
 * @param references all that the create builds on, what it is a part of included
 * @param values instance attributes of the request, `cloud` among them
 * @throws Refusal (400) for references into two clouds, and naming the candidates
 * where nothing decides.
 */
export function chooseCloud(context: PlanContext, references: readonly Found[], values: Values): Cloud {
  const named = typeof values.cloud === 'string' ? values.cloud : undefined;
  const candidates = context.clouds.forTenant(context.principal.tenant);
  const portable = references.filter((found) => found.portable !== undefined);
  const placed = references.flatMap(({ path, cloud, values: own }) => {
    // The gateway's own configurations are in no cloud, but may name one.
    const key = cloud?.key ?? own.cloud;
    return typeof key === 'string' ? [{ path, key }] : [];
  });
  const [lead] = placed;
  const other = placed.find(({ key }) => key !== lead?.key);
  if (lead && other)
    throw new Refusal(
      400,
      `${lead.path} is in cloud '${lead.key}' and ${other.path} in cloud '${other.key}': one create cannot span two clouds`,
    );
  const byReference = lead && context.clouds.byKey(lead.key);
  if (byReference && context.entryCloud !== undefined && byReference.key !== context.entryCloud) {
    throw new Refusal(
      400,
      `${lead?.path} is in cloud '${byReference.key}', but the request came to the entry point of '${context.entryCloud}'`,
    );
  }
  if (byReference && named !== undefined && named !== byReference.key) {
    throw new Refusal(400, `${lead?.path} is in cloud '${byReference.key}', but the request names cloud '${shown(named)}'`, {
      at: 'cloud',
    });
  }
  if (byReference) return having(portable, manageable(byReference));
  const possible = candidates.filter((cloud) => portable.every((found) => found.portable?.clouds.includes(cloud.key)));
  const only = [possible, candidates].find(({ length }) => length === 1)?.[0];
  const wanted = context.entryCloud ?? named ?? only?.key ?? context.defaultCloud;
  const chosen = candidates.find((cloud) => cloud.key === wanted);
  if (chosen) return having(portable, manageable(chosen));
  const names = (possible.length > 0 ? possible : candidates).map((cloud) => `'${cloud.key}'`).join(', ');
  throw new Refusal(
    400,
    wanted === undefined
      ? `the request does not say which cloud; candidates are ${names || 'none'}`
      : `there is no cloud '${shown(wanted)}'; candidates are ${names || 'none'}`,
    { at: 'cloud' },
  );
}

/**
 * Instance attributes with the cloud that the template names.
 * @throws Refusal 400 where both name one, and not the same
 */
export function placedBy({ cloud }: Values, values: Values): Values {
  if (typeof cloud !== 'string') return values;
  if (typeof values.cloud === 'string' && values.cloud !== cloud)
    throw new Refusal(400, `the template names cloud '${shown(cloud)}', but the request names cloud '${shown(values.cloud)}'`, {
      at: 'cloud',
    });
  return { ...values, cloud };
}

/** A cloud that has all of these portable names. @throws Refusal 400 saying which it lacks, and who has it */
function having(portable: readonly Found[], cloud: Cloud): Cloud {
  const lacking = portable.find((found) => !found.portable?.clouds.includes(cloud.key));
  if (!lacking) return cloud;
  const elsewhere = lacking.portable?.clouds.map((key) => `'${key}'`).join(', ');
  throw new Refusal(
    400,
    `cloud '${cloud.key}' has nothing that is called ${lacking.path}: by the gateway's configuration it is to be had in ${elsewhere ?? ''}`,
    { at: 'cloud' },
  );
}

/** A resource as it is in the chosen cloud: what a portable name stands for there, else itself. @throws Refusal 400 */
export async function placedIn(found: Found, cloud: Cloud): Promise<Found> {
  return found.portable ? found.portable.in(cloud) : found;
}

/** Provider key of a resource that a request builds on. @throws Refusal 409 where it has not come to be at its provider. */
export function keyAt(found: Found, at: string): string {
  if (found.key === undefined) throw new Refusal(409, `${found.path} does not exist at its provider`, { at, kind: 'conflict' });
  return found.key;
}

function manageable(cloud: Cloud): Cloud {
  if (cloud.mode === 'observe') throw new Refusal(403, `cloud '${cloud.key}' is only observed: no change is accepted`);
  return cloud;
}
