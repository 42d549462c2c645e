import type { IncomingMessage } from 'node:http';
import type { Span, SpanStart, Tracer } from '../tracing/tracer';
import type { FaultRequest } from './fault';

/** Tracing of requests. */
export interface RequestTracing {
  tracer: Tracer;
  /** Shape of a path below the base by the catalogue (`machines/{id}/disks`); undefined where nothing can be there. */
  routeOf: (path: string) => string | undefined;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
/** Word of the semantic conventions for methods that are none. */
const OTHER = '_OTHER';

/** Describes the span of a request: it goes on from the caller's, where that is W3C Trace Context. */
export function requestSpan({ method = '', headers, socket, httpVersion }: IncomingMessage): SpanStart {
  const known = METHODS.has(method) ? method : OTHER;
  const { traceparent, tracestate } = headers;
  return {
    ...{ name: known === OTHER ? 'HTTP' : known, kind: 'server' },
    from: { traceparent: textOf(traceparent), tracestate: textOf(tracestate) },
    attributes: {
      'http.request.method': known,
      'url.scheme': 'encrypted' in socket ? 'https' : 'http',
      'network.protocol.version': httpVersion,
    },
  };
}

/** A header that came twice says nothing. */
const textOf = (header: string | string[] | undefined): string | undefined => (typeof header === 'string' ? header : undefined);

interface Answered {
  facts: Pick<FaultRequest, 'method' | 'path' | 'requestId'>;
  status: number;
  job: string | undefined;
  tenant: string | undefined;
  tracing: RequestTracing | undefined;
}

/** Tells in a request's span what came of it: neither who asked, nor the path or query as they were sent. */
export function tellAnswer(span: Span, { facts, status, job, tenant, tracing }: Answered): void {
  const route = facts.path === '' ? undefined : tracing?.routeOf(facts.path);
  if (route !== undefined && METHODS.has(facts.method)) span.rename(`${facts.method} ${route}`);
  span.tell({
    'http.route': route,
    'http.response.status_code': status,
    'cimi.tenant': tenant,
    'cimi.job': job,
    'cimi.request_id': facts.requestId,
  });
  if (status >= 500) span.fail(String(status));
}
