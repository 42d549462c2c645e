import { randomUUID } from 'node:crypto';
import type { Outcome } from '../model/event';
import { CADF_EVENT, wordOf } from '../model/event-types';
import { kept, shown } from '../model/shown';
import type { Values } from '../model/values';
import type { EventRecord } from '../store/event-record';
import type { ResourcePath } from '../store/store';
import { accessEvent, ownEvent } from './events';

/** Way of writing entries of the audit: as access events of the standard (Table 57), or with the content of CADF (DSP0262). */
export type AuditContent = 'access' | 'cadf';

/** Facts of a request that the audit keeps: who, from where, what, and what came of it. Nothing of its body. */
export interface Access {
  tenant: string;
  /** Name and role, and whose word that is; absent for strangers. */
  who?: { name: string; role?: string; from?: { issuer: string; subject: string }; token?: string } | undefined;
  /** Address of the client; absent where the request came from this machine itself, or is a sum of many. */
  address?: string | undefined;
  /** HTTP method, or the command that was given. */
  operation: string;
  /** Full URI of the action, where the request asks for one; for what is no request of the protocol a word of CADF's. */
  action?: string | undefined;
  /** Time of the request, in ms since the epoch; absent: now. */
  at?: number | undefined;
  path: ResourcePath;
  /** Name of the resource's type. */
  type: string;
  outcome: Extract<Outcome, 'Success' | 'Failure'>;
  /** HTTP status of a refusal. */
  status?: number | undefined;
  detail: string;
  requestId?: string | undefined;
  /** Id of the Job that it left. */
  job?: string | undefined;
}

/** Longest names of strangers and clients, characters. */
const MOST = 200;
/** Actions of CADF's taxonomy; others stand below one of them. */
const CADF_ACTIONS: readonly string[] = [
  ...['allow', 'authenticate', 'backup', 'capture', 'configure', 'create', 'delete', 'deny', 'deploy', 'disable', 'enable', 'evaluate'],
  ...['monitor', 'notify', 'read', 'receive', 'renew', 'restore', 'revoke', 'send', 'start', 'stop', 'undeploy', 'update'],
];
/** Those of them that methods ask for. */
const ACTION_OF_METHOD: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  DELETE: 'delete',
  GET: 'read',
  HEAD: 'read',
};
/** Words of the standard for what a method asks for. */
const OF_METHOD: readonly string[] = ['add', 'edit', 'delete', 'read'];

/** Makes the record of a request as an entry of the audit. */
export function auditEntry(access: Access, content: AuditContent): EventRecord {
  const { tenant, path, type, operation, outcome, job, detail, at } = access;
  const subject = { tenant, path, type };
  if (content === 'cadf') return ownEvent(CADF_EVENT, subject, cadfOf(access), { outcome, job, at });
  return accessEvent(subject, operation, {
    detail: kept(withRequest(detail, access.requestId)),
    initiator: initiatorOf(access),
    outcome,
    job,
    at,
  });
}

function withRequest(detail: string, requestId: string | undefined): string {
  return requestId === undefined ? detail : `${detail} (request ${shown(requestId, MOST)})`;
}

/** Writes who it was and from where: `alice (operator) from 192.0.2.7`. */
function initiatorOf({ who, address }: Access): string {
  const name = who ? shown(who.name, MOST) : 'somebody unknown';
  const from = who?.from && `subject ${shown(who.from.subject, MOST)} of ${shown(who.from.issuer, MOST)}`;
  const token = who?.token && `token ${shown(who.token, MOST)}`;
  const facts = [who?.role, token, from].filter((fact) => fact !== undefined);
  const about = facts.length === 0 ? '' : ` (${facts.join(', ')})`;
  return `${name}${about}${address === undefined ? '' : ` from ${shown(address, MOST)}`}`;
}

/** Content of an entry as CADF has it (DSP0262); the OBSERVER is the gateway. */
function cadfOf({ who, address, operation, action, path, type, outcome, status, detail, requestId, tenant, at }: Access): Values {
  return {
    typeURI: CADF_EVENT,
    id: `urn:uuid:${randomUUID()}`,
    eventType: 'activity',
    eventTime: cadfTime(at ?? Date.now()),
    action: cadfAction(operation, action),
    outcome: outcome === 'Success' ? 'success' : 'failure',
    initiator: {
      typeURI: 'data/security/account/user',
      id: who ? shown(who.from ? `${who.from.issuer}#${who.from.subject}` : who.name, MOST) : 'unknown',
      ...(who ? { name: shown(who.name, MOST), domain: tenant } : {}),
      ...(address === undefined ? {} : { host: { address: shown(address, MOST) } }),
    },
    target: { typeURI: `service/cimi/${type}`, id: path },
    observer: { typeURI: 'service/cimi', id: 'cimi-gateway' },
    ...(status === undefined ? {} : { reason: { reasonType: 'HTTP', reasonCode: String(status) } }),
    attachments: [{ name: 'detail', contentType: 'text/plain', typeURI: DETAIL, content: kept(withRequest(detail, requestId)) }],
  };
}

/** URI of the type of what is attached: the words of the entry. */
const DETAIL = 'https://www.iana.org/assignments/media-types/text/plain';

/** A moment as CADF writes it: with an offset, for which Z does not stand. */
function cadfTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '+00:00');
}

function cadfAction(operation: string, action: string | undefined): string {
  const word = action === undefined ? undefined : wordOf(action);
  if (word === undefined || OF_METHOD.includes(word)) return ACTION_OF_METHOD[operation] ?? 'unknown';
  return CADF_ACTIONS.includes(word) ? word : `update/${word}`;
}
