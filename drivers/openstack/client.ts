import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { Ways } from '../../src/net/dispatcher';
import { proxiesOf } from '../../src/net/proxies';
import { Keystone, type Session } from './auth';
import { type Endpoint, endpointOf } from './catalog';
import { withCloudsFile } from './clouds-file';
import { isVanishedMarker, type Refusal, refused, unanswered } from './errors';
import { atLeast, negotiate } from './microversions';
import type { OpenstackOptions, Service } from './options';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** One request to a service. */
export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the service's base (which holds version and, for volumes, the project); begins with /. Ids in it go through `enc`. */
  path: string;
  /** Undefined members are left out; lists are repeated. */
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** What a service answered: the parsed JSON, {} where there was none. */
export interface Answer<T> {
  body: T;
  headers: Refusal['headers'];
}

/** The highest microversions this driver was written for. */
const WANTED: Readonly<Partial<Record<Service, string>>> = { compute: '2.93', volume: '3.66' };
/** Name of each service in version headers and messages. */
const NAMES: Readonly<Record<Service, string>> = { compute: 'Nova', image: 'Glance', network: 'Neutron', volume: 'Cinder' };
/** A token that ends within this time is renewed before a stream begins, in ms. */
const UPLOAD_MARGIN_MS = 900_000;
/** How often a listing begins again because its marker vanished. */
const RESTARTS = 5;

/** An id in a path. */
export const enc = (id: string): string => encodeURIComponent(id);

/** The wire to the services of one project in one region. It retries nothing but a refused token, once. */
export class Wire {
  readonly options: OpenstackOptions;
  private readonly agent: Ways;
  private readonly keystone: Keystone;
  private readonly versions = new Map<string, Promise<string | undefined>>();

  /** @throws ProviderError (invalid) where clouds.yaml or the file of certificates cannot be used */
  constructor(options: OpenstackOptions) {
    this.options = withCloudsFile(options);
    if (this.options.authUrl === undefined) {
      throw new ProviderError('invalid', `The cloud ${options.cloud ?? ''} has no auth_url`, { maybeDone: false });
    }
    this.agent = new Ways({
      proxyFor: proxiesOf(options.proxy),
      connections: options.sockets,
      keepAliveTimeout: 4000,
      // The call's own signal is its deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: 5000, ...trust(this.options) },
    });
    this.keystone = new Keystone(this.options, (body, signal) => this.login(body, signal));
  }

  /** The login: who it is, for which project; logs in where that was not done yet. */
  session(context: CallContext): Promise<Session> {
    return this.keystone.current(context.signal);
  }

  /** Where a service is. Throws ProviderError (unsupported) where the catalogue has none. */
  async endpoint(service: Service, context: CallContext): Promise<Endpoint> {
    const session = await this.session(context);
    return endpointOf(session.catalog, service, this.options, session.projectId);
  }

  /** Microversion spoken with a service; undefined where it has none. Asked for once. */
  async microversion(service: Service, context: CallContext): Promise<string | undefined> {
    const wanted = WANTED[service];
    if (wanted === undefined) return undefined;
    const { root } = await this.endpoint(service, context);
    const asked = this.versions.get(root) ?? this.discover(service, root, wanted, context);
    this.versions.set(root, asked);
    try {
      return await asked;
    } catch (error) {
      this.versions.delete(root);
      throw error;
    }
  }

  /** Whether the service speaks this microversion (2.52, 3.42, …). */
  async speaks(service: Service, version: string, context: CallContext): Promise<boolean> {
    return atLeast(await this.microversion(service, context), version);
  }

  private async discover(service: Service, root: string, wanted: string, context: CallContext): Promise<string | undefined> {
    const { body } = await this.authorized<unknown>(service, `${root}/`, { path: '' }, {}, context);
    return negotiate(body, root, wanted);
  }

  /** Sends one request. Throws ProviderError and nothing else. */
  async send<T = unknown>(service: Service, ask: Ask, context: CallContext): Promise<Answer<T>> {
    const { base } = await this.endpoint(service, context);
    const version = await this.microversion(service, context);
    const headers = version === undefined ? {} : versionHeaders(service, version);
    return this.authorized<T>(service, `${base}${ask.path}${queryText(ask.query)}`, ask, headers, context);
  }

