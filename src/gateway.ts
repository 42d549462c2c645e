import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { extensionsOfClouds, placesOfNames } from './clouds/extensions';
import { newId } from './clouds/identity';
import { driverRegistry, type ConnectedClouds, type DriverRegistry } from './clouds/registry';
import { createBodyReader } from './codec/reader';
import { createWriter } from './codec/writer';
import { buildOf } from './config/build';
import { secretKey, type Config } from './config/config';
import { assertListenersApart } from './config/listeners';
import { createFetcher, type Fetcher } from './fetch/fetcher';
import { createPoster } from './fetch/poster';
import { createPutter } from './fetch/putter';
import { adminOf, countedJobs } from './gateway/observing';
import { connectConfigured, type RenewableClouds } from './gateway/connecting';
import { liveLimits, type LiveLimits } from './gateway/limits';
import { loginsOf } from './gateway/logins';
import { openQueue, openStore } from './gateway/opening';
import { reloading } from './gateway/reloading';
import { tenantAdminOf } from './gateway/tenants';
import { requestTracing, tracingOf } from './gateway/tracing';
import { declaredRules, warningOfRules } from './gateway/declared-rules';
import { loginRequired } from './gateway/strangers';
import { Closers } from './http/closers';
import { consoleOf, docsOf } from './http/console-parts';
import { publicAddress } from './http/public-address';
import { createHttpServer } from './http/server';
import { createMetrics, type Metrics } from './http/metrics';
import { readiness } from './http/readiness';
import { createEngine, type Engine } from './jobs/engine';
import type { BoundaryPoint } from './jobs/engine-context';
import { RestoreDetector } from './store/restore-detector';
import type { JobQueue } from './jobs/queue';
import { createWorkflowRegistry } from './jobs/workflow';
import { gatewayCatalogue, standardCatalogue, type Catalogue } from './model/catalogue';
import { partedFromCloud } from './model/cloud-path';
import { Ledger } from './model/ledger';
import { resourceHandlers } from './operations/handlers';
import { endTold } from './operations/job-events';
import type { ResourceHandler } from './operations/resource-handler';
import { confidentialNames } from './operations/stored';
import { typeExtensionsOf, type TypeExtensions } from './plugins/type-module';
import type { ProtocolOptions } from './protocol/context';
import { createProtocol } from './protocol/core';
import { createDeferredPlanning } from './protocol/deferred-planning';
import { createReadAudit } from './protocol/read-audit';
import { cloudMetrics } from './monitoring/cloud-metrics';
import { Collector } from './monitoring/collector';
import { freshening } from './monitoring/freshening';
import { recurring } from './monitoring/recurring';
import { everyWorkflow, withPackages } from './packages/handlers';
import { expiringPackages } from './packages/remove';
import { servePackages } from './packages/serve';
import { withSystems } from './systems/handlers';
import { writeFault } from './protocol/faults';
import type { Handle } from './protocol/messages';
import { publicDocuments } from './protocol/public-documents';
import { lockFolder } from './store/folder-lock';
import { startStoreClock, type StoreClock } from './store/store-clock';
import { toldNoRoom } from './store/unavailable';
import { ledgerStore } from './store/ledger-store';
import { loadOrCreateKey } from './store/key-file';
import { keepFolder } from './store/private-files';
import type { EventRecord } from './store/event-record';
import { retentionOf } from './store/retention';
import type { JobRow, Store } from './store/store';
import { observedStore } from './store/observed-store';
import { tracedStore } from './store/traced-store';
import type { Tracer } from './tracing/tracer';

/** Path of the base URI below the public URL. */
const PREFIX = '/cimi/';
const KEY_FILE = 'secret.key';
const HOUR_MS = 3_600_000;

/** The drivers that come with the gateway; each is loaded when a configured cloud names it. */
export function shippedDrivers(): DriverRegistry {
  return driverRegistry({
    simulator: async () => (await import('../drivers/simulator/index')).driver,
    ec2: async () => (await import('../drivers/ec2/index')).driver,
    openstack: async () => (await import('../drivers/openstack/index')).driver,
    vsphere: async () => (await import('../drivers/vsphere/index')).driver,
  });
}

