import { join } from 'node:path';
import { entryOf, here, type CloudsFileSources, wrong } from './clouds-places';
import { type Doc, isDoc, text } from './documents';
import type { OpenstackOptions } from './options';

/** Rules by which openstacksdk reads an entry of a clouds.yaml; a test runs the two side by side over a set of files. */

/** Names that a login has in an entry, the later ones winning: in `auth` or beside it, beside wins. */
const OLD_NAMES: Readonly<Record<string, readonly string[]>> = {
  domain_id: ['domain_id'],
  domain_name: ['domain_name'],
  user_domain_id: ['user_domain_id'],
  user_domain_name: ['user_domain_name'],
  project_domain_id: ['project_domain_id'],
  project_domain_name: ['project_domain_name'],
  token: ['auth_token', 'token'],
  project_id: ['tenant_id', 'project_id'],
  project_name: ['tenant_name', 'project_name'],
};
/** The others: in `auth`, or else beside it; of several names the first that is there. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  auth_url: ['auth_url'],
  username: ['username', 'user_name'],
  user_id: ['user_id'],
  password: ['password'],
  application_credential_id: ['application_credential_id'],
  application_credential_name: ['application_credential_name'],
  application_credential_secret: ['application_credential_secret'],
  trust_id: ['trust_id'],
  default_domain_id: ['default_domain_id', 'default_domain'],
  default_domain_name: ['default_domain_name'],
};
const OPTIONS: Readonly<Record<string, keyof OpenstackOptions>> = {
  auth_url: 'authUrl',
  username: 'username',
  user_id: 'userId',
  password: 'password',
  user_domain_name: 'userDomainName',
  user_domain_id: 'userDomainId',
  application_credential_id: 'applicationCredentialId',
  application_credential_name: 'applicationCredentialName',
  application_credential_secret: 'applicationCredentialSecret',
  token: 'token',
  project_name: 'projectName',
  project_id: 'projectId',
  project_domain_name: 'projectDomainName',
  project_domain_id: 'projectDomainId',
  domain_name: 'domainName',
  domain_id: 'domainId',
  trust_id: 'trustId',
};
/** Service types of each endpoint, the official one first. */
const SERVICE_TYPES: readonly (readonly [keyof NonNullable<OpenstackOptions['endpoints']>, readonly string[]])[] = [
  ['compute', ['compute']],
  ['image', ['image']],
  ['network', ['network']],
  ['volume', ['block_storage', 'volumev3', 'block_store', 'volume', 'volumev2']],
  ['metric', ['metric']],
];
/** Options that say the same thing: one that is given leaves none of the others to the file. */
const ALTERNATIVES: readonly (readonly (keyof OpenstackOptions)[])[] = [
  ['username', 'userId'],
  ['userDomainName', 'userDomainId'],
  ['projectName', 'projectId', 'domainName', 'domainId', 'trustId'],
  ['projectDomainName', 'projectDomainId'],
  ['applicationCredentialName', 'applicationCredentialId'],
  ['password', 'applicationCredentialSecret', 'token'],
  ['verify', 'cacert'],
];

/**
 * Options with what the named entry of the clouds.yaml says; what the options say themselves wins.
 * @throws ProviderError (invalid) in words where file, entry or way to log in is not one that can be read
 */
export function withCloudsFile(options: OpenstackOptions, surroundings: CloudsFileSources = here()): OpenstackOptions {
  if (options.cloud === undefined) return options;
  const { entry, path, profile } = entryOf(options.cloud, options.cloudsFile, surroundings);
  const read = fromEntry(options.cloud, entry, surroundings);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const displaced = ALTERNATIVES.filter((group) => group.some((name) => options[name] !== undefined)).flat();
  const kept = Object.entries(read).filter(([name]) => !displaced.includes(name as keyof OpenstackOptions));
  const endpoints = { ...endpointsOf(entry), ...options.endpoints };
  const all = {
    ...Object.fromEntries(kept),
    ...(Object.fromEntries(given) as OpenstackOptions),
    ...(Object.keys(endpoints).length === 0 ? {} : { endpoints }),
  };
  if (all.authUrl === undefined && profile !== undefined)
    throw wrong(`no clouds-public.yaml has the profile ${profile}; write its auth_url into ${path}`);
  return all;
}

function fromEntry(name: string, given: Doc, at: CloudsFileSources): Partial<OpenstackOptions> {
  const { region, values } = regionOf(given);
  const logins = [given.auth, values.auth].map((auth) => (isDoc(auth) ? normalized(auth) : {}));
  const entry: Doc & { auth: Doc } = {
    ...normalized({ ...given, ...values, region_name: region ?? '' }),
    auth: { ...logins[0], ...logins[1] },
  };
  const auth = loginOf(entry);
  if (auth.auth_url !== undefined) auth.auth_url = expanded(auth.auth_url, entry);
  const login = Object.fromEntries(
    Object.entries(auth).flatMap(([key, value]) => (OPTIONS[key] === undefined ? [] : [[OPTIONS[key], value]])),
  );
  const verify = entry.insecure !== undefined && isTrue(entry.insecure) ? false : truth(entry.verify);
  const cacert = text(entry.cacert);
  return {
    ...onlyFor(name, text(entry.auth_type) ?? text(entry.auth_plugin), login),
    ...(region === undefined ? {} : { region }),
    ...interfaceOf(name, entry.endpoint_type ?? entry.interface),
    ...(verify === undefined ? {} : { verify }),
    ...(cacert === undefined || verify === false ? {} : { cacert: atHome(expanded(cacert, entry), at) }),
  };
}

