import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpMetrics } from './metrics';

export interface Readiness {
  /** Whether requests can be served: store and queue. A cloud in trouble does not make the gateway unready. */
  ok: boolean;
  /** What is wrong, in words without secrets. */
  problems: readonly string[];
  /** State of each cloud by key. */
  clouds?: Readonly<Record<string, string>>;
}

export interface ProbeOptions {
  ready: () => Promise<Readiness>;
  metrics?: HttpMetrics;
  /** Absolute URI of the Cloud Entry Point. */
  entryPoint: string;
  documents?: Documents;
  /** True from the moment the process wants no more requests. */
  closing: () => boolean;
  /** Whether the caller may read the metrics. */
  mayScrape: (request: IncomingMessage) => Promise<boolean>;
}

/** JSON texts by path, each made when it is first asked for; anyone may read them. */
export type Documents = Readonly<Record<string, () => string>>;

/** Answers what lies outside `/cimi/`; undefined answers are 404. */
export type Probes = (path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** How long one examination of readiness serves every asker, ms: probes come from anyone. */
const READY_AGE = 1_000;

/** The operational endpoints: liveness, readiness, metrics, documents, and a sign at `/` that points to the Cloud Entry Point. */
export function createProbes(options: ProbeOptions): Probes {
  let last: { at: number; answer: Promise<Readiness> } | undefined;
  const readiness = (): Promise<Readiness> => {
    const now = Date.now();
    if (last && now - last.at < READY_AGE) return last.answer;
    const answer = options
      .ready()
      .catch((error: unknown) => ({ ok: false, problems: [error instanceof Error ? error.message : String(error)] }));
    last = { at: now, answer };
    return answer;
  };
  const documents = new Map(Object.entries(options.documents ?? {}).map(([path, make]) => [path, once(make)]));
  return async (path, request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const known = PATHS.has(path) || documents.has(path);
      if (known) response.setHeader('Allow', 'GET, HEAD');
      return json(request, response, known ? 405 : 404, { problem: known ? 'only GET is possible here' : 'nothing is here' });
    }
    const document = documents.get(path);
    if (document) return write(request, response, 200, 'application/json', document());
    switch (path) {
      case '/':
        return json(request, response, 200, { cloudEntryPoint: options.entryPoint });
      case '/healthz':
        return json(request, response, 200, { status: 'alive' });
      case '/readyz': {
        if (options.closing()) return json(request, response, 503, { status: 'not ready', problems: ['shutting down'] });
        const { ok, problems, clouds } = await readiness();
        return json(request, response, ok ? 200 : 503, { status: ok ? 'ready' : 'not ready', problems, ...(clouds && { clouds }) });
      }
      case '/metrics':
        return scrape(options, request, response);
      default:
        return json(request, response, 404, { problem: 'nothing is here', cloudEntryPoint: options.entryPoint });
    }
  };
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}

const PATHS = new Set(['/', '/healthz', '/readyz', '/metrics']);

async function scrape(options: ProbeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!options.metrics) return json(request, response, 404, { problem: 'no metrics are kept' });
  if (!(await options.mayScrape(request))) {
    response.setHeader('WWW-Authenticate', CHALLENGE);
    return json(request, response, 401, { problem: 'authentication is required' });
  }
  const { contentType, text } = await options.metrics.scrape();
  write(request, response, 200, contentType, text);
}

/** Both ways to log in, each as a header of its own: many clients understand only the first of a joined list. */
export const CHALLENGE: string[] = ['Basic realm="cimi", charset="UTF-8"', 'Bearer realm="cimi"'];

function json(request: IncomingMessage, response: ServerResponse, status: number, body: object): void {
  write(request, response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

function write(request: IncomingMessage, response: ServerResponse, status: number, contentType: string, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(request.method === 'HEAD' ? undefined : text);
}
