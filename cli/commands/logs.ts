import { follow } from '../../sdk/index.ts';
import { collectionAt, type Context, type Item, type Values } from '../context.ts';
import { find, literal } from '../find.ts';
import { cellOf, formatOf, showAll, showLine } from '../output.ts';
import { usage } from '../problem.ts';
import { oneOf, type Verb } from '../verb.ts';

const COLUMNS = ['timestamp', 'what', 'outcome', 'message', 'job'] as const;
/** Events, and Jobs, that are shown where `--limit` does not say how many. */
const NEWEST = 50;
/** Jobs that are asked for by one request, whose URI has to stay short. */
const TOGETHER = 25;

/** Events of a resource: where they are, and which. */
interface Log {
  href: string;
  filter: string | undefined;
}

/** Tells what happened to a resource: its newest events and its Jobs, by their time; with --follow also what happens, until it is interrupted. */
export const logs: Verb = async (context, place, rest) => {
  const { options, world } = context;
  if (!['table', 'wide', 'csv', 'json'].includes(formatOf(options.output))) throw usage('logs are told as table, csv or json');
  const limit = Number(options.limit ?? NEWEST);
  if (!(limit > 0)) throw usage('--limit needs a number above 0');
  const item = await find(context, place, oneOf(rest, 'logs', place));
  const log = await logOf(context, item);
  if (!options.follow) {
    await tellNewest(context, item, log, limit);
    return;
  }
  const end = new AbortController();
  try {
    const signal = AbortSignal.any([world.signal, end.signal]);
    await tellFollowing(context, log, signal, () => tellNewest(context, item, log, limit));
  } finally {
    end.abort();
  }
};

/** Tells the newest events and Jobs of a resource, oldest first. @returns ids of the events */
async function tellNewest(context: Context, item: Item, { href, filter }: Log, limit: number): Promise<ReadonlySet<string>> {
  const { cimi } = context;
  const newest = { limit, window: limit };
  const [events, jobs] = await Promise.all([
    collectionAt(cimi, href).all({ ...newest, filter, orderBy: ['timestamp:desc'] }),
    collectionAt(cimi, cimi.jobs.href).all({ ...newest, filter: `targetResource=${literal(item.id)}`, orderBy: ['created:desc'] }),
  ]);
  const all = [...events, ...jobs, ...(await otherJobs(context, events, jobs))].map((one) => one.toJSON());
  await tell(context, all.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).slice(-limit));
  return new Set(events.map(({ id }) => id));
}

/**
 * Tells what happens. The stream is opened before what was is told, so that nothing is lost between them.
 * @param before tells what was; returns the ids of the events
 */
async function tellFollowing(context: Context, { href, filter }: Log, signal: AbortSignal, before: () => Promise<ReadonlySet<string>>) {
  let opened = (): void => undefined;
  const isOpen = new Promise<void>((resolve) => (opened = resolve));
  const following = follow(context.cimi, { href }, { filter: filter as never, signal, onOpen: opened });
  const first = following.next();
  await Promise.race([isOpen, first]);
  first.catch(() => undefined);
  const told = await before();
  for (let step = await first; !step.done; step = await following.next()) {
    const event = step.value as unknown as Values;
    if (told.has(String(event.id))) continue;
    write(context, event);
    if (event.outcome !== 'Pending') for (const job of await otherJobs(context, [event], [])) write(context, job.toJSON());
  }
}

/** Finds the events that are of a resource: its own log, or what is about it in the log of everything. @throws CimiError */
async function logOf({ cimi }: Context, item: Item): Promise<Log> {
  const own = (item.eventLog as { href?: string } | undefined)?.href;
  const [log] =
    own === undefined
      ? await cimi.eventLogs.all({ filter: `targetResource=${literal(cimi.entryPoint.id)}` as never })
      : [await cimi.get<'EventLog'>(own)];
  if (log?.events?.href === undefined) throw usage('this provider keeps no log of what happens');
  return { href: log.events.href, filter: own === undefined ? `about=${literal(item.id)}` : undefined };
}

/** Reads the Jobs that events name and that are not of the resource alone: the one that made it is of its collection. */
async function otherJobs({ cimi }: Context, events: readonly Values[], jobs: readonly Item[]): Promise<Item[]> {
  const known = new Set(jobs.map(({ id }) => id));
  const named = events.flatMap((event) => (event.job as { href?: string } | undefined)?.href ?? []);
  const missing = [...new Set(named)].filter((href) => !known.has(href));
  const { baseURI = '' } = cimi.entryPoint;
  const found: Item[] = [];
  for (let from = 0; from < missing.length; from += TOGETHER) {
    const ids = missing.slice(from, from + TOGETHER).map((href) => `id=${literal(href.slice(baseURI.length))}`);
    found.push(...(await collectionAt(cimi, cimi.jobs.href).all({ filter: ids.join(' or ') })));
  }
  return found;
}

const timeOf = ({ timestamp, timeOfStatusChange, created }: Values): string => String(timestamp ?? timeOfStatusChange ?? created);

/** Makes the row of an event or of a Job. */
function rowOf(values: Values): Values {
  if (values.timestamp === undefined)
    return {
      id: values.id,
      timestamp: timeOf(values),
      what: `Job ${cellOf(values, 'action')}`,
      outcome: values.state,
      message: values.statusMessage,
      job: lastPart(values.id),
    };
  const { change, state, code, detail, previous } = (values.content ?? {}) as Values;
  const kind = lastPart(values.type);
  return {
    id: values.id,
    timestamp: values.timestamp,
    what: `${kind} ${cellOf({ what: change ?? state ?? code }, 'what')}`.trimEnd(),
    outcome: values.outcome,
    message: detail ?? (previous === undefined ? undefined : `was ${String(previous)}`),
    job: lastPart((values.job as { href?: string } | undefined)?.href),
  };
}

const lastPart = (uri: unknown): string | undefined => (typeof uri === 'string' ? uri.split('/').at(-1) : undefined);

/** Writes what was, oldest first: as a table, as CSV, or one object a line. */
async function tell(context: Context, all: readonly Values[]): Promise<void> {
  if (context.options.output === 'json') for (const one of all) write(context, one);
  else await showAll(context, columnsOf(context), all.map(rowOf));
}

const write = (context: Context, values: Values): void => showLine(context, columnsOf(context), rowOf(values), values);

const columnsOf = ({ options }: Context): readonly string[] => options.columns?.split(',') ?? COLUMNS;
