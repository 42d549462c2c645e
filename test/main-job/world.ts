import type { Client, Json } from '../harness/client';

/** Facts that the main job needs of the cloud it runs on; all else it finds out over HTTP. */
export interface World {
  client: Client;
  /** Names of a machine configuration and of an image that go together. */
  config: string;
  image: string;
  /** False where the provider keeps nothing of a credential. */
  keepsKeys?: boolean;
  /** False where a machine goes back to its snapshots only. */
  restoresImages?: boolean;
  /** Provider keys of the instances that are there now, by the provider's own API. */
  instances(): Promise<string[]>;
  /** Words for each thing that a gateway could have made and that is still at the provider, by its own API. */
  leftovers(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Value of the first XML element of this name without children; undefined where there is none. */
export function xmlText(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1];
}

/** Every page of a collection, in windows of `size`, put together; checks that the count holds on each page. */
export async function windows(client: Client, uri: string, items: string, size: number): Promise<Json[]> {
  const all: Json[] = [];
  for (;;) {
    const { status, json } = await client.get(`${uri}?$first=${all.length + 1}&$last=${all.length + size}`);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`);
    const page = (json[items] ?? []) as Json[];
    expect(page.length).toBe(Math.min(size, Number(json.count) - all.length));
    all.push(...page);
    if (all.length >= Number(json.count)) return all;
  }
}

/** href of a reference; empty where there is none. */
export function refOf(json: Json, attribute: string): string {
  return (json as unknown as Record<string, { href?: string } | undefined>)[attribute]?.href ?? '';
}

/** href of an operation of a representation; undefined where it is not offered. */
export function operation(json: Json, name: string): string | undefined {
  const offered = (json.operations ?? []) as unknown as { rel: string; href: string }[];
  return offered.find(({ rel }) => rel === name || rel.endsWith(`/${name}`))?.href;
}

/** Names of the operations of a representation, sorted. */
export function offers(json: Json): string[] {
  const offered = (json.operations ?? []) as unknown as { rel: string }[];
  return offered.map(({ rel }) => rel.slice(rel.lastIndexOf('/') + 1)).sort();
}
