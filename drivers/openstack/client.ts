import type { Readable } from 'node:stream';
import type { CallContext } from '../../src/clouds/driver';
import { Gone, ProviderError, isGone } from '../../src/clouds/errors';
import { ANSWERS, type Ask, LIST } from './ask';
import { Keystone, type Session } from './auth';
import { type Endpoint, endpointOf, isListed } from './catalog';
import { withCloudsFile } from './clouds-file';
import { type Doc, isDoc } from './documents';
import { isVanishedMarker, refused, strange } from './errors';
import { faultOf, type Refusal, type Speaker } from './faults';
import { atLeast, negotiate, versionHeaders } from './microversions';
import type { OpenstackOptions, Service } from './options';
import { nextPage, type Query, queryText } from './paging';
import { goneBy, type Kind, PLACES, type Subject, type Things } from './things';
import { bytesOf, type Part, type Place, rangeOf, type Sent, Transport } from './transport';
import { steadyTime } from '../../src/model/steady-time';

export type { Query } from './paging';

/** The highest microversions this driver was written for. */
const WANTED: Readonly<Partial<Record<Service, string>>> = { compute: '2.93', volume: '3.66' };
/** Name of each service in version headers and messages. */
export const NAMES: Readonly<Record<Speaker, string>> = {
  compute: 'Nova',
  image: 'Glance',
  network: 'Neutron',
  volume: 'Cinder',
  metric: 'Gnocchi',
  identity: 'Keystone',
};
/** A token that ends within this time is renewed before a stream begins, in ms. */
const UPLOAD_MARGIN_MS = 900_000;
/** Time for which a service may say nothing in the middle of a long read, in ms. */
const SILENCE_MS = 60_000;
/** A token this young that a service refuses has not ended, in ms. */
const YOUNG_MS = 300_000;
/** Number of times a listing begins again because its marker vanished. */
const RESTARTS = 5;
/** Time for which a service that showed no version document is not asked for one again, in ms: it may have been away. */
const UNVERSIONED_MS = 60_000;

/** An id in a path. */
export const enc = (id: string): string => encodeURIComponent(id);

type Warn = (message: string, details?: Record<string, string | undefined>) => void;

/** The wire to the services of one project in one region. It retries nothing but a refused token, once. */
export class Wire {
  readonly options: OpenstackOptions;
  private readonly transport: Transport;
  private readonly keystone: Keystone;
  private readonly versions = new Map<string, { version: Promise<string | undefined>; until: number }>();
  private readonly warned = new Set<string>();

  /** @throws ProviderError (invalid) where clouds.yaml or the file of certificates cannot be used */
  constructor(
    options: OpenstackOptions,
    private readonly log: Warn = () => undefined,
  ) {
    this.options = withCloudsFile(options);
    if (this.options.authUrl === undefined) {
      throw new ProviderError('invalid', `The cloud ${options.cloud ?? ''} has no auth_url`, { maybeDone: false });
    }
    this.transport = new Transport(this.options);
    this.keystone = new Keystone(this.options, (body, signal) => this.login(body, signal));
  }

  /** Tells the operator, once for each message. */
  warn(message: string, details?: Record<string, string | undefined>): void {
    if (this.warned.has(message)) return;
    this.warned.add(message);
    this.log(message, details);
  }

  /** The login: who it is, for which project; logs in where that was not done yet. */
  session(context: CallContext): Promise<Session> {
    return this.keystone.current(context.signal);
  }

  /**
   * Returns the endpoint of a service.
   * @throws ProviderError (unsupported) where the catalogue has none
   */
  async endpoint(service: Service, context: CallContext): Promise<Endpoint> {
    const session = await this.session(context);
    return endpointOf(session.catalog, service, this.options, session.projectId);
  }

  /** Microversion spoken with a service; undefined where it has none. Asked for once. */
  async microversion(service: Service, context: CallContext): Promise<string | undefined> {
    const wanted = WANTED[service];
    if (wanted === undefined) return undefined;
    const { root } = await this.endpoint(service, context);
    const known = this.versions.get(root);
    const asked = known && known.until > steadyTime() ? known : { version: this.discover(service, root, wanted, context), until: Infinity };
    this.versions.set(root, asked);
    try {
      return await asked.version;
    } catch (error) {
      if (this.versions.get(root) === asked) this.versions.delete(root);
      throw error;
    }
  }

  /** Tells whether the service speaks this microversion (2.52, 3.42, …). */
  async speaks(service: Service, version: string, context: CallContext): Promise<boolean> {
    return atLeast(await this.microversion(service, context), version);
  }

