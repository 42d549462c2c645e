import type { CallContext, Marks, Naming } from '../../src/clouds/driver';
import { type Gone, ProviderError } from '../../src/clouds/errors';
import { pathOf, type Query, type Wire } from './client';
import { doc, docs, text } from './documents';
import { isNoRoute } from './errors';
import { holdsNet, isNameTag, isUnfinished, lookupTag, made, making, marksOf, nameTags, TAG } from './neutron-names';
import type { Thing } from './neutron-things';
import { type Answered, confirmed } from './reads';
import { PLACES, type Things } from './things';

/** Kinds of things of Neutron that become resources. */
export type Net = 'network' | 'port' | 'router' | 'floatingip';
type Small = Net | 'subnet' | 'subnetpool' | 'securitygroup';

/** Ids that are asked for in one call: a URL has its limits. */
const BATCH = 100;
/** Neutron's extensions by what is asked of them; any one of the aliases will do. */
const EXTENSIONS = {
  router: ['router'],
  tags: ['standard-attr-tag', 'tag', 'tag-ext', 'tag-ports-during-bulk-creation'],
} as const;
type Extension = keyof typeof EXTENSIONS;

const named = (kind: Net): boolean => kind !== 'floatingip';

/** Neutron's things of this project: the calls that all groups share. */
export class Neutron {
  constructor(readonly wire: Wire) {}

