import type { Cloud } from '../clouds/cloud';
import { cloudPath, entryPath } from '../model/cloud-path';
import type { Values } from '../model/values';
import { CLOUD, ENTRY_POINT } from '../operations/gateway-resources';
import type { Protocol } from './context';
import { digest, type View } from './view';

/** Shows a cloud as its calls showed it: no answer of it is waited for. */
export function cloudView({ catalogue, handlerOf }: Pick<Protocol, 'catalogue' | 'handlerOf'>, cloud: Cloud): View {
  const { key, name, driver, mode } = cloud;
  const { state, since, reason } = cloud.health();
  const { region } = cloud.capabilities;
  const quotas = cloud.knownQuotas().map(({ of, limit, used }) => ({ of, limit, used }));
  const path = cloudPath(key);
  const resourceTypes = catalogue.resources.flatMap(({ name: type, typeURI }) => {
    const group = handlerOf(type)?.group;
    return group !== undefined && cloud.has(group) ? [typeURI] : [];
  });
  const values: Values = {
    ...{ id: path, name, key, driver },
    ...(region !== undefined && { region }),
    ...{ mode, state },
    ...(since !== undefined && { since: new Date(since).toISOString() }),
    ...(reason !== undefined && { reason }),
    resourceTypes,
    ...(quotas.length > 0 && { quotas }),
    cloudEntryPoint: { href: entryPath(key, catalogue.pathOf(ENTRY_POINT) ?? '') },
  };
  return { type: CLOUD, path, values, operations: [], core: () => digest(values), created: '' };
}
