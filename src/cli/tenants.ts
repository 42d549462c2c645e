import { Command } from 'commander';
import type { Config } from '../config/config';
import { tenantParts } from '../gateway/tenants';
import {
  changeQuotas,
  listTenants,
  quotaChangeOf,
  quotaOf,
  tenantNames,
  tenantQuotas,
  UNSET_ALL,
  type QuotaChange,
  type TenantParts,
} from '../http/tenants';
import type { Store } from '../store/store';
import { commandEntry, withStore } from './audit';
import { say, withConfig, type CommonOptions } from './common';
import { exportCommand, importCommand } from './tenant-files';

/** `tenant`: all tenants, of the configuration and of what is stored, and the way of one from store to store. */
export function tenantCommand(): Command {
  const tenant = new Command('tenant').description('tell of tenants, export and import one');
  tenant.addCommand(
    withConfig(new Command('list').description('list all tenants, as JSON lines')).action((options: CommonOptions) =>
      withStore(options, async (store, config) => {
        const parts = tenantParts(config, store, config.quotas);
        for (const one of await listTenants(parts, await tenantNames(parts))) say(JSON.stringify(one));
      }),
    ),
  );
  tenant.addCommand(
    withConfig(new Command('show').description('show one tenant, as JSON').argument('<tenant>')).action(
      (name: string, options: CommonOptions) =>
        withStore(options, async (store, config) => {
          const parts = tenantParts(config, store, config.quotas);
          const [listing] = await listTenants(parts, [await knownTenant(parts, name)]);
          say(JSON.stringify(listing, null, 2));
        }),
    ),
  );
  return tenant.addCommand(exportCommand()).addCommand(importCommand());
}

/** `quota`: bounds of tenants that are set at runtime. */
export function quotaCommand(): Command {
  const quota = new Command('quota').description('set quotas of tenants at runtime, before those of the configuration');
  quota.addCommand(
    withConfig(
      new Command('show').description('show the quotas of a tenant, which source counts, and what is used').argument('<tenant>'),
    ).action((name: string, options: CommonOptions) =>
      withStore(options, async (store, config) => {
        const parts = tenantParts(config, store, config.quotas);
        say(JSON.stringify((await tenantQuotas(parts, await knownTenant(parts, name))).listing, null, 2));
      }),
    ),
  );
  quota.addCommand(
    withConfig(
      new Command('set').description('set quotas of a tenant: jobs=2000000').argument('<tenant>').argument('<quota=number...>'),
    ).action((name: string, given: string[], options: CommonOptions) => change(options, name, quotaChangeOf(membersOf(given)))),
  );
  quota.addCommand(
    withConfig(
      new Command('unset')
        .description('take quotas of a tenant away, all if none is named: the configuration counts again')
        .argument('<tenant>')
        .argument('[quota...]'),
    ).action((name: string, quotas: string[], options: CommonOptions) =>
      change(options, name, quotas.length === 0 ? UNSET_ALL : new Map(quotas.map((one) => [quotaOf(one), null]))),
    ),
  );
  return quota;
}

function change(options: CommonOptions, tenant: string, what: QuotaChange): Promise<void> {
  const work = async (store: Store, config: Config): Promise<void> => {
    const parts = tenantParts(config, store, config.quotas);
    const entryOf = (words: string) => commandEntry({ tenant, what: words }, config.audit.content);
    const after = await changeQuotas(parts, await knownTenant(parts, tenant), what, { entryOf });
    const now = [...what.keys()].flatMap((quota) => {
      const { limit, from } = after?.listing.quotas[quota] ?? {};
      return limit === undefined ? [] : [`${quota} ${limit} (${from === 'stored' ? 'set here' : from})`];
    });
    say(`quotas of ${tenant}: ${now.join(', ')}`);
  };
  return withStore(options, work, true);
}

/** Parts members as they are typed: `jobs=10`. */
function membersOf(given: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    given.map((one) => {
      const [name = '', ...rest] = one.split('=');
      const text = rest.join('=');
      return [name, /^[0-9]+$/.test(text) ? Number(text) : text];
    }),
  );
}

/** @throws Error in words for a tenant of which neither the configuration nor the store knows */
async function knownTenant(parts: TenantParts, name: string): Promise<string> {
  const names = await tenantNames(parts);
  if (!names.includes(name)) throw new Error(`there is no tenant ${name}; there are ${names.join(', ') || 'none'}`);
  return name;
}
