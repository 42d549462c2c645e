import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { ProviderError } from '../../src/clouds/errors';
import type { OpenstackOptions } from './options';

/** An entry of a clouds.yaml, as far as it is of use here; names as openstacksdk documents them. */
interface CloudEntry {
  profile?: string;
  cloud?: string;
  auth?: Record<string, unknown>;
  auth_type?: string;
  region_name?: string;
  interface?: string;
  endpoint_type?: string;
  verify?: unknown;
  insecure?: unknown;
  cacert?: string;
  [name: string]: unknown;
}

type Section = Record<string, unknown>;
/** Where files and environment are looked up; lent by tests. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  cwd: string;
}
const here = (): Surroundings => ({ env: process.env, home: homedir(), cwd: process.cwd() });

/** Names of the `auth` section and their options. */
const AUTH: Readonly<Record<string, keyof OpenstackOptions>> = {
  auth_url: 'authUrl',
  username: 'username',
  user_name: 'username',
  user_id: 'userId',
  password: 'password',
  user_domain_name: 'userDomainName',
  user_domain_id: 'userDomainId',
  application_credential_id: 'applicationCredentialId',
  application_credential_name: 'applicationCredentialName',
  application_credential_secret: 'applicationCredentialSecret',
  token: 'token',
  project_name: 'projectName',
  tenant_name: 'projectName',
  project_id: 'projectId',
  tenant_id: 'projectId',
  project_domain_name: 'projectDomainName',
  project_domain_id: 'projectDomainId',
  domain_name: 'domainName',
  domain_id: 'domainId',
};
const OVERRIDES: readonly (readonly [string, keyof NonNullable<OpenstackOptions['endpoints']>])[] = [
  ['compute_endpoint_override', 'compute'],
  ['image_endpoint_override', 'image'],
  ['network_endpoint_override', 'network'],
  ['block_storage_endpoint_override', 'volume'],
  ['volumev3_endpoint_override', 'volume'],
  ['volume_endpoint_override', 'volume'],
];

/**
 * Options with what the named entry of the clouds.yaml says; what the options say themselves wins.
 * @throws ProviderError (invalid) in words where file, entry or way to log in is not one that can be read
 */
export function withCloudsFile(options: OpenstackOptions, surroundings: Surroundings = here()): OpenstackOptions {
  if (options.cloud === undefined) return options;
  const entry = entryOf(options.cloud, options.cloudsFile, surroundings);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const endpoints = { ...endpointsOf(entry), ...options.endpoints };
  return {
    ...fromEntry(options.cloud, entry),
    ...(Object.fromEntries(given) as OpenstackOptions),
    ...(Object.keys(endpoints).length === 0 ? {} : { endpoints }),
  };
}

function fromEntry(name: string, entry: CloudEntry): Partial<OpenstackOptions> {
  const found: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(entry.auth ?? {})) {
    const option = Object.hasOwn(AUTH, key) ? AUTH[key] : undefined;
    if (option !== undefined && value !== null && value !== '') found[option] = String(value);
  }
  const domain = entry.auth?.default_domain ?? entry.auth?.default_domain_id;
  if (typeof domain === 'string') {
    if (found.userDomainId === undefined && found.userDomainName === undefined) found.userDomainId = domain;
    if (found.projectDomainId === undefined && found.projectDomainName === undefined) found.projectDomainId = domain;
  }
  const wanted = entry.interface ?? entry.endpoint_type;
  const verify = entry.verify ?? (entry.insecure === undefined ? undefined : !truth(entry.insecure));
  return {
    ...onlyFor(name, entry.auth_type, found),
    ...(entry.region_name === undefined || entry.region_name === '' ? {} : { region: String(entry.region_name) }),
    ...(wanted === undefined ? {} : { interface: interfaceOf(name, wanted) }),
    ...(verify === undefined ? {} : { verify: truth(verify) }),
    ...(entry.cacert === undefined ? {} : { cacert: String(entry.cacert) }),
  };
}

/** What each auth_type logs in with; what belongs to another way to log in is left out. */
const TYPES: Readonly<Record<string, 'password' | 'application' | 'token'>> = {
  password: 'password',
  v3password: 'password',
  v3applicationcredential: 'application',
  token: 'token',
  v3token: 'token',
};
function onlyFor(name: string, type: string | undefined, found: Record<string, unknown>): Partial<OpenstackOptions> {
  if (type === undefined) return found;
  const way = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (way === undefined) throw wrong(`auth_type ${type} of the cloud ${name} is not known here; known: ${Object.keys(TYPES).join(', ')}`);
  const secrets = { password: 'password', application: 'applicationCredentialSecret', token: 'token' } as const;
  const others = Object.entries(secrets).filter(([other]) => other !== way);
  return Object.fromEntries(Object.entries(found).filter(([key]) => !others.some(([, secret]) => secret === key)));
}