/** Hyphens in names are underscores. */
const normalized = (entry: Doc): Doc => Object.fromEntries(Object.entries(entry).map(([key, value]) => [key.replaceAll('-', '_'), value]));

/** The first of several regions, with what it says for itself. */
function regionOf(given: Doc): { region: string | undefined; values: Doc } {
  const entry = normalized(given);
  const regions = entry.regions ?? entry.region_name;
  const [first] = Array.isArray(regions) ? (regions as unknown[]) : String(regions ?? '').split(',');
  if (isDoc(first)) return { region: text(first.name), values: isDoc(first.values) ? first.values : {} };
  return { region: first === undefined || first === null || first === '' ? undefined : String(first), values: {} };
}

/** Returns the login, under the names that openstacksdk resolves it to. */
function loginOf(entry: Doc & { auth: Doc }): Record<string, string> {
  const { auth } = entry;
  const login: Record<string, string> = {};
  for (const [name, candidates] of Object.entries(OLD_NAMES)) {
    const last = candidates.flatMap((each) => [word(auth[each]), word(entry[each])]).findLast((value) => value !== undefined);
    if (last !== undefined) login[name] = last;
  }
  for (const [name, candidates] of Object.entries(NAMES)) {
    const value = [auth, entry].flatMap((place) => candidates.map((each) => word(place[each]))).find((each) => each !== undefined);
    if (value !== undefined) login[name] = value;
  }
  return withDomains(login);
}

/** Fills in domains: a domain given once counts for user and project; the default domain where none is given. */
function withDomains({ default_domain_id: byId, default_domain_name: byName, ...login }: Record<string, string>): Record<string, string> {
  const scoped = login.project_id !== undefined || login.project_name !== undefined;
  const { domain_id: id, domain_name: name, ...rest } = login;
  const all = scoped
    ? {
        ...(id === undefined ? {} : { user_domain_id: id, project_domain_id: id }),
        ...(name === undefined ? {} : { user_domain_name: name, project_domain_name: name }),
        ...rest,
      }
    : login;
  for (const whose of ['user_domain', 'project_domain']) {
    if (all[`${whose}_id`] !== undefined || all[`${whose}_name`] !== undefined) continue;
    if (byId !== undefined) all[`${whose}_id`] = byId;
    else if (byName !== undefined) all[`${whose}_name`] = byName;
  }
  return all;
}

/** A value as text; numbers are no numbers here (a project named 123). */
const word = (value: unknown): string | undefined =>
  text(value) ?? (typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined);

/** `{region_name}` and the like stand for other members of the entry. */
const expanded = (value: string, entry: Doc): string => value.replace(/\{(\w+)\}/g, (whole, name: string) => word(entry[name]) ?? whole);

/** `~` is the home folder. */
const atHome = (path: string, { home }: CloudsFileSources): string =>
  path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path;

/** Members that each auth_type logs in with; those of another way to log in are left out. */
const TYPES: Readonly<Record<string, 'password' | 'application' | 'token'>> = {
  password: 'password',
  v3password: 'password',
  v3applicationcredential: 'application',
  token: 'token',
  v3token: 'token',
};
const SECRETS = { password: 'password', application: 'applicationCredentialSecret', token: 'token' } as const;

/** openstacksdk takes an entry without auth_type for a password's; one without a password logs in as it can. */
function onlyFor(name: string, type: string | undefined, login: Partial<OpenstackOptions>): Partial<OpenstackOptions> {
  const way = type === undefined ? (login.password === undefined ? undefined : 'password') : Object.hasOwn(TYPES, type) ? TYPES[type] : '';
  if (way === '') throw wrong(`auth_type ${type ?? ''} of the cloud ${name} is not known here; known: ${Object.keys(TYPES).join(', ')}`);
  if (way === undefined) return login;
  const others: readonly string[] = Object.entries(SECRETS).flatMap(([other, secret]) => (other === way ? [] : [secret]));
  return Object.fromEntries(Object.entries(login).filter(([key]) => !others.includes(key)));
}

function interfaceOf(name: string, wanted: unknown): Pick<OpenstackOptions, 'interface'> {
  const words = Array.isArray(wanted) ? (wanted as unknown[]) : [wanted ?? []].flat();
  const known = words.map((each) => {
    const plain = String(each).replace(/URL$/, '');
    if (plain === 'public' || plain === 'internal' || plain === 'admin') return plain;
    throw wrong(`interface ${String(each)} of the cloud ${name} is none of public, internal, admin`);
  });
  const [first] = known;
  if (first === undefined) return {};
  return { interface: known.length === 1 ? first : known };
}

function endpointsOf(given: Doc): NonNullable<OpenstackOptions['endpoints']> {
  const entry = normalized(given);
  return Object.fromEntries(
    SERVICE_TYPES.flatMap(([service, types]) => {
      const names = ['endpoint_override', 'endpoint'].flatMap((what) => types.map((type) => `${type}_${what}`));
      const url = names.map((each) => text(entry[each])).find((each) => each !== undefined);
      return url === undefined ? [] : [[service, expanded(url, entry)]];
    }),
  );
}

const isTrue = (value: unknown): boolean => truth(value) === true;
const truth = (value: unknown): boolean | undefined =>
  value === undefined || value === null ? undefined : typeof value === 'string' ? !/^(false|no|off|0|)$/i.test(value) : Boolean(value);