  /** The body of a GET. */
  async get<T>(service: Service, path: string, context: CallContext, query?: Query): Promise<T> {
    return (await this.send<T>(service, { path, ...(query ? { query } : {}) }, context)).body;
  }

  /** The body of a GET; undefined where the service says notFound. */
  async getIfThere<T>(service: Service, path: string, context: CallContext, query?: Query): Promise<T | undefined> {
    try {
      return await this.get<T>(service, path, context, query);
    } catch (error) {
      if (error instanceof ProviderError && error.kind === 'notFound') return undefined;
      throw error;
    }
  }

  async post<T = unknown>(service: Service, path: string, body: unknown, context: CallContext): Promise<T> {
    return (await this.send<T>(service, { method: 'POST', path, body }, context)).body;
  }

  async put<T = unknown>(service: Service, path: string, body: unknown, context: CallContext): Promise<T> {
    return (await this.send<T>(service, { method: 'PUT', path, body }, context)).body;
  }

  /** Deletes; what is gone already is success. */
  async delete(service: Service, path: string, context: CallContext, query?: Query): Promise<void> {
    try {
      await this.send(service, { method: 'DELETE', path, ...(query ? { query } : {}) }, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'notFound') throw error;
    }
  }

  /**
   * All pages of a listing, by limit and marker. A marker that vanished begins the listing again; items that were
   * given already are left out then.
   * @param key member of the answer that holds the items (servers, volumes, …)
   */
  async *pages<T extends { id: string }>(
    service: Service,
    path: string,
    key: string,
    context: CallContext,
    query: Query = {},
  ): AsyncIterable<readonly T[]> {
    const seen = new Set<string>();
    let next: Query | undefined = { ...query, limit: this.options.pageSize };
    for (let restarts = 0; next !== undefined;) {
      let page: Record<string, unknown>;
      try {
        page = await this.get<Record<string, unknown>>(service, path, context, next);
      } catch (error) {
        if (next.marker === undefined || !isVanishedMarker(error, String(next.marker)) || restarts === RESTARTS) throw error;
        restarts += 1;
        next = { ...query, limit: this.options.pageSize };
        continue;
      }
      const items = (page[key] as readonly T[] | undefined) ?? [];
      yield items.filter(({ id }) => !seen.has(id));
      for (const { id } of items) seen.add(id);
      next = nextPage(page, key);
    }
  }

  /** All items of a listing. */
  async all<T extends { id: string }>(service: Service, path: string, key: string, context: CallContext, query?: Query): Promise<T[]> {
    const items: T[] = [];
    for await (const page of this.pages<T>(service, path, key, context, query)) items.push(...page);
    return items;
  }