export interface GatewayOptions extends Pick<ProtocolOptions, 'policy'> {
  config: Config;
  log: Logger;
  /** `gateway` answers requests (and works on Jobs where the configuration says so); `worker` only works on Jobs. */
  role: 'gateway' | 'worker';
  /** Make a key for secrets in the data folder where none is configured. */
  makeKey?: boolean;
  drivers?: DriverRegistry;
  /** Hook for crash tests. */
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
  /** True where nobody has to log in. */
  anonymous: boolean;
  /** Takes what can be taken of a configuration that was read again; says in the log what needs a restart. */
  reload(next: Config): Promise<void>;
  /** Says not ready, lets requests and steps in hand end, hands the rest back, closes everything. */
  close(): Promise<void>;
}

/**
 * Builds everything and starts it. The only place that does.
 * @throws ConfigurationError, FolderInUseError, WrongKeyError and what the system says of addresses, servers and room.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const closers = new Closers();
  try {
    return await build(options, closers);
  } catch (error) {
    await closers.close();
    throw toldNoRoom(options.config.data.dir, error);
  }
}

async function build(options: GatewayOptions, closers: Closers): Promise<Gateway> {
  const { config, log, role } = options;
  if (role === 'gateway') assertListenersApart(config);
  const types = await typeExtensionsOf(config);
  keepFolder(config.data.dir, log);
  if (config.store.kind === 'sqlite') closers.add(lockFolder(config.data.dir));
  const metrics = createMetrics({ build: buildOf(process.env) });
  const standing = await adminOf(config, metrics, log, closers);
  const key = await keyFor(options);
  const owner = ownerOf();
  const tracer = await tracingOf(config, { role, instance: owner, metrics, log }, closers);
  const { onEnded, onTakenOver } = countedJobs(metrics);
  const opened = await openStore(config, key, log);
  closers.add(() => opened.close());
  // A policy that is put before ours may change its mind, which no ledger is told of: every answer then is made anew.
  const ledger = config.store.kind === 'sqlite' && !options.policy ? new Ledger() : undefined;
  const observed = observedStore(ledger ? ledgerStore(opened, ledger) : opened, onEnded);
  const store = tracer ? tracedStore(observed, () => tracer.current()?.place) : observed;
  const clock = await startStoreClock(opened);
  closers.add(() => clock.stop());
  const required = role === 'worker' || (await loginRequired(config, store));
  const clouds = await connect(options, metrics, { ledger, tracer });
  closers.add(() => clouds.close());
  const catalogue = catalogueFor(clouds, config, types);
  const fetcher = createFetcher(config.fetch);
  const rules = { ...declaredRules(config, catalogue), warn: warningOfRules(store, log) };
  await rules.warn(config);
  const handlers = handlersFor(config, types, catalogue, fetcher);
  const tagKey = tagKeyOf(store);
  const at = role === 'gateway' ? await publicAddress(config.server) : undefined;
  const base = `${at?.publicUrl ?? 'http://worker.invalid'}${PREFIX}`;
  const queue = await openQueue(config, log);
  closers.add(() => queue.close(config.server.shutdownMs));
  const limits = liveLimits(config);
  const shared = { store, clock, clouds, catalogue, handlers, base, tagKey, rules: rules.book, limits, tracer };
  const engine = createJobs(options, { ...shared, queue, fetcher, onEnded, onTakenOver, owner });
  metrics.watchQueue(() => queue.trouble());
  metrics.watchJobs(() => store.jobLoad());
  const ready = () => readiness({ store, queue, clouds });
  const worksHere = role === 'worker' || config.worker.inProcess;
  if (worksHere) await engine.start();
  closers.add(() => engine.close(config.server.shutdownMs));
  const collector = new Collector({ store, clouds, catalogue, log, windowSeconds: config.monitoring.windowSeconds });
  const { publicUrl } = config.server;
  const feeds = { webhooks: config.webhooks, post: createPoster(config.fetch), base: publicUrl && `${publicUrl}${PREFIX}` };
  const own = { config: config.monitoring, store, clouds, catalogue, tagKey, log, collector };
  const schedule = recurring({ ...own, ...feeds }, { owner, leaseMs: config.worker.leaseMs, lookMs: config.worker.sweepMs });
  const notify = (job: string) => engine.notify([job]);
  schedule.add(expiringPackages(store, notify));
  if (worksHere) schedule.start();
  closers.add(() => schedule.close(config.server.shutdownMs));
  const [ending, freshen] = [new AbortController(), freshening(own)];
  const reads = config.audit.reads ? createReadAudit({ store, log: logOf(log) }) : undefined;
  closers.add(() => reads?.close());
  const handle = protocolOf(options, { ...shared, engine, ledger, freshen, reads, ending: ending.signal });
  const close = (): Promise<void> => {
    standing.closing = true;
    return closers.close();
  };
  if (!at) {
    standing.ready = ready;
    return {
      entryPoint: undefined,
      handle,
      store,
      engine,
      anonymous: false,
      reload: reloading(config, log, { clouds, limits, rules }),
      close,
    };
  }
  const writers = { json: createWriter(catalogue, 'json'), xml: createWriter(catalogue, 'xml') };
  const logins = loginsOf({ config, store, catalogue, log, metrics, rules: rules.book, required, signal: ending.signal });
  closers.add(() => logins.close());
  const typeOf = (path: string) => catalogue.locate(path)?.type ?? '';
  const audit = { content: config.audit.content, note: reads && ((entry: EventRecord) => reads.note(entry)), typeOf };
  const server = createHttpServer({
    handle,
    isList: (path) => catalogue.locate(partedFromCloud(path.replace(/\/$/, '')).path)?.kind === 'collection',
    authenticate: logins.authenticate,
    admin: logins.changes && { ...logins.changes, tenants: tenantAdminOf(config, store, limits, logins.changes) },
    base: { publicUrl: at.publicUrl, prefix: PREFIX },
    limits: limits.http,
    tls: config.server.tls,
    log,
    ready,
    metrics,
    tracing: requestTracing(tracer, catalogue),
    measured: (tenant) => cloudMetrics({ clouds, store }, tenant),
    documents: publicDocuments(catalogue, handlers, base, at.publicUrl),
    console: consoleOf(config.console, store.access, required ? at.publicUrl : undefined, logins),
    docs: docsOf(config.docs),
    packages: servePackages({ ...shared, idleMs: config.move.idleSeconds * 1000, notify, audit, mayHave: rules.mayHave(shared) }),
    rules: rules.forAccess,
    faults: (status, message, request) => writeFault(writers, base, request, { status, message }),
    ...(config.server.trustProxy.length > 0 ? { trustProxy: config.server.trustProxy } : {}),
    ...(config.access.metricsToken === undefined ? {} : { metricsToken: config.access.metricsToken }),
  });
  await server.listen({ host: at.host, port: at.port });
  closers.add(() => {
    ending.abort();
    return server.close(config.server.shutdownMs);
  });
  closers.add(async () => {
    server.retire();
    await sleep(config.server.retireMs);
  });
  standing.ready = ready;
  const reload = reloading(config, log, { clouds, limits, rules, server, oidc: logins.renewal });
  return { entryPoint: `${base}cloudEntryPoint`, handle, store, engine, anonymous: !required, reload, close };
}

/** Returns what every type of the gateway is made of. */
export function handlersFor(config: Config, types: TypeExtensions, catalogue: Catalogue, fetcher: Fetcher): readonly ResourceHandler[] {
  return withPackages(withSystems([...resourceHandlers(fetcher), ...types.handlers], catalogue), fetcher, config.move);
}

