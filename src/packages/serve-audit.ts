import type { EventRecord } from '../store/event-record';
import type { UnitOfWork } from '../store/store';
import { auditEntry, type AuditContent } from '../operations/audit';
import type { PackageRequest } from './serve-request';
import { packagePath, type PackageRecord } from './package-record';

/** Ways in which the audit is told of packages. */
export interface PackageAudit {
  content: AuditContent;
  /** Takes the entry of a read, to be written soon; absent where the operator wants none (`audit.reads`). */
  note?: ((entry: EventRecord) => Promise<void>) | undefined;
  /** Returns the type of a resource by its path. */
  typeOf(path: string): string;
}

/** Outcome of a request for a package. */
interface Told {
  detail: string;
  status?: number;
  job?: string;
}

/** Makes the entry of a request for a package: of what was exported, for the package itself is no resource (5.17.13). */
function entryOf(
  { content, typeOf }: PackageAudit,
  { method, who, address, requestId }: PackageRequest,
  { of }: PackageRecord,
  { detail, status, job }: Told,
): EventRecord {
  return auditEntry(
    {
      ...{
        tenant: who.tenant,
        who: { name: who.name, role: who.role },
        address,
        requestId,
        path: of,
        type: typeOf(of),
        detail,
        status,
        job,
      },
      operation: method === 'HEAD' ? 'GET' : method,
      outcome: status === undefined ? 'Success' : 'Failure',
    },
    content,
  );
}

/**
 * Hands over the entry of a read, before any byte is sent: who reads which file of the package of what.
 * @throws what the store says where nothing can be written any more
 */
export async function noteRead(audit: PackageAudit, request: PackageRequest, record: PackageRecord, refused?: number): Promise<void> {
  const what = `${request.name === '' ? 'the folder' : request.name} of ${packagePath(request.id)}, the package of ${record.of}`;
  const told = refused === undefined ? { detail: `read ${what}` } : { detail: `read of ${what} was refused (${refused})`, status: refused };
  await audit.note?.(entryOf(audit, request, record, told));
}

/** Records that a package was asked to be removed, as part of the transaction that does so, or refuses it. */
export async function recordRemoval(
  audit: PackageAudit,
  unit: UnitOfWork,
  request: PackageRequest,
  record: PackageRecord,
  came: { job: string } | { status: number },
): Promise<void> {
  const what = `delete ${packagePath(request.id)}, the package of ${record.of}`;
  const detail = 'job' in came ? what : `${what}: refused (${came.status})`;
  await unit.recordEvent(entryOf(audit, request, record, { detail, ...came }));
}
