import { createServer } from 'node:net';
import { listenAt } from '../net/listening';

/** Place where a gateway listens, and what clients call it. */
export interface PublicAddress {
  host: string;
  port: number;
  /** Base URI without a slash at its end. */
  publicUrl: string;
}

/**
 * Decides where to listen and what clients call it. Port 0 becomes a free one here: URIs need to know it beforehand.
 * @throws Error where it listens on every address and nobody has said what clients call it, or it can't listen there
 */
export async function publicAddress(server: {
  host: string;
  port: number;
  publicUrl?: string | undefined;
  tls?: object | undefined;
}): Promise<PublicAddress> {
  assertNamed(server);
  const port = server.port === 0 ? await freePort(server.host) : server.port;
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  const publicUrl = server.publicUrl ?? `${server.tls ? 'https' : 'http'}://${host}:${port}`;
  return { host: server.host, port, publicUrl: publicUrl.replace(/\/$/, '') };
}

/** No address but all that the machine has: nobody can reach them by that name. */
const EVERYWHERE = ['0.0.0.0', '::', '0:0:0:0:0:0:0:0'];

/** @throws Error in words where a gateway listens on every address and nobody has said what clients call it */
export function assertNamed({ host, publicUrl }: { host: string; publicUrl?: string | undefined }): void {
  if (publicUrl !== undefined || !EVERYWHERE.includes(host)) return;
  throw new Error(
    `server.host is ${host}, every address of this machine, and server.publicUrl is not set: ` +
      'URIs in answers need the one that clients use; set it (https://cloud.example.com)',
  );
}

async function freePort(host: string): Promise<number> {
  const probe = createServer();
  const { port } = await listenAt(probe, { host, port: 0 }, 'server');
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