/** Returns the key of the MAC on identity tags. */
export function tagKeyOf(store: Store): Buffer {
  return store.keys.lasting('identity tags');
}

/**
 * The standard, with what the drivers of these clouds and the configuration's own modules add to it.
 * @throws ConfigurationError where drivers contradict each other
 */
export function catalogueFor(clouds: ConnectedClouds, { compatibility }: Config, types: TypeExtensions): Catalogue {
  const attributes = [...types.attributes, ...extensionsOfClouds(clouds, standardCatalogue().resources), ...placesOfNames(clouds)];
  return gatewayCatalogue(attributes, compatibility.credentialsGroup, types);
}

/** Path of the file of a key that is not configured. */
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

/** Connects the configured clouds; asks no provider anything. */
export function connect(
  { config, log, drivers = shippedDrivers() }: Pick<GatewayOptions, 'config' | 'log' | 'drivers'>,
  metrics: Metrics,
  { ledger, tracer }: { ledger?: Ledger | undefined; tracer?: Tracer | undefined } = {},
): Promise<RenewableClouds> {
  return connectConfigured({ config, log, drivers, metrics, ledger, tracer });
}

function createJobs(
  { config, log, onBoundary, policy }: GatewayOptions,
  {
    fetcher,
    handlers,
    tagKey,
    base,
    limits,
    ...parts
  }: Omit<Built, 'ending' | 'engine' | 'ledger' | 'freshen' | 'reads'> & { queue: JobQueue },
): Engine {
  const planning = createDeferredPlanning({
    ...{ ...parts, handlers, tagKey, base, policy, log: logOf(log) },
    ...{ defaultCloud: config.defaultCloud, quotas: limits.quotas, maxItems: config.lists.maxItems },
  });
  const deps = { fetcher, catalogue: parts.catalogue, tagKey, handlers, planning };
  const out = { keepMs: config.ovf.keepHours * HOUR_MS, put: createPutter(config.fetch), store: parts.store };
  return createEngine({
    ...parts,
    workflows: createWorkflowRegistry(everyWorkflow(deps, config.move, out)),
    log,
    leaseMs: config.worker.leaseMs,
    sweepMs: config.worker.sweepMs,
    concurrency: config.worker.concurrency,
    retentionMs: config.jobs.retentionMinutes * 60_000,
    refusedPerTenant: config.jobs.refusedPerTenant,
    retention: retentionOf(config),
    secretNames: confidentialNames(parts.catalogue),
    onEnding: endTold(parts.catalogue),
    alone: config.store.kind === 'sqlite',
    restoreDetector: new RestoreDetector(parts.store, join(config.data.dir, 'newest.json'), log),
    ...(onBoundary ? { onBoundary } : {}),
  });
}

