export type Role = 'reader' | 'operator' | 'admin';

export interface PrincipalRow {
  name: string;
  tenant: string;
  role: Role;
  /** argon2id hash, or null for a principal that only has tokens. */
  passwordHash: string | null;
  created: string;
}

export interface TokenRow {
  /** Public part, shown in listings. */
  id: string;
  principal: string;
  /** Hex SHA-256 of the token. */
  hash: string;
  created: string;
  expires: string | null;
}

export interface AccessStore {
  principal(name: string): Promise<PrincipalRow | undefined>;
  principals(): Promise<PrincipalRow[]>;
  /** Inserts or replaces. */
  putPrincipal(row: Omit<PrincipalRow, 'created'>): Promise<void>;
  /** Removes the principal and its tokens. @returns false when there was none. */
  removePrincipal(name: string): Promise<boolean>;
  tokenByHash(hash: string): Promise<TokenRow | undefined>;
  tokens(principal: string): Promise<TokenRow[]>;
  addToken(row: Omit<TokenRow, 'created'>): Promise<void>;
  removeToken(id: string): Promise<boolean>;
}

/** Change of who may log in, as it is recorded with the change itself. */
export interface AccessChange {
  /** User that it is about. */
  name: string;
  tenant: string;
  /** Words for what was done: `added user ann (admin)`. Nothing secret. */
  what: string;
}
