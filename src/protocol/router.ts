import type { Location } from '../model/catalogue';
import { entryPath, partedFromCloud } from '../model/cloud-path';
import { ENTRY_POINT } from '../operations/gateway-resources';
import { Refusal } from '../operations/resource-handler';
import type { Protocol } from './context';
import type { CimiRequest, CimiResponse, Principal } from './messages';
import type { Scope } from './context';
import { shown } from '../model/shown';

/** Longest path that anything can have, characters: a nested resource under keys of a provider, percent-encoded. */
const LONGEST_PATH = 2_048;

export interface Routed extends Scope {
  location: Location;
  /** Path below the base, without the cloud's prefix. */
  path: string;
}

/**
 * Resolves what a path names. `clouds/<key>/…` is the same world narrowed to one cloud; ids in answers stay the root's.
 * @throws Refusal 404 for what cannot exist, or is not for this tenant.
 */
export function route(protocol: Protocol, request: CimiRequest, principal: Principal): Routed {
  if (!canBe(request.path)) throw notFound(request.path);
  const { cloudKey, path } = partedFromCloud(request.path.replace(/\/$/, ''));
  if (cloudKey !== undefined && !protocol.policy.cloudsOf(principal.tenant).some(({ key }) => key === cloudKey))
    throw notFound(request.path);
  const location = protocol.catalogue.locate(path);
  if (!location || !protocol.isServed(location.type)) throw notFound(request.path);
  return { protocol, request, principal, cloudKey, location, path };
}

/**
 * The way to an entry point for a client that reads the base alone, or that of one cloud: it is often all that people are
 * given. @throws Refusal 404 for a cloud that is not there for the caller
 */
export function toEntryPoint(protocol: Protocol, request: CimiRequest): CimiResponse | undefined {
  const { method, path, query, principal } = request;
  const parted = partedFromCloud(path);
  if (parted.path !== '' || (method !== 'GET' && method !== 'HEAD')) return undefined;
  const entry = entryPath(parted.cloudKey, protocol.catalogue.pathOf(ENTRY_POINT) ?? '');
  route(protocol, { ...request, path: entry }, principal);
  const asked = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
  return { status: 307, headers: { Location: `${protocol.base}${encodeURI(entry)}${asked === '' ? '' : `?${asked}`}` } };
}

/** Tells whether anything can be at a path, by its length alone. */
export function canBe(path: string): boolean {
  return path.length <= LONGEST_PATH;
}

export function notFound(path: string): Refusal {
  return new Refusal(404, `there is nothing at ${shown(path, 300) || '/'}`, { kind: 'notFound' });
}
