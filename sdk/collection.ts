import { filterText, type FilterOf } from './filter.ts';
import { ask, changedOf, operationOf, Resource, type Accepted, type Changed, type ChangeOptions, type Handle } from './resource.ts';
import type { Session } from './session.ts';
import type { Operation, TypeName, Types } from './types.generated.ts';

/** Attributes of a type by name. */
export type AttributeOf<K extends TypeName> = keyof Types[K]['data'] & string;
/** Attributes of an item of which only some were asked for. */
export type Selected<K extends TypeName, S extends AttributeOf<K>> = Pick<
  Types[K]['data'],
  S | ('id' & AttributeOf<K>) | ('resourceURI' & AttributeOf<K>)
>;

/** Options of a query. */
export type QueryOptions<K extends TypeName, S extends AttributeOf<K> = AttributeOf<K>> = Types[K]['parameters'] & {
  filter?: FilterOf<K> | undefined;
  /** Attributes that are asked for; all if not said otherwise. id is always there. */
  select?: readonly S[] | undefined;
  /** Attributes, `name` or `name:desc`, the first counting most. */
  orderBy?: readonly (AttributeOf<K> | `${AttributeOf<K>}:${'asc' | 'desc'}`)[] | undefined;
  /** References and collections whose attributes are asked for beside their href; paths go on from there, where the provider takes them. */
  expand?: readonly (AttributeOf<K> | `${AttributeOf<K>}/${string}`)[] | undefined;
  signal?: AbortSignal | undefined;
};

/** Options of a list. */
export type ListOptions<K extends TypeName, S extends AttributeOf<K> = AttributeOf<K>> = QueryOptions<K, S> & {
  /** Items that are read by one request; 100 if not said otherwise. */
  window?: number | undefined;
  /** Items at which it ends. */
  limit?: number | undefined;
  /** Told of each window that was read: how many there are, and which clouds did not answer. */
  onPage?: ((page: Pick<Page<K>, 'count' | 'unavailableClouds'>) => void) | undefined;
};

/** Options of one window. */
export type PageOptions<K extends TypeName, S extends AttributeOf<K> = AttributeOf<K>> = QueryOptions<K, S> & {
  /** Place of the first item, from 1. */
  first?: number | undefined;
  /** Place of the last. */
  last?: number | undefined;
  /** Validator of what is known: nothing is returned where it is still the same. */
  unless?: string | undefined;
};

/** One window of a collection. */
export interface Page<K extends TypeName, Data = Types[K]['data']> {
  readonly items: readonly Handle<K, Data>[];
  /** Number of items that match, whatever part of them is here; undefined where the provider does not say. */
  readonly count: number | undefined;
  /** Clouds that did not answer: their items are missing. */
  readonly unavailableClouds: readonly string[];
  /** Validator of this answer. */
  readonly etag: string | undefined;
  /** Operations of the collection itself (`add`, `import`). */
  readonly operations: readonly Operation[];
  /** Tells whether the collection has an operation. */
  can(name: 'add' | (keyof Types[K]['collectionActions'] & string)): boolean;
}

const WINDOW = 100;
/** Lists of a collection that are not its items. */
const OTHER_LISTS = ['operations', 'unavailableClouds'];

type Body = Record<string, unknown>;

/** A collection of resources of one type. */
export class Collection<K extends TypeName> {
  readonly #session: Session;

  /** @param href URI of it */
  constructor(
    session: Session,
    readonly href: string,
  ) {
    this.#session = session;
  }

  /** Items one after the other, read window by window. */
  list(): AsyncGenerator<Handle<K>, void, undefined>;
  list<S extends AttributeOf<K> = AttributeOf<K>>(options: ListOptions<K, S>): AsyncGenerator<Handle<K, Selected<K, S>>, void, undefined>;
  async *list(options: object = {}): AsyncGenerator<unknown, void, undefined> {
    const { window = WINDOW, limit = Infinity, onPage, ...query } = options as ListOptions<K>;
    const seen = new Set<string>();
    for (let first = 1; seen.size < limit; first += window) {
      const page = await this.page({ ...query, first, last: first + window - 1 } as PageOptions<K>);
      if (page) onPage?.(page);
      for (const item of page?.items ?? []) {
        const { id } = item as unknown as Resource;
        // One that went before moves the others by a place; one that was added shows another twice.
        if (seen.has(id) || seen.size >= limit) continue;
        seen.add(id);
        yield item;
      }
      if (!page || page.items.length < window || (page.count !== undefined && first + window > page.count)) return;
    }
  }

  /** Reads all items. */
  all(): Promise<Handle<K>[]>;
  all<S extends AttributeOf<K> = AttributeOf<K>>(options: ListOptions<K, S>): Promise<Handle<K, Selected<K, S>>[]>;
  async all(options: object = {}): Promise<unknown[]> {
    const items: unknown[] = [];
    for await (const item of this.list(options as ListOptions<K>)) items.push(item);
    return items;
  }

  /**
   * Reads one window, or the whole.
   * @returns undefined where it is still what `unless` knows
   */
  page(): Promise<Page<K> | undefined>;
  page<S extends AttributeOf<K> = AttributeOf<K>>(options: PageOptions<K, S>): Promise<Page<K, Selected<K, S>> | undefined>;
  async page(options: object = {}): Promise<unknown> {
    const { filter, select, orderBy, expand, first, last, unless, signal, ...parameters } = options as PageOptions<K> & Body;
    const query = {
      $filter: filterText(filter),
      // Of the collection itself the number is asked for as well.
      $select: select && [...new Set(['count', 'id', ...select])].join(','),
      $orderby: orderBy?.join(','),
      $expand: expand?.join(','),
      $first: first,
      $last: last,
      ...(parameters as Record<string, string | number | undefined>),
    };
    const answer = await this.#session.send({ url: this.href, query, headers: { 'If-None-Match': unless }, signal });
    if (answer.status === 304) return undefined;
    const values = answer.values ?? {};
    const operations = (values.operations ?? []) as readonly Operation[];
    return {
      items: itemsOf(values).map((item) => new Resource(this.#session, item) as unknown as Handle<K>),
      count: values.count as number | undefined,
      unavailableClouds: (values.unavailableClouds ?? []) as readonly string[],
      etag: answer.header('ETag'),
      operations,
      can: (name: string) => operationOf(operations, name) !== undefined,
    };
  }

  /**
   * Makes a resource. It is there when this returns, done or not; its Job goes on by itself.
   * @throws CimiError where it is refused
   */
  async create(values: Types[K]['create'], options: ChangeOptions = {}): Promise<Changed<K>> {
    const answer = await this.#session.send({ method: 'POST', url: this.href, body: values, ...options });
    return changedOf(this.#session, answer, answer.header('Location'));
  }

  /**
   * Asks for an action of the collection itself (import).
   * @throws CimiError where it is refused
   */
  act<A extends keyof Types[K]['collectionActions'] & string>(
    name: A,
    parameters: Types[K]['collectionActions'][A],
    options: ChangeOptions = {},
  ): Promise<Accepted> {
    return ask(this.#session, this.href, name, parameters as Body, options);
  }
}

/** Finds the items in the representation of a collection: the list whose name the type knows. */
function itemsOf(values: Body): readonly Body[] {
  const lists = Object.entries(values).filter(([name, value]) => Array.isArray(value) && !OTHER_LISTS.includes(name));
  return (lists[0]?.[1] ?? []) as readonly Body[];
}