function interfaceOf(name: string, wanted: string): 'public' | 'internal' | 'admin' {
  const plain = wanted.replace(/URL$/, '');
  if (plain === 'public' || plain === 'internal' || plain === 'admin') return plain;
  throw wrong(`interface ${wanted} of the cloud ${name} is none of public, internal, admin`);
}

function endpointsOf(entry: CloudEntry): NonNullable<OpenstackOptions['endpoints']> {
  return Object.fromEntries(OVERRIDES.flatMap(([key, service]) => (typeof entry[key] === 'string' ? [[service, entry[key]]] : [])));
}

const truth = (value: unknown): boolean => (typeof value === 'string' ? !/^(false|no|off|0)$/i.test(value) : Boolean(value));

function entryOf(name: string, file: string | undefined, at: Surroundings): CloudEntry {
  const path = file ?? at.env.OS_CLIENT_CONFIG_FILE ?? found('clouds', at);
  if (path === undefined) throw wrong(`no clouds.yaml in ${folders(at).join(', ')}; cloudsFile or OS_CLIENT_CONFIG_FILE can name it`);
  const clouds = cloudsOf(path, 'clouds');
  const plain = Object.hasOwn(clouds, name) ? clouds[name] : undefined;
  if (!isSection(plain)) throw wrong(`${path} has no cloud ${name}; it has: ${Object.keys(clouds).join(', ') || 'none'}`);
  const secret = secretPath(path, file, at);
  const secrets = secret === undefined ? {} : cloudsOf(secret, 'clouds');
  const entry = merged(plain, Object.hasOwn(secrets, name) ? secrets[name] : undefined) as CloudEntry;
  return withProfile(entry, path, at);
}

/** A vendor's profile (clouds-public.yaml) lies below the entry that names it. */
function withProfile(entry: CloudEntry, path: string, at: Surroundings): CloudEntry {
  const profile = entry.profile ?? entry.cloud;
  if (profile === undefined) return entry;
  const beside = join(dirname(path), 'clouds-public.yaml');
  const file = existsSync(beside) ? beside : found('clouds-public', at);
  const profiles = file === undefined ? {} : cloudsOf(file, 'public-clouds');
  if (!Object.hasOwn(profiles, profile)) throw wrong(`no clouds-public.yaml has the profile ${profile}; write its auth_url into ${path}`);
  return merged(profiles[profile], entry) as CloudEntry;
}

function secretPath(path: string, file: string | undefined, at: Surroundings): string | undefined {
  if (file === undefined && at.env.OS_CLIENT_SECURE_FILE !== undefined) return at.env.OS_CLIENT_SECURE_FILE;
  const beside = join(dirname(path), 'secure.yaml');
  if (existsSync(beside)) return beside;
  return file === undefined ? found('secure', at) : undefined;
}

const folders = ({ cwd, home, env }: Surroundings): string[] => [
  cwd,
  join(env.XDG_CONFIG_HOME ?? join(home, '.config'), 'openstack'),
  '/etc/openstack',
];
const found = (name: string, at: Surroundings): string | undefined =>
  folders(at)
    .flatMap((folder) => ['yaml', 'yml', 'json'].map((ending) => join(folder, `${name}.${ending}`)))
    .find((path) => existsSync(path));

function cloudsOf(path: string, section: string): Section {
  let parsed: unknown;
  try {
    parsed = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // A parser's message quotes the file, and with it perhaps a password: only the place is told.
    const { code, linePos } = error as { code?: unknown; linePos?: readonly { line: number }[] };
    throw wrong(`${path} cannot be read: ${String(code ?? 'no YAML')}${linePos?.[0] ? ` in line ${linePos[0].line}` : ''}`);
  }
  const clouds = isSection(parsed) ? parsed[section] : undefined;
  return isSection(clouds) ? clouds : {};
}

const isSection = (value: unknown): value is Section => typeof value === 'object' && value !== null && !Array.isArray(value);

function merged(below: unknown, above: unknown): unknown {
  if (above === undefined || above === null) return below;
  if (!isSection(below) || !isSection(above)) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(below[key], above[key])]));
}

const wrong = (words: string): ProviderError => new ProviderError('invalid', words, { maybeDone: false });