  /** Reads the version document. Without one the service is used as its oldest version for some time; only a failed read throws. */
  private async discover(service: Service, root: string, wanted: string, context: CallContext): Promise<string | undefined> {
    const answer = await this.authorized(service, `${root}/`, { method: 'GET', headers: {} }, context);
    const { status } = answer;
    if (status === 401 || status === 403 || status === 407 || status === 408 || status === 429 || status >= 500)
      throw refused(service, NAMES[service], this.redacted(answer), true);
    const document = status === 200 || status === 300 ? this.parsed(answer) : undefined;
    if (document === undefined) this.versions.set(root, { version: Promise.resolve(undefined), until: steadyTime() + UNVERSIONED_MS });
    return negotiate(document, root, wanted);
  }

  /** Sends one request and answers the JSON of a good answer, {} where it had none. Throws ProviderError and nothing else. */
  async send(service: Service, ask: Ask, context: CallContext): Promise<Doc> {
    const { method } = ask;
    const { base } = await this.endpoint(service, context);
    const version = await this.microversion(service, context);
    const body = ask.body === undefined ? {} : { body: JSON.stringify(ask.body) };
    const headers = {
      accept: 'application/json',
      ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(version === undefined ? {} : versionHeaders(service, version)),
      ...ask.headers,
    };
    const url = `${base}${ask.path}${queryText(ask.query)}`;
    const answer = await this.authorized(service, url, { method, headers, ...body }, context, ask.reads);
    if ((ask.answers ?? ANSWERS[method]).includes(answer.status)) return this.good(service, ask, answer);
    const told = ask.of && goneBy(ask.of, this.redacted(answer));
    throw told ?? (await this.refusal(service, ask, answer, context));
  }

  /** Returns the body of a documented success, else throws: another's page with a good status is no success. */
  private good(service: Service, { method, member, reads = method === 'GET' }: Ask, answer: Refusal): Doc {
    const json = this.json(answer);
    const parsed = member === LIST && Array.isArray(json) ? { [LIST]: json } : isDoc(json) ? json : undefined;
    if (member === undefined) {
      const nothing = answer.body.trim() === '' ? {} : undefined;
      if ((parsed ?? nothing) !== undefined && (answer.status === 202 || isOwn(answer))) return parsed ?? {};
    } else if ((parsed?.[member] ?? undefined) !== undefined) return parsed ?? {};
    throw strange(NAMES[service], this.redacted(answer), reads);
  }

  private async refusal(service: Service, ask: Ask, answer: Refusal, context: CallContext): Promise<ProviderError> {
    const { method, path, reads = method === 'GET' } = ask;
    const error = refused(service, NAMES[service], this.redacted(answer), reads);
    if (error.kind !== 'auth') return error;
    // The token is fresh: it was renewed once.
    const { accessRules } = await this.session(context);
    if (!accessRules) return error;
    const message = `The access rules of the application credential do not allow ${method} ${path} of ${NAMES[service]}`;
    return new ProviderError('forbidden', message, { code: error.code, requestId: error.requestId, maybeDone: false });
  }

  /** Tells whether the login's catalogue has a service; undefined before a login has told. Pure. */
  has(service: Service): boolean | undefined {
    if (this.options.endpoints?.[service] !== undefined) return true;
    return this.keystone.catalog && isListed(this.keystone.catalog, service);
  }

  /** The body of a GET. @param member what the answer must have */
  get(service: Service, path: string, member: string, context: CallContext, more: { query?: Query; of?: Subject } = {}): Promise<Doc> {
    return this.send(service, { method: 'GET', path, member, ...more }, context);
  }

  /**
   * Reads one thing.
   * @throws Gone where its service says that there is none
   */
  async one<K extends Kind>(kind: K, id: string, context: CallContext): Promise<Things[K]> {
    const { service, one = 'id' } = PLACES[kind];
    const answer = await this.get(service, pathOf(kind, id), one, context, { of: { kind, id } });
    const thing = PLACES[kind].read(PLACES[kind].one === undefined ? answer : memberOf(answer, one));
    if (thing?.id.toLowerCase() === id.toLowerCase()) return thing;
    throw new ProviderError('unavailable', `${NAMES[service]} answered without the ${kind} ${id} that was asked for`, { maybeDone: false });
  }

  /** Reads one thing; undefined where its service says that there is none. */
  async oneIfThere<K extends Kind>(kind: K, id: string, context: CallContext): Promise<Things[K] | undefined> {
    const found = await this.oneOrGone(kind, id, context);
    return found instanceof Gone ? undefined : found;
  }

