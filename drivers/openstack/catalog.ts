import { ProviderError } from '../../src/clouds/errors';
import { docs, text, told } from './documents';
import type { OpenstackOptions, Service } from './options';

/** A service in Keystone's catalogue. */
export interface CatalogEntry {
  type: string;
  endpoints: readonly { interface: string; region_id?: string; region?: string; url: string }[];
}

/** The catalogue as a login tells it; what cannot be read of it is left out. */
export function catalogFrom(given: unknown): CatalogEntry[] {
  return docs(given).flatMap(({ type, endpoints }) => {
    const known = text(type);
    return known === undefined ? [] : [{ type: known, endpoints: docs(endpoints).flatMap(endpointFrom) }];
  });
}

function endpointFrom(given: Readonly<Record<string, unknown>>): CatalogEntry['endpoints'][number][] {
  const [url, which] = [text(given.url), text(given.interface)];
  if (url === undefined || which === undefined || !URL.canParse(url)) return [];
  return [told<Listed>({ interface: which, url, region_id: text(given.region_id), region: text(given.region) })];
}

/** Types under which each service stands in catalogues, the official one first. */
const TYPES: Readonly<Record<Service, readonly string[]>> = {
  compute: ['compute'],
  image: ['image'],
  network: ['network'],
  volume: ['block-storage', 'volumev3', 'block-store', 'volume'],
  metric: ['metric'],
};

/** Beginning of a service's API: `root` with its version alone, `base` with the project too where the service has it in its paths. */
export interface Endpoint {
  root: string;
  base: string;
}

/** End of each service's URLs; `old` versions are replaced or ignored. */
const VERSION: Readonly<Record<Service, { segment: string; project?: true }>> = {
  compute: { segment: 'v2.1' },
  image: { segment: 'v2' },
  network: { segment: 'v2.0' },
  volume: { segment: 'v3', project: true },
  metric: { segment: 'v1' },
};

/**
 * The endpoint of a service in the region and interface asked for.
 * @throws ProviderError (unsupported) where there is none, naming what there is; (invalid) where the region is not clear
 */
export function endpointOf(
  catalog: readonly CatalogEntry[],
  service: Service,
  options: Pick<OpenstackOptions, 'region' | 'interface' | 'endpoints'>,
  projectId: string | undefined,
): Endpoint {
  const own = options.endpoints?.[service];
  if (own !== undefined) return versioned(service, own, projectId);
  const interfaces = [options.interface ?? 'public'].flat();
  for (const type of TYPES[service]) {
    const all = catalog.filter((entry) => entry.type === type).flatMap((entry) => entry.endpoints);
    for (const wanted of interfaces) {
      const fit = all.filter((each) => each.interface.replace(/URL$/, '') === wanted && !isOld(service, each.url));
      const here = options.region === undefined ? onlyRegion(service, fit) : fit.filter((each) => regionOf(each) === options.region);
      if (here[0]) return versioned(service, here[0].url, projectId);
    }
  }
  throw new ProviderError('unsupported', missing(catalog, service, interfaces.join(' or '), options.region), { maybeDone: false });
}

/** Tells whether a catalogue names a service at all, in whatever region. */
export const isListed = (catalog: readonly CatalogEntry[], service: Service): boolean =>
  catalog.some(({ type }) => TYPES[service].includes(type));

type Listed = CatalogEntry['endpoints'][number];
const regionOf = ({ region_id, region }: Listed): string | undefined => region_id ?? region;

function onlyRegion(service: Service, endpoints: readonly Listed[]): readonly Listed[] {
  const regions = [...new Set(endpoints.map(regionOf))];
  if (regions.length <= 1) return endpoints;
  throw new ProviderError('invalid', `Several regions have ${service}: say which by region (${regions.join(', ')})`, { maybeDone: false });
}

function missing(catalog: readonly CatalogEntry[], service: Service, wanted: string, region: string | undefined): string {
  const types = [...new Set(catalog.map((entry) => entry.type))].sort();
  const regions = [...new Set(catalog.flatMap((entry) => entry.endpoints.map(regionOf)))].filter((name) => name !== undefined);
  const place = region === undefined ? '' : ` in region ${region}`;
  if (types.length === 0) return `The login has no service catalogue: it is not scoped to a project`;
  return `No ${service} service with a ${wanted} endpoint${place}; the catalogue has ${types.join(', ')}${regions.length === 0 ? '' : ` in ${regions.join(', ')}`}`;
}

const SEGMENT = /\/v(\d+)(\.\d+)?(?=\/|$)/;

/** Block storage of version 1 and 2 is gone from current clouds, and is another API. */
const isOld = (service: Service, url: string): boolean => service === 'volume' && /\/v[12](\/|$)/.test(url);

function versioned(service: Service, url: string, projectId: string | undefined): Endpoint {
  const { segment, project } = VERSION[service];
  const bare = url.replace(/\/+$/, '');
  const found = SEGMENT.exec(bare);
  if (!found) {
    const root = `${bare}/${segment}`;
    return { root, base: project && projectId !== undefined ? `${root}/${projectId}` : root };
  }
  const root = bare.slice(0, found.index + found[0].length);
  if (service === 'image' && found[1] === '1') return versioned(service, bare.slice(0, found.index), projectId);
  return { root, base: bare === root && project && projectId !== undefined ? `${root}/${projectId}` : bare };
}
