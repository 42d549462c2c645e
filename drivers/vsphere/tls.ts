import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import type { VsphereOptions } from './options';

/** The fingerprint did not fit; a code like Node's own, so that it counts as "never reached". */
class ThumbprintError extends Error {
  readonly code = 'THUMBPRINT_MISMATCH';
}

/** Connections to one vCenter, trusted as the options say: by the system's authorities, a CA, a thumbprint, or not at all. */
export function connections(options: Pick<VsphereOptions, 'ca' | 'thumbprint' | 'insecure' | 'sockets'>): Agent {
  // Long waits are ended by the caller's signal, not here.
  const common = { connections: options.sockets, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000 };
  if (options.thumbprint !== undefined) return new Agent({ ...common, connect: pinned(options.thumbprint) });
  if (options.insecure) return new Agent({ ...common, connect: { rejectUnauthorized: false, timeout: 10_000 } });
  return new Agent({ ...common, connect: { timeout: 10_000, ...(options.ca === undefined ? {} : { ca: options.ca }) } });
}

/** Certificates are compared before a byte is sent. A resumed session shows none, so none is resumed. */
function pinned(thumbprint: string): buildConnector.connector {
  const wanted = thumbprint.toUpperCase();
  const connect = buildConnector({ rejectUnauthorized: false, maxCachedSessions: 0, timeout: 10_000 });
  return (target, callback) => {
    connect(target, (error, socket) => {
      if (error) return callback(error, null);
      const shown = (socket as TLSSocket).getPeerCertificate();
      const own = wanted.length > 59 ? shown.fingerprint256 : shown.fingerprint;
      if (own === wanted) return callback(null, socket);
      socket.destroy();
      callback(new ThumbprintError(`its certificate has the thumbprint ${own}, not the configured one`), null);
    });
  };
}
