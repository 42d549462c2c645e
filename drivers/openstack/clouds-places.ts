import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { ProviderError } from '../../src/clouds/errors';
import { type Doc, isDoc, text } from './documents';

/** Sources of files and environment variables; replaced by tests. */
export interface CloudsFileSources {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  cwd: string;
}
export const here = (): CloudsFileSources => ({ env: process.env, home: homedir(), cwd: process.cwd() });

export const wrong = (message: string): ProviderError => new ProviderError('invalid', message, { maybeDone: false });

/**
 * The entry of a clouds.yaml as all its files make it: what secure.yaml adds, over what clouds.yaml says, over the profile
 * that it names.
 * @param file path of the clouds.yaml; its secure.yaml and clouds-public.yaml lie beside it
 * @throws ProviderError (invalid) in words where there is none, or a file cannot be read
 */
export function entryOf(name: string, file: string | undefined, at: CloudsFileSources): { entry: Doc; path: string; profile?: string } {
  const path = file ?? overridden('OS_CLIENT_CONFIG_FILE', at) ?? found('clouds', at);
  if (path === undefined) throw wrong(`no clouds.yaml in ${folders(at).join(', ')}; cloudsFile or OS_CLIENT_CONFIG_FILE can name it`);
  const clouds = sectionOf(path, 'clouds');
  const secret = secretPath(path, file, at);
  const secrets = secret === undefined ? {} : sectionOf(secret, 'clouds');
  const names = [...new Set([...Object.keys(clouds), ...Object.keys(secrets)])];
  if (!names.includes(name)) throw wrong(`${path} has no cloud ${name}; it has: ${names.join(', ') || 'none'}`);
  const own = merged(memberOf(clouds, name), memberOf(secrets, name));
  const entry = isDoc(own) ? own : {};
  const profile = text(entry.profile) ?? text(entry.cloud);
  if (profile === undefined) return { entry, path };
  return { entry: over(profileOf(profile, path, at), entry), path, profile };
}

const memberOf = (section: Doc, name: string): unknown => (Object.hasOwn(section, name) ? section[name] : undefined);

function profileOf(name: string, path: string, at: CloudsFileSources): Doc {
  const beside = join(dirname(path), 'clouds-public.yaml');
  const file = existsSync(beside) ? beside : found('clouds-public', at);
  const profile = file === undefined ? undefined : memberOf(sectionOf(file, 'public-clouds'), name);
  return isDoc(profile) ? profile : {};
}

/** Merges two entries: the upper wins, member by member; in `auth` too, below that as a whole. */
function over(below: Doc, above: Doc): Doc {
  const auth = { ...(isDoc(below.auth) ? below.auth : {}), ...(isDoc(above.auth) ? above.auth : {}) };
  return { ...below, ...above, auth };
}

/** Secrets lie over the entry, at any depth. */
function merged(below: unknown, above: unknown): unknown {
  if (above === undefined || above === null) return below;
  if (!isDoc(below) || !isDoc(above)) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(below[key], above[key])]));
}

function secretPath(path: string, file: string | undefined, at: CloudsFileSources): string | undefined {
  const beside = join(dirname(path), 'secure.yaml');
  if (file !== undefined) return existsSync(beside) ? beside : undefined;
  return overridden('OS_CLIENT_SECURE_FILE', at) ?? found('secure', at) ?? (existsSync(beside) ? beside : undefined);
}

/** A file that the environment names comes first, where it is there. */
const overridden = (variable: string, { env }: CloudsFileSources): string | undefined => {
  const path = env[variable];
  return path !== undefined && path !== '' && existsSync(path) ? path : undefined;
};

const folders = ({ cwd, home, env }: CloudsFileSources): string[] => [
  cwd,
  join(env.XDG_CONFIG_HOME ?? join(home, '.config'), 'openstack'),
  ...(env.XDG_CONFIG_DIRS ?? '/etc/xdg')
    .split(':')
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'openstack')),
  '/etc/openstack',
];
const found = (name: string, at: CloudsFileSources): string | undefined =>
  folders(at)
    .flatMap((folder) => ['yaml', 'yml', 'json'].map((ending) => join(folder, `${name}.${ending}`)))
    .find((path) => existsSync(path));

function sectionOf(path: string, section: string): Doc {
  let parsed: unknown;
  try {
    // YAML 1.1, as openstacksdk reads it: `yes`, `on` and the like are true.
    parsed = parse(readFileSync(path, 'utf8'), { version: '1.1', merge: true });
  } catch (error) {
    // A parser's message quotes the file, and with it perhaps a password: only the place is told.
    const { code, linePos } = error as { code?: unknown; linePos?: readonly { line: number }[] };
    throw wrong(`${path} cannot be read: ${String(code ?? 'no YAML')}${linePos?.[0] ? ` in line ${linePos[0].line}` : ''}`);
  }
  const told = isDoc(parsed) ? parsed[section] : undefined;
  return isDoc(told) ? told : {};
}
