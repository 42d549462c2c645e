import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './moto';

/** A program that gets tokens, and what is in them. */
export interface OidcClient {
  id: string;
  groups?: unknown;
  audience?: string;
  /** Lifetime of its tokens, s. */
  ttl?: number;
  alg?: string;
  /** Claim preferred_username. */
  name?: string;
  /** Places to which browsers come back with a code. */
  redirectUris?: readonly string[];
  /** Needs no secret. */
  open?: boolean;
}

/** People who log in by a form, with their claims. */
export type OidcPeople = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type PrivateJwk = Record<string, unknown> & { kid: string };

/** A private key for signatures, as a JWK. */
export function newKey(kind: 'rsa' | 'ec' = 'rsa'): PrivateJwk {
  const { privateKey } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: kind === 'rsa' ? 'RS256' : 'ES256', kid: randomUUID() };
}

/** A real identity provider (oidc-provider) on this machine, that can be stopped, and started with other keys. */
export class OidcProvider {
  private child: ChildProcess | undefined;

  private constructor(
    readonly issuer: string,
    private readonly folder: string,
    private readonly clients: readonly OidcClient[],
    private readonly people: OidcPeople,
  ) {}

  static async open(clients: readonly OidcClient[], keys: readonly PrivateJwk[], people: OidcPeople = {}): Promise<OidcProvider> {
    const folder = await mkdtemp(join(tmpdir(), 'cimi-oidc-'));
    const provider = new OidcProvider(`http://127.0.0.1:${await freePort()}`, folder, clients, people);
    await provider.start(keys);
    return provider;
  }

  async start(keys: readonly PrivateJwk[]): Promise<void> {
    const file = join(this.folder, 'provider.json');
    await writeFile(file, JSON.stringify({ jwks: { keys }, clients: this.clients, people: this.people }), { mode: 0o600 });
    const child = spawn(process.execPath, [join(__dirname, 'oidc-provider-child.mjs'), new URL(this.issuer).port, file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [first] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as unknown[];
    if (!String(first).startsWith('ready')) throw new Error(`the provider did not start: ${said}`);
  }

  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** An access token, as a program gets it (RFC 6749 4.4). */
  async token(id: string): Promise<string> {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: 'client-secret' });
    const answer = await fetch(`${this.issuer}/token`, { method: 'POST', body });
    const { access_token: token } = (await answer.json()) as { access_token?: string };
    if (token === undefined) throw new Error(`no token for ${id}: ${answer.status}`);
    return token;
  }
}