  /**
   * Streams bytes to a service (an image's data). A stream cannot be sent again: a token that ends soon is renewed before.
   * @param size bytes in all; undefined sends them in chunks
   */
  async upload(service: Service, path: string, stream: Readable, size: number | undefined, context: CallContext): Promise<void> {
    const { base } = await this.endpoint(service, context);
    const { token } = await this.keystone.current(context.signal, UPLOAD_MARGIN_MS);
    const length = size === undefined ? {} : { 'content-length': String(size) };
    const headers = { 'content-type': 'application/octet-stream', ...length, 'x-auth-token': token };
    const answer = await this.exchange(NAMES[service], `${base}${path}`, { method: 'PUT', headers, body: stream }, context.signal, false);
    if (answer.status >= 300) throw this.refusal(NAMES[service], answer, false);
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  /** With the token; where that is refused, once more with a new one. What a service refuses by 401 it has not done. */
  private async authorized<T>(
    service: Service,
    url: string,
    ask: Ask,
    versions: Readonly<Record<string, string>>,
    context: CallContext,
  ): Promise<Answer<T>> {
    const method = ask.method ?? 'GET';
    const reads = method === 'GET';
    const name = NAMES[service];
    const body = ask.body === undefined ? undefined : JSON.stringify(ask.body);
    const once = async (): Promise<[Refusal, string]> => {
      const { token } = await this.session(context);
      const json = body === undefined ? {} : { 'content-type': 'application/json' };
      const headers = { accept: 'application/json', ...json, ...versions, ...ask.headers, 'x-auth-token': token };
      return [await this.exchange(name, url, { method, headers, ...(body === undefined ? {} : { body }) }, context.signal, reads), token];
    };
    let [answer, token] = await once();
    if (answer.status === 401) {
      this.keystone.forget(token);
      [answer, token] = await once();
      if (answer.status === 401) this.keystone.forget(token);
    }
    if (answer.status >= 300) throw this.refusal(name, answer, reads);
    return { body: this.json<T>(name, answer, reads), headers: answer.headers };
  }

  private async login(body: object, signal: AbortSignal): Promise<{ token: string | undefined; body: unknown }> {
    const url = `${identityRoot(this.options.authUrl ?? '')}/auth/tokens`;
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    const answer = await this.exchange('Keystone', url, { method: 'POST', headers, body: JSON.stringify(body) }, signal, true);
    if (answer.status >= 300) throw this.refusal('Keystone', answer, true);
    const token = answer.headers['x-subject-token'];
    return { token: typeof token === 'string' ? token : undefined, body: this.json('Keystone', answer, true) };
  }

  private async exchange(
    name: string,
    url: string,
    options: { method: Dispatcher.HttpMethod; headers: Record<string, string>; body?: string | Readable },
    signal: AbortSignal,
    reads: boolean,
  ): Promise<Refusal> {
    if (signal.aborted) throw new ProviderError('timeout', 'Nobody waits for this call any more', { maybeDone: false });
    try {
      // A signal of its own for each call: many at once on one signal look like leaked listeners to Node.
      const answer = await request(url, { ...options, dispatcher: this.agent, signal: AbortSignal.any([signal]) });
      return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() };
    } catch (thrown) {
      throw unanswered(name, thrown, reads);
    }
  }

  private refusal(name: string, answer: Refusal, reads: boolean): ProviderError {
    return refused(name, { ...answer, body: this.keystone.redact(answer.body) }, reads);
  }

  private json<T>(name: string, { body }: Refusal, reads: boolean): T {
    if (body === '') return {} as T;
    try {
      return JSON.parse(body) as T;
    } catch {
      throw new ProviderError('unavailable', `${name} answered something that is not JSON`, { maybeDone: !reads });
    }
  }
}

function trust({ cacert, verify }: OpenstackOptions): { ca?: Buffer; rejectUnauthorized?: false } {
  const unchecked = verify === false ? { rejectUnauthorized: false as const } : {};
  if (cacert === undefined) return unchecked;
  try {
    return { ...unchecked, ca: readFileSync(cacert) };
  } catch (error) {
    const { code } = error as { code?: string };
    throw new ProviderError('invalid', `The certificates in ${cacert} cannot be read: ${code ?? 'unknown'}`, { maybeDone: false });
  }
}

/** Keystone's v3, also where clouds.yaml names it without a version or with v2.0. */
const identityRoot = (authUrl: string): string => `${authUrl.replace(/\/+$/, '').replace(/\/v\d+(\.\d+)?$/, '')}/v3`;

function versionHeaders(service: Service, version: string): Record<string, string> {
  if (service === 'compute') return { 'openstack-api-version': `compute ${version}`, 'x-openstack-nova-api-version': version };
  return { 'openstack-api-version': `volume ${version}` };
}

function queryText(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    const values: readonly (string | number | boolean | undefined)[] = Array.isArray(value) ? value : [value];
    for (const each of values) if (each !== undefined) parameters.append(name, String(each));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** Parameters of the next page's link: Nova, Cinder and Neutron have `KEY_links`, Glance `next`. Hosts in links are not trusted. */
function nextPage(page: Record<string, unknown>, key: string): Query | undefined {
  const links = page[`${key}_links`] as readonly { rel: string; href: string }[] | undefined;
  const href = links?.find(({ rel }) => rel === 'next')?.href ?? (typeof page.next === 'string' ? page.next : undefined);
  if (href === undefined) return undefined;
  const parameters = new URL(href, 'http://none').searchParams;
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
}
