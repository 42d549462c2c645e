import { follow, watch as changesOf } from '../../sdk/index.ts';
import { collectionAt, itemAt, type Context, type Values } from '../context.ts';
import { placeOf } from '../kinds.ts';
import { cellOf, columnsOf, showRows, table } from '../output.ts';
import { filterOf } from '../verbs.ts';

/** Tells changes of a collection until it is interrupted; with -o json one object a line. */
export async function watch(context: Context, word: string): Promise<void> {
  const { cimi, options, world } = context;
  const place = placeOf(cimi, word, await context.kinds());
  const columns = columnsOf(options, place.kind);
  const collection = cimi.collection(place.name) as never;
  for await (const { change, item } of changesOf(collection, { filter: filterOf(options), signal: world.signal })) {
    const values = (item as unknown as { toJSON(): Values }).toJSON();
    const line =
      options.output === 'json'
        ? JSON.stringify({ change, item: values })
        : [change.padEnd(7), ...columns.map((name) => cellOf(values, name))].join('   ');
    world.out.write(`${line.trimEnd()}\n`);
  }
}

const COLUMNS = ['timestamp', 'severity', 'outcome', 'type', 'about'];
/** Events that are shown where none are followed. */
const NEWEST = 50;

/** Tells the newest events of every log, or with --follow those that happen, until it is interrupted. */
export async function events(context: Context, { follow: isFollowed }: { follow?: boolean }): Promise<void> {
  const { cimi, options, world } = context;
  const filter = filterOf(options);
  const columns = options.columns?.split(',') ?? COLUMNS;
  const logs = (await cimi.eventLogs.all()).flatMap(({ events: ref }) => ref?.href ?? []);
  const tell = (event: Values): void => {
    const cells = columns.map((name) => cellOf(event, name));
    world.out.write(options.output === 'json' ? `${JSON.stringify(event)}\n` : `${cells.join('   ').trimEnd()}\n`);
  };
  if (isFollowed) {
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
  const newest = found.sort((a, b) => (String(a.timestamp) < String(b.timestamp) ? -1 : 1)).slice(-limit);
  if (options.output === 'json') newest.forEach((event) => tell(event.toJSON()));
  else
    await showRows(
      context,
      columns,
      (async function* () {
        for (const event of newest) yield event.toJSON();
      })(),
    );
}

/** Shows the newest value of each Meter. */
export async function top(context: Context): Promise<void> {
  const { cimi, world } = context;
  const meters = await collectionAt(cimi, cimi.meters.href).all({ filter: filterOf(context.options), window: 1000 });
  const rows = await Promise.all(
    meters.map(async (meter) => {
      const samples = (meter.samples as { href: string } | undefined)?.href;
      const page =
        samples === undefined ? undefined : await collectionAt(cimi, samples).page({ orderBy: ['timestamp:desc'], first: 1, last: 1 });
      const { value = '', timestamp = '' } = (page?.items[0]?.toJSON() ?? {}) as { value?: string; timestamp?: string };
      const values = meter.toJSON();
      const aspect = cellOf(values, 'aspect').split('/').at(-1) ?? '';
      return [await nameOf(context, values), aspect, value, cellOf(values, 'units'), timestamp];
    }),
  );
  world.out.write(table(world, ['target', 'aspect', 'value', 'units', 'timestamp'], rows));
}

async function nameOf({ cimi }: Context, meter: Values): Promise<string> {
  const href = (meter.targetResource as { href: string } | undefined)?.href;
  const target = href === undefined ? undefined : await itemAt(cimi, href).catch(() => undefined);
  return typeof target?.name === 'string' ? target.name : cellOf(meter, 'targetResource');
}
