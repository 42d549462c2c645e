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
  const targets = new Set<string>();
  for (const view of all) for (const name of names) for (const href of hrefsOf(view.values[name])) targets.add(href);
  const read = new Map<string, Values>();
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
    const items = all.views;
    return {
      id: href,
      count: items.length,
      [location.collection.json]: items.map((item) => ({ ...item.values, operations: item.operations as unknown as Value })),
    };
  }
  const view = await views.one(target).catch(notThere);
  return view && { ...view.values, operations: view.operations as unknown as Value };
}

function notThere(error: unknown): undefined {
  if (error instanceof Refusal || error instanceof ProviderError) return undefined;
  throw error;
}
