import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../protocol/messages';
import type { Documents } from '../protocol/public-documents';
import type { Authentication } from './access';
import { challengesFor } from './challenge';
import type { HttpMetrics } from './metrics';
import { PAGE_HEADERS } from './site';
import type { Rights } from '../rights/rights';
import { READ } from '../rights/rule';
import { steadyTime } from '../model/steady-time';

export interface Readiness {
  /** Tells whether requests can be served: the store works. A cloud or a queue in trouble does not make the gateway unready. */
  ok: boolean;
  /** Problems in words without secrets; for admins. */
  problems: readonly string[];
  /** Each cloud by key; told to who may use it. */
  clouds?: Readonly<Record<string, ReadyCloud>>;
}

export interface ReadyCloud {
  state: string;
  tenants: readonly string[];
}

export interface ProbeOptions {
  ready: () => Promise<Readiness>;
  metrics?: HttpMetrics;
  /** Tells what the Meters of a tenant measure, in Prometheus' text format. */
  measured?: Measured;
  /** Absolute URI of the Cloud Entry Point. */
  entryPoint: string;
  documents?: Documents;
  /** Sites that are there for people, by their path relative to `/`. */
  sites?: Readonly<Record<string, string>>;
  /** True from the moment the process wants no more requests. */
  closing: () => boolean;
  /** Authenticates the requester. */
  login: (request: IncomingMessage) => Promise<Authentication>;
  /** A secret with which the metrics can be read, and nothing else. */
  metricsToken?: string;
  rightsOf?: RightsOf;
}

/** Tells what declared rules leave of somebody's role; undefined where nothing narrows it. */
export type RightsOf = (who: Principal) => Rights | undefined;

/** Text of what a tenant's Meters measure, with its content type. */
export type Measured = (tenant: string) => Promise<{ contentType: string; text: string }>;

/** Answers what lies outside `/cimi/`; undefined answers are 404. */
export type Probes = (path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Time for which one examination of readiness answers every request, in ms: probes come from anyone. */
const READY_AGE = 1_000;

/** An examination that is made at most once a second, whoever asks; one that fails says why. */
export function lately(ready: () => Promise<Readiness>): () => Promise<Readiness> {
  let last: { at: number; answer: Promise<Readiness> } | undefined;
  return () => {
    const now = steadyTime();
    if (last && now - last.at < READY_AGE) return last.answer;
    const answer = ready().catch((error: unknown) => ({ ok: false, problems: [error instanceof Error ? error.message : String(error)] }));
    last = { at: now, answer };
    return answer;
  };
}

/** The operational endpoints: liveness, readiness, metrics, documents, and a sign at `/` that points to the Cloud Entry Point. */
export function createProbes(options: ProbeOptions): Probes {
  const readiness = lately(options.ready);
  const { sites = {} } = options;
  const documents = new Map(
    Object.entries(options.documents ?? {}).map(([path, { contentType, make }]) => [path, { contentType, make: once(make) }]),
  );
  return async (path, request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const known = PATHS.has(path) || documents.has(path);
      if (known) response.setHeader('Allow', 'GET, HEAD');
      return json(request, response, known ? 405 : 404, {
        problem: known ? 'only GET is possible here' : 'there is nothing at this path: begin at the Cloud Entry Point',
      });
    }
    const document = documents.get(path);
    if (document) return write(request, response, 200, document.contentType, document.make());
    switch (path) {
      case '/':
        if (Object.keys(sites).length > 0 && /text\/html/.test(request.headers.accept ?? '')) return welcome(sites, request, response);
        return json(request, response, 200, { cloudEntryPoint: options.entryPoint });
      case '/healthz':
        return json(request, response, 200, { status: 'alive' });
      case '/readyz': {
        if (options.closing()) return json(request, response, 503, { status: 'not ready', problems: ['shutting down'] });
        const found = await readiness();
        return json(request, response, found.ok ? 200 : 503, told(found, await known(options, request), options.rightsOf));
      }
      case '/metrics':
        return scrape(options, request, response);
      case '/metrics/cloud':
        return scrapeMeasured(options, request, response);
      default:
        return json(request, response, 404, {
          problem: 'there is nothing at this path: begin at the Cloud Entry Point',
          cloudEntryPoint: options.entryPoint,
        });
    }
  };
}

