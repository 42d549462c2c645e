import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { extensionsOfClouds } from './clouds/extensions';
import { newId } from './clouds/identity';
import { connectClouds, driverRegistry, type CloudConfig, type ConnectedClouds, type DriverRegistry } from './clouds/registry';
import { createReader } from './codec/reader';
import { createWriter } from './codec/writer';
import { secretKey, type Config } from './config/config';
import { checkDrivers, cloudOptions } from './config/load';
import { createFetcher, type Fetcher } from './fetch/fetcher';
import { createAuthenticator } from './http/access';
import { createHttpServer } from './http/server';
import { assertListenAllowed } from './http/loopback';
import { createMetrics, type Metrics } from './http/metrics';
import type { Readiness } from './http/probes';
import { BullMqQueue } from './jobs/bullmq-queue';
import { EmbeddedQueue } from './jobs/embedded-queue';
import { createEngine, type Engine } from './jobs/engine';
import type { BoundaryPoint } from './jobs/kit';
import { Newest } from './jobs/newest';
import type { JobQueue } from './jobs/queue';
import { workflowTable } from './jobs/table';
import { standardCatalogue, type Catalogue } from './model/catalogue';
import { openApiDocument } from './model/openapi';
import { families, workflows } from './operations/families';
import { offersOf } from './operations/offers';
import { confidentialNames } from './operations/stored';
import { createProtocol } from './protocol/core';
import { systemWorkflows, withSystems } from './systems/families';
import { writeFault } from './protocol/faults';
import type { Handle, Principal } from './protocol/messages';
import { createCipher, deriveKey } from './store/cipher';
import { lockFolder } from './store/folder-lock';
import { loadOrCreateKey } from './store/key-file';
import { openPostgresStore } from './store/postgres';
import { openSqliteStore } from './store/sqlite';
import type { JobRow, Store } from './store/store';
import { tellingBornEnded } from './store/told';

/** Path of the base URI below the public URL. */
const PREFIX = '/cimi/';
const KEY_FILE = 'secret.key';

/** The drivers that come with the gateway; each is loaded when a configured cloud names it. */
export function shippedDrivers(): DriverRegistry {
  return driverRegistry({
    simulator: async () => (await import('../drivers/simulator/index')).driver,
    ec2: async () => (await import('../drivers/ec2/index')).driver,
    openstack: async () => (await import('../drivers/openstack/index')).driver,
    vsphere: async () => (await import('../drivers/vsphere/index')).driver,
  });
}

export interface GatewayOptions {
  config: Config;
  log: Logger;
  /** `gateway` answers requests (and works on Jobs where the configuration says so); `worker` only works on Jobs. */
  role: 'gateway' | 'worker';
  /** Make a key for secrets in the data folder where none is configured. */
  makeKey?: boolean;
  drivers?: DriverRegistry;
  /** For crash tests. */
  onBoundary?: (point: BoundaryPoint) => Promise<void>;
}

/** A running gateway or worker. */
export interface Gateway {
  /** Absolute URI of the Cloud Entry Point; undefined for a worker. */
  entryPoint: string | undefined;
  /** The protocol core itself, for callers in this process. */
  handle: Handle;
  store: Store;
  engine: Engine;
  /** Nobody has to log in. */
  anonymous: boolean;
  /** Says not ready, lets requests and steps in hand end, hands the rest back, closes everything. */
  close(): Promise<void>;
}

/** Things to be closed, last opened first. */
class Closers {
  private readonly list: (() => Promise<unknown> | void)[] = [];
  add(close: () => Promise<unknown> | void): void {
    this.list.unshift(close);
  }
  /** Closes all, also where closing one fails. @throws the first error */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const close of this.list.splice(0)) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