  /** Reads one thing, or the proof that there is none. */
  async oneOrGone<K extends Kind>(kind: K, id: string, context: CallContext): Promise<Things[K] | Gone> {
    try {
      return await this.one(kind, id, context);
    } catch (error) {
      if (isGone(error, { type: kind, key: id })) return error;
      throw error;
    }
  }

  /** Deletes; what its service proves to be gone is success. */
  async remove(kind: Kind, id: string, context: CallContext): Promise<void> {
    try {
      await this.send(PLACES[kind].service, { method: 'DELETE', path: pathOf(kind, id), of: { kind, id } }, context);
    } catch (error) {
      if (!isGone(error, { type: kind, key: id })) throw error;
    }
  }

  /**
   * All pages of a listing, by limit and marker. A marker that vanished begins the listing again; items that were given
   * already are left out then. What cannot be read of a page is told to the operator and left out.
   */
  async *pages<K extends Kind>(kind: K, context: CallContext, query: Query = {}): AsyncIterable<readonly Things[K][]> {
    const { service, path, detail, many } = PLACES[kind];
    const seen = new Set<string>();
    let next: Query | undefined = { ...query, limit: this.options.pageSize };
    for (let restarts = 0; next !== undefined;) {
      let page: Doc;
      try {
        page = await this.get(service, detail ?? path, many, context, { query: next });
      } catch (error) {
        if (next.marker === undefined || !isVanishedMarker(error, String(next.marker)) || restarts === RESTARTS) throw error;
        restarts += 1;
        next = { ...query, limit: this.options.pageSize };
        continue;
      }
      const items = this.items(kind, page);
      yield items.filter(({ id }) => !seen.has(id));
      for (const { id } of items) seen.add(id);
      const following = nextPage(page, many);
      // A page that names itself as its next one would be read for ever.
      next = JSON.stringify(following) === JSON.stringify(next) ? undefined : following;
    }
  }

  /** The things in one page of a listing. @throws ProviderError (unavailable) where the page has no list */
  items<K extends Kind>(kind: K, page: Doc): Things[K][] {
    const { service, many, read } = PLACES[kind];
    const told = page[many];
    if (!Array.isArray(told))
      throw new ProviderError('unavailable', `${NAMES[service]} answered a listing without its ${many}`, { maybeDone: false });
    return (told as unknown[]).flatMap((each) => {
      const thing = isDoc(each) ? read(each) : undefined;
      if (!thing) this.warn(`${NAMES[service]} lists among its ${many} something without an id; it is left out`);
      return thing ?? [];
    });
  }

  /** All items of a listing. */
  async all<K extends Kind>(kind: K, context: CallContext, query?: Query): Promise<Things[K][]> {
    const items: Things[K][] = [];
    for await (const page of this.pages(kind, context, query)) items.push(...page);
    return items;
  }

  /**
   * Streams bytes to a service (an image's data). A stream cannot be sent again: a token that ends soon is renewed before. Where it ends
   * all the same, that is an error that passes: another attempt has a new one.
   * @param size bytes in all; undefined sends them in chunks
   */
  async upload(of: Subject, path: string, stream: Readable, size: number | undefined, context: CallContext): Promise<void> {
    const { service } = PLACES[of.kind];
    const { base } = await this.endpoint(service, context);
    const { token } = await this.keystone.current(context.signal, UPLOAD_MARGIN_MS);
    const length = size === undefined ? {} : { 'content-length': String(size) };
    const headers = { accept: 'application/json', 'content-type': 'application/octet-stream', ...length, 'x-auth-token': token };
    const sent: Sent = { method: 'PUT', headers, body: stream };
    const answer = await this.transport.exchange(NAMES[service], `${base}${path}`, sent, context.signal, false);
    if (answer.status === 204) return;
    const refusal = this.redacted(answer);
    if (this.refusesToken(service, refusal) && !(await this.restricted(context))) {
      this.keystone.forget(token);
      const words = `${NAMES[service]} refused the token while it took the bytes: they are to be sent again, with a new one`;
      throw new ProviderError('unavailable', words, { code: '401', maybeDone: false });
    }
    throw goneBy(of, refusal) ?? refused(service, NAMES[service], refusal, false);
  }

