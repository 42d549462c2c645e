import type { EventRecord } from '../store/event-record';
import { notPossible, type AccessRequest, type AdminAnswer, type AdminCall, type AdminPart } from './admin-api';
import { tagsOf } from '../protocol/conditions';
import { HttpFault } from './fault';
import {
  changeQuotas,
  listTenants,
  quotaChangeOf,
  tenantNames,
  tenantQuotas,
  UNSET_ALL,
  type QuotaChange,
  type TaggedQuotas,
  type TenantParts,
} from './tenants';

export interface TenantAdminOptions extends TenantParts {
  /** Tenant whose admins reach all tenants; absent: each admin reaches its own. */
  adminTenant: string | undefined;
  /** Makes the entry of the audit of a change. */
  entryFor: (request: AccessRequest, tenant: string, what: string) => EventRecord;
}

/** Makes `/admin/tenants`: the admin's own tenant, told; all tenants and their quotas for those who reach all. */
export function tenantAdmin(options: TenantAdminOptions): AdminPart {
  const { adminTenant } = options;
  return async (call) => {
    const { who, method } = call.asked;
    const reachesAll = who.tenant === adminTenant;
    const [name, part, ...more] = call.below;
    const names = (await tenantNames(options)).filter((tenant) => reachesAll || tenant === who.tenant);
    if (name === undefined) {
      if (method !== 'GET') throw notPossible('GET, HEAD');
      return { status: 200, body: { tenants: await listTenants(options, names) } };
    }
    // Tenants out of reach are not there.
    if (!names.includes(name) || more.length > 0 || (part !== undefined && part !== 'quotas'))
      throw new HttpFault(404, 'there is no such tenant');
    if (part === 'quotas') return quotas(options, name, call, reachesAll);
    if (method !== 'GET') throw notPossible('GET, HEAD');
    const [listing] = await listTenants(options, [name]);
    return { status: 200, ...(listing && { body: listing }) };
  };
}

async function quotas(options: TenantAdminOptions, tenant: string, call: AdminCall, reachesAll: boolean): Promise<AdminAnswer> {
  const { method } = call.asked;
  if (method === 'GET') return answerOf(await tenantQuotas(options, tenant));
  if (method !== 'PATCH' && method !== 'DELETE') throw notPossible('GET, HEAD, PATCH, DELETE');
  if (!reachesAll) {
    const whose = options.adminTenant === undefined ? '' : `, or by admins of tenant ${options.adminTenant}`;
    // A bound that those whom it bounds could lift would be none.
    throw new HttpFault(403, `the quotas of a tenant are changed by command (cimi-gateway quota)${whose}`);
  }
  return change(options, tenant, call, method === 'DELETE' ? UNSET_ALL : quotaChangeOf(call.given));
}

async function change(options: TenantAdminOptions, tenant: string, { asked, ifMatch }: AdminCall, what: QuotaChange): Promise<AdminAnswer> {
  const entryOf = (words: string) => options.entryFor(asked, tenant, words);
  const after = await changeQuotas(options, tenant, what, { tags: tagsOf(ifMatch), entryOf });
  if (!after) throw new HttpFault(412, 'the quotas no longer have this ETag (If-Match): another changed them, read them again');
  return answerOf(after);
}

function answerOf({ listing, tag }: TaggedQuotas): AdminAnswer {
  return { status: 200, body: listing, etag: tag };
}