/** Shows people in a browser where to go. All is relative: a proxy may show the gateway below a path. */
function welcome(sites: Readonly<Record<string, string>>, request: IncomingMessage, response: ServerResponse): void {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
  const links = Object.entries({ ...sites, 'cimi/cloudEntryPoint': 'Cloud Entry Point' }).map(
    ([at, name]) => `<li><a href="${at}">${name}</a>`,
  );
  const body = `<h1>CIMI gateway</h1><ul>${links.join('')}</ul>`;
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>CIMI gateway</title>${body}</html>\n`;
  write(request, response, 200, 'text/html; charset=utf-8', page);
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}

const PATHS = new Set(['/', '/healthz', '/readyz', '/metrics', '/metrics/cloud']);

async function scrape(options: ProbeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!options.metrics) return json(request, response, 404, { problem: 'no metrics are kept' });
  if (!isMetricsToken(options.metricsToken, request)) {
    const who = await loggedIn(options, request, response);
    if (!who) return;
    if (hidden(options, who, request, response)) return;
    if (who.role !== 'admin')
      return json(request, response, 403, { problem: 'the metrics of all tenants are for admins, and for the token access.metricsToken' });
  }
  const { contentType, text } = await options.metrics.scrape();
  write(request, response, 200, contentType, text);
}

/** Tells a user of any role what the Meters of its tenant measure. The token of the gateway's own metrics is nobody's in a tenant. */
async function scrapeMeasured(options: ProbeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!options.measured) return json(request, response, 404, { problem: 'nothing is measured here' });
  const who = await loggedIn(options, request, response);
  if (!who || hidden(options, who, request, response)) return;
  const { contentType, text } = await options.measured(who.tenant);
  write(request, response, 200, contentType, text);
}

/** Answers those here from whom rules hide anything: what is counted of all is nothing for them. */
function hidden({ rightsOf }: ProbeOptions, who: Principal, request: IncomingMessage, response: ServerResponse): boolean {
  if (rightsOf?.(who)?.hides !== true) return false;
  json(request, response, 403, { problem: 'what is measured of everything is for those from whom no rule hides anything' });
  return true;
}

/** Returns the requester; strangers are answered here. */
async function loggedIn(options: ProbeOptions, request: IncomingMessage, response: ServerResponse): Promise<Principal | undefined> {
  const result = await options.login(request);
  if (result.ok) return result.principal;
  if (result.status === 401) response.setHeader('WWW-Authenticate', challengesFor(request, result.badToken ? result.message : undefined));
  if (result.retryAfterSeconds !== undefined) response.setHeader('Retry-After', result.retryAfterSeconds);
  json(request, response, result.status, { problem: result.message });
  return undefined;
}

/** Returns the requester, where somebody is logged in; undefined for strangers, and where the store is away. */
async function known({ login }: ProbeOptions, request: IncomingMessage): Promise<Principal | undefined> {
  const result = await login(request).catch(() => undefined);
  return result?.ok ? result.principal : undefined;
}

/** Readiness as it is told: to anyone no more than that, to users their clouds, to admins and operators everything. */
export function told({ ok, problems, clouds = {} }: Readiness, who: Principal | 'operator' | undefined, rightsOf?: RightsOf): object {
  const status = ok ? 'ready' : 'not ready';
  if (!who) return { status };
  const rights = who === 'operator' ? undefined : rightsOf?.(who);
  const admin = who === 'operator' || (who.role === 'admin' && rights?.hides !== true);
  const seen = Object.entries(clouds).filter(
    ([key, { tenants }]) => admin || (tenants.includes(who.tenant) && (rights?.may(READ, 'clouds', key) ?? true)),
  );
  return { status, ...(admin && { problems }), clouds: Object.fromEntries(seen.map(([key, { state }]) => [key, state])) };
}

/** Tells whether a request brings the secret of the metrics. */
export function isMetricsToken(token: string | undefined, request: IncomingMessage): boolean {
  const [, given] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined || given === undefined) return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(token), digest(given));
}

/** Answers with JSON. */
export function json(request: IncomingMessage, response: ServerResponse, status: number, body: object): void {
  write(request, response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

/** Answers with a text that nobody keeps. */
export function write(request: IncomingMessage, response: ServerResponse, status: number, contentType: string, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(request.method === 'HEAD' ? undefined : text);
}
