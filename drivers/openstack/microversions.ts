import { type Doc, doc, docs, isDoc, text } from './documents';
import type { Service } from './options';

/** Microversions: `major.minor`, compared as numbers. */

/** Tells whether version `have` includes what came with `need`; undefined includes nothing. */
export function atLeast(have: string | undefined, need: string): boolean {
  return have !== undefined && compare(have, need) >= 0;
}

function compare(a: string, b: string): number {
  const [x, y] = [numbers(a), numbers(b)];
  return x[0] - y[0] || x[1] - y[1];
}

function numbers(version: string): [number, number] {
  const [major, minor] = version.split('.').map(Number);
  return [major ?? 0, minor ?? 0];
}

/**
 * The version to speak: the highest that both sides know.
 * @param document what the service tells at `root`
 * @param root URL that ends in the API's version
 * @param wanted the highest this driver was written for
 * @returns undefined where the service has no microversions, or only later ones
 */
export function negotiate(document: unknown, root: string, wanted: string): string | undefined {
  const { version, versions } = doc(document);
  const major = /\/v(\d+)[^/]*$/.exec(root)?.[1] ?? '';
  const own = isDoc(version) ? version : docs(versions).find((each) => text(each.id)?.startsWith(`v${major}`) === true && highestOf(each));
  const highest = own && highestOf(own);
  if (highest === undefined) return undefined;
  const lowest = text(own?.min_version);
  if (lowest !== undefined && compare(lowest, wanted) > 0) return undefined;
  return compare(highest, wanted) < 0 ? highest : wanted;
}

/** Nova and Cinder tell it as `version`, others as `max_version`. */
const highestOf = ({ version, max_version: most }: Doc): string | undefined => {
  const told = text(version) ?? text(most);
  return told !== undefined && /^\d+\.\d+$/.test(told) ? told : undefined;
};

/** Headers by which a request says the microversion it is of. */
export function versionHeaders(service: Service, version: string): Record<string, string> {
  if (service === 'compute') return { 'openstack-api-version': `compute ${version}`, 'x-openstack-nova-api-version': version };
  return { 'openstack-api-version': `volume ${version}` };
}
