import type { Asked, Fault, Forward, Told } from './proxy';

/** Parts of faults: what they change of requests and answers. All of them read JSON; what is none passes as it is. */

export type Json = Record<string, unknown>;

const parse = (text: string): Json | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
};

export const bodyOf = ({ body }: Asked | Told): Json => parse(body) ?? {};
export const pathOf = ({ path }: Asked): string => path.split('?')[0] ?? path;
export const queryOf = ({ path }: Asked): URLSearchParams => new URL(path, 'http://x').searchParams;
export const withBody = <T extends Asked | Told>(message: T, body: Json): T => ({ ...message, body: JSON.stringify(body) });
export const withQuery = (asked: Asked, query: URLSearchParams): Asked => ({
  ...asked,
  path: `${pathOf(asked)}${query.size > 0 ? `?${query.toString()}` : ''}`,
});

/** A read of the same resource by the same client. */
export const reading = (asked: Asked, path = pathOf(asked)): Asked => ({
  method: 'GET',
  path,
  headers: { ...asked.headers, accept: 'application/json' },
  body: '',
});

const TYPE = /^http:\/\/schemas\.dmtf\.org\/cimi\/1\/(\w+)$/;
export const typeOf = (value: Json): string => TYPE.exec(String(value.resourceURI))?.[1] ?? '';

/** Changes every representation of a type, alone or as an item of a Collection. */
export const showing =
  (type: string, change: (value: Json) => Json): Fault =>
  async (asked, forward) => {
    const told = await forward(asked);
    const value = bodyOf(told);
    if (typeOf(value) === type) return withBody(told, change(value));
    if (typeOf(value) !== `${type}Collection`) return told;
    const items = (list: unknown): unknown =>
      Array.isArray(list) ? list.map((item) => ('id' in item ? change(item as Json) : (item as Json))) : list;
    return withBody(told, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, items(each)])));
  };

/**
 * Carries out what a request asks for, and refuses it all the same. `as`: the request as it would be taken; undefined where it is
 * no such request.
 */
export const actingFirst =
  (as: (asked: Asked) => Asked | undefined): Fault =>
  async (asked, forward) => {
    const told = await forward(asked);
    const taken = asked.method === 'GET' ? undefined : as(asked);
    if (taken !== undefined && told.status >= 400) await forward(taken);
    return told;
  };

/** Refuses what it should take, as what has an unknown attribute is. */
export const refusing =
  (which: (asked: Asked, body: Json) => boolean): Fault =>
  async (asked, forward) => {
    if (!['POST', 'PUT'].includes(asked.method) || !which(asked, bodyOf(asked))) return forward(asked);
    return forward(withBody(asked, { ...bodyOf(asked), nosuchattribute: 'refused' }));
  };

/** Takes what it should refuse, and does nothing. */
export const pretending =
  (which: (asked: Asked, body: Json) => boolean): Fault =>
  async (asked, forward) => {
    const told = await forward(asked);
    return asked.method !== 'GET' && which(asked, bodyOf(asked)) ? pretend(asked, forward) : told;
  };

async function pretend(asked: Asked, forward: Forward): Promise<Told> {
  const { body, headers } = await forward(reading(asked));
  return { status: 200, headers, body };
}

/** Changes a request before it goes on. */
export const rewriting =
  (change: (asked: Asked, forward: Forward) => Promise<Asked> | Asked): Fault =>
  async (asked, forward) =>
    forward(await change(asked, forward));

/** Applies one fault after the other, the first one nearest to the client. */
export const both =
  (outer: Fault, inner: Fault): Fault =>
  (asked, forward, memory) =>
    outer(asked, (next) => inner(next, forward, memory), memory);

export const hasOperation = (value: Json, rel: string): boolean => operations(value).some((each) => each.rel === rel);
export const operations = (value: Json): Json[] => (Array.isArray(value.operations) ? (value.operations as Json[]) : []);
export const withoutOperation = (value: Json, rel: string): Json => ({
  ...value,
  operations: operations(value).filter((each) => each.rel !== rel),
});
export const offering = (value: Json, rel: string): Json => ({ ...value, operations: [...operations(value), { rel, href: value.id }] });
