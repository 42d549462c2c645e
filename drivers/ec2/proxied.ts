import type { AgentOptions } from 'node:http';
import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { UNREACHED } from '../../src/clouds/errors';
import { agentsBy } from '../../src/net/agents';
import { askedOf, proxiesOf, type ProxyFor } from '../../src/net/proxies';
import { headersFor, ProxyError } from '../../src/net/tunnel';

type Handle = NodeHttpHandler['handle'];

/** The SDK's way to AWS, by a proxy where one leads there: http by asking the proxy for it, the rest by CONNECT. */
export class ProxiedHandler extends NodeHttpHandler {
  private readonly proxyFor: ProxyFor;

  /** @param proxy the option; absent: as the environment says */
  constructor(proxy: string | undefined, agent: AgentOptions, options: NodeHttpHandlerOptions = {}) {
    const proxyFor = proxiesOf(proxy);
    super({ ...options, ...agentsBy(proxyFor, agent) });
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

/** Whether the connection, which is the proxy's here, did not come about. */
function isUnreached(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && UNREACHED.includes(String(error.code))) || /did not establish a connection/.test(error.message);
}
