import { isSamePlace } from '../net/listening';
import type { Config } from './config';
import { configError } from './load';

/**
 * Tells whether the listeners of a gateway have places of their own. A worker has the operators' port alone.
 * @throws ConfigError naming both settings where they have one place
 */
export function assertListenersApart(config: Config): void {
  const { server, admin } = config;
  if (admin.port === undefined || !isSamePlace({ host: admin.host, port: admin.port }, server)) return;
  const message = `is server.port, too (${server.port} on ${server.host}): the port of clients and that of operators must differ`;
  throw configError(config, [{ path: 'admin.port', message }]);
}
