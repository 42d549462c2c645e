import type { Cloud } from '../clouds/cloud';
import type { Values } from '../model/values';
import { Refusal, type Found, type PlanContext } from './family';

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
  const lead = references.find((found) => found.cloud !== null);
  const other = references.find((found) => found.cloud !== null && found.cloud !== lead?.cloud);
  if (lead && other) {
    throw new Refusal(
      400,
      `${lead.path} is in cloud '${lead.cloud?.key}' and ${other.path} in cloud '${other.cloud?.key}': one create cannot span two clouds`,
    );
  }
  const byReference = lead?.cloud ?? undefined;
  if (byReference && context.entryCloud !== undefined && byReference.key !== context.entryCloud) {
    throw new Refusal(
      400,
      `${lead?.path} is in cloud '${byReference.key}', but the request came to the entry point of '${context.entryCloud}'`,
    );
  }
  if (byReference && named !== undefined && named !== byReference.key) {
    throw new Refusal(400, `${lead?.path} is in cloud '${byReference.key}', but the request names cloud '${named}'`);
  }
  if (byReference) return manageable(byReference);
  const wanted = context.entryCloud ?? named ?? (candidates.length === 1 ? candidates[0]?.key : context.defaultCloud);
  const chosen = candidates.find((cloud) => cloud.key === wanted);
  if (chosen) return manageable(chosen);
  const names = candidates.map((cloud) => `'${cloud.key}'`).join(', ');
  throw new Refusal(
    400,
    wanted === undefined
      ? `the request does not say which cloud; candidates are ${names || 'none'}`
      : `there is no cloud '${wanted}'; candidates are ${names || 'none'}`,
  );
}

/** Provider key of a resource that a request builds on. @throws Refusal 409 where it has not come to be at its provider. */
export function keyAt(found: Found, at: string): string {
  if (found.key === undefined) throw new Refusal(409, `${at}: ${found.path} does not exist at its provider`, { kind: 'conflict' });
  return found.key;
}

function manageable(cloud: Cloud): Cloud {
  if (cloud.mode === 'observe') throw new Refusal(403, `cloud '${cloud.key}' is only observed: no change is accepted`);
  return cloud;
}