  /** Pages of a kind. What this Neutron has no extension for, there is none of. */
  async *pages<K extends Net>(kind: K, context: CallContext, query: Query = {}): AsyncIterable<readonly Things[K][]> {
    try {
      yield* this.wire.pages(kind, context, query);
    } catch (error) {
      if (!(await this.#isWithout(kind, error, context))) throw error;
    }
  }

  /** All that there are of a small kind, in one call: no page size is asked for. */
  async whole<K extends Small>(kind: K, context: CallContext, query: Query = {}): Promise<Things[K][]> {
    const { path, many } = PLACES[kind];
    try {
      const answer = await this.wire.get('network', path, many, context, { query });
      // Neutron cuts an answer only where its operator set a limit; then it is read page by page.
      if (answer[`${many}_links`] !== undefined) return await this.wire.all(kind, context, query);
      return this.wire.items(kind, answer);
    } catch (error) {
      if (!(await this.#isWithout(kind, error, context))) throw error;
      return [];
    }
  }

  async #isWithout(kind: Small, error: unknown, context: CallContext): Promise<boolean> {
    return (kind === 'router' || kind === 'floatingip') && isNoRoute(error) && !(await this.offers('router', context));
  }

  /** Tells whether this Neutron has an extension; reads the list at the first call. */
  async offers(extension: Extension, context: CallContext): Promise<boolean> {
    const aliases = await extensionsOf(this.wire, context);
    return EXTENSIONS[extension].some((alias) => aliases.has(alias));
  }

  /** Each of these ids with its thing, or the proof that there is none. */
  async byIds<K extends Net>(kind: K, ids: readonly string[], context: CallContext): Promise<Answered<Things[K]>> {
    const unique = [...new Set(ids)];
    const batches = Array.from({ length: Math.ceil(unique.length / BATCH) }, (_, n) => unique.slice(n * BATCH, (n + 1) * BATCH));
    const pages = await Promise.all(batches.map((id) => this.whole(kind, context, { id })));
    const found = new Map<string, Things[K] | Gone>();
    for (const thing of pages.flat()) if (unique.includes(thing.id)) found.set(thing.id, thing);
    return confirmed(this.wire, kind, unique, found, context);
  }

  /** Changes some attributes. */
  async change(kind: Net, id: string, to: object, context: CallContext): Promise<void> {
    const { one: member = kind } = PLACES[kind];
    const ask = { method: 'PUT', path: pathOf(kind, id), body: { [member]: to }, member, of: { kind, id } } as const;
    await this.wire.send('network', ask, context);
  }

  delete(kind: Net, id: string, context: CallContext): Promise<void> {
    return this.wire.remove(kind, id, context);
  }

  /** Finds what carries this identity tag: finished by its tags, unfinished or without tags by its description; all re-checked. */
  async marked<K extends Net>(kind: K, { tag }: Marks, context: CallContext): Promise<{ thing: Things[K]; unfinished: boolean }[]> {
    const found = await Promise.all([this.tagged(kind, lookupTag(tag), context), this.whole(kind, context, { description: making(tag) })]);
    const byId = new Map(found.flat().map((thing) => [thing.id, thing]));
    return [...byId.values()].filter((thing) => marksOf(thing).tag === tag).map((thing) => ({ thing, unfinished: isUnfinished(thing) }));
  }

  /**
   * Lists what may carry this tag, to be re-checked: without tags that is everything, and Neutron ignores filters that it does not
   * know.
   */
  async tagged<K extends Net>(kind: K, tags: string, context: CallContext): Promise<Things[K][]> {
    if (isTagless(this.wire)) return this.whole(kind, context, await this.own(context));
    try {
      return await this.whole(kind, context, { tags });
    } catch (error) {
      const unknown = error instanceof ProviderError && error.kind === 'invalid' && /\btags\b/.test(error.message);
      if (!unknown || (await this.offers('tags', context))) throw error;
      tagless.add(this.wire);
      return this.tagged(kind, tags, context);
    }
  }

  /**
   * Makes a thing once. A create takes no tags: until everything is done the thing's description is its mark, by which
   * an attempt that was cut off is found and gone on with.
   * @param body what is sent, without names
   * @param steps what is to be done besides; may be done again
   */
  async make<K extends Net>(
    kind: K,
    request: Marks & Naming,
    body: object,
    context: CallContext,
    steps: (thing: Things[K]) => Promise<void> = () => Promise.resolve(),
  ): Promise<Things[K]> {
    const { name, description = '' } = holdsNet(request);
    const [known] = await this.marked(kind, request, context);
    if (known && !known.unfinished) return known.thing;
    const sent = { ...body, ...(named(kind) ? { name: name ?? '' } : {}), description: making(request.tag) };
    const thing = known?.thing ?? (await this.post(kind, sent, context));
    await steps(thing);
    const marks = [lookupTag(request.tag), TAG.id + request.tag, TAG.token + request.token];
    const tagged = await this.setTags(kind, thing.id, [...marks, ...nameTags(named(kind), request)], context);
    // Without tags the description keeps the mark; what of the names does not go in stays with the gateway, see `holds`.
    await this.change(
      kind,
      thing.id,
      { description: tagged ? description : (made(request.tag, description) ?? made(request.tag, '')) },
      context,
    );
    return thing;
  }

  async post<K extends Net>(kind: K, sent: object, context: CallContext): Promise<Things[K]> {
    const { path, one: member = kind, read } = PLACES[kind];
    const ask = { method: 'POST', path, body: { [member]: sent }, member } as const;
    const answer = await this.wire.send('network', ask, context).catch(async (error: unknown) => {
      if (!(await this.#isWithout(kind, error, context))) throw error;
      throw new ProviderError('unsupported', `The Neutron of this cloud has no ${kind}s: it lacks the extension router`, {
        maybeDone: false,
      });
    });
    const thing = read(doc(answer[member]));
    if (!thing) throw new ProviderError('unavailable', `Neutron answered without a ${kind}`, { maybeDone: true });
    return thing;
  }

  /** Tells whether this Neutron was found to have no tags. */
  get tagless(): boolean {
    return isTagless(this.wire);
  }

  /** Writes the tags of a thing. @returns whether this Neutron has tags */
  async setTags(kind: Net, id: string, tags: readonly string[], context: CallContext): Promise<boolean> {
    if (isTagless(this.wire)) return false;
    const path = `${pathOf(kind, id)}/tags`;
    try {
      await this.wire.send(
        'network',
        { method: 'PUT', path, body: { tags: [...new Set(tags)] }, member: 'tags', of: { kind, id } },
        context,
      );
      return true;
    } catch (error) {
      if (!isNoRoute(error) || (await this.offers('tags', context))) throw error;
      tagless.add(this.wire);
      this.wire.warn(
        'The Neutron of this cloud has no tags: identity marks are kept in descriptions; the gateway itself keeps properties and descriptions',
      );
      return false;
    }
  }

  /** Returns the part of a naming that this Neutron can hold: without tags, the name alone. */
  holds(naming: Naming, by: (naming: Naming) => Naming): Naming {
    const held = by(naming);
    if (!isTagless(this.wire)) return held;
    return { ...(held.name === undefined || by !== holdsNet ? {} : { name: held.name }), ...(held.properties ? { properties: {} } : {}) };
  }

  /** Writes names and properties; all other tags, and a mark in the description, stay. */
  async rename(kind: Net, id: string, naming: Naming, context: CallContext): Promise<void> {
    const thing: Thing = await this.wire.one(kind, id, context);
    const { name = '', description = '' } = naming;
    const { tag } = marksOf(thing);
    const message = isTagless(this.wire) && tag !== undefined ? (made(tag, description) ?? made(tag, '')) : description;
    await this.change(kind, id, { ...(named(kind) ? { name } : {}), description: message }, context);
    const kept = thing.tags.filter((each) => !isNameTag(each));
    await this.setTags(kind, id, [...kept, ...nameTags(named(kind), naming)], context);
  }

  /** Returns a test whether a thing is this project's own: others' are seen where they are shared, and by administrators. */
  async isOwn(context: CallContext): Promise<(thing: Thing) => boolean> {
    const { projectId } = await this.wire.session(context);
    return ({ project_id: owner }) => projectId === undefined || owner === undefined || owner === projectId;
  }

  /** Filter for what is this project's own. */
  async own(context: CallContext): Promise<Query> {
    const { projectId } = await this.wire.session(context);
    return projectId === undefined ? {} : { project_id: projectId };
  }
}

/** Connections to a Neutron that was found to have no tags. */
const tagless = new WeakSet<Wire>();
const isTagless = (wire: Wire): boolean => tagless.has(wire);

const known = new WeakMap<Wire, Promise<ReadonlySet<string>>>();
async function extensionsOf(wire: Wire, context: CallContext): Promise<ReadonlySet<string>> {
  const asked =
    known.get(wire) ??
    wire
      .get('network', '/extensions', 'extensions', context, { query: { fields: 'alias' } })
      .then(({ extensions }) => new Set(docs(extensions).flatMap(({ alias }) => text(alias) ?? [])));
  known.set(wire, asked);
  try {
    return await asked;
  } catch (error) {
    known.delete(wire);
    throw error;
  }
}

/** Returns a reader that reads at its first call, and then remembers. */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= read());
}
