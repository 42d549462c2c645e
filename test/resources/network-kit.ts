import { CIMI } from '../../src/model/define';
import type { Client, Json } from '../harness/client';
import { listOf } from '../protocol/scene';

/** A structure or reference inside a resource. */
export function inner(json: Json, name: string): Json {
  const value: unknown = json[name];
  return (typeof value === 'object' && value !== null ? value : {}) as Json;
}

/** URI that an attribute refers to. */
export function hrefOf(json: Json, name: string): string {
  return String(inner(json, name).href);
}

/** Common words for addressing: the resource at a URI, whether it is gone, items of a collection. */
export function reading(client: () => Client) {
  const get = async (uri: unknown): Promise<Json> => (await client().get(String(uri))).json;
  return {
    get,
    gone: async (uri: unknown): Promise<boolean> => (await client().get(String(uri))).status === 404,
    items: async (uri: unknown, name: string): Promise<Json[]> => listOf(await get(uri), name),
    /** Reads what the gateway says of a type. */
    async metadataOf(type: string): Promise<Json> {
      const { json } = await client().get(`resourceMetadata?$filter=typeURI='${CIMI}/${type}'`);
      const [found] = listOf(json, 'resourceMetadatas');
      if (!found) throw new Error(`nothing is said of ${type}`);
      return found;
    },
  };
}

/** Value of a capability in ResourceMetadata. */
export function capability(metadata: Json, name: string): unknown {
  return listOf(metadata, 'capabilities').find((each) => String(each.name) === name)?.value;
}
