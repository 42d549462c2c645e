import { auditEntry, type Access } from '../operations/audit';
import { ENTRY_POINT } from '../operations/gateway-resources';
import { partedFromCloud } from '../model/cloud-path';
import type { EventRecord } from '../store/event-record';
import type { AccessStore, UnitOfWork } from '../store/store';
import type { Protocol, Scope } from './context';
import type { CimiRequest, CimiResponse } from './messages';

/** Facts of a request that its path through the protocol adds to the audit. */
export interface Told extends Pick<Access, 'outcome' | 'detail' | 'at'> {
  action?: string;
  status?: number;
  /** Id of the Job that it left. */
  job?: string;
}

/** Records a request as an entry of the audit, as part of the transaction that it is done in. */
export async function recordAccess(unit: UnitOfWork, scope: Scope, told: Told): Promise<void> {
  await unit.recordEvent(accessEntry(scope, told));
}

/** Makes the entry of a request. */
export function accessEntry({ protocol, request }: Scope, told: Told): EventRecord {
  return entryOf(protocol, request, told);
}

function entryOf(protocol: Protocol, { method, path, address, requestId, principal }: CimiRequest, told: Told): EventRecord {
  const access: Access = {
    ...told,
    ...subjectAt(protocol, path),
    tenant: principal.tenant,
    who: principal,
    address,
    operation: method,
    requestId,
  };
  return auditEntry(access, protocol.auditContent);
}

/**
 * Hands the entry of a read over, to be written soon, where the operator wants such entries (`audit.reads`).
 * @param at time at which it was asked for, in ms since the epoch
 * @throws what the store says where nothing can be written any more
 */
export async function noteRead(protocol: Protocol, request: CimiRequest, { status }: CimiResponse, at: number): Promise<void> {
  if (!protocol.reads) return;
  const refused = status >= 400;
  const { path } = subjectAt(protocol, request.path);
  const outcome = refused ? 'Failure' : 'Success';
  const detail = refused ? `read was refused (${status})` : `read ${path}`;
  await protocol.reads.note(entryOf(protocol, request, { outcome, detail, at, ...(refused ? { status } : {}) }));
}

/** Records a request that was refused, where no Job could be kept of it. */
export async function recordRefused(scope: Scope, told: Omit<Told, 'outcome'>): Promise<void> {
  await scope.protocol.store.transaction((unit) => recordAccess(unit, scope, { ...told, outcome: 'Failure' }));
}

/** Returns what is at a path, where something can be; the entry point otherwise: strangers may write anything into a path. */
export function subjectAt({ catalogue }: Pick<Protocol, 'catalogue'>, path: CimiRequest['path']): { path: string; type: string } {
  const { path: own } = partedFromCloud(path.replace(/\/$/, ''));
  const location = own.length > MOST_PATH ? undefined : catalogue.locate(own);
  return location ? { path: own, type: location.type } : { path: catalogue.pathOf(ENTRY_POINT) ?? 'cloudEntryPoint', type: ENTRY_POINT };
}

/** Longest path that stands in an entry, characters. */
const MOST_PATH = 500;

/** A login that was refused or failed, or began a session, as it is recorded. Never with what was given as password or token. */
export interface FailedLogin {
  /** The user whose login it was to be, where there is such a user. */
  user?: { name: string; tenant: string };
  /** Address of the client; absent where the entry sums up many. */
  address?: string;
  method?: string;
  /** Path of the request, where it is one of the gateway's resources. */
  path?: string;
  requestId?: string;
  status?: number;
  reason: string;
  /** True where it went well. */
  succeeded?: boolean;
}

/** Writes failed logins into the audit of the tenant whose user it was to be; those of nobody known belong to no tenant. */
export function loginRecorder(parts: Pick<Protocol, 'store' | 'catalogue' | 'auditContent'>): (login: FailedLogin) => Promise<void> {
  return async ({ user, address, method = 'GET', path, requestId, status, reason, succeeded }) => {
    const access: Access = {
      ...subjectAt(parts, path ?? ''),
      ...{ tenant: user?.tenant ?? STRANGERS, who: user && { name: user.name }, address, operation: method, requestId, status },
      action: 'authenticate',
      ...(succeeded
        ? ({ outcome: 'Success', detail: `logged in: ${reason}` } as const)
        : ({ outcome: 'Failure', detail: `login failed: ${reason}` } as const)),
    };
    await parts.store.transaction((unit) => unit.recordEvent(auditEntry(access, parts.auditContent)));
  };
}

/** Request for a change of users. */
type UserRequest = Pick<CimiRequest, 'method' | 'address' | 'requestId'> & { who: CimiRequest['principal'] };

/** Changes of users and tenants that requests ask for, in the audit. */
export function toldAccess({ store, auditContent }: Pick<Protocol, 'store' | 'catalogue' | 'auditContent'>) {
  const entry = ({ method, ...request }: UserRequest, tenant: string, told: Pick<Access, 'outcome' | 'detail' | 'status'>): EventRecord =>
    auditEntry(
      { ...request, ...told, tenant, operation: method, action: 'configure', path: 'cloudEntryPoint', type: ENTRY_POINT },
      auditContent,
    );
  return {
    /** Makes the store of users in which each change is an entry, written with it. */
    accessFor: (request: UserRequest): AccessStore =>
      store.accessTold(({ tenant, what }) => entry(request, tenant, { outcome: 'Success', detail: what })),
    /** Makes the entry of a change of something else of a tenant. */
    entryFor: (request: UserRequest, tenant: string, what: string): EventRecord =>
      entry(request, tenant, { outcome: 'Success', detail: what }),
    /** Records a change that was refused. */
    noteRefused: async (request: UserRequest, { status, reason }: { status: number; reason: string }): Promise<void> => {
      const refused = entry(request, request.who.tenant, { outcome: 'Failure', detail: reason, status });
      await store.transaction((unit) => unit.recordEvent(refused));
    },
  };
}

/** Tenant of the entries of strangers. */
const STRANGERS = '';
