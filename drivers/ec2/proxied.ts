import { NodeHttpHandler } from '@smithy/node-http-handler';
import { UNREACHED } from '../../src/clouds/errors';
import { agentsBy } from '../../src/net/agents';
import { askedOf, proxiesOf, type ProxyFor } from '../../src/net/proxies';
import { headersFor, ProxyError } from '../../src/net/tunnel';
import type { Ec2Options } from './options';

type Handle = NodeHttpHandler['handle'];

/** The SDK's way to AWS, by a proxy where one leads there: http by asking the proxy for it, the rest by CONNECT. */
export class ProxiedHandler extends NodeHttpHandler {
  private readonly proxyFor: ProxyFor;

  constructor({ proxy, sockets }: Pick<Ec2Options, 'proxy' | 'sockets'>) {
    const proxyFor = proxiesOf(proxy);
    const agents = agentsBy(proxyFor, { keepAlive: true, maxSockets: sockets });
    // Waiting for a socket is the plan when the cap is reached, nothing to warn about within a minute.
    super({ ...agents, connectionTimeout: 5000, socketAcquisitionWarningTimeout: 60_000 });
    this.proxyFor = proxyFor;
  }

  /** @throws ProxyError where the proxy does not do its part */
  override async handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const { protocol, hostname, port, path } = request;
    const place = new URL(`${protocol}//${hostname}:${port ?? ''}`);
    const proxy = askedOf(this.proxyFor, place);
    if (!proxy) return super.handle(request, options);
    const asked = request.clone();
    Object.assign(asked, { hostname: proxy.url.hostname, port: Number(proxy.url.port || 80), path: `${place.origin}${path}` });
    Object.assign(asked.headers, headersFor(proxy));
    const answer = await super.handle(asked, options).catch((error: unknown) => {
      throw isUnreached(error) ? ProxyError.unreached(proxy, error) : error;
    });
    if (answer.response.statusCode === 407) throw ProxyError.refused(proxy, 407, place.host);
    return answer;
  }
}

/** Tells whether the connection, which is to the proxy here, was not made. */
function isUnreached(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return UNREACHED.includes(String(code)) || /did not establish a connection/.test(String(message));
}
