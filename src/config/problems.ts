export type Path = readonly PropertyKey[];

/** Fault of the configuration. */
export interface Problem {
  /** `server.port`, `clouds.aws.tenants[0]`; empty for the file as a whole. */
  path: string;
  /** Line in the configuration file, from 1, where it is known. */
  line?: number | undefined;
  column?: number | undefined;
  /** Fault and, where it can be told, the remedy in words. Never a secret. */
  message: string;
}

/** The configuration can't be used; names every problem that was found. */
export class ConfigError extends Error {
  constructor(
    readonly problems: readonly Problem[],
    readonly file: string | undefined,
  ) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    super([`${file ?? 'the configuration'} has ${count}:`, ...problems.map((problem) => `  ${problemText(problem)}`)].join('\n'));
    this.name = 'ConfigError';
  }
}

/** `line 4, column 3, server.prot: unknown; did you mean server.port?` */
export function problemText({ path, line, column, message }: Problem): string {
  const place = [line === undefined ? '' : `line ${line}`, column === undefined ? '' : `column ${column}`, path].filter(
    (part) => part !== '',
  );
  return place.length > 0 ? `${place.join(', ')}: ${message}` : message;
}

/** The value at a path of a parsed file; undefined where the path leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, part) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, part)) return undefined;
    return Reflect.get(inner, part);
  }, value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
