// An identity provider (OpenID Connect) in a process of its own: node oidc-provider-child.mjs PORT FILE, FILE with its keys, clients and people.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Provider } from 'oidc-provider';

const [port, file] = process.argv.slice(2);
const { jwks, clients, people } = JSON.parse(readFileSync(file, 'utf8'));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks,
  clients: clients.map(({ id, groups, audience, ttl, alg, name, redirectUris, open }) => ({
    client_id: id,
    ...(open ? {} : { client_secret: 'client-secret' }),
    token_endpoint_auth_method: open ? 'none' : redirectUris ? 'client_secret_basic' : 'client_secret_post',
    grant_types: [redirectUris ? 'authorization_code' : 'client_credentials'],
    redirect_uris: redirectUris ?? [],
    response_types: redirectUris ? ['code'] : [],
    facts: { groups, audience, ttl, alg, name },
  })),
  extraClientMetadata: { properties: ['facts'] },
  extraTokenClaims: (_context, token) => {
    const { groups, name } = token.client?.metadata().facts ?? {};
    return { groups, preferred_username: name };
  },
  claims: { openid: ['sub', 'groups', 'preferred_username'] },
  conformIdTokenClaims: false,
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  loadExistingGrant: async ({ oidc }) => {
    const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
  cookies: { keys: ['a key of a test'] },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: (context) => (context.oidc.params?.grant_type === 'client_credentials' ? 'urn:cimi' : undefined),
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, _resource, client) => {
        const { audience = 'cimi', ttl = 600, alg = 'RS256' } = client.metadata().facts;
        return { scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: ttl, jwt: { sign: { alg } } };
      },
    },
  },
});

const FORM = '<!doctype html><title>Login</title><form method="post"><label>Name <input name="name"></label><button>Go on</button></form>';

/** Who logs in says a name; nobody of that name is refused. */
async function interact(request, response) {
  if (request.method !== 'POST') return response.setHeader('content-type', 'text/html').end(FORM);
  const name = new URLSearchParams(await text(request)).get('name') ?? '';
  const refused = { error: 'access_denied', error_description: `nobody is <b>${name}</b>` };
  return provider.interactionFinished(request, response, people[name] ? { login: { accountId: name } } : refused);
}

const answer = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response);
  return interact(request, response).catch((error) => response.writeHead(500).end(String(error)));
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
