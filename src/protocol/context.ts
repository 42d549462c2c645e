import type { Clouds } from '../clouds/cloud';
import type { TypeCapabilities } from '../clouds/driver';
import type { BodyReader, Writer, Format } from '../codec/codec';
import type { Catalogue } from '../model/catalogue';
import type { Ledger } from '../model/ledger';
import type { AuditContent } from '../operations/audit';
import type { ResourceHandler } from '../operations/resource-handler';
import { COMPUTED, gatewayCapabilities } from '../operations/gateway-resources';
import { JOB } from '../operations/job';
import type { ReaderContext } from '../reader/context';
import { narrowedPolicy } from '../reader/narrowed';
import { tenantPolicy, type Policy } from '../reader/policy';
import type { Rights } from '../rights/rights';
import { READ } from '../rights/rule';
import type { RuleBook } from '../rights/rule-book';
import type { Store } from '../store/store';
import type { Tracer } from '../tracing/tracer';
import { FeedWatch } from './feed-watch';
import type { CimiRequest, Principal } from './messages';
import type { JobRunner } from './job-runner';
import { Ration } from './ration';
import { Seats } from './seats';
import type { ReadAudit } from './read-audit';
import { Waiting, type WaitingOptions } from './waiting';
import type { Quotas } from './quotas';

/** Refused requests of a tenant that are told as alarms, in so many ms: a flood of them must not displace its history. */
const REFUSALS_TOLD = 60;
const REFUSALS_MS = 3_600_000;

export interface StreamOptions {
  /** Streams of one tenant at once. */
  perTenant: number;
  /** Distance of the comments of a stream in which nothing happens, in ms. */
  keepAliveMs: number;
}

export interface ProtocolOptions {
  catalogue: Catalogue;
  handlers: readonly ResourceHandler[];
  clouds: Clouds;
  store: Store;
  clock: ReaderContext['clock'];
  jobs: JobRunner;
  writers: Readonly<Record<Format, Writer>>;
  readers: Readonly<Record<Format, BodyReader>>;
  /** Bounds on what a request body may hold. */
  bodyLimits: { depth: number; items: number };
  /** Absolute base URI with a trailing slash. */
  base: string;
  /** Key of the MAC on identity tags. */
  tagKey: Uint8Array;
  defaultCloud: string | undefined;
  freshen?: ReaderContext['freshen'];
  /** Ledger of all that is read and of all that changes: answers are kept as long as by it they are right. Absent: none is kept. */
  ledger?: Ledger | undefined;
  /** Wraps the policy by which all rights are decided. */
  policy?: ((policy: Policy) => Policy) | undefined;
  /** Declared rules that narrow what roles let do. */
  rules: RuleBook;
  /** Time that an answer waits for its Job, in ms. */
  graceMs: number;
  /** Bounds within which `Prefer: wait` is granted. */
  waits: WaitingOptions;
  /** Bounds of streams of events. */
  streams: StreamOptions;
  /** Content of the audit's entries. */
  auditContent: AuditContent;
  /** Keeps entries for reads; absent: reads leave none. */
  reads?: Pick<ReadAudit, 'note'> | undefined;
  /** Time for which ended Jobs are kept, in minutes (JobRetention, 5.11.2). */
  retentionMinutes: number;
  /** Limits of each tenant. */
  quotas: Quotas;
  /** Has the span of the request under way; absent: tracing is off. */
  tracer?: Tracer | undefined;
  /** A list above this many items is refused rather than cut. */
  maxItems: number;
  /** A list whose representation is longer is refused, bytes. */
  maxListBytes: number;
  /** Time for which a list that is read window by window is kept, in ms. */
  listCacheMs: number;
  log: {
    warn(message: string, details?: object): void;
    error(message: string, details?: object): void;
  };
}

/** Parts of the protocol that are the same for all requests, made once. */
export interface Protocol extends Omit<ProtocolOptions, 'policy'> {
  /** Decides who may read and who may change. */
  policy: Policy;
  waiting: Waiting;
  /** Tells whether a tenant has new events. */
  watch: FeedWatch;
  /** Seats of those who read a stream. */
  streaming: Seats;
  /** Refused requests that are told as alarms. */
  refusals: Ration;
  handlerOf(type: string): ResourceHandler | undefined;
  /** Tells whether resources of the type are there at all. */
  isServed(type: string): boolean;
  /** Tells whether the rights of somebody are still those that it is served by. */
  isCurrent(principal: Principal): boolean;
  /** Capabilities of a type whatever the clouds. */
  ownCapabilities(type: string): TypeCapabilities;
}

/** Request on its way. */
export interface Scope {
  protocol: Protocol;
  principal: Principal;
  /** Cloud of the entry point used (`clouds/<key>/…`), if not the root's. */
  cloudKey: string | undefined;
  request: CimiRequest;
}

/** Makes the policy by which all rights are decided, and the table of handlers that it looks at. */
export function policyOf({ handlers, clouds, policy: wrap }: Pick<ProtocolOptions, 'handlers' | 'clouds' | 'policy'>) {
  const table = new Map(handlers.map((handler) => [handler.type, handler]));
  const handlerOf = (type: string): ResourceHandler | undefined => table.get(type);
  const policy = tenantPolicy(clouds, handlerOf);
  return { policy: wrap?.(policy) ?? policy, handlerOf };
}

/**
 * The same for those whose rights are narrowed: a policy with less in it, and what it lets nobody see is not served.
 * All else is shared.
 */
export function narrowedProtocol(protocol: Protocol, rights: Rights): Protocol {
  const { catalogue, clouds, handlerOf } = protocol;
  const policy = narrowedPolicy(protocol.policy, rights, protocol);
  const inClouds = (type: string): boolean => handlerOf(type)?.group !== undefined && handlerOf(type)?.stored !== true;
  const isSeen = (type: string): boolean => {
    const path = catalogue.pathOf(type);
    if (!rights.hides || path === undefined) return true;
    return inClouds(type) ? clouds.all().some(({ key }) => rights.may(READ, path, key)) : rights.may(READ, path, null);
  };
  const isCurrent = (principal: Principal): boolean => protocol.rules.rightsOf(principal)?.key === rights.key;
  return { ...protocol, policy, isCurrent, isServed: (type) => protocol.isServed(type) && isSeen(type) };
}

export function createProtocolContext(options: ProtocolOptions): Protocol {
  const { policy, handlerOf } = policyOf(options);
  const computed = new Set([...COMPUTED, JOB]);
  const own = gatewayCapabilities(options.retentionMinutes);
  return {
    ...options,
    policy,
    waiting: new Waiting(options.jobs, options.waits),
    watch: new FeedWatch(options.store),
    streaming: new Seats(options.streams.perTenant, options.waits.ending),
    refusals: new Ration(REFUSALS_TOLD, REFUSALS_MS),
    handlerOf,
    isCurrent: (principal) => options.rules.rightsOf(principal) === undefined,
    isServed: (type) => handlerOf(type) !== undefined || computed.has(type),
    ownCapabilities: (type) => own[type] ?? handlerOf(type)?.about ?? {},
  };
}
