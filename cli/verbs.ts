import { changesOf, creationOf } from './attributes.ts';
import { collectionAt, itemAt, type Context, type Values } from './context.ts';
import { find, literal, uriOf } from './find.ts';
import type { Place } from './kinds.ts';
import { columnsOf, formatOf, showItem, showRows, structured } from './output.ts';
import { usage } from './problem.ts';
import { oneOf, type Rest, type Verb } from './verb.ts';
import { settle, waitForJob } from './waiting.ts';

/** Returns the filter of --filter and each --where. @throws Problem */
export function filterOf({ filter, where = [] }: Context['options']): string | undefined {
  const terms = where.map((term) => {
    const [, name = '', operator = '', value = ''] = /^([^=<>!]+)(!=|<=|>=|[=<>])([^]*)$/.exec(term) ?? [];
    if (name === '') throw usage(`--where ${term}: NAME=VALUE is needed`);
    const attribute = name.startsWith('properties.') ? `property[${literal(name.slice('properties.'.length))}]` : name;
    const isBare = /^(-?\d+|true|false|\d{4}-\d\d-\d\d.*)$/.test(value) && !/^(name|description)$/.test(name) && attribute === name;
    return `${attribute}${operator}${isBare ? value : literal(value)}`;
  });
  const all = [...(filter === undefined ? [] : [`(${filter})`]), ...terms];
  return all.length === 0 ? undefined : all.join(' and ');
}

/** Items by one request: as many as a gateway gives at once without trouble. */
const WINDOW = 1000;

const list: Verb = async (context, place) => {
  const { options, world, cimi } = context;
  const format = formatOf(options.output);
  const filter = filterOf(options);
  const limit = options.limit === undefined ? undefined : Number(options.limit);
  if (limit !== undefined && !(limit > 0)) throw usage('--limit needs a number above 0');
  if (format === 'json' || format === 'yaml' || format === 'xml') {
    const query = { $filter: filter, $first: limit && 1, $last: limit };
    const { text, values } = await cimi.send({
      url: place.href,
      query,
      headers: { Accept: format === 'xml' ? 'application/xml' : 'application/json' },
    });
    world.out.write(format === 'xml' ? `${text}\n` : await structured(format, values));
    return;
  }
  const columns = columnsOf(options, place.kind);
  const select = format === 'name' ? ['id'] : ['id', ...columns];
  const missing = new Set<string>();
  const onPage = (page: { readonly unavailableClouds: readonly string[] }): void =>
    page.unavailableClouds.forEach((cloud) => missing.add(cloud));
  await showRows(
    context,
    columns,
    collectionAt(cimi, place.href).list({ filter, select, limit, window: Math.min(WINDOW, limit ?? WINDOW), onPage }),
  );
  if (missing.size > 0) world.err.write(`cimi: without what is in ${[...missing].join(', ')}, which did not answer\n`);
};

const show: Verb = async (context, place, rest) => showItem(context, await find(context, place, oneOf(rest, 'show', place)));

const create: Verb = async (context, place, rest) => {
  const [name, ...others] = rest.words;
  if (others.length > 0) throw usage(`cimi ${place.name} create takes one name`);
  const given = name === undefined ? rest.given : [{ name: 'name', value: name }, ...rest.given];
  const made = await collectionAt(context.cimi, place.href).create(await creationOf(context, place.kind, given));
  // A private key is in this answer and nowhere else.
  const isShownOnce = made.resource.privateKey !== undefined;
  if (await settle(context, made)) await showItem(context, isShownOnce ? made.resource : await made.resource.refresh());
};

const edit: Verb = async (context, place, rest) => {
  const word = oneOf(rest, 'edit', place);
  const changes = await changesOf(context, place.kind, rest.given);
  if (Object.keys(changes).length === 0) throw usage(`cimi ${place.name} edit ${word}: --ATTRIBUTE VALUE is missing`);
  const changed = await (await find(context, place, word)).update(changes);
  if (await settle(context, changed)) await showItem(context, await itemAt(context.cimi, changed.resource.id));
};

const remove: Verb = async (context, place, rest) => {
  if (rest.words.length === 0) throw usage(`cimi ${place.name} delete needs names or ids`);
  for (const word of rest.words) await settle(context, await (await find(context, place, word)).delete());
};

/** Asks for an action of a resource, or of several one after the other. */
const act =
  (name: string, uri: string): Verb =>
  async (context, place, rest) => {
    if (rest.words.length === 0) throw usage(`cimi ${place.name} ${name} needs names or ids`);
    for (const word of rest.words) {
      const item = await find(context, place, word);
      const accepted = await item.act(item.can(name) ? name : uri, await changesOf(context, undefined, rest.given));
      if (!(await settle(context, accepted))) continue;
      if (accepted.location !== undefined) context.world.out.write(`${accepted.location}\n`);
      else await showItem(context, await itemAt(context.cimi, item.id));
    }
  };

/** Waits for Jobs. */
const wait: Verb = async (context, place, rest) => {
  if (rest.words.length === 0) throw usage('cimi jobs wait needs the ids of Jobs');
  for (const word of rest.words)
    await showItem(context, (await waitForJob(context, await uriOf(context, place, word))).toJSON() as unknown as Values);
};

/** Verbs that are made of more than one request, or need words of their own; loaded when asked for. */
const OTHERS: Readonly<Record<string, Readonly<Record<string, () => Promise<Verb>>>>> = {
  jobs: { wait: () => Promise.resolve(wait) },
  machines: {
    ssh: async () => (await import('./commands/ssh.ts')).ssh,
    move: async () => (await import('./commands/packages.ts')).move,
  },
  machineImages: { copy: async () => (await import('./commands/packages.ts')).copy },
  volumeImages: { copy: async () => (await import('./commands/packages.ts')).copy },
  systems: {
    import: async () => (await import('./commands/packages.ts')).importPackage,
    move: async () => (await import('./commands/packages.ts')).move,
  },
  systemTemplates: { import: async () => (await import('./commands/packages.ts')).importPackage },
};

const logs: Verb = async (context, place, rest) => (await import('./commands/logs.ts')).logs(context, place, rest);

const COMMON: Readonly<Record<string, Verb>> = { list, show, create, edit, delete: remove, logs };

/** Verbs of a collection: those of every one, its type's actions, and those that are made of several requests. */
export function verbsOf(place: Place): string[] {
  const actions = (place.kind?.actions ?? []).map(({ name }) => name).filter((name) => !['add', 'edit', 'delete', 'import'].includes(name));
  return [...new Set([...Object.keys(COMMON), ...actions, ...Object.keys(OTHERS[place.name] ?? {})])];
}

/** Does what a verb says with a collection. @throws Problem where it has no such verb */
export async function run(context: Context, place: Place, verb: string, rest: Rest): Promise<void> {
  const other = OTHERS[place.name]?.[verb];
  const action = place.kind?.actions.find(({ name }) => name === verb);
  const found = COMMON[verb] ?? (other ? await other() : action && act(verb, action.uri));
  if (!found) throw usage(`${place.name} has no ${verb}; there are: ${verbsOf(place).join(', ')}`);
  await found(context, place, rest);
}
