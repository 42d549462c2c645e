import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isLoopback } from '../net/addresses';
import { listenAt } from '../net/listening';
import { hostnameOf } from './loopback';
import { isMetricsToken, json, lately, told, write, type Readiness } from './probes';
import type { HttpMetrics } from './metrics';
import { splitTarget } from './target';

export interface AdminOptions {
  /** Examines the process; absent while it starts. */
  ready: () => Promise<Readiness>;
  metrics: Pick<HttpMetrics, 'scrape'>;
  /** True from the moment the process wants no more work. */
  closing: () => boolean;
  /** A secret without which neither metrics nor problems are told; absent: who reaches the port may know all. */
  metricsToken?: string | undefined;
}

/** The operators' port. */
export interface AdminPort {
  /** Place where it listens. */
  host: string;
  port: number;
  close(): Promise<void>;
}

/**
 * Opens the operators' port of a process: `/healthz`, `/readyz` with all that is wrong, `/metrics`. No login: who reaches it is
 * an operator, or has the token.
 * @throws Error in words where the address can't be had
 */
export async function openAdminPort(at: { host: string; port: number }, options: AdminOptions): Promise<AdminPort> {
  const readiness = lately(options.ready);
  const server = createServer((request, response) => {
    answer(options, readiness, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.requestTimeout = 10_000;
  return {
    ...(await listenAt(server, at, 'admin')),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { metrics, closing, metricsToken }: AdminOptions,
  readiness: () => Promise<Readiness>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A web page that is open on this machine must not read it under a name of its own.
  if (metricsToken === undefined && !isLoopback(hostnameOf(request.headers.host ?? '') ?? ''))
    return json(request, response, 403, { problem: 'here is only answered under a name of this machine' });
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return json(request, response, 405, { problem: 'only GET is possible here' });
  }
  const trusted = metricsToken === undefined || isMetricsToken(metricsToken, request);
  const { path } = splitTarget(request.url ?? '/');
  if (path === '/healthz') return json(request, response, 200, { status: 'alive' });
  if (path === '/readyz') {
    if (closing()) return json(request, response, 503, { status: 'not ready', problems: ['shutting down'] });
    const found = await readiness();
    return json(request, response, found.ok ? 200 : 503, told(found, trusted ? 'operator' : undefined));
  }
  if (path !== '/metrics') return json(request, response, 404, { problem: 'here are /healthz, /readyz and /metrics' });
  if (!trusted) {
    response.setHeader('WWW-Authenticate', 'Bearer');
    return json(request, response, 401, { problem: 'the metrics are for the token access.metricsToken' });
  }
  const { contentType, text } = await metrics.scrape();
  write(request, response, 200, contentType, text);
}