/**
 * Builds everything and starts it. The only place that does.
 * @throws ConfigurationError, FolderInUseError, WrongKeyError and what the system says of addresses and servers.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const closers = new Closers();
  try {
    return await build(options, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function build(options: GatewayOptions, closers: Closers): Promise<Gateway> {
  const { config, log, role } = options;
  mkdirSync(config.data.dir, { recursive: true });
  if (config.store.kind === 'sqlite') closers.add(lockFolder(config.data.dir));
  const key = await keyFor(options);
  const metrics = createMetrics();
  const onEnded = (job: JobRow): void => metrics.jobEnded(job.workflow ?? 'none', job.state);
  const opened = await openStore(config, key, log);
  closers.add(() => opened.close());
  const store = tellingBornEnded(opened, onEnded);
  const required = role === 'worker' || (await loginRequired(config, store));
  const clouds = await connect(options, metrics);
  closers.add(() => clouds.close());
  const catalogue = catalogueFor(clouds);
  const fetcher = createFetcher(config.fetch);
  const { queue, engine } = createJobs(options, { store, clouds, catalogue, fetcher, onEnded }, closers);
  metrics.watchQueue(() => queue.trouble());
  const worksHere = role === 'worker' || config.worker.inProcess;
  if (worksHere) await engine.start();
  closers.add(() => engine.close(config.server.shutdownMs));
  const at = role === 'gateway' ? await address(config) : undefined;
  const base = `${at?.publicUrl ?? 'http://worker.invalid'}${PREFIX}`;
  const handle = protocolOf(options, { store, clouds, catalogue, fetcher, engine, base, key });
  if (!at) return { entryPoint: undefined, handle, store, engine, anonymous: false, close: () => closers.close() };
  const { bodyDepth: _depth, bodyItems: _items, ...limits } = config.server.limits;
  const writers = { json: createWriter(catalogue, 'json'), xml: createWriter(catalogue, 'xml') };
  const server = createHttpServer({
    handle,
    authenticate: createAuthenticator({
      access: store.access,
      hmacKey: randomBytes(32),
      ...(required ? {} : { anonymous: anonymousOf(config), anonymousHosts: anonymousHosts(config) }),
    }),
    base: { publicUrl: at.publicUrl, prefix: PREFIX },
    limits,
    log,
    ready: () => readiness(store, queue, clouds),
    metrics,
    documents: { '/openapi.json': () => openApiText(catalogue, base) },
    faults: (status, message, request) => writeFault(writers, base, request, { status, message }),
    ...(config.server.trustProxy.length > 0 ? { trustProxy: config.server.trustProxy } : {}),
  });
  await server.listen({ host: at.host, port: at.port });
  closers.add(() => server.close(config.server.shutdownMs));
  closers.add(async () => {
    server.retire();
    await sleep(config.server.retireMs);
  });
  return { entryPoint: `${base}cloudEntryPoint`, handle, store, engine, anonymous: !required, close: () => closers.close() };
}

/** Whether everyone must log in. @throws Error in words where strangers could connect who need not */
async function loginRequired({ access, server }: Config, store: Store): Promise<boolean> {
  const required = access.required ?? (await store.access.principals()).length > 0;
  assertListenAllowed({ host: server.host, usersConfigured: required });
  return required;
}

/** The standard, with what the drivers of these clouds bring of their own. @throws ConfigurationError where they contradict each other */
function catalogueFor(clouds: ConnectedClouds): Catalogue {
  return standardCatalogue(extensionsOfClouds(clouds, standardCatalogue().resources));
}

/** What may be asked for below the base URI. */
function openApiText(catalogue: Catalogue, base: string): string {
  return JSON.stringify(openApiDocument(catalogue, { base, offers: offersOf(catalogue, withSystems(families(), catalogue)) }));
}

function anonymousOf(config: Config): Principal {
  return { name: 'anonymous', tenant: firstTenant(config), role: 'admin' };
}

/**
 * Names under which a gateway without logins answers beside the loopback ones: that of its public URL, but only where
 * the configuration says in so many words that nobody must log in. Through a proxy on this machine that is everyone.
 */
function anonymousHosts({ access, server }: Config): string[] {
  return access.required === false && server.publicUrl !== undefined ? [new URL(server.publicUrl).hostname] : [];
}

/** Where a key is kept that is not configured. */
export function keyFile(config: Config): string {
  return join(config.data.dir, KEY_FILE);
}

/** The key for secrets: configured, or the one kept in the data folder. @throws Error in words where there is none. */
async function keyFor({ config, makeKey }: GatewayOptions): Promise<Buffer> {
  const configured = secretKey(config);
  if (configured) return configured;
  const file = keyFile(config);
  if (makeKey) return loadOrCreateKey(file);
  throw new Error(
    'no key for secrets is configured: set secrets.key (32 bytes in base64: openssl rand -base64 32), ' +
      `or start with --make-key to keep one in ${file}`,
  );
}

/** Opens the configured store. Without a key it serves the management of users only. */
export async function openStore(config: Config, key: Buffer | undefined, log: Logger): Promise<Store> {
  const cipher = createCipher(key);
  if (config.store.kind === 'sqlite') return openSqliteStore({ file: join(config.data.dir, 'cimi.db'), cipher });
  return openPostgresStore({
    url: config.store.url ?? '',
    cipher,
    poolSize: config.store.connections,
    onTrouble: (error) => log.warn({ error: error.message }, 'a connection to PostgreSQL broke'),
  });
}

