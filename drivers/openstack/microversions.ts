/** Microversions: `major.minor`, compared as numbers. */

/** Whether version `have` has what came with `need`; no version has nothing. */
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

/** A service's own description at the root of a version. */
interface VersionDocument {
  version?: { id?: string; version?: string; max_version?: string; min_version?: string };
  versions?: readonly { id?: string; version?: string; max_version?: string; min_version?: string }[];
}

/**
 * The version to speak: the highest that both sides know.
 * @param document what the service tells at `root`
 * @param root URL that ends in the API's version
 * @param wanted the highest this driver was written for
 * @returns undefined where the service has no microversions, or only later ones
 */
export function negotiate(document: unknown, root: string, wanted: string): string | undefined {
  const { version, versions } = (typeof document === 'object' && document !== null ? document : {}) as VersionDocument;
  const major = /\/v(\d+)[^/]*$/.exec(root)?.[1];
  const own =
    version ?? versions?.find((each) => each.id?.startsWith(`v${major}`) === true && (each.version ?? each.max_version ?? '') !== '');
  const highest = own?.version ?? own?.max_version;
  if (highest === undefined || highest === '') return undefined;
  const lowest = own?.min_version;
  if (lowest !== undefined && lowest !== '' && compare(lowest, wanted) > 0) return undefined;
  return compare(highest, wanted) < 0 ? highest : wanted;
}
