/** Columns of a stored resource. */
const COLUMNS = [
  ...['path', 'type', 'tenant', 'cloud', 'provider_key', 'owner', 'state', 'created', 'updated', 'version'],
  ...['document', 'secrets', 'internal', 'name'],
];

/** Rows that are made of one, numbered by `n.i`. */
export interface Multiplied {
  /** Path of the row that they are made of. */
  path: string;
  /** Numbers of the first and of the last. */
  from: number;
  to: number;
  /** Expressions of the columns that are not that row's, as both databases take them. */
  given: Readonly<Record<string, string>>;
}

/** Statement that writes very many rows of `resources`, of both databases. */
export function multiplied({ path, from, to, given }: Multiplied): string {
  const values = COLUMNS.map((column) => given[column] ?? `r.${column}`);
  return `with recursive n(i) as (select ${from} union all select i + 1 from n where i < ${to})
    insert into resources (${COLUMNS.join(', ')}) select ${values.join(', ')} from n, resources r where r.path = '${path}'`;
}

/** Expression of the path of the row of a number, as long as a path that the gateway makes. */
export const numbered = (segment: string): string => `'${segment}/' || substr('01h0000000000000000000', 1, 16) || (1000000000 + n.i)`;

/** The same of one number. */
export const pathOf = (segment: string, number: number): string => `${segment}/01h0000000000000${1_000_000_000 + number}`;
