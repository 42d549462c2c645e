import { isDeepStrictEqual } from 'node:util';
import type { AccessStore, PrincipalRow, TokenRow } from '../../src/store/store';

/** Makes a store of users and tokens in memory. @param clock time of what is used, in ms since the epoch */
export function memoryAccess(clock: { now: number }): AccessStore & { dump(): string; uses: string[] } {
  const uses: string[] = [];
  const principals = new Map<string, PrincipalRow>();
  const tokens = new Map<string, TokenRow>();
  const created = '2026-01-01T00:00:00.000Z';
  return {
    principal: async (name) => principals.get(name),
    principals: async () => [...principals.values()],
    putPrincipal: async (row, before) => {
      if (before !== undefined && !isDeepStrictEqual(principals.get(row.name) ?? null, before)) return false;
      principals.set(row.name, { ...row, created });
      return true;
    },
    removePrincipal: async (name) => {
      for (const token of tokens.values()) if (token.principal === name) tokens.delete(token.id);
      return principals.delete(name);
    },
    tokenByHash: async (hash) => [...tokens.values()].find((token) => token.hash === hash),
    tokens: async (name) => [...tokens.values()].filter((token) => token.principal === name),
    addToken: async (row) => {
      tokens.set(row.id, { name: null, role: null, scope: null, ...row, used: null, created });
      return true;
    },
    useToken: async (id) => {
      const token = tokens.get(id);
      uses.push(id);
      if (token) tokens.set(id, { ...token, used: new Date(clock.now).toISOString() });
    },
    removeToken: async (id) => tokens.delete(id),
    sessionByHash: () => Promise.resolve(undefined),
    addSession: () => Promise.resolve(),
    useSession: () => Promise.resolve(),
    removeSession: () => Promise.resolve(false),
    uses,
    dump: () => JSON.stringify([[...principals], [...tokens]]),
  };
}
