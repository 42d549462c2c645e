import { createHmac } from 'node:crypto';
import type { JobLog } from '../jobs/engine-context';
import { isEvidence, wordOf } from '../model/event-types';
import type { Value, Values } from '../model/values';
import type { EventRow } from '../store/event-record';
import type { FeedPlace } from '../store/audit-store';
import { alarmEvent } from '../operations/events';
import type { Store, UnitOfWork } from '../store/store';
import type { RecurringWork, Turn } from './schedule';

/** A place of the operator's that is told of a tenant's events, by configuration. */
export interface Webhook {
  /** Name, for the log and for what is remembered of it. */
  name: string;
  url: string;
  tenant: string;
  /** Types to be told of, whole or by their last word; none: all but the entries of the audit, which have to be named. */
  types: readonly string[];
  /** Key of the signatures: `whsec_` and base64, or any text. */
  secret: string;
}

/** Sends a body. @returns the HTTP status, or words for why there is none */
export type Post = (
  url: string,
  options: { headers: Readonly<Record<string, string>>; body: string; signal: AbortSignal },
) => Promise<{ status: number } | { message: string }>;

export interface WebhookParts {
  store: Pick<Store, 'feedEnd' | 'readNews'>;
  post: Post;
  log: JobLog;
  /** Base that references in events are relative to, where clients' own is known. */
  base?: string | undefined;
}

/** Facts that last between two turns. */
interface Memory {
  after: FeedPlace;
  /**
   * Number of events of the delivery that was begun, and of which it is not known whether it was taken: it is sent again as it was,
   * under its id, so that who has taken it knows it again.
   */
  begun?: number;
  /** Failures in a row, since when, and the moment before which it is not tried again: ms since the epoch. */
  failures: number;
  failingSince: number;
  notBefore: number;
  /** True once it was told to be dead. */
  dead: boolean;
}

const EVERY_MS = 2_000;
const AT_ONCE = 100;
/** Pause after the first failure, doubled by each until the longest, ms. */
const PAUSE_MS = 5_000;
const LONGEST_MS = 3_600_000;
/** Time of nothing but failures after which it is told to be dead, in ms; it is tried every hour all the same. */
const DEAD_MS = 24 * 3_600_000;

/** Work that tells each webhook what is new, in order; nothing is passed over until it was taken, or retention has removed it. */
export function webhookWork(hooks: readonly Webhook[], parts: WebhookParts): RecurringWork[] {
  return hooks.map((hook) => ({
    name: `webhook ${hook.name}`,
    everyMs: EVERY_MS,
    run: (memory, signal, save, now) => turn(hook, parts, memory, { signal, save, now }),
  }));
}

async function turn(hook: Webhook, parts: WebhookParts, given: Value | null, { signal, save, now }: Omit<Turn, 'memory'>): Promise<void> {
  const known = memoryOf(given);
  if (!known) return save({ ...fresh(await parts.store.feedEnd(hook.tenant)) });
  let memory = known;
  while (!signal.aborted && memory.notBefore <= now()) {
    const { events, place } = await parts.store.readNews({ view: { tenant: hook.tenant } }, memory.after, memory.begun ?? AT_ONCE);
    if (events.length === 0) return;
    const wanted = events.filter(({ type }) => isWanted(hook, type));
    if (wanted.length > 0 && memory.begun === undefined) {
      memory = { ...memory, begun: events.length };
      await save({ ...memory });
    }
    const problem = wanted.length === 0 ? undefined : await tell(hook, parts, { events: wanted, place, signal, now: now() });
    // A turn that was broken off tells nothing of the other side.
    if (signal.aborted) return;
    const next: Memory = problem === undefined ? well(hook, parts, memory, place) : failed(hook, parts, memory, problem, now());
    const dies = next.dead && !memory.dead;
    await save({ ...next }, dies ? (unit) => tellDead(unit, hook, problem ?? '') : undefined);
    memory = next;
  }
}

const isWanted = ({ types }: Webhook, type: string): boolean =>
  (types.length === 0 && !isEvidence(type)) || types.some((wanted) => wanted === type || wanted === wordOf(type));

const fresh = (after: FeedPlace): Memory => ({ after, failures: 0, failingSince: 0, notBefore: 0, dead: false });

function well({ name }: Webhook, { log }: WebhookParts, { dead, failures }: Memory, place: FeedPlace): Memory {
  if (dead) log.warn({ webhook: name, failures }, 'the webhook takes events again');
  return fresh(place);
}

function failed({ name }: Webhook, { log }: WebhookParts, memory: Memory, reason: string, now: number): Memory {
  const failures = memory.failures + 1;
  const failingSince = memory.failures === 0 ? now : memory.failingSince;
  const pauseMs = Math.min(PAUSE_MS * 2 ** (failures - 1), LONGEST_MS);
  const dead = memory.dead || now - failingSince >= DEAD_MS;
  if (dead && !memory.dead)
    log.error(
      { webhook: name, reason, failures },
      'the webhook has taken nothing for a day: it is tried every hour, and no event is passed over',
    );
  else log.warn({ webhook: name, reason, failures, againInMs: pauseMs }, 'the webhook did not take the events; they will be sent again');
  return { ...memory, failures, failingSince, notBefore: now + pauseMs, dead };
}

/** Tells the tenant that a webhook of its is dead; the webhook hears of it when it lives again. */
async function tellDead(unit: UnitOfWork, { name, tenant }: Webhook, reason: string): Promise<void> {
  const subject = { tenant, path: 'cloudEntryPoint', type: 'CloudEntryPoint' };
  const detail = `webhook ${name} has taken nothing for a day: ${reason}`;
  await unit.recordEvent(alarmEvent(subject, 'webhookDead', { detail, severity: 'high' }));
}

interface Batch {
  events: readonly EventRow[];
  place: FeedPlace;
  signal: AbortSignal;
  now: number;
}

/** Sends events, signed as Standard Webhooks has it. @returns why they were not taken */
async function tell(hook: Webhook, { post, base }: WebhookParts, { events, place, signal, now }: Batch): Promise<string | undefined> {
  const id = `${hook.name}-${place}`;
  const timestamp = String(Math.floor(now / 1000));
  const body = JSON.stringify({ tenant: hook.tenant, ...(base === undefined ? {} : { baseURI: base }), events: events.map(shape) });
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatureOf(hook.secret, id, timestamp, body),
  };
  const answer = await post(hook.url, { headers, body, signal });
  if ('message' in answer) return answer.message;
  return answer.status >= 200 && answer.status < 300 ? undefined : `it answered ${answer.status}`;
}

/** Signs a delivery: HMAC-SHA-256 over id, time and body. */
export function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** An event as it is sent; references are relative to the base URI. */
function shape({ id, timestamp, recorded, type, outcome, severity, resource, job, content }: EventRow): Values {
  return {
    id,
    timestamp,
    created: recorded,
    type,
    outcome,
    ...(severity === undefined ? {} : { severity }),
    about: { href: resource },
    ...(job === undefined ? {} : { job: { href: `jobs/${job}` } }),
    content,
  };
}

function memoryOf(value: Value | null): Memory | undefined {
  if (typeof value !== 'object' || value === null || !('after' in value)) return undefined;
  const { after, begun, failures, failingSince, notBefore, dead } = value;
  if (typeof after !== 'string' || typeof failures !== 'number' || typeof failingSince !== 'number') return undefined;
  if (typeof notBefore !== 'number' || typeof dead !== 'boolean') return undefined;
  return { after, failures, failingSince, notBefore, dead, ...(typeof begun === 'number' ? { begun } : {}) };
}
