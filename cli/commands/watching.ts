import { follow, watch as changesOf } from '../../sdk/index.ts';
import { collectionAt, type Context, type Item, type Values } from '../context.ts';
import { placeOf } from '../kinds.ts';
import { cellOf, columnsOf, csv, formatOf, showAll, showLine, structured, table } from '../output.ts';
import { filterOf } from '../verbs.ts';

/** Tells changes of a collection until it is interrupted; with -o json one object a line. */
export async function watch(context: Context, word: string): Promise<void> {
  const { cimi, options, world } = context;
  const place = placeOf(cimi, word, await context.kinds());
  const columns = columnsOf(options, place.kind);
  const collection = cimi.collection(place.name) as never;
  for await (const { change, item } of changesOf(collection, { filter: filterOf(options), signal: world.signal })) {
    const values = (item as unknown as { toJSON(): Values }).toJSON();
    showLine(context, ['change', ...columns], { ...values, change: change.padEnd(7) }, { change, item: values });
  }
}

const COLUMNS = ['timestamp', 'severity', 'outcome', 'type', 'about'];
/** Events that are shown where none are followed. */
const NEWEST = 50;

/** Tells the newest events of every log, or with --follow those that happen, until it is interrupted. */
export async function events(context: Context): Promise<void> {
  const { cimi, options, world } = context;
  const filter = filterOf(options);
  const columns = options.columns?.split(',') ?? COLUMNS;
  const logs = (await cimi.eventLogs.all()).flatMap(({ events: ref }) => ref?.href ?? []);
  const tell = (event: Values): void => showLine(context, columns, event, event);
  if (options.follow) {
    const reading = logs.map(async (href) => {
      for await (const event of follow(cimi, { href }, { filter: filter as never, signal: world.signal })) tell(event as unknown as Values);
    });
    await Promise.all(reading);
    return;
  }
  const limit = Number(options.limit ?? NEWEST);
  const found = (
    await Promise.all(logs.map((href) => collectionAt(cimi, href).all({ filter, orderBy: ['timestamp:desc'], limit, window: limit })))
  ).flat();
  const newest = found
    .sort((a, b) => (String(a.timestamp) < String(b.timestamp) ? -1 : 1))
    .slice(-limit)
    .map((event) => event.toJSON());
  if (options.output === 'json') newest.forEach(tell);
  else await showAll(context, columns, newest);
}

/** Requests that are on their way at the same time. */
const TOGETHER = 8;
const TOP = ['target', 'aspect', 'value', 'units', 'timestamp'] as const;

/** Shows the newest value of each Meter. */
export async function top(context: Context): Promise<void> {
  const { cimi, options, world } = context;
  const format = formatOf(options.output);
  const query = { filter: filterOf(options), expand: ['targetResource'], window: 1000 };
  const meters = await collectionAt(cimi, cimi.meters.href).all(query);
  const rows: string[][] = [];
  for (let from = 0; from < meters.length; from += TOGETHER)
    rows.push(...(await Promise.all(meters.slice(from, from + TOGETHER).map((meter) => newestOf(context, meter)))));
  if (format === 'json' || format === 'yaml') {
    const values = rows.map((row) => Object.fromEntries(TOP.map((name, i) => [name, row[i]])));
    world.out.write(await structured(format, values));
  } else world.out.write(format === 'csv' ? csv(TOP, rows) : table(world, TOP, rows));
}

/** Reads the newest value of a Meter. @returns a row */
async function newestOf({ cimi }: Context, meter: Item): Promise<string[]> {
  const values = meter.toJSON();
  const samples = (values.samples as { href: string } | undefined)?.href;
  const query = { orderBy: ['timestamp:desc'], first: 1, last: 1 };
  const page = samples === undefined ? undefined : await collectionAt(cimi, samples).page(query);
  const { value = '', timestamp = '' } = (page?.items[0]?.toJSON() ?? {}) as { value?: string; timestamp?: string };
  const aspect = cellOf(values, 'aspect').split('/').at(-1) ?? '';
  const { name } = (values.targetResource ?? {}) as Values;
  const target = typeof name === 'string' ? cellOf({ name }, 'name') : cellOf(values, 'targetResource');
  return [target, aspect, value, cellOf(values, 'units'), timestamp];
}
