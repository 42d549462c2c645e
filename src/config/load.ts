import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import type { CloudConfig, Config, ConfigSource } from './config';
import { packageFolder } from './build';
import { placeOf } from '../model/place';
import { isLoopback } from '../net/addresses';
import { ConfigError, isRecord, type Path, type Problem, valueAt } from './problems';
import { readingTrouble, resolveReferences } from './references';
import { accessProblems } from './access-section';
import { configSchema, type ConfigValues } from './schema';
import { readYaml } from './source';
import { schemaProblems } from './problem-messages';

export interface LoadOptions {
  /** Relative to `cwd`. Absent: the built-in demo (config/demo.yaml). */
  file?: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Option of the command line that gave an environment variable its value, by variable: problems name the option. */
  options?: Readonly<Record<string, string>>;
  cwd: string;
  /** Defaults where the file is silent, in the file's own shape. */
  defaults?: Readonly<Record<string, unknown>>;
}

/** Environment variables that go before the file. */
export const ENVIRONMENT: Readonly<Record<string, readonly [section: string, key: string]>> = {
  CIMI_PORT: ['server', 'port'],
  CIMI_HOST: ['server', 'host'],
  CIMI_PUBLIC_URL: ['server', 'publicUrl'],
  CIMI_ADMIN_HOST: ['admin', 'host'],
  CIMI_ADMIN_PORT: ['admin', 'port'],
  CIMI_DATA: ['data', 'dir'],
  CIMI_LOG_LEVEL: ['log', 'level'],
};

const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * Reads and checks the configuration: YAML, then `${ENV}` and `$file` references, then environment variables
 * (ENVIRONMENT), then the schema. A relative `data.dir` of the file is relative to the file, any other to `cwd`.
 * @throws ConfigError naming everything that is wrong, with path and line
 */
export async function loadConfig({ file, env, options = {}, cwd, defaults = {} }: LoadOptions): Promise<Config> {
  const path = file === undefined ? undefined : resolve(cwd, file);
  const yaml = readYaml(await readConfigFile(path ?? demoFile(), path));
  if (yaml.problems.length > 0) throw new ConfigError(yaml.problems, path);

  const problems: Problem[] = [];
  const references = new Map<string, string>();
  const folder = path === undefined ? cwd : dirname(path);
  const source: ConfigSource = { file: path, references, line: yaml.line };
  const resolved = await resolveReferences(yaml.value, { env, folder, references, problems });
  const raw = merged(defaults, isRecord(resolved) ? resolved : {});
  const dirOfFile = valueAt(resolved, ['data', 'dir']) !== undefined;
  const overridden = applyEnvironment(raw, env, options, references);

  const unresolved = new Set(problems.map((problem) => problem.path));
  const checked = parsed(configSchema, raw, references, []);
  // A value that could not be resolved is absent now; that it is missing need not be said as well.
  const faults = 'problems' in checked ? checked.problems : [];
  problems.push(...faults.filter((problem) => !unresolved.has(problem.path)), ...acrossSections(raw));
  if ('problems' in checked || problems.length > 0) throw new ConfigError(placed(problems, source, overridden), path);

  const config = completed(checked.values, source);
  config.data.dir = resolve(dirOfFile && !overridden.has('data.dir') ? folder : cwd, config.data.dir);
  return config;
}

/**
 * Checks a cloud's options against its driver's schema.
 * @throws ConfigError as loadConfig, with paths below `clouds.<key>.options`
 */
export function cloudOptions<S extends z.ZodType>(config: Config, key: string, schema: S): z.output<S> {
  const at = ['clouds', key, 'options'];
  const checked = parsed(schema, config.clouds[key]?.options ?? {}, config.source.references, at);
  if ('problems' in checked) throw configError(config, checked.problems);
  return checked.values;
}

/** The error for what is wrong with a configuration that was read well, with the lines of the file. */
export function configError(config: Config, problems: readonly Problem[]): ConfigError {
  return new ConfigError(placed(problems, config.source), config.source.file);
}

