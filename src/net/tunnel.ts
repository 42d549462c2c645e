import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Proxy } from './proxies';

/** A proxy does not do its part: nothing got as far as the place behind it. Its message never holds the proxy's password. */
export class ProxyError extends Error {
  constructor(
    readonly code: 'PROXY_UNREACHED' | 'PROXY_AUTH' | 'PROXY_REFUSED',
    message: string,
  ) {
    super(message);
    this.name = 'ProxyError';
  }

  /** The connection to it failed. */
  static unreached(proxy: Proxy, why: unknown): ProxyError {
    return new ProxyError('PROXY_UNREACHED', `the proxy ${proxyName(proxy)} cannot be reached: ${reason(why)}`);
  }

  /**
   * Error of a proxy that answered by itself, with this HTTP status.
   * @param target host:port that it was asked for
   */
  static refused(proxy: Proxy, status: number, target: string): ProxyError {
    if (status !== 407)
      return new ProxyError('PROXY_REFUSED', `the proxy ${proxyName(proxy)} refuses to connect to ${target} (HTTP ${status})`);
    const words = proxy.authorization === undefined ? 'wants a user and a password' : "refuses the proxy's own user and password";
    return new ProxyError('PROXY_AUTH', `the proxy ${proxyName(proxy)} ${words} (HTTP 407): set them in its URL`);
  }
}

/** A proxy as words call it: without user and password. */
export const proxyName = ({ url }: Proxy): string => url.origin;

function reason(why: unknown): string {
  const { code, message, errors } = (why ?? {}) as { code?: unknown; message?: unknown; errors?: unknown };
  if (typeof message === 'string' && message !== '') return message;
  // One error for each address that was tried.
  if (Array.isArray(errors) && errors.length > 0) return reason(errors[0]);
  return typeof code === 'string' ? code : 'no answer';
}

/** The headers that a proxy itself wants. */
export const headersFor = ({ authorization }: Proxy): Record<string, string> =>
  authorization === undefined ? {} : { 'proxy-authorization': authorization };

/**
 * Opens a connection to a host by CONNECT.
 * @param timeoutMs how long the proxy may take, in ms
 * @throws ProxyError where the proxy does not open it
 */
export function openTunnel(proxy: Proxy, target: { host: string; port: number }, timeoutMs: number): Promise<Socket> {
  const path = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const { protocol, hostname, port } = proxy.url;
  const request = protocol === 'https:' ? secureRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const asked = request({
      method: 'CONNECT',
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      path,
      headers: { host: path, ...headersFor(proxy) },
      agent: false,
      timeout: timeoutMs,
    });
    asked.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        reject(ProxyError.refused(proxy, statusCode, path));
        return;
      }
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    asked.on('error', (error) => reject(ProxyError.unreached(proxy, error)));
    asked.end();
  });
}
