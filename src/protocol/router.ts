import type { Location } from '../model/catalogue';
import { Refusal } from '../operations/family';
import type { Protocol } from './context';
import type { CimiRequest, Principal } from './messages';
import type { Scope } from './context';

const CLOUDS = 'clouds';

export interface Routed extends Scope {
  location: Location;
  /** Path below the base, without the cloud's prefix. */
  path: string;
}

/**
 * What a path names. `clouds/<key>/…` is the same world narrowed to one cloud; ids in answers stay the root's.
 * @throws Refusal 404 for what cannot exist, or is not for this tenant.
 */
export function route(protocol: Protocol, request: CimiRequest, principal: Principal): Routed {
  let path = request.path.replace(/\/$/, '');
  let cloudKey: string | undefined;
  const [first, key, ...rest] = path.split('/');
  if (first === CLOUDS && key !== undefined && rest.length > 0) {
    if (!protocol.clouds.forTenant(principal.tenant).some((cloud) => cloud.key === key)) throw notFound(request.path);
    cloudKey = key;
    path = rest.join('/');
  }
  const location = protocol.catalogue.locate(path);
  if (!location || !protocol.isServed(location.type)) throw notFound(request.path);
  return { protocol, request, principal, cloudKey, location, path };
}

/** Path of an entry point: the root's or a cloud's own. */
export function entryPath(cloudKey: string | undefined, path: string): string {
  return cloudKey === undefined ? path : `${CLOUDS}/${cloudKey}/${path}`;
}

export function notFound(path: string): Refusal {
  return new Refusal(404, `there is nothing at ${path || '/'}`, { kind: 'notFound' });
}