async function readConfigFile(path: string, named: string | undefined): Promise<string> {
  try {
    if ((await stat(path)).size > MAX_CONFIG_BYTES) throw new Error(`it is larger than ${MAX_CONFIG_BYTES} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    throw new ConfigError([{ path: '', message: `${path} can't be read: ${readingTrouble(error)}` }], named);
  }
}

function demoFile(): string {
  return join(packageFolder(), 'config', 'demo.yaml');
}

/** Sections of `over` on top of those of `under`, neither changed. */
function merged(under: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isRecord(below) && isRecord(value) ? merged(below, value) : value;
  }
  return result;
}

/** @returns paths that the environment decided */
function applyEnvironment(
  raw: Record<string, unknown>,
  env: LoadOptions['env'],
  options: NonNullable<LoadOptions['options']>,
  references: Map<string, string>,
): Set<string> {
  const overridden = new Set<string>();
  for (const [name, [section, key]] of Object.entries(ENVIRONMENT)) {
    const value = env[name];
    const current = raw[section] ?? {};
    if (value === undefined || value === '' || !isRecord(current)) continue;
    raw[section] = { ...current, [key]: value };
    references.set(`${section}.${key}`, options[name] ?? name);
    overridden.add(`${section}.${key}`);
  }
  return overridden;
}

/** Values from elsewhere are text; where the schema wants a number or true/false, they are read as one. */
function parsed<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  references: ReadonlyMap<string, string>,
  at: Path,
): { values: z.output<S> } | { problems: Problem[] } {
  let value = raw;
  let result = schema.safeParse(value);
  for (const issue of result.error?.issues ?? []) {
    if (issue.code !== 'invalid_type' || !references.has(placeOf([...at, ...issue.path]))) continue;
    const found = valueAt(value, issue.path);
    if (typeof found !== 'string') continue;
    if ((issue.expected === 'number' || issue.expected === 'int') && /^-?\d+(\.\d+)?$/.test(found))
      value = replaced(value, issue.path, Number(found));
    if (issue.expected === 'boolean' && /^(true|false)$/.test(found)) value = replaced(value, issue.path, found === 'true');
  }
  if (value !== raw) result = schema.safeParse(value);
  return result.success ? { values: result.data } : { problems: schemaProblems(result.error.issues, schema, value, references, at) };
}

function replaced(value: unknown, path: Path, by: unknown): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return by;
  if (Array.isArray(value)) return value.map((item: unknown, index) => (index === part ? replaced(item, rest, by) : item));
  return isRecord(value) ? { ...value, [part]: replaced(value[String(part)], rest, by) } : value;
}

/** Checks the demands of one section on another; looks at values that the schema may have refused. */
function acrossSections(raw: Record<string, unknown>): Problem[] {
  const problems: Problem[] = [];
  problems.push(...openedToStrangers(raw));
  const { clouds = {}, defaultCloud, tenants } = raw;
  if (!isRecord(clouds)) return problems;
  const keys = Object.keys(clouds);
  if (typeof defaultCloud === 'string' && !keys.includes(defaultCloud)) {
    const known = keys.length > 0 ? `one of the configured clouds: ${keys.join(', ')}` : 'a configured cloud, and there is none';
    problems.push({ path: 'defaultCloud', message: `must be ${known}` });
  }
  const named = Object.values(clouds).flatMap((cloud): unknown[] => {
    const used: unknown = isRecord(cloud) ? (cloud['tenants'] ?? ['default']) : [];
    return Array.isArray(used) ? used : [];
  });
  const known: readonly unknown[] = Array.isArray(tenants) ? tenants : [...new Set(named)];
  problems.push(...accessProblems(raw['access'], known), ...ofNoTenant(raw, known));
  problems.push(...keyedByClouds(raw['move'], keys), ...idsOfClouds(clouds));
  if (!Array.isArray(tenants)) return problems;
  for (const [key, cloud] of Object.entries(clouds)) {
    const used: unknown = isRecord(cloud) ? (cloud['tenants'] ?? ['default']) : [];
    for (const tenant of Array.isArray(used) ? (used as unknown[]) : []) {
      if (!tenants.includes(tenant))
        problems.push({ path: `clouds.${key}.tenants`, message: `${JSON.stringify(tenant)} is not among tenants` });
    }
  }
  return problems;
}

