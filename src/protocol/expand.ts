import type { Location } from '../model/catalogue';
import type { Ref, Value, Values } from '../model/values';
import { ProviderError } from '../clouds/errors';
import { Refusal } from '../operations/family';
import { asRef } from '../operations/merge';
import type { Routed } from './router';
import type { View } from './view';
import type { Views } from './views';

/**
 * `$expand` (DSP0263 4.1.6.4): the attributes of what the named attributes refer to, laid into the references, one
 * level deep. Each referenced resource is read once, those of one type together. What the caller may not see or what
 * cannot be read stays a bare reference.
 */
export async function expand(views: Views, routed: Routed, all: readonly View[], names: readonly string[]): Promise<readonly View[]> {
  if (names.length === 0) return all;
  const { read, tried } = await ownLists(views, routed, all, names);
  const targets = new Set<string>();
  for (const view of all) for (const name of names) for (const href of hrefsOf(view.values[name])) if (!tried.has(href)) targets.add(href);
  await Promise.all(
    [...targets].map(async (href) => {
      const values = await expanded(views, routed, href);
      if (values) read.set(href, values);
    }),
  );
  return all.map((view) => {
    const values = { ...view.values };
    for (const name of names) values[name] = within(values[name], read);
    return { ...view, values };
  });
}

interface OwnLists {
  read: Map<string, Values>;
  /** Read or not there: what a cloud did not answer once is not asked for again one by one. */
  tried: ReadonlySet<string>;
}

/** What lives in the views themselves (a Machine's Disks), each kind read for all of them together. */
async function ownLists(views: Views, routed: Routed, all: readonly View[], names: readonly string[]): Promise<OwnLists> {
  const read = new Map<string, Values>();
  const tried = new Set<string>();
  for (const name of names) {
    const owned = all.flatMap(({ found, path, values }) => {
      const collection = `${path}/${name}`;
      return found && asRef(values[name])?.href === collection ? [{ collection, owner: found }] : [];
    });
    const location = owned[0] && routed.protocol.catalogue.locate(owned[0].collection);
    if (!location || !routed.protocol.isServed(location.type)) continue;
    // By cloud: one that does not answer takes nothing from the others.
    for (const cloud of new Set(owned.map(({ owner }) => owner.cloud))) {
      const here = owned.filter(({ owner }) => owner.cloud === cloud);
      const lists = await views.ofOwners(location, here, routed).catch((error: unknown) => notThere(error) ?? []);
      for (const [index, { collection }] of lists ? here.entries() : []) {
        const items = lists?.[index];
        tried.add(collection);
        if (items) read.set(collection, listValues(location, collection, items));
      }
    }
  }
  return { read, tried };
}

function listValues({ collection }: Location, id: string, items: readonly View[]): Values {
  return {
    id,
    count: items.length,
    [collection?.json ?? '']: items.map((item) => ({ ...item.values, operations: item.operations as unknown as Value })),
  };
}

function hrefsOf(value: Value | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => hrefsOf(entry as Value));
  const href = asRef(value)?.href;
  return href === undefined ? [] : [href];
}

function within(value: Value | undefined, read: ReadonlyMap<string, Values>): Value | undefined {
  if (Array.isArray(value)) return value.map((entry) => within(entry as Value, read) ?? null);
  const ref: Ref | undefined = asRef(value);
  const target = ref?.href === undefined ? undefined : read.get(ref.href);
  return target ? { ...ref, ...target } : value;
}

/** Attributes of one target; a collection's are id, count and its items. */
async function expanded(views: Views, routed: Routed, href: string): Promise<Values | undefined> {
  const { protocol } = routed;
  const bare = href.startsWith('clouds/') ? href.split('/').slice(2).join('/') : href;
  const location = protocol.catalogue.locate(bare);
  if (!location || !protocol.isServed(location.type)) return undefined;
  const target: Routed = { ...routed, location, path: bare };
  if (location.kind === 'collection' && location.collection) {
    const all = await views.all(target).catch(notThere);
    // Where a cloud did not answer, a reference is better than a part that looks like the whole.
    if (!all || all.unavailable.length > 0) return undefined;
    return listValues(location, href, all.views);
  }
  const view = await views.one(target).catch(notThere);
  return view && { ...view.values, operations: view.operations as unknown as Value };
}

function notThere(error: unknown): undefined {
  if (error instanceof Refusal || error instanceof ProviderError) return undefined;
  throw error;
}
