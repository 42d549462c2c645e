import { partedFromCloud } from '../model/cloud-path';
import { giveWay, overdue } from '../model/turns';
import type { Ref, Value, Values } from '../model/values';
import { ProviderError } from '../clouds/errors';
import { Refusal, type Found } from '../operations/resource-handler';
import { asRef } from '../operations/template-merge';
import { expansionsOf, type Expansion } from '../query/expand';
import { collectionOperations } from './can-add';
import type { Routed } from './router';
import type { View } from './view';
import type { Views } from './views';

/**
 * `$expand` (DSP0263 4.1.6.4): the attributes of what the named attributes refer to, laid into the references, as deep as their
 * paths go. Each referenced resource is read once, those of one type together. What the caller may not see or what
 * cannot be read stays a bare reference.
 */
export async function expand(
  views: Views,
  routed: Routed,
  all: readonly View[],
  expansions: readonly Expansion[],
): Promise<readonly View[]> {
  // Those that show the same of their targets share what is read.
  const groups = new Map<string, Names>();
  for (const { name, within } of expansions) {
    const key = within.join(',');
    const group = groups.get(key) ?? { names: [], within };
    groups.set(key, { ...group, names: [...group.names, name] });
  }
  let laid = all;
  for (const group of groups.values()) laid = await expandAlike(views, routed, laid, group);
  return laid;
}

/** Attributes that are expanded in the same way, and what is expanded in what they lead to. */
interface Names {
  names: readonly string[];
  within: readonly string[];
}

async function expandAlike(views: Views, routed: Routed, all: readonly View[], { names, within: deeper }: Names): Promise<readonly View[]> {
  const { read, tried } = await ownLists(views, routed, all, { names, within: deeper });
  const targets = new Set<string>();
  for (const view of all) for (const name of names) for (const href of hrefsOf(view.values[name])) if (!tried.has(href)) targets.add(href);
  const hrefs = [...targets];
  const { tenant } = routed.principal;
  for (let from = 0; from < hrefs.length; from += TOGETHER) {
    if (from > 0) await giveWay(tenant);
    await Promise.all(
      hrefs.slice(from, from + TOGETHER).map(async (href) => {
        const values = await expanded(views, routed, href, deeper);
        if (values) read.set(href, values);
      }),
    );
  }
  const laid: View[] = [];
  for (const view of all) {
    if (overdue()) await giveWay(tenant);
    const values = { ...view.values };
    for (const name of names) values[name] = within(values[name], read);
    laid.push({ ...view, values });
  }
  return laid;
}

/** Expands what is asked for within targets of one type. */
function expandTargets(views: Views, routed: Routed, targets: readonly View[], within: readonly string[]): Promise<readonly View[]> {
  return expand(views, routed, targets, expansionsOf(within, routed.protocol.catalogue.attributesOf(routed.location.type)));
}

/** Referenced resources that are read at once: more of them let others go first. */
const TOGETHER = 50;

interface OwnLists {
  read: Map<string, Values>;
  /** Read or not there: what a cloud did not answer once is not asked for again one by one. */
  tried: ReadonlySet<string>;
}

/** Reads what lives in the views themselves (a Machine's Disks), each kind for all of them together. */
async function ownLists(views: Views, routed: Routed, all: readonly View[], { names, within }: Names): Promise<OwnLists> {
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
      const there = { ...routed, location };
      const items = [...(await expandTargets(views, there, lists?.flat() ?? [], within))];
      for (const [index, { collection, owner }] of lists ? here.entries() : []) {
        tried.add(collection);
        const list = lists?.[index];
        if (list) read.set(collection, listValues(there, collection, items.splice(0, list.length), owner));
      }
    }
  }
  return { read, tried };
}

/** A Collection as a reference shows it: with its items, and with `add` where that would work (4.1.6.4). */
function listValues(routed: Routed, id: string, items: readonly View[], owner: Found | undefined): Values {
  const { collection } = routed.location;
  return {
    resourceURI: collection?.typeURI ?? '',
    id,
    count: items.length,
    [collection?.json ?? '']: items.map((item) => ({ ...item.values, operations: item.operations as unknown as Value })),
    operations: collectionOperations(routed, id, owner) as unknown as Value,
  };
}

function itemValues({ protocol }: Routed, view: View): Values {
  const { typeURI } = protocol.catalogue.resource(view.type);
  return { resourceURI: typeURI, ...view.values, operations: view.operations as unknown as Value };
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
async function expanded(views: Views, routed: Routed, href: string, within: readonly string[]): Promise<Values | undefined> {
  const { protocol } = routed;
  const bare = partedFromCloud(href).path;
  const location = protocol.catalogue.locate(bare);
  if (!location || !protocol.isServed(location.type)) return undefined;
  const target: Routed = { ...routed, location, path: bare };
  if (location.kind === 'collection' && location.collection) {
    const all = await views.all(target).catch(notThere);
    // Where a cloud did not answer, a reference is better than a part that looks like the whole.
    if (!all || all.unavailable.length > 0) return undefined;
    return listValues(target, href, await expandTargets(views, target, all.views, within), await views.owner(target));
  }
  const view = await views.one(target).catch(notThere);
  const [whole] = view ? await expandTargets(views, target, [view], within) : [];
  return whole && itemValues(routed, whole);
}

function notThere(error: unknown): undefined {
  if (error instanceof Refusal || error instanceof ProviderError) return undefined;
  throw error;
}
