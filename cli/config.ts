import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { usage } from './problem.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Way to one provider. Of the ways to a secret the first that is there counts. */
export interface Profile {
  url?: string;
  user?: string;
  token?: string;
  tokenFile?: string;
  tokenCommand?: readonly string[];
  password?: string;
  passwordFile?: string;
  passwordCommand?: readonly string[];
  /** File with certificates of authorities, PEM. */
  ca?: string;
}

/** Profiles by name, and the one that counts where none is named. */
export interface Profiles {
  current?: string;
  profiles: Record<string, Profile>;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Returns the file of the profiles. */
export const profilesFile = (env: Env): string =>
  join(env.XDG_CONFIG_HOME ?? join(env.HOME ?? homedir(), '.config'), 'cimi', 'config.yaml');

/**
 * Reads the profiles; none where there is no file.
 * @throws Problem where others may read the file, or it can't be understood
 */
export async function readProfiles(env: Env): Promise<Profiles> {
  const file = profilesFile(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { profiles: {} };
    throw error;
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) throw usage(`${file} can be read by others: chmod 600 ${file}`);
  const read = (await parsed(text)) as Partial<Profiles> | null;
  if (typeof read !== 'object') throw usage(`${file}: a map is needed, with profiles and current`);
  return { ...read, profiles: read?.profiles ?? {} };
}

/** Reads YAML; the reader for it is loaded only where the text is not JSON, which is YAML, too. */
async function parsed(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    const { parse } = await import('yaml');
    try {
      return parse(text);
    } catch (error) {
      throw usage(`the profiles can't be read: ${(error as Error).message}`);
    }
  }
}

/** Writes the profiles, for their owner alone. */
export function writeProfiles(env: Env, profiles: Profiles): void {
  const file = profilesFile(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(profiles, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, file);
}

/** Place that requests go to, and the login for it. */
export interface Login {
  url: string;
  token?: string | undefined;
  user?: string | undefined;
  password?: string | undefined;
  ca?: string | undefined;
}

/**
 * Finds out where requests go: CIMI_URL and CIMI_TOKEN before the profile, an option --url before them.
 * @throws Problem where there is no such profile
 */
export async function loginOf(env: Env, options: { profile?: string; url?: string }): Promise<Login> {
  const name = options.profile ?? env.CIMI_PROFILE;
  const isWhole = name === undefined && env.CIMI_URL !== undefined;
  const { current, profiles } = isWhole ? { current: undefined, profiles: {} as Record<string, Profile> } : await readProfiles(env);
  const chosen = name ?? current;
  const profile = chosen === undefined ? undefined : profiles[chosen];
  if (name !== undefined && !profile) throw usage(`there is no profile ${name}; there are: ${Object.keys(profiles).join(', ') || 'none'}`);
  const url = options.url ?? (name === undefined ? env.CIMI_URL : undefined) ?? profile?.url ?? DEFAULT_URL;
  const token = (name === undefined ? env.CIMI_TOKEN : undefined) ?? secret(profile?.token, profile?.tokenFile, profile?.tokenCommand);
  return {
    url,
    token,
    user: profile?.user,
    password: token === undefined ? secret(profile?.password, profile?.passwordFile, profile?.passwordCommand) : undefined,
    ca: profile?.ca === undefined ? undefined : readFileSync(profile.ca, 'utf8'),
  };
}

function secret(text: string | undefined, file: string | undefined, command: readonly string[] | undefined): string | undefined {
  if (text !== undefined) return text;
  if (file !== undefined) return readFileSync(file, 'utf8').trim();
  const [program, ...rest] = command ?? [];
  return program === undefined
    ? undefined
    : execFileSync(program, rest, { encoding: 'utf8', stdio: ['inherit', 'pipe', 'inherit'] }).trim();
}
