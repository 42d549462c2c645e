import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Proxy, ProxyFor } from './proxies';
import { openTunnel } from './tunnel';
import { namesOf } from './names';

type Ready = NonNullable<Parameters<HttpsAgent['createConnection']>[1]>;

/** Time limit of a proxy for opening a tunnel, in ms. */
const CONNECT_MS = 5000;

/** Connections of Node's own clients, by a tunnel where a proxy leads to the place. */
export function agentsBy(proxyFor: ProxyFor, options: AgentOptions): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const named = { lookup: namesOf(), ...options };
  return { httpAgent: new PlainAgent(proxyFor, named), httpsAgent: new SecureAgent(proxyFor, named) };
}

class PlainAgent extends HttpAgent {
  constructor(
    private readonly proxyFor: ProxyFor,
    options: AgentOptions,
  ) {
    super(options);
  }

  override createConnection(target: ClientRequestArgs, ready: Ready): Duplex | null | undefined {
    const proxy = this.proxyFor(placeOf('http:', target));
    // Whoever asks the proxy for a place connects to the proxy itself.
    if (!proxy || proxy.url.host === placeOf('http:', target).host) return super.createConnection(target, ready);
    through(proxy, target, ready, (socket) => ready(null, socket));
    return undefined;
  }
}

class SecureAgent extends HttpsAgent {
  constructor(
    private readonly proxyFor: ProxyFor,
    options: AgentOptions,
  ) {
    super(options);
  }

  override createConnection(target: RequestOptions, ready: Ready): Duplex | null | undefined {
    const proxy = this.proxyFor(placeOf('https:', target));
    if (!proxy) return super.createConnection(target, ready);
    through(proxy, target, ready, (socket) => {
      const secured = { ...target, socket };
      ready(null, super.createConnection(secured) ?? socket);
    });
    return undefined;
  }
}

function placeOf(protocol: 'http:' | 'https:', { host, port }: ClientRequestArgs): URL {
  const name = host ?? 'localhost';
  return new URL(`${protocol}//${name.includes(':') ? `[${name}]` : name}:${port ?? ''}`);
}

function through(proxy: Proxy, { host, port }: ClientRequestArgs, ready: Ready, then: (socket: Socket) => void): void {
  const to = { host: host ?? 'localhost', port: Number(port ?? 443) };
  openTunnel(proxy, to, CONNECT_MS).then(then, (error: Error) => (ready as (error: Error) => void)(error));
}
