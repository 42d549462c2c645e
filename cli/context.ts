import { connect, type Accepted, type ChangeOptions, type Cimi, type Page } from '../sdk/index.ts';
import { nodeTransport } from '../sdk/node.ts';
import { loginOf } from './config.ts';
import { asks, type Kind } from './kinds.ts';
import { usage } from './problem.ts';
import { keeping, showing, telling } from './transports.ts';

/** Options that every command knows. */
export interface Options {
  profile?: string;
  url?: string;
  output?: string;
  columns?: string;
  filter?: string;
  where?: readonly string[];
  file?: string;
  wait: boolean;
  dryRun?: boolean;
  debug?: boolean;
  yes?: boolean;
  follow?: boolean;
  limit?: string;
}

/** The world around the program. */
export interface World {
  env: Readonly<Record<string, string | undefined>>;
  out: NodeJS.WriteStream;
  err: NodeJS.WriteStream;
  /** Aborted by an interrupt. */
  signal: AbortSignal;
}

/** Attributes of a resource, by whatever names it has. */
export type Values = Readonly<Record<string, unknown>>;

/** A resource of any type. */
export interface Item {
  readonly id: string;
  readonly [name: string]: unknown;
  can(name: string): boolean;
  act(name: string, parameters?: Values, options?: ChangeOptions): Promise<Accepted>;
  update(changes: Values, options?: ChangeOptions): Promise<Accepted & { resource: Item }>;
  delete(options?: ChangeOptions): Promise<Accepted>;
  refresh(): Promise<Item>;
  toJSON(): Values;
}

/** Query of a collection of any type. */
export interface Query {
  filter?: string | undefined;
  select?: readonly string[] | undefined;
  orderBy?: readonly string[] | undefined;
  expand?: readonly string[] | undefined;
  window?: number | undefined;
  limit?: number | undefined;
  first?: number | undefined;
  last?: number | undefined;
  onPage?: ((page: { readonly unavailableClouds: readonly string[] }) => void) | undefined;
}

/** A collection of any type. */
export interface AnyCollection {
  readonly href: string;
  list(query?: Query): AsyncIterable<Item>;
  all(query?: Query): Promise<Item[]>;
  page(query?: Query): Promise<(Omit<Page<'Machine'>, 'items'> & { items: readonly Item[] }) | undefined>;
  create(values: Values): Promise<Accepted & { resource: Item }>;
  act(name: string, parameters: Values): Promise<Accepted>;
}

/** One run of a command: where it asks, and as whom. */
export interface Context {
  cimi: Cimi;
  options: Options;
  world: World;
  /** Types of the provider, read when first asked for. */
  kinds(): Promise<readonly Kind[]>;
}

/**
 * Connects as options, environment and profile say.
 * @param kindsNext the types will be asked for at once
 * @throws Problem, CimiError
 */
export async function openContext(options: Options, world: World, kindsNext: boolean): Promise<Context> {
  const { url, ca, ...login } = await loginOf(world.env, options);
  const say = (line: string): void => void world.err.write(`${line}\n`);
  const plain = nodeTransport({ ca });
  const told = keeping(options.debug ? telling(plain, say) : plain, world.env, kindsNext);
  const transport = options.dryRun ? showing(told, (line) => void world.out.write(`${line}\n`)) : told;
  if (!URL.canParse(url)) throw usage(`${url} is no URL`);
  const cimi = await connect(url, { ...login, transport, ...(options.dryRun ? { retries: 0 } : {}) });
  let kinds: Promise<readonly Kind[]> | undefined;
  return { cimi, options, world, kinds: () => (kinds ??= asks(cimi)) };
}

/** Returns a collection without the types that only a program knows beforehand. */
export const collectionAt = (cimi: Cimi, href: string): AnyCollection => cimi.collection({ href } as never) as unknown as AnyCollection;

/** Reads a resource of any type. @throws CimiError */
export const itemAt = async (cimi: Cimi, uri: string): Promise<Item> => (await cimi.get(uri)) as unknown as Item;
