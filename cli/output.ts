import type { Context, Item, Values, World } from './context.ts';
import type { Kind } from './kinds.ts';
import { usage } from './problem.ts';

export const FORMATS = ['table', 'wide', 'json', 'yaml', 'xml', 'name', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** Returns the form of the output. @throws Problem for one that there is not */
export function formatOf(output: string | undefined): Format {
  const found = FORMATS.find((format) => format === (output ?? 'table'));
  if (!found) throw usage(`-o ${output}: there are ${FORMATS.join(', ')}`);
  return found;
}

/** Attributes that say most, in their order; what a type has of them are its columns. */
const TELLING = [
  'name',
  'state',
  'driver',
  'cpu',
  'memory',
  'capacity',
  'type',
  'ip',
  'hostname',
  'networkType',
  'protocol',
  'action',
  'progress',
  'statusMessage',
  'targetResource',
  'aspect',
  'units',
  'timestamp',
  'severity',
  'outcome',
  'userName',
  'cpuArch',
  'persistence',
  'cloud',
];
/** Columns of a table that has no room for more. */
const FEW = 7;
const LONG = ['resourceURI', 'operations', 'properties', 'description', 'updated'];

/** Returns the columns of a list: those asked for, or what the type has of those that say most, or else its first ones. */
export function columnsOf({ columns, output }: Context['options'], kind: Kind | undefined): string[] {
  if (columns !== undefined) return columns.split(',');
  const names = kind?.attributes.map(({ name }) => name) ?? ['name', 'state'];
  if (output === 'wide') return ['id', ...names.filter((name) => name !== 'id' && !LONG.includes(name))];
  const telling = TELLING.filter((name) => names.includes(name));
  const own = names.filter((name) => !LONG.includes(name) && !['id', 'created'].includes(name));
  return (telling.length > 1 ? telling : own).slice(0, FEW);
}

/** Tells whether a reference is one of the resource's own collections, which tells nothing in a table. */
const isOwn = (item: Values, href: string): boolean => typeof item.id === 'string' && href.startsWith(`${item.id}/`);

/** Returns a value as a table has it: references by their last two parts, texts on one line. */
export function cellOf(item: Values, name: string): string {
  const value = item[name];
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') {
    const { href } = value as { href?: unknown };
    if (typeof href === 'string') return isOwn(item, href) ? '' : href.split('/').slice(-2).join('/');
    return JSON.stringify(value);
  }
  // Controls, and what turns the direction of a text, would write over the rest of the terminal.
  const text = String(value).replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ');
  return name === 'action' ? (text.split('/').at(-1) ?? text) : text;
}

/** Writes rows in columns; on a terminal the last one ends where that does. */
export function table(world: World, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const heads = columns.map((name) => name.replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase());
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => (row[i] ?? '').length)));
  const limit = world.out.isTTY ? Number(world.env.COLUMNS ?? world.out.columns ?? 80) : Infinity;
  const line = (cells: readonly string[]): string => {
    const whole = cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('   ')
      .trimEnd();
    return whole.length > limit ? `${whole.slice(0, limit - 1)}…` : whole;
  };
  const bold = world.out.isTTY && !world.env.NO_COLOR;
  const head = line(heads);
  return [bold ? `\u001b[1m${head}\u001b[0m` : head, ...rows.map(line)].map((text) => `${text}\n`).join('');
}

const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Writes rows as CSV (RFC 4180). */
export const csv = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');

/** Writes values in a form for programs: JSON as it came, or YAML. */
export async function structured(format: 'json' | 'yaml', values: unknown): Promise<string> {
  if (format === 'json') return `${JSON.stringify(values, undefined, 2)}\n`;
  const { stringify } = await import('yaml');
  return stringify(values);
}

/** Shows one resource. */
export async function showItem({ options, world, cimi }: Context, item: Item | Values): Promise<void> {
  const format = formatOf(options.output);
  const values = JSON.parse(JSON.stringify(item)) as Values;
  if (format === 'xml') {
    const { text } = await cimi.send({ url: String(values.id), headers: { Accept: 'application/xml' } });
    world.out.write(`${text}\n`);
  } else if (format === 'json' || format === 'yaml') world.out.write(await structured(format, values));
  else if (format === 'name') world.out.write(`${String(values.id)}\n`);
  else {
    const names = options.columns?.split(',') ?? Object.keys(values).filter((name) => !['resourceURI', 'operations'].includes(name));
    const cells = names.map((name) => [name, cellOf(values, name)] as const);
    if (format === 'csv') world.out.write(csv(names, [cells.map(([, cell]) => cell)]));
    else {
      const operations = (values.operations as { rel: string }[] | undefined)?.map(({ rel }) => rel.split('/').at(-1)) ?? [];
      const shown = [
        ...cells.filter(([, cell]) => cell !== ''),
        ...(operations.length > 0 && !options.columns ? [['operations', operations.join(' ')] as const] : []),
      ];
      const width = Math.max(...shown.map(([name]) => name.length));
      world.out.write(shown.map(([name, cell]) => `${name.padEnd(width)}   ${cell}\n`).join(''));
    }
  }
}

/** Writes a line of what happens: its columns, or with -o json the values as they came. */
export function showLine({ options, world }: Context, columns: readonly string[], row: Values, values: unknown): void {
  const cells = columns.map((name) => cellOf(row, name));
  world.out.write(`${options.output === 'json' ? JSON.stringify(values) : cells.join('   ').trimEnd()}\n`);
}

/** Shows rows that are read already. */
export async function showAll(context: Context, columns: readonly string[], all: readonly Values[]): Promise<void> {
  await showRows(
    context,
    columns,
    (async function* () {
      yield* all;
    })(),
  );
}

/** Shows a list of resources. */
export async function showRows(context: Context, columns: readonly string[], items: AsyncIterable<Values>): Promise<void> {
  const { options, world } = context;
  const format = formatOf(options.output);
  if (format === 'name') {
    for await (const { id } of items) world.out.write(`${String(id)}\n`);
    return;
  }
  const rows: string[][] = [];
  // What has no name is told apart by the end of its id.
  const cell = (item: Values, name: string): string =>
    cellOf(item, name) || (format === 'table' && name === 'name' ? (String(item.id).split('/').at(-1) ?? '') : '');
  for await (const item of items) rows.push(columns.map((name) => cell(item, name)));
  const told = columns.filter((_, i) => format !== 'wide' || rows.some((row) => row[i] !== ''));
  const shown = rows.map((row) => row.filter((_, i) => told.includes(columns[i] ?? '')));
  world.out.write(format === 'csv' ? csv(columns, rows) : table(world, told, shown));
}
