import { z } from 'zod';
import { isLoopback } from '../net/addresses';
import { subnet } from './fetch-section';
import { isBare } from './formats';
import { isRecord, type Problem } from './problems';

/** Algorithms by which tokens may be signed (RFC 7518 3.1, RFC 8037, RFC 9864): those whose keys an issuer can publish. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const;

const place = z
  .url({ protocol: /^https?$/, error: 'must be a URL that begins with https://' })
  .refine(
    (text) => isBare(text) && (text.startsWith('https:') || (URL.canParse(text) && isLoopback(new URL(text).hostname))),
    'must begin with https:// (http:// only on this machine itself), and have no user, query or fragment',
  );

const claim = z.string().min(1).max(200);

const grant = z.strictObject({
  group: z.string().min(1).max(500).optional().describe('Group whose members it is for. Without: everyone whom the issuer lets in.'),
  role: z.enum(['reader', 'operator', 'admin']).describe('Role of them.'),
  tenant: z.string().min(1).optional().describe('Tenant of them. Default: the one that claims.tenant says.'),
});

const consoleClient = z.strictObject({
  clientId: z.string().min(1).max(500).describe('Client that the issuer knows the console by.'),
  clientSecret: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('Secret of the client, by $file or ${ENV}. Default: none; a public client, which PKCE alone protects.'),
  name: z
    .string()
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,60}$/u, 'must be 1 to 60 characters without controls')
    .optional()
    .describe('Name on the button of the login page. Default: the key of the issuer.'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, 'must be the name of a scope, without blanks'))
    .max(50)
    .default(['openid'])
    .refine((scopes) => scopes.includes('openid'), 'must name openid')
    .describe('Scopes that are asked for; openid among them.'),
  longestMinutes: z
    .int()
    .min(1)
    .max(7 * 24 * 60)
    .default(60)
    .describe('Longest time of a session, in minutes; no longer than console.longestMinutes in any case.'),
});

const issuer = z.strictObject({
  issuer: place.describe('URL of the issuer, exactly as the claim iss of its tokens has it.'),
  discoveryUrl: place
    .optional()
    .describe('Discovery document of the issuer, which names its keys. Default: .well-known/openid-configuration below the issuer.'),
  audience: z
    .array(z.string().min(1).max(500))
    .min(1)
    .describe('What the claim aud of tokens for this gateway says: of several one must be in it.'),
  algorithms: z
    .array(z.enum(ALGORITHMS))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
    .describe('Algorithms that tokens may be signed by. There are only such as need no secret here.'),
  claims: z
    .strictObject({
      user: claim.default('sub').describe("Claim with the user's name, which is shown after the key of the issuer (corp:ann)."),
      groups: claim
        .default('groups')
        .describe('Claim with the groups: a list, or one; of scope and scp the words. Dots lead inwards: realm_access.roles.'),
      tenant: claim.optional().describe('Claim with the tenant, for grants that name none.'),
    })
    .prefault({})
    .describe('Claims of the tokens.'),
  grants: z
    .array(grant)
    .min(1)
    .max(1000)
    .describe('Groups and what they may, in order: the first that fits counts. Who has none is refused.'),
  clockToleranceSeconds: z.int().min(0).max(600).default(30).describe("How far the issuer's clock may be off, in seconds."),
  keepKeysMinutes: z
    .int()
    .min(1)
    .max(7 * 24 * 60)
    .default(240)
    .describe("How long its keys are good while it can't be asked for them anew, in minutes; its tokens are then answered with 503."),
  addresses: z
    .array(subnet)
    .max(100)
    .default([])
    .describe('Subnets at which it may be although they are not the public internet (10.20.0.0/16).'),
  console: consoleClient
    .optional()
    .describe('Login to the console by this issuer (authorization code with PKCE). Default: its users do not log in there.'),
});

const names = (of: string) =>
  z.array(z.string().min(1).max(500)).min(1, 'names nothing: leave it out for all of them').max(1000).optional().describe(of);

const policy = z.strictObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'must be 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit',
    )
    .describe('Name of the rule, which stands in refusals and explanations.'),
  effect: z
    .enum(['allow', 'deny'])
    .default('allow')
    .describe('allow: those that it is for may only what such rules of theirs say. deny: they may not, whatever else allows it.'),
  tenants: names('Tenants that it is for. Default: all.'),
  roles: z
    .array(z.enum(['reader', 'operator', 'admin']))
    .min(1)
    .optional()
    .describe('Roles that it is for. Default: all.'),
  users: names('Users that it is for, by name (ann, corp:ann). Default: all.'),
  groups: names('Groups of an issuer that it is for. Default: everyone, in groups or not.'),
  clouds: names(
    'Clouds that it is about. Default: all. What is in no cloud an allow rule is about all the same, and a deny rule with clouds is not.',
  ),
  collections: names(
    'Collections that it is about, by their names in the Cloud Entry Point (machines), with all that is in their resources. Default: all.',
  ),
  actions: names(
    'Actions that it is about: read, add, edit, delete, and those of the resources (start). Default: all. To allow any is to allow read.',
  ),
});

/** Section `access`: who may use the gateway. */
export const accessSection = z
  .strictObject({
    required: z
      .boolean()
      .optional()
      .describe(
        'true: every request must log in. false: none must, on loopback only. Default: required as soon as there is a user or an issuer.',
      ),
    adminTenant: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Tenant whose admins reach all tenants at /admin/tenants, and change their quotas. Default: none; by command only (cimi-gateway quota).',
      ),
    metricsToken: z
      .string()
      .min(20)
      .optional()
      .describe(
        'Bearer token with which /metrics can be read, and nothing else (openssl rand -hex 32), by $file or ${ENV}. Admins can read it, too.',
      ),
    oidc: z
      .record(
        z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a key of 1 to 32 lower-case letters, digits and dashes, beginning with a letter')
          .describe('Begins the names of its users in log and audit: corp:ann.'),
        issuer,
      )
      .default({})
      .superRefine((issuers, context) => {
        const urls = Object.values(issuers).map((one) => one.issuer);
        for (const [index, key] of Object.keys(issuers).entries())
          if (urls.indexOf(urls[index] ?? '') < index)
            context.addIssue({ code: 'custom', path: [key, 'issuer'], message: 'is that of another entry, too' });
      })
      .describe('Issuers whose tokens are taken as logins (OpenID Connect: JWTs as bearer tokens; docs/access.md). Read again at SIGHUP.'),
    policies: z
      .array(policy)
      .max(1000)
      .default([])
      .describe(
        'Rules that narrow what roles let do, per tenant, user, group, cloud, collection and action (docs/access.md). Read again at SIGHUP.',
      ),
  })
  .prefault({})
  .describe('Who may use the gateway. Users and tokens of its own are made by command (cimi-gateway user, token).');

