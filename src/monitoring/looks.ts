/** Memory of a watcher: what was told last of every thing of a cloud, and how the next look differs from that. */

/** Facts about one thing as they were told last. */
export interface Told {
  /** State, of types that have one. */
  state?: string | undefined;
  name?: string | undefined;
  /** Path and tenant, of what is not known by its key and the cloud's own tenant. */
  path?: string | undefined;
  tenant?: string | undefined;
}

/** Things of one type by the provider's key. */
export type Known = ReadonlyMap<string, Told>;

/** Known things as JSON: key, state, name, path, tenant, cut where the rest is absent. */
export type KnownList = (string | null)[][];

/** A thing as a look shows it. */
export interface Sight {
  state?: string | undefined;
  name?: string | undefined;
  /** True while something goes on with it: such a state is passed through, not told. */
  passing: boolean;
}

/** A thing whose state is another one than was told. */
export interface Turned {
  key: string;
  state: string;
  /** State that was told last. */
  previous: string;
}

/** Differences between what was told and what is seen. */
export interface Differences {
  appeared: readonly string[];
  turned: readonly Turned[];
  /** Keys that are not among what is seen; whether they are gone is for the provider to say. */
  missing: readonly string[];
}

/** Compares a look with what was told; things in a passing state are neither new nor different yet. */
export function differences(told: Known, seen: ReadonlyMap<string, Sight>): Differences {
  const appeared: string[] = [];
  const turned: Turned[] = [];
  for (const [key, { state, passing }] of seen) {
    if (passing) continue;
    const known = told.get(key);
    if (!known) appeared.push(key);
    else if (state !== undefined && known.state !== undefined && known.state !== state) turned.push({ key, state, previous: known.state });
  }
  return { appeared, turned, missing: [...told.keys()].filter((key) => !seen.has(key)) };
}

/** Writes what is known as JSON. */
export function writeKnown(known: Known): KnownList {
  return [...known].map(([key, { state, name, path, tenant }]) => {
    const entry = [key, state ?? null, name ?? null, path ?? null, tenant ?? null];
    while (entry.at(-1) === null) entry.pop();
    return entry;
  });
}

/** Reads what `writeKnown` wrote. */
export function readKnown(list: KnownList): Map<string, Told> {
  return new Map(
    list.flatMap(([key, state, name, path, tenant]) =>
      key == null
        ? []
        : [[key, { state: state ?? undefined, name: name ?? undefined, path: path ?? undefined, tenant: tenant ?? undefined }] as const],
    ),
  );
}
