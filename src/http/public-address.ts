import { createServer, isIPv4 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** Place where a gateway listens, and what clients call it. */
export interface PublicAddress {
  host: string;
  port: number;
  /** Base URI without a slash at its end. */
  publicUrl: string;
}

/**
 * Decides where to listen and what clients call it. Port 0 becomes a free one here: URIs need to know it beforehand.
 * @param warn takes a warning, with details for the log
 */
export async function publicAddress(
  server: { host: string; port: number; publicUrl?: string | undefined },
  warn: (details: object, message: string) => void,
): Promise<PublicAddress> {
  const port = server.port === 0 ? await freePort(server.host) : server.port;
  const publicUrl = server.publicUrl ?? `http://${reachable(server.host, warn)}:${port}`;
  return { host: server.host, port, publicUrl: publicUrl.replace(/\/$/, '') };
}

/** A host for URIs: of a gateway that listens on every address the first that others can reach, for nobody can reach 0.0.0.0. */
function reachable(host: string, warn: (details: object, message: string) => void): string {
  if (!['0.0.0.0', '::', '0:0:0:0:0:0:0:0'].includes(host)) return host.includes(':') ? `[${host}]` : host;
  const outward = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const found = outward.find((one) => !one.internal && isIPv4(one.address))?.address ?? hostname();
  warn(
    { listening: host, uris: found },
    'server.publicUrl is not set: URIs begin with an address of this machine; set it to what clients use',
  );
  return found;
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const at = probe.address();
      probe.close(() => resolve(typeof at === 'object' && at ? at.port : 0));
    });
  });
}