/** Connects the configured clouds; asks no provider anything. */
export async function connect({ config, log, drivers = shippedDrivers() }: GatewayOptions, metrics: Metrics): Promise<ConnectedClouds> {
  checkDrivers(config, drivers.names);
  const configs: CloudConfig[] = Object.values(config.clouds);
  return connectClouds(configs, drivers, {
    options: (cloud, schema) => cloudOptions(config, cloud, schema),
    environment: (cloud) => {
      const dataDir = join(config.data.dir, 'clouds', cloud);
      mkdirSync(dataDir, { recursive: true });
      return { dataDir, warn: (message, details) => log.warn({ cloud, ...details }, message) };
    },
    hooks: {
      log: { warn: (message, details) => log.warn(details, message), error: (message, details) => log.error(details, message) },
      metrics: {
        onCall: ({ ms, ...call }) => metrics.providerCall({ ...call, seconds: ms / 1000 }),
        onUnmappedState: ({ cloud, type, state }) => metrics.unmappedState(cloud, type, state),
      },
    },
  });
}

function createJobs(
  { config, log, onBoundary }: GatewayOptions,
  { fetcher, catalogue, ...parts }: Pick<Built, 'store' | 'clouds' | 'catalogue' | 'fetcher'> & { onEnded: (job: JobRow) => void },
  closers: Closers,
): { queue: JobQueue; engine: Engine } {
  const queue: JobQueue =
    config.queue.kind === 'redis'
      ? new BullMqQueue({ url: config.queue.url ?? '', prefix: config.queue.prefix, log })
      : new EmbeddedQueue();
  closers.add(() => queue.close(config.server.shutdownMs));
  const engine = createEngine({
    ...parts,
    queue,
    workflows: workflowTable([...workflows(fetcher), ...systemWorkflows(families(fetcher), catalogue)]),
    log,
    owner: `${hostname()}:${process.pid}:${newId().slice(0, 8)}`,
    leaseMs: config.worker.leaseMs,
    sweepMs: config.worker.sweepMs,
    concurrency: config.worker.concurrency,
    retentionMs: config.jobs.retentionMinutes * 60_000,
    refusedPerTenant: config.jobs.refusedPerTenant,
    secretNames: confidentialNames(catalogue),
    alone: config.store.kind === 'sqlite',
    newest: new Newest(parts.store, join(config.data.dir, 'newest.json'), log),
    ...(onBoundary ? { onBoundary } : {}),
  });
  return { queue, engine };
}

interface Built {
  store: Store;
  clouds: ConnectedClouds;
  catalogue: Catalogue;
  fetcher: Fetcher;
  engine: Engine;
  base: string;
  key: Buffer;
}

function protocolOf({ config, log }: GatewayOptions, { store, clouds, catalogue, fetcher, engine, base, key }: Built): Handle {
  return createProtocol({
    catalogue,
    families: withSystems(families(fetcher), catalogue),
    clouds,
    store,
    jobs: {
      tell: (id) => engine.tell([id]),
      waitFor: (id, ms) => engine.waitFor(id, ms),
      requestStop: (id) => engine.requestStop(id),
      mayStop: (job) => engine.mayStop(job),
    },
    writers: { json: createWriter(catalogue, 'json'), xml: createWriter(catalogue, 'xml') },
    readers: { json: createReader(catalogue, 'json'), xml: createReader(catalogue, 'xml') },
    bodyLimits: { depth: config.server.limits.bodyDepth, items: config.server.limits.bodyItems },
    base,
    tagKey: deriveKey(key, 'identity tags'),
    defaultCloud: config.defaultCloud,
    graceMs: config.jobs.graceMs,
    retentionMinutes: config.jobs.retentionMinutes,
    maxItems: config.lists.maxItems,
    listCacheMs: config.lists.cacheMs,
    log: { warn: (message, details) => log.warn(details ?? {}, message), error: (message, details) => log.error(details ?? {}, message) },
  });
}

function firstTenant(config: Config): string {
  return config.tenants?.[0] ?? Object.values(config.clouds)[0]?.discoveredTenant ?? 'default';
}

/** Where to listen and what clients call it. Port 0 becomes a free one here: URIs need to know it beforehand. */
async function address({ server }: Config): Promise<{ host: string; port: number; publicUrl: string }> {
  const port = server.port === 0 ? await freePort(server.host) : server.port;
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  return { host: server.host, port, publicUrl: (server.publicUrl ?? `http://${host}:${port}`).replace(/\/$/, '') };
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const at = probe.address();
      probe.close(() => resolve(typeof at === 'object' && at ? at.port : 0));
    });
  });
}

/** Ready when store and queue are; a cloud in trouble is told and changes nothing. */
async function readiness(store: Store, queue: JobQueue, clouds: ConnectedClouds): Promise<Readiness> {
  await store.now();
  const trouble = queue.trouble();
  return {
    ok: trouble === undefined,
    problems: trouble === undefined ? [] : [trouble],
    clouds: Object.fromEntries(clouds.all().map((cloud) => [cloud.key, cloud.mode])),
  };
}
