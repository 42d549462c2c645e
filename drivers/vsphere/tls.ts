import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Ways, type WaysOptions } from '../../src/net/dispatcher';
import { proxiesOf } from '../../src/net/proxies';
import type { VsphereOptions } from './options';

/** The fingerprint did not fit; a code like Node's own, so that it counts as "never reached". */
class ThumbprintError extends Error {
  readonly code = 'THUMBPRINT_MISMATCH';
}

/** Connections to one vCenter, trusted as the options say: by the system's authorities, a CA, a thumbprint, or not at all. */
export function connections(options: Pick<VsphereOptions, 'ca' | 'thumbprint' | 'insecure' | 'sockets' | 'proxy'>): Ways {
  const { ca, thumbprint, insecure, sockets, proxy } = options;
  // Long waits are ended by the caller's signal, not here.
  const common = { connections: sockets, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000, proxyFor: proxiesOf(proxy) };
  if (thumbprint !== undefined) return new Ways({ ...common, ...pinned(thumbprint) });
  if (insecure) return new Ways({ ...common, connect: { rejectUnauthorized: false, timeout: 10_000 } });
  return new Ways({ ...common, connect: { timeout: 10_000, ...(ca === undefined ? {} : { ca }) } });
}

/** Certificates are compared before a byte is sent. A resumed session shows none, so none is resumed. */
function pinned(thumbprint: string): Required<Pick<WaysOptions, 'connect' | 'inspect'>> {
  const wanted = thumbprint.toUpperCase();
  const inspect = (socket: Socket): Error | undefined => {
    const shown = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
    const own = wanted.length > 59 ? shown?.fingerprint256 : shown?.fingerprint;
    return own === wanted ? undefined : new ThumbprintError(`its certificate has the thumbprint ${own}, not the configured one`);
  };
  return { connect: { rejectUnauthorized: false, maxCachedSessions: 0, timeout: 10_000 }, inspect };
}
