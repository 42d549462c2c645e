import type { Socket } from 'node:net';
import { Agent, buildConnector, Dispatcher } from 'undici';
import { askedOf, type Proxy, type ProxyFor } from './proxies';
import { headersFor, openTunnel, ProxyError } from './tunnel';
import { namesOf } from './names';

export interface WaysOptions extends Omit<Agent.Options, 'connect' | 'factory'> {
  proxyFor: ProxyFor;
  /** Options for connections to the hosts themselves, with their trust. A proxy is trusted as the system says. */
  connect?: buildConnector.BuildOptions;
  /** Looks at a connection before anything is sent on it; an error refuses it. */
  inspect?: (socket: Socket) => Error | undefined;
}

/** Time limit for a connection, in ms, where `connect` does not say another. */
const CONNECT_MS = 10_000;

/** undici's connections to anywhere, by a proxy where one leads there: http by asking the proxy for it, the rest by CONNECT. */
export class Ways extends Dispatcher {
  private readonly proxyFor: ProxyFor;
  private readonly places: Agent;
  private readonly proxies: Agent;
  private readonly asking: Dispatcher;

  constructor({ proxyFor, connect = {}, inspect, ...options }: WaysOptions) {
    super();
    this.proxyFor = proxyFor;
    const timeoutMs = connect.timeout ?? CONNECT_MS;
    const lookup = namesOf();
    this.places = new Agent({
      ...options,
      connect: inspected(tunnelled(buildConnector({ lookup, ...connect }), proxyFor, timeoutMs), inspect),
    });
    this.proxies = new Agent({ ...options, connect: named(buildConnector({ lookup, timeout: timeoutMs })) });
    this.asking = this.proxies.compose((dispatch) => (asked, handler) => {
      const origin = new URL(String(asked.origin));
      const proxy = askedOf(proxyFor, origin);
      return proxy ? dispatch(byProxy(asked, proxy, origin), answersOf(proxy, origin, handler)) : dispatch(asked, handler);
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const way = askedOf(this.proxyFor, new URL(String(options.origin))) ? this.asking : this.places;
    return way.dispatch(options, handler);
  }

  override async close(): Promise<void> {
    await Promise.all([this.places.close(), this.proxies.close()]);
  }

  override async destroy(): Promise<void> {
    await Promise.all([this.places.destroy(), this.proxies.destroy()]);
  }
}

function byProxy(asked: Dispatcher.DispatchOptions, proxy: Proxy, { host, origin }: URL): Dispatcher.DispatchOptions {
  const headers = { host, ...(asked.headers as Record<string, string>), ...headersFor(proxy) };
  return { ...asked, origin: proxy.url.origin, path: `${origin}${asked.path}`, headers };
}

/** The answers of a proxy in the name of the place asked for: only that it wants a login can be told apart. */
function answersOf(proxy: Proxy, origin: URL, handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...args) => handler.onRequestStart?.(...args),
    onResponseStart: (controller, status, headers, message) => {
      if (status === 407) controller.abort(ProxyError.refused(proxy, status, origin.host));
      else handler.onResponseStart?.(controller, status, headers, message);
    },
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}

function tunnelled(direct: buildConnector.connector, proxyFor: ProxyFor, timeoutMs: number): buildConnector.connector {
  return (target, callback) => {
    const { protocol, hostname, port } = target;
    const host = hostname.replace(/^\[|\]$/g, '');
    const proxy = proxyFor(new URL(`${protocol}//${host.includes(':') ? `[${host}]` : host}:${port}`));
    if (!proxy) return direct(target, callback);
    const to = { host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
    openTunnel(proxy, to, timeoutMs).then(
      (httpSocket) => (protocol === 'https:' ? direct({ ...target, httpSocket }, callback) : callback(null, httpSocket)),
      (error: Error) => callback(error, null),
    );
  };
}

function inspected(connect: buildConnector.connector, inspect: WaysOptions['inspect']): buildConnector.connector {
  if (!inspect) return connect;
  return (target, callback) => {
    connect(target, (...[error, socket]) => {
      if (error) return callback(error, null);
      const refusal = inspect(socket);
      if (!refusal) return callback(null, socket);
      socket.destroy();
      callback(refusal, null);
    });
  };
}

/** Connections to proxies; their failures are told as such. */
function named(connect: buildConnector.connector): buildConnector.connector {
  return (target, callback) => {
    connect(target, (...[error, socket]) => {
      if (!error) return callback(null, socket);
      const url = new URL(`${target.protocol}//${target.hostname}:${target.port}`);
      callback(ProxyError.unreached({ url, authorization: undefined }, error), null);
    });
  };
}
