import { createHash } from 'node:crypto';
import type { CallContext, Item, Marks, Naming } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { enc, type Query, type Wire } from './client';

/** Kinds of things that Neutron keeps, by the path of each and the member of its answers. */
export const KINDS = { networks: 'network', ports: 'port', routers: 'router', floatingips: 'floatingip' } as const;
export type Kind = keyof typeof KINDS;

/** What all of them carry. */
export interface Thing {
  id: string;
  /** Floating IPs have none. */
  name?: string;
  description?: string | null;
  tags?: readonly string[];
  created_at?: string;
  project_id?: string | null;
}

/** Tags of ours, by their meaning; Neutron takes 255 characters in each. */
const TAG = { id: 'cimi:id=', token: 'cimi:token=', name: 'cimi:name=', property: 'cimi:p:' } as const;
const MAX_TEXT = 255;
/** Neutron counts 50 tags of a thing; some are ours, some others'. */
const MAX_PROPERTIES = 32;
/** Ids that are asked for in one call: a URL has its limits. */
const BATCH = 100;
/** Begins the description of a thing that is being made; the tag of its create follows. */
const MAKING = 'cimi create ';
/** The same of a port that is being made for an interface; the tag of the interface follows. */
export const MAKING_NIC = 'cimi interface ';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);
/** Tag that a thing is looked up by: filters part tags at commas, and identity tags are long. */
export const lookupTag = (tag: string): string => `cimi-${digest(tag)}`;
/** Neutron's tables hold three bytes a character. */
const STORABLE = /^(?:[^\p{C}\p{Zl}\p{Zp}\u{10000}-\u{10FFFF}])*$/u;
const fits = (text: string | undefined): text is string =>
  text !== undefined && text !== '' && text.length <= MAX_TEXT && STORABLE.test(text) && text.trim() === text && !isMark(text);

