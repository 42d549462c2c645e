import { z } from 'zod';
import { accessSection } from './access-section';
import { adminSection } from './admin-section';
import { auditSection } from './audit-section';
import { consoleSection, docsSection } from './console-section';
import { fetchSection } from './fetch-section';
import { keepsLogin } from './formats';
import { moveSection } from './move-section';
import { ovfSection } from './ovf-section';
import { namesSection } from './names-section';
import { monitoringSection } from './monitoring-section';
import { quotasSection } from './quotas-section';
import { secretsSection } from './secrets-section';
import { serverSection } from './server-section';
import { streamsSection } from './streams-section';
import { tracingSection } from './tracing-section';
import { webhooksSection } from './webhooks-section';

/**
 * The configuration file, one section per part of the gateway. Every option says here what it does, in which unit,
 * and what holds without it; the annotated reference, the JSON Schema for editors and all error messages follow.
 */

const milliseconds = (least: number, most: number) => z.int().min(least).max(most);
const HOUR = 3_600_000;
const MIB = 1024 * 1024;

const tenantName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'must be 1 to 63 letters, digits, dots, dashes or underscores, beginning with a letter or digit',
  );

const data = z
  .strictObject({
    dir: z
      .string()
      .min(1)
      .default('.cimi-data')
      .describe(
        "Folder of the gateway's own state (database, generated key, simulated clouds); relative to this file, the default to the working directory. Made where it is missing.",
      ),
  })
  .prefault({})
  .describe('State on disk.');

/** Words for a URL whose login ends too early; what it was is not shown. */
const ENCODED = 'is no URL: in user, password and names # must be written as %23, / as %2F, ? as %3F, @ as %40, and % as %25';