/**
 * Checks what the section demands of others; looks at values that the schema may have refused.
 * @param tenants all that there are
 */
export function accessProblems(access: unknown, tenants: readonly unknown[]): Problem[] {
  const issuers = isRecord(access) ? access['oidc'] : undefined;
  if (!isRecord(access)) return [];
  const problems: Problem[] = [];
  const { adminTenant } = access as { adminTenant?: unknown };
  if (typeof adminTenant === 'string' && !tenants.includes(adminTenant))
    problems.push({ path: 'access.adminTenant', message: `there is no tenant ${adminTenant}; there are ${tenants.join(', ')}` });
  for (const [index, rule] of (Array.isArray(access['policies']) ? (access['policies'] as unknown[]) : []).entries()) {
    const named = isRecord(rule) && Array.isArray(rule['tenants']) ? (rule['tenants'] as unknown[]) : [];
    for (const [place, tenant] of named.entries())
      if (typeof tenant === 'string' && !tenants.includes(tenant))
        problems.push({
          path: `access.policies[${index}].tenants[${place}]`,
          message: `there is no tenant ${tenant}; there are ${tenants.join(', ')}`,
        });
  }
  if (!isRecord(issuers)) return problems;
  if (access['required'] === false && Object.keys(issuers).length > 0)
    problems.push({ path: 'access.oidc', message: 'is of no use where access.required is false: nobody logs in then' });
  for (const [key, one] of Object.entries(issuers)) {
    if (!isRecord(one) || !Array.isArray(one['grants'])) continue;
    const hasClaim = isRecord(one['claims']) && one['claims']['tenant'] !== undefined;
    for (const [index, given] of (one['grants'] as unknown[]).entries()) {
      const at = `access.oidc.${key}.grants[${index}].tenant`;
      if (!isRecord(given)) continue;
      if (given['tenant'] === undefined && !hasClaim)
        problems.push({ path: at, message: 'is missing; without claims.tenant each grant must name a tenant' });
      if (typeof given['tenant'] === 'string' && !tenants.includes(given['tenant']))
        problems.push({ path: at, message: `there is no tenant ${given['tenant']}; there are ${tenants.join(', ')}` });
    }
  }
  return problems;
}