const isMark = (text: string): boolean => text.startsWith(MAKING) || text.startsWith(MAKING_NIC);
const hasLoneSurrogate = (text: string): boolean => /\p{Cs}/u.test(text);
function propertyTag(key: string, value: string): string | undefined {
  if (key === '' || hasLoneSurrogate(key) || hasLoneSurrogate(value)) return undefined;
  const tag = `${TAG.property}${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
  return tag.length <= MAX_TEXT ? tag : undefined;
}
const nameTag = (name: string): string => TAG.name + encodeURIComponent(name);

/** The part of a naming that a thing of Neutron can hold. */
export function holdsNet(naming: Naming): Naming {
  const properties = Object.entries(naming.properties ?? {})
    .filter(([key, value]) => propertyTag(key, value) !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MAX_PROPERTIES);
  return {
    ...(fits(naming.name) ? { name: naming.name } : {}),
    ...(fits(naming.description) ? { description: naming.description } : {}),
    ...(naming.properties ? { properties: Object.fromEntries(properties) } : {}),
  };
}

/** The same for floating IPs, whose name is a tag. */
export function holdsNameless(naming: Naming): Naming {
  const { name, ...held } = holdsNet(naming);
  return name !== undefined && !hasLoneSurrogate(name) && nameTag(name).length <= MAX_TEXT ? { name, ...held } : held;
}

const named = (kind: Kind): boolean => kind !== 'floatingips';

/** Names and properties as a thing carries them. */
export function namesOf(thing: Thing): Item['values'] {
  const tags = thing.tags ?? [];
  const tagged = tags.find((tag) => tag.startsWith(TAG.name));
  const name = tagged === undefined ? thing.name : decodeURIComponent(tagged.slice(TAG.name.length));
  const properties = tags.flatMap((tag) => (tag.startsWith(TAG.property) ? [propertyOf(tag)] : []));
  const described = thing.description && !isMark(thing.description) ? { description: thing.description } : {};
  return {
    ...(name ? { name } : {}),
    ...described,
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
  };
}

function propertyOf(tag: string): [string, string] {
  const [key = '', value = ''] = tag.slice(TAG.property.length).split('=');
  return [decodeURIComponent(key), decodeURIComponent(value)];
}

/** Marks and age; of a thing that is being made its description tells the tag. */
export function marksOf(thing: Thing): Pick<Item, 'tag' | 'token' | 'created'> {
  const valueOf = (prefix: string) => thing.tags?.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
  const making = isUnfinished(thing) ? thing.description?.slice(MAKING.length) : undefined;
  const [tag, token] = [making ?? valueOf(TAG.id), valueOf(TAG.token)];
  return {
    ...(tag === undefined ? {} : { tag }),
    ...(token === undefined ? {} : { token }),
    ...(thing.created_at === undefined ? {} : { created: thing.created_at }),
  };
}

const isUnfinished = ({ description }: Thing): boolean => description?.startsWith(MAKING) === true;

/** Whether the thing carries this very tag of ours. */
export const hasTag = (thing: Thing, tag: string): boolean => thing.tags?.includes(tag) === true;

/** Neutron's things of this project: the calls that all groups share. */
export class Neutron {
  constructor(readonly wire: Wire) {}

  /** Pages of a kind. */
  pages<T extends Thing>(kind: Kind, context: CallContext, query: Query = {}): AsyncIterable<readonly T[]> {
    return this.wire.pages<T>('network', `/${kind}`, kind, context, query);
  }

  /** All that there are of a small kind, in one call: no page size is asked for. */
  async whole<T extends { id: string }>(kind: Kind | 'subnets' | 'subnetpools', context: CallContext, query: Query = {}): Promise<T[]> {
    const answer = await this.wire.get<Record<string, unknown>>('network', `/${kind}`, context, query);
    // Neutron cuts an answer only where its operator set a limit; then it is read page by page.
    if (answer[`${kind}_links`] !== undefined) return this.wire.all<T>('network', `/${kind}`, kind, context, query);
    return (answer[kind] as T[] | undefined) ?? [];
  }

  /** Those of these ids that are there. */
  async byIds<T extends Thing>(kind: Kind, ids: readonly string[], context: CallContext): Promise<T[]> {
    const unique = [...new Set(ids)];
    const batches = Array.from({ length: Math.ceil(unique.length / BATCH) }, (_, n) => unique.slice(n * BATCH, (n + 1) * BATCH));
    return (await Promise.all(batches.map((id) => this.whole<T>(kind, context, { id })))).flat();
  }

  /** One thing; undefined where it is not there. */
  async one<T extends Thing>(kind: Kind, id: string, context: CallContext): Promise<T | undefined> {
    return (await this.wire.getIfThere<Record<string, T>>('network', `/${kind}/${enc(id)}`, context))?.[KINDS[kind]];
  }

  /** Changes some attributes. */
  async change(kind: Kind, id: string, to: object, context: CallContext): Promise<void> {
    await this.wire.put('network', `/${kind}/${enc(id)}`, { [KINDS[kind]]: to }, context);
  }

  delete(kind: Kind, id: string, context: CallContext): Promise<void> {
    return this.wire.delete('network', `/${kind}/${enc(id)}`, context);
  }

  /** What carries this identity tag: finished by its tags, unfinished by its description; both re-checked. */
  async marked<T extends Thing>(kind: Kind, { tag }: Marks, context: CallContext): Promise<{ thing: T; unfinished: boolean }[]> {
    const found = await Promise.all([
      this.whole<T>(kind, context, { tags: lookupTag(tag) }),
      this.whole<T>(kind, context, { description: MAKING + tag }),
    ]);
    const byId = new Map(found.flat().map((thing) => [thing.id, thing]));
    return [...byId.values()].filter((thing) => marksOf(thing).tag === tag).map((thing) => ({ thing, unfinished: isUnfinished(thing) }));
  }

  /**
   * Makes a thing once. A create takes no tags: until everything is done the thing's description is its mark, by which
   * an attempt that was cut off is found and gone on with.
   * @param body what is sent, without names
   * @param steps what is to be done besides; may be done again
   * @param more tags of the group's own
   */
  async make<T extends Thing>(
    kind: Kind,
    request: Marks & Naming,
    body: object,
    context: CallContext,
    steps: (thing: T) => Promise<void> = () => Promise.resolve(),
    more: readonly string[] = [],
  ): Promise<T> {
    const { name, description = '' } = holdsNet(request);
    const [known] = await this.marked<T>(kind, request, context);
    if (known && !known.unfinished) return known.thing;
    const sent = { ...body, ...(named(kind) ? { name: name ?? '' } : {}), description: MAKING + request.tag };
    const path = `/${kind}`;
    const member = KINDS[kind];
    const thing = known?.thing ?? (await this.wire.post<Record<string, T>>('network', path, { [member]: sent }, context))[member];
    if (!thing) throw new ProviderError('unavailable', `Neutron answered without a ${member}`, { maybeDone: true });
    await steps(thing);
    const marks = [lookupTag(request.tag), TAG.id + request.tag, TAG.token + request.token];
    await this.setTags(kind, thing.id, [...marks, ...this.#nameTags(kind, request), ...more], context);
    await this.change(kind, thing.id, { description }, context);
    return thing;
  }

  async setTags(kind: Kind, id: string, tags: readonly string[], context: CallContext): Promise<void> {
    await this.wire.put('network', `/${kind}/${enc(id)}/tags`, { tags: [...new Set(tags)] }, context);
  }

  /** Writes names and properties; all other tags stay. */
  async rename(kind: Kind, id: string, naming: Naming, context: CallContext): Promise<void> {
    const { tags } = await this.wire.get<{ tags: string[] }>('network', `/${kind}/${enc(id)}/tags`, context);
    const { name = '', description = '' } = naming;
    await this.change(kind, id, { ...(named(kind) ? { name } : {}), description }, context);
    const kept = tags.filter((tag) => !tag.startsWith(TAG.property) && !tag.startsWith(TAG.name));
    await this.setTags(kind, id, [...kept, ...this.#nameTags(kind, naming)], context);
  }

  #nameTags(kind: Kind, naming: Naming): string[] {
    const { name, properties = {} } = naming;
    const own = named(kind) || name === undefined || nameTag(name).length > MAX_TEXT ? [] : [nameTag(name)];
    return [...own, ...Object.entries(properties).flatMap(([key, value]) => propertyTag(key, value) ?? [])];
  }

  /** Whether a thing is this project's own: others' are seen where they are shared, and by administrators. */
  async isOwn(context: CallContext): Promise<(thing: Thing) => boolean> {
    const { projectId } = await this.wire.session(context);
    return ({ project_id: owner }) => projectId === undefined || owner === projectId;
  }

  /** Filter for what is this project's own. */
  async own(context: CallContext): Promise<Query> {
    const { projectId } = await this.wire.session(context);
    return projectId === undefined ? {} : { project_id: projectId };
  }
}

/** What is read when first asked for, and then remembered. */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= read());
}