  /**
   * Opens a long read (an image's data), with a token that lasts.
   * @param place offset of the first byte wanted, and how many; absent: all that follow
   * @returns the bytes, which the caller reads or destroys, and the offset of the first of them: 0 of a service that knows no ranges
   * @throws ProviderError where the service does not give them
   */
  async download(of: Subject, path: string, place: Place, context: CallContext): Promise<Part> {
    const { service } = PLACES[of.kind];
    const name = NAMES[service];
    const { base } = await this.endpoint(service, context);
    const once = async () => {
      const { token } = await this.keystone.current(context.signal, UPLOAD_MARGIN_MS);
      const range = rangeOf(place);
      const sent: Sent = { method: 'GET', headers: { accept: 'application/octet-stream', ...range, 'x-auth-token': token } };
      const answer = await this.transport.open(name, `${base}${path}`, sent, context.signal, true, SILENCE_MS);
      const read = bytesOf(answer, place.from);
      if (read) return { read };
      return { token, refusal: this.redacted(await this.transport.whole(name, answer, true)) };
    };
    let told = await once();
    if (told.refusal && this.refusesToken(service, told.refusal) && !(await this.restricted(context))) {
      this.keystone.forget(told.token);
      told = await once();
    }
    if (told.read) return told.read;
    const { refusal } = told;
    throw goneBy(of, refusal) ?? (refusal.status < 300 ? strange(name, refusal, true) : refused(service, name, refusal, true));
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  /** Sends with the token; where the service refuses that, once more with a new one. A request refused with 401 had no effect. */
  private async authorized(
    service: Service,
    url: string,
    sent: Sent,
    context: CallContext,
    reads: boolean = sent.method === 'GET',
  ): Promise<Refusal> {
    const once = async (): Promise<[Refusal, string]> => {
      const { token } = await this.session(context);
      const headers = { ...sent.headers, 'x-auth-token': token };
      const answer = await this.transport.exchange(NAMES[service], url, { ...sent, headers }, context.signal, reads);
      return [answer, token];
    };
    const [first, token] = await once();
    if (!this.refusesToken(service, first) || (await this.restricted(context))) return first;
    this.keystone.forget(token);
    const [second, renewed] = await once();
    if (this.refusesToken(service, second)) this.keystone.forget(renewed);
    return second;
  }

  /** Access rules refuse by 401 as well: a login that is young enough is not made again for that. */
  private async restricted(context: CallContext): Promise<boolean> {
    const { accessRules, since } = await this.session(context);
    return accessRules && steadyTime() - since < YOUNG_MS;
  }

  /** A 401 of the service's own; a login page in front of it says nothing about the token. */
  private refusesToken(service: Service, answer: Refusal): boolean {
    return answer.status === 401 && refused(service, '', answer, true).kind === 'auth';
  }

  private async login(body: object, signal: AbortSignal): Promise<{ token: string | undefined; body: unknown }> {
    const url = `${identityRoot(this.options.authUrl ?? '')}/auth/tokens`;
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    const sent: Sent = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = this.redacted(await this.transport.exchange(NAMES.identity, url, sent, signal, true));
    const document = answer.status === 200 || answer.status === 201 ? this.parsed(answer) : undefined;
    if (document) {
      const token = answer.headers['x-subject-token'];
      return { token: typeof token === 'string' && token !== '' ? token : undefined, body: document };
    }
    const own = faultOf('identity', answer);
    throw own === undefined ? strange(NAMES.identity, answer, true) : refused('identity', NAMES.identity, answer, true);
  }

  private redacted(answer: Refusal): Refusal {
    return { ...answer, body: this.keystone.redact(answer.body) };
  }

  /** The JSON object of an answer; undefined for anything else. */
  private parsed(answer: Refusal): Doc | undefined {
    const value = this.json(answer);
    return isDoc(value) ? value : undefined;
  }

  /** The JSON of an answer; undefined for anything else. */
  private json({ headers, body }: Refusal): unknown {
    const type = String(headers['content-type'] ?? '');
    if (type !== '' && !/[/+]json\b/i.test(type)) return undefined;
    try {
      return JSON.parse(body.replace(/^\uFEFF/, '')) as unknown;
    } catch {
      return undefined;
    }
  }
}

/** Path of one thing. */
export const pathOf = (kind: Kind, id: string): string => `${PLACES[kind].path}/${enc(id)}`;

const memberOf = (answer: Doc, member: string): Doc => {
  const value = answer[member];
  return isDoc(value) ? value : {};
};

/** Keystone's v3, also where clouds.yaml names it without a version or with v2.0. */
const identityRoot = (authUrl: string): string => `${authUrl.replace(/\/+$/, '').replace(/\/v\d+(\.\d+)?$/, '')}/v3`;

/** Tells whether an answer in which nothing is documented is the service's own: services number their answers, portals do not. */
const isOwn = ({ headers }: Refusal): boolean =>
  ['x-openstack-request-id', 'x-compute-request-id'].some((name) => headers[name] !== undefined);
