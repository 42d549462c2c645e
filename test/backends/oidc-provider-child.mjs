// An identity provider (OpenID Connect) in a process of its own: node oidc-provider-child.mjs PORT FILE, FILE with its keys and clients.
import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';

const [port, file] = process.argv.slice(2);
const { jwks, clients } = JSON.parse(readFileSync(file, 'utf8'));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks,
  clients: clients.map(({ id, groups, audience, ttl, alg, name }) => ({
    client_id: id,
    client_secret: 'client-secret',
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    facts: { groups, audience, ttl, alg, name },
  })),
  extraClientMetadata: { properties: ['facts'] },
  extraTokenClaims: (_context, token) => {
    const { groups, name } = token.client?.metadata().facts ?? {};
    return { groups, preferred_username: name };
  },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:cimi',
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, _resource, client) => {
        const { audience = 'cimi', ttl = 600, alg = 'RS256' } = client.metadata().facts;
        return { scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: ttl, jwt: { sign: { alg } } };
      },
    },
  },
});
provider.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
