import type { Config } from '../config/config';
import { assertListenAllowed } from '../http/loopback';
import { ANONYMOUS } from '../protocol/deferred-planning';
import type { Principal } from '../protocol/messages';
import type { Store } from '../store/store';

/** Tells whether everyone must log in. @throws Error where strangers could connect without a login */
export async function loginRequired({ access, server }: Config, store: Store): Promise<boolean> {
  const required = access.required ?? (Object.keys(access.oidc).length > 0 || (await store.access.principals()).length > 0);
  assertListenAllowed({ host: server.host, usersConfigured: required });
  return required;
}

/** Names everyone where nobody must log in. */
export function anonymousOf({ tenants, clouds }: Config): Principal {
  const tenant = tenants?.[0] ?? Object.values(clouds)[0]?.discoveredTenant ?? 'default';
  return { name: ANONYMOUS, tenant, role: 'admin' };
}

/**
 * Names under which a gateway without logins answers beside the loopback ones: that of its public URL, but only where
 * the configuration says in so many words that nobody must log in. Through a proxy on this machine that is everyone.
 */
export function anonymousHosts({ access, server }: Config): string[] {
  return access.required === false && server.publicUrl !== undefined ? [new URL(server.publicUrl).hostname] : [];
}
