import type { Logger } from 'pino';
import type { Config } from '../config/config';
import { openAdminPort } from '../http/admin';
import type { Closers } from '../http/closers';
import type { Metrics } from '../http/metrics';
import type { Readiness } from '../http/probes';
import type { JobRow } from '../store/store';

/** State of a process as the operators' port tells it, from its start to its end. */
export interface Standing {
  /** Examines the process; until it is set the process starts. */
  ready?: () => Promise<Readiness>;
  closing: boolean;
}

/** Opens the operators' port where one is configured. It is the first to be there and the last to go. */
export async function adminOf({ admin, access }: Config, metrics: Metrics, log: Logger, closers: Closers): Promise<Standing> {
  const standing: Standing = { closing: false };
  if (admin.port === undefined) return standing;
  const at = { host: admin.host, port: admin.port };
  const port = await openAdminPort(at, {
    ready: () => standing.ready?.() ?? Promise.resolve({ ok: false, problems: ['starting'] }),
    metrics,
    closing: () => standing.closing,
    metricsToken: access.metricsToken,
  });
  closers.add(() => port.close());
  log.info({ host: port.host, port: port.port }, 'operators are answered at /healthz, /readyz and /metrics');
  return standing;
}

/** Counts Jobs that end here, with how long they took, and those that are taken over. */
export function countedJobs(metrics: Metrics): Record<'onEnded' | 'onTakenOver', (job: JobRow) => void> {
  return {
    onEnded: ({ workflow, state, created, changed }) =>
      metrics.jobEnded(workflow ?? 'none', state, Math.max(0, Date.parse(changed) - Date.parse(created)) / 1000),
    onTakenOver: ({ workflow }) => metrics.jobTakenOver(workflow ?? 'none'),
  };
}
