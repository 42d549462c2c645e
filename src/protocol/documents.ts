import type { Document } from '../codec/codec';
import type { Attributes, Collection } from '../model/define';
import type { Values } from '../model/values';
import type { Query } from '../query/query';
import { selectCollection } from '../query/select';
import type { CimiRequest } from './messages';
import type { View } from './view';

/** Documents that answers are written from. */

/** Makes the document that is written of a view. @param selected names; undefined: all */
export function documentOf(view: View, selected: ReadonlySet<string> | undefined): Document {
  if (!selected) return { type: view.type, values: view.values, operations: view.operations };
  const values: Values = {};
  for (const name of selected) if (view.values[name] !== undefined) values[name] = view.values[name];
  return { type: view.type, values, ...(selected.has('operations') ? { operations: view.operations } : {}) };
}

/** Reads what `$select` leaves of a collection and its items; undefined where that is all. */
export function selectionOf(query: Query, { json, jsonInField }: Collection, attributes: Attributes) {
  return selectCollection(query.select, [json, ...(jsonInField === undefined ? [] : [jsonInField])], attributes, choosesItems(query));
}

function choosesItems({ filter, first, last, orderBy }: Query): boolean {
  return filter !== undefined || first !== undefined || last !== undefined || orderBy.length > 0;
}

/** The first `$format` of a request, as it was sent. */
export function formatAsked({ query }: Pick<CimiRequest, 'query'>): string | undefined {
  return query.find(([name]) => name === '$format')?.[1];
}
