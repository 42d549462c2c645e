import { tenantsOf, type Config } from '../config/config';
import type { TenantAdminOptions } from '../http/tenant-admin';
import type { TenantParts } from '../http/tenants';
import type { Store } from '../store/store';
import type { LiveLimits } from './limits';

/** Puts together what tenants are told of and changed by. @param quotas those of the configuration, as they are whenever they are looked at */
export function tenantParts(config: Config, store: Store, quotas: TenantParts['quotas']): TenantParts {
  return { store, quotas, configured: tenantsOf(config), clouds: config.clouds };
}

/** Puts together what admins manage tenants by. */
export function tenantAdminOf(
  config: Config,
  store: Store,
  { quotas }: Pick<LiveLimits, 'quotas'>,
  { entryFor }: Pick<TenantAdminOptions, 'entryFor'>,
): TenantAdminOptions {
  return { ...tenantParts(config, store, quotas), adminTenant: config.access.adminTenant, entryFor };
}