const store = z
  .strictObject({
    kind: z
      .enum(['sqlite', 'postgres'])
      .default('sqlite')
      .describe('sqlite: one file in data.dir, for one process. postgres: for several processes.'),
    url: z
      .string()
      .regex(/^postgres(ql)?:\/\//, { error: 'must begin with postgres://', abort: true })
      .refine(keepsLogin, ENCODED)
      .optional()
      .describe('PostgreSQL: postgres://user:password@host:5432/database. Needed for postgres, not used by sqlite.'),
    connections: z.int().min(1).max(500).default(10).describe('PostgreSQL: most connections of this process.'),
  })
  .superRefine(({ kind, url }, context) => {
    if (kind === 'postgres' && url === undefined)
      context.addIssue({ code: 'custom', path: ['url'], message: 'is missing; kind postgres needs it' });
    if (kind === 'sqlite' && url !== undefined)
      context.addIssue({ code: 'custom', path: ['url'], message: 'is not used by kind sqlite; did you mean kind: postgres?' });
  })
  .prefault({})
  .describe('Where the gateway keeps what no cloud keeps for it.');

const queue = z
  .strictObject({
    kind: z
      .enum(['embedded', 'redis'])
      .default('embedded')
      .describe('embedded: no server, one process. redis: BullMQ, several gateways and workers.'),
    url: z
      .string()
      .regex(/^rediss?:\/\//, { error: 'must begin with redis:// or rediss://', abort: true })
      .refine(keepsLogin, ENCODED)
      .optional()
      .describe('Redis: redis://user:password@host:6379/0 (rediss:// for TLS). Needed for redis, not used by embedded.'),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
      .default('cimi')
      .describe('Redis: begins the names of all keys, so that several gateways can share a server.'),
  })
  .superRefine(({ kind, url }, context) => {
    if (kind === 'redis' && url === undefined)
      context.addIssue({ code: 'custom', path: ['url'], message: 'is missing; kind redis needs it' });
    if (kind === 'embedded' && url !== undefined)
      context.addIssue({ code: 'custom', path: ['url'], message: 'is not used by kind embedded; did you mean kind: redis?' });
  })
  .prefault({})
  .describe('How workers learn of new Jobs. The database holds the truth: a lost queue loses nothing.');

const worker = z
  .strictObject({
    inProcess: z
      .boolean()
      .default(true)
      .describe('Whether the gateway process also works on Jobs; false where separate worker processes do (cimi-gateway worker).'),
    concurrency: z.int().min(1).max(1000).default(10).describe('Most Jobs worked on at once by one process.'),
    sweepMs: milliseconds(100, HOUR)
      .default(2000)
      .describe('How often each process looks for Jobs that are due and nobody works on, in ms.'),
    leaseMs: milliseconds(1000, HOUR).default(30_000).describe('After how long a Job of a process that died is taken over, in ms.'),
  })
  .prefault({})
  .describe('Work on Jobs.');

const jobs = z
  .strictObject({
    retentionMinutes: z
      .int()
      .min(1)
      .max(60 * 24 * 366)
      .default(60 * 24 * 7)
      .describe('How long ended Jobs can be read, in minutes (the JobRetention capability).'),
    refusedPerTenant: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(1000)
      .describe('Most FAILED Jobs of refused requests kept per tenant, for at most an hour.'),
    graceMs: milliseconds(0, 60_000)
      .default(300)
      .describe('How long an answer waits for its Job to end, in ms, before it is 202. Machine actions never wait.'),
    waitMs: milliseconds(0, 24 * HOUR)
      .default(600_000)
      .describe('Longest wait that a client gets by `Prefer: wait=SECONDS`, in ms; proxies before the gateway must bear it.'),
    waitsPerTenant: z
      .int()
      .min(0)
      .max(10_000)
      .default(100)
      .describe('Answers of one tenant that may wait by `Prefer: wait` at once, in each process; more are answered without.'),
  })
  .prefault({})
  .describe('The Jobs that every change leaves.');

const lists = z
  .strictObject({
    maxItems: z
      .int()
      .min(100)
      .max(10_000_000)
      .default(100_000)
      .describe('Most items of one answer; longer ones are 503, never a part. What the gateway keeps can be read in windows of this size.'),
    maxBytes: z
      .int()
      .min(64 * 1024)
      .max(1024 * MIB)
      .default(64 * MIB)
      .describe('Longest representation of a collection, in bytes; longer ones are 503.'),
    cacheMs: milliseconds(0, HOUR)
      .default(2000)
      .describe('How long a collection of a cloud is kept for the next $first/$last window, in ms.'),
  })
  .prefault({})
  .describe('Collections.');

const compatibility = z
  .strictObject({
    credentialsGroup: z
      .enum(['singular', 'plural'])
      .default('singular')
      .describe(
        'JSON name of the list in the CredentialCollection. singular: "credential", as DSP0263 5.14.10 prints it. plural: "credentials", as most existing clients read it.',
      ),
  })
  .prefault({})
  .describe('Where existing clients expect something else than the standard says.');

const days = (by: number) => z.int().min(1).max(36_500).default(by);

const retention = z
  .strictObject({
    eventDays: days(90).describe('How long events (the history of each resource) are kept, in days.'),
    eventsPerTenant: z.int().min(0).max(100_000_000).default(100_000).describe('Most events kept per tenant; the oldest go first.'),
    goneDays: days(365).describe(
      'How long is remembered what a resource was that its cloud lost, in days: what comes back later is another resource.',
    ),
    idDays: days(3650).describe(
      'How long the id of a deleted resource stays its own, in days: until then a clone that carries it in its tag is not taken for it.',
    ),
  })
  .prefault({})
  .describe('What nobody deletes, and is let go of after its time.');

const log = z
  .strictObject({
    level: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .default('info')
      .describe('Least severity that is written.'),
    pretty: z.boolean().default(false).describe('Lines for people in place of one JSON object per line.'),
  })
  .prefault({})
  .describe('The log, on standard output.');

const guard = z
  .strictObject({
    deadlineMs: milliseconds(100, HOUR).default(30_000).describe('How long one call to the cloud may take, in ms.'),
    concurrency: z.int().min(1).max(1000).default(16).describe('Most calls to the cloud at once from one process.'),
    cacheMs: milliseconds(0, HOUR).default(5000).describe('How long what was read is served again, in ms; 0 always asks the cloud.'),
    configCacheMs: milliseconds(0, 24 * HOUR)
      .default(HOUR)
      .describe('The same for configurations (sizes), which change seldom, in ms.'),
    shutAfterMs: milliseconds(0, HOUR)
      .default(10_000)
      .describe(
        'How long what does not answer is asked, in ms, before calls to it are refused at once but for one now and then; 0: for ever.',
      ),
    retries: z.int().min(0).max(20).default(4).describe('How often a repeatable call that failed in passing is tried again.'),
  })
  .prefault({})
  .describe('What stands between the gateway and the cloud.');

const cloud = z
  .strictObject({
    name: z.string().min(1).max(200).optional().describe('Name shown to people. Default: the key.'),
    driver: z
      .string()
      .min(1)
      .describe(
        'What speaks to this cloud: simulator, ec2, openstack, vsphere; or the module of a driver of your own: a package (@scope/cimi-driver-x), or a file (./my-driver.mjs) relative to this one.',
      ),
    mode: z
      .enum(['manage', 'observe'])
      .default('manage')
      .describe('observe: nothing is changed in this cloud; no operation is shown and none accepted.'),
    waitAtMostMs: milliseconds(100, 31 * 24 * HOUR)
      .optional()
      .describe(
        'How long a Job waits at most for one piece of work that the cloud still goes on with, in ms. It then is FAILED, nothing is undone, and a later read shows what became of it. Default: until the cloud ends it.',
      ),
    tenants: z.array(tenantName).min(1).default(['default']).describe('Tenants that may use this cloud.'),
    discoveredTenant: tenantName
      .optional()
      .describe('Tenant to which belongs what the gateway did not make. Default: the only tenant; needed as soon as there are two.'),
    options: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("The driver's own options (region, endpoint, credentials, …); see the driver's README."),
    ...namesSection,
    guard,
  })
  .superRefine(({ tenants, discoveredTenant }, context) => {
    if (new Set(tenants).size < tenants.length) context.addIssue({ code: 'custom', path: ['tenants'], message: 'names a tenant twice' });
    if (discoveredTenant === undefined && tenants.length > 1) {
      context.addIssue({
        code: 'custom',
        path: ['discoveredTenant'],
        message: `is missing; with several tenants it must be one of ${tenants.join(', ')}`,
      });
    }
    if (discoveredTenant !== undefined && !tenants.includes(discoveredTenant)) {
      context.addIssue({
        code: 'custom',
        path: ['discoveredTenant'],
        message: `must be one of the cloud's tenants: ${tenants.join(', ')}`,
      });
    }
  });

const cloudKey = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a key of 1 to 32 lower-case letters, digits and dashes, beginning with a letter')
  .describe('Part of every URI of what is found in the cloud: set it once, a change makes all such URIs invalid.');

export const configSchema = z
  .strictObject({
    server: serverSection,
    admin: adminSection,
    data,
    store,
    queue,
    worker,
    secrets: secretsSection,
    jobs,
    quotas: quotasSection,
    lists,
    retention,
    monitoring: monitoringSection,
    audit: auditSection,
    webhooks: webhooksSection,
    streams: streamsSection,
    console: consoleSection,
    docs: docsSection,
    compatibility,
    fetch: fetchSection,
    move: moveSection,
    ovf: ovfSection,
    access: accessSection,
    log,
    tracing: tracingSection,
    tenants: z
      .array(tenantName)
      .min(1)
      .optional()
      .describe("All tenants; a cloud's tenants must then be among them. Default: whatever the clouds name."),
    defaultCloud: cloudKey.optional().describe('Cloud that takes a create which names none and came through the root entry point.'),
    extensions: z
      .array(z.string().min(1))
      .default([])
      .describe('Modules that declare resource types of your own (docs/extending.md): packages, or files relative to this one.'),
    clouds: z.record(cloudKey, cloud).default({}).describe('The clouds, each under a key.'),
  })
  .describe('Configuration of cimi-gateway.');

/** Values as read, before defaults that depend on other values. */
export type ConfigValues = z.output<typeof configSchema>;
