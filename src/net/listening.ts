import { isIPv4, type AddressInfo, type Server } from 'node:net';
import { clientPlaceOf } from './addresses';

/** Place to listen on, as a setting has it. */
export interface ListenPlace {
  /** Name of an address or the address itself. */
  host: string;
  /** TCP port; 0 takes a free one. */
  port: number;
}

/**
 * Listens where a section of the configuration says.
 * @param section `server` or `admin`: `host` and `port` are its settings
 * @returns the address as host, and the port that it has
 * @throws Error in words, with the setting's name, where the place can't be had
 */
export async function listenAt(server: Server, at: ListenPlace, section: string): Promise<ListenPlace> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(unusablePlace(at, section, error));
    server.once('error', failed);
    server.listen(at.port, at.host, () => {
      server.off('error', failed);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

function unusablePlace({ host, port }: ListenPlace, section: string, error: NodeJS.ErrnoException): Error {
  const words: Readonly<Record<string, string>> = {
    EADDRINUSE: `${section}.port ${port} on ${host} is in use: another program listens there; stop it, or take another port`,
    EACCES: `${section}.port ${port} on ${host} is not allowed to this user: take a port from 1024 on, or let the service manager allow it (CAP_NET_BIND_SERVICE)`,
    EADDRNOTAVAIL: `${section}.host ${host} is no address of this machine: take one that it has`,
    ENOTFOUND: `${section}.host ${host} is a name that has no address: take an address of this machine`,
  };
  const said = words[error.code ?? ''] ?? `${section}.host ${host} and ${section}.port ${port} can't be listened on`;
  return new Error(`${said} (${error.message})`, { cause: error });
}

/** Tells whether one process can't listen on both places; names that differ are not looked up. */
export function isSamePlace(one: ListenPlace, other: ListenPlace): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  const [left, right] = [addressesOf(one.host), addressesOf(other.host)];
  return left.some((a) => right.some((b) => a === b || covers(a, b) || covers(b, a)));
}

const [EVERY_IPV4, EVERY] = ['0.0.0.0', '0:0:0:0:0:0:0:0'];

/** Tells whether an address is all of its kind, the other among them; that of IPv6 takes IPv4 as well. */
function covers(wide: string, narrow: string): boolean {
  return wide === EVERY || (wide === EVERY_IPV4 && isIPv4(narrow));
}

/** The addresses of a host in one spelling; a name that is not looked up is itself. */
function addressesOf(host: string): string[] {
  const name = host.toLowerCase();
  if (name === 'localhost') return ['127.0.0.1', '0:0:0:0:0:0:0:1'];
  const { address } = clientPlaceOf(name);
  return [address === 'unknown' || name.includes('%') ? name : address];
}
