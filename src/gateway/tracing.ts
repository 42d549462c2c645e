import type { Logger } from 'pino';
import { buildOf } from '../config/build';
import type { Config } from '../config/config';
import { withoutPasswords } from '../config/redact';
import type { Closers } from '../http/closers';
import type { Metrics } from '../http/metrics';
import type { RequestTracing } from '../http/spans';
import type { Catalogue } from '../model/catalogue';
import { entryPath, partedFromCloud } from '../model/cloud-path';
import type { Tracer } from '../tracing/tracer';

/** Environment variable by which operators switch OpenTelemetry off, whatever a configuration says. */
const DISABLED = 'OTEL_SDK_DISABLED';

/**
 * Begins tracing where the configuration has it; else nothing of it is loaded.
 * @param instance name of this process, unique among all
 */
export async function tracingOf(
  { tracing }: Config,
  { role, instance, metrics, log }: { role: string; instance: string; metrics: Metrics; log: Logger },
  closers: Closers,
): Promise<Tracer | undefined> {
  if (!tracing) return undefined;
  if (process.env[DISABLED]?.toLowerCase() === 'true') {
    log.info({}, `no traces are sent, though the configuration has it: ${DISABLED} is true`);
    return undefined;
  }
  const { openTracing } = await import('../tracing/otel');
  const { version } = buildOf(process.env);
  const opened = openTracing({ settings: tracing, version, instance, role, log, count: metrics.countSpans() });
  closers.add(() => opened.close());
  const { endpoint, sample } = tracing;
  log.info({ ...(endpoint !== undefined && { endpoint: withoutPasswords(endpoint) }), sample }, 'traces are sent');
  return opened;
}

/** Traces requests by the shapes of their paths. */
export function requestTracing(tracer: Tracer | undefined, catalogue: Catalogue): RequestTracing | undefined {
  return tracer && { tracer, routeOf: (path) => routeOf(catalogue, path) };
}

/** Shape of a path by the catalogue: an id is never part of it. */
function routeOf(catalogue: Catalogue, asked: string): string | undefined {
  const { cloudKey, path } = partedFromCloud(asked.replace(/\/$/, ''));
  if (!catalogue.locate(path)) return undefined;
  const shape = path.split('/').map((segment, index) => (index % 2 === 0 ? segment : '{id}'));
  return entryPath(cloudKey === undefined ? undefined : '{cloud}', shape.join('/'));
}