/** Ports that others can reach without what they need then. */
function openedToStrangers({ admin, access }: Record<string, unknown>): Problem[] {
  const host = isRecord(admin) ? admin['host'] : undefined;
  if (typeof host !== 'string' || host === '' || isLoopback(host)) return [];
  if (isRecord(access) && access['metricsToken'] !== undefined) return [];
  return [{ path: 'admin.host', message: 'is no address of this machine alone: that needs access.metricsToken, which /metrics then want' }];
}

/** Webhooks and quotas of tenants that there are not: they would never tell, or bound, anything. */
function ofNoTenant({ webhooks, quotas }: Record<string, unknown>, tenants: readonly unknown[]): Problem[] {
  // Where there is no cloud yet there are no tenants either.
  if (tenants.length === 0) return [];
  const hooks = (Array.isArray(webhooks) ? (webhooks as unknown[]) : []).map((hook, index) => ({
    path: `webhooks[${index}].tenant`,
    tenant: isRecord(hook) ? (hook['tenant'] ?? 'default') : 'default',
  }));
  const bounded = isRecord(quotas) && isRecord(quotas['tenants']) ? Object.keys(quotas['tenants']) : [];
  return [...hooks, ...bounded.map((tenant) => ({ path: `quotas.tenants.${tenant}`, tenant }))]
    .filter(({ tenant }) => typeof tenant === 'string' && !tenants.includes(tenant))
    .map(({ path, tenant }) => ({ path, message: `there is no tenant ${String(tenant)}; there are ${tenants.join(', ')}` }));
}

/** Rates and prices of clouds that are not there. */
function keyedByClouds(move: unknown, keys: readonly string[]): Problem[] {
  return ['bytesPerSecond', 'prices'].flatMap((name) => {
    const figures = isRecord(move) ? move[name] : undefined;
    return Object.keys(isRecord(figures) ? figures : {})
      .filter((key) => !keys.includes(key))
      .map((key) => ({ path: `move.${name}.${key}`, message: `is no configured cloud; there are: ${keys.join(', ')}` }));
  });
}

/** Portable names with a dot that read as an id of something in one of the clouds. */
function idsOfClouds(clouds: Readonly<Record<string, unknown>>): Problem[] {
  return Object.entries(clouds).flatMap(([key, cloud]) =>
    ['images', 'sizes'].flatMap((part) => {
      const names: unknown = isRecord(cloud) ? cloud[part] : undefined;
      const taken = isRecord(names) ? Object.keys(names).filter((name) => Object.hasOwn(clouds, name.split('.', 1)[0] ?? '')) : [];
      return taken
        .filter((name) => name.includes('.'))
        .map((name) => ({
          path: placeOf(['clouds', key, part, name]),
          message: `begins with the key of the cloud ${name.split('.', 1)[0] ?? ''} and a dot, as the ids of what is found there do: call it otherwise`,
        }));
    }),
  );
}

/** Adds lines (not to what the environment decided) and sorts by them. */
function placed(problems: readonly Problem[], source: ConfigSource, overridden: ReadonlySet<string> = new Set()): Problem[] {
  const withLines = problems.map((problem) => {
    if (problem.path === '' || overridden.has(problem.path)) return problem;
    const line = source.line(
      problem.path.split(/\.|\[(\d+)\]/).flatMap((part) => (part ? [/^\d+$/.test(part) ? Number(part) : part] : [])),
    );
    return line === undefined || source.file === undefined ? problem : { ...problem, line };
  });
  return withLines.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function completed(values: ConfigValues, source: ConfigSource): Config {
  const clouds = Object.entries(values.clouds).map(([key, cloud]): [string, CloudConfig] => {
    const [first = 'default'] = cloud.tenants;
    return [key, { ...cloud, key, name: cloud.name ?? key, discoveredTenant: cloud.discoveredTenant ?? first }];
  });
  const config: Config = { ...values, clouds: Object.fromEntries(clouds), source };
  const { publicUrl } = config.server;
  if (publicUrl !== undefined) config.server.publicUrl = publicUrl.replace(/\/+$/, '');
  return config;
}