interface Built {
  /** Aborted when the gateway stops serving. */
  ending: AbortSignal;
  store: Store;
  clock: StoreClock;
  clouds: ConnectedClouds;
  catalogue: Catalogue;
  handlers: readonly ResourceHandler[];
  engine: Engine;
  base: string;
  /** Key of the MAC on identity tags. */
  tagKey: Buffer;
  fetcher: Fetcher;
  onEnded: (job: JobRow) => void;
  onTakenOver: (job: JobRow) => void;
  ledger: Ledger | undefined;
  rules: ProtocolOptions['rules'];
  freshen: ProtocolOptions['freshen'];
  reads: ProtocolOptions['reads'];
  /** Name of this process on its leases. */
  owner: string;
  tracer: Tracer | undefined;
  limits: LiveLimits;
}

function protocolOf(
  options: GatewayOptions,
  { engine, ending, limits, ...parts }: Omit<Built, 'fetcher' | 'onEnded' | 'onTakenOver' | 'owner'>,
): Handle {
  const { config, log, policy } = options;
  return createProtocol({
    ...parts,
    jobs: {
      notify: (id) => engine.notify([id]),
      waitFor: (id, ms, signal) => engine.waitFor(id, ms, signal),
      leasedHere: (id) => engine.leasedHere(id),
      requestStop: (id, also) => engine.requestStop(id, also),
      mayStop: (job) => engine.mayStop(job),
    },
    writers: { json: createWriter(parts.catalogue, 'json'), xml: createWriter(parts.catalogue, 'xml') },
    readers: { json: createBodyReader(parts.catalogue, 'json'), xml: createBodyReader(parts.catalogue, 'xml') },
    bodyLimits: limits.body,
    defaultCloud: config.defaultCloud,
    ...(policy ? { policy } : {}),
    graceMs: config.jobs.graceMs,
    waits: { longestMs: config.jobs.waitMs, perTenant: config.jobs.waitsPerTenant, ending },
    streams: config.streams,
    retentionMinutes: config.jobs.retentionMinutes,
    quotas: limits.quotas,
    auditContent: config.audit.content,
    maxItems: config.lists.maxItems,
    maxListBytes: config.lists.maxBytes,
    listCacheMs: config.lists.cacheMs,
    log: logOf(log),
  });
}

/** The log as the protocol writes it. */
function logOf(log: Logger): ProtocolOptions['log'] {
  return { warn: (message, details) => log.warn(details ?? {}, message), error: (message, details) => log.error(details ?? {}, message) };
}

/** Name of this process on a lease. */
function ownerOf(): string {
  return `${hostname()}:${process.pid}:${newId().slice(0, 8)}`;
}
