import type { Clouds } from '../clouds/cloud';
import { ProviderError } from '../clouds/errors';
import { DiskError } from '../disks/error';
import { jobPath } from '../operations/job';
import type { Store } from '../store/store';
import { archiveBytes, archiveSize, unreadOf } from './archived';
import { ARCHIVE, DESCRIPTOR, MANIFEST, packageAt, packagePath, type PackagedFile, type PackageRecord } from './package-record';
import { manifestOf, packagedBytes } from './packaged-bytes';
import { removeAsked } from './remove';
import type { PackageRequest } from './serve-request';
import { noteRead, recordRemoval, type PackageAudit } from './serve-audit';
import { anySignal } from '../model/any-signal';

/** Answer to it; the body is made as it is read. */
export interface PackageAnswer {
  status: number;
  headers: Record<string, string>;
  body?: Uint8Array[];
  stream?: AsyncIterable<Uint8Array> & { signal: AbortSignal; close: () => void };
}

export interface ServeParts {
  store: Store;
  clouds: Clouds;
  /** Absolute base URI of the protocol, by which Jobs are named. */
  base: string;
  /** Time for which a cloud may give nothing, in ms. */
  idleMs: number;
  audit: PackageAudit;
  /** Tells whether somebody may have a package, by declared rules. */
  mayHave(who: PackageRequest['who'], record: PackageRecord): Promise<boolean>;
  /** Tells the workers of a new Job. */
  notify(job: string): Promise<void> | void;
}

/** Disks of a tenant that are read at once by one process. */
const READS = 4;
const [SOON, LATER] = ['2', '30'];
const JSON_TYPE = 'application/json';
const ABSENT = 'there is no such package, or no such file in it';

/** Body that nobody reads: its length is not known to be none. */
const UNREAD = {
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    // HEAD has no body.
  },
  signal: new AbortController().signal,
  close: () => undefined,
};

/** Serves packages to their tenants: descriptor and manifest, and disks, which are read from their clouds meanwhile. */
export function servePackages(parts: ServeParts): (request: PackageRequest) => Promise<PackageAnswer> {
  const reading = new Map<string, number>();
  return async (request) => {
    const { method, id, name, who } = request;
    const path = packagePath(id);
    const record = await packageAt(parts.store, who.tenant, path);
    if (!record || record.going || !(await parts.mayHave(who, record))) return problem(404, ABSENT);
    if (method === 'DELETE') return removed(parts, request, path, record);
    if (method !== 'GET' && method !== 'HEAD')
      return problem(405, 'a package is read by GET, and removed by DELETE', { Allow: 'GET, HEAD, DELETE' });
    const { descriptor } = record;
    if (descriptor === undefined) return unfinished(parts, path);
    const told = async (answer: PackageAnswer): Promise<PackageAnswer> => {
      await noteRead(parts.audit, request, record, answer.status < 400 ? undefined : answer.status);
      return answer;
    };
    if (name === DESCRIPTOR) return told(text('application/ovf', descriptor));
    if (name === MANIFEST) return told(manifest(record, descriptor));
    const wanted = wantedOf(parts, path, record, name);
    if (!wanted) return problem(404, ABSENT);
    if ('status' in wanted) return told(wanted);
    const now = reading.get(who.tenant) ?? 0;
    if (now >= READS) return problem(503, `${READS} disks of this tenant are being read already`, { 'Retry-After': LATER });
    if (method === 'HEAD') return told({ status: 200, headers: headersOf(wanted), stream: UNREAD });
    reading.set(who.tenant, now + 1);
    let left = false;
    const close = (): void => {
      if (!left) reading.set(who.tenant, (reading.get(who.tenant) ?? 1) - 1);
      left = true;
    };
    try {
      const answer = await contents(request, wanted, close);
      return await told(answer).catch((error: unknown) => {
        answer.stream?.close();
        throw error;
      });
    } catch (error) {
      close();
      throw error;
    }
  };
}

/** File whose bytes are made while it is read. */
interface Wanted {
  name: string;
  type: string;
  /** Bytes of it, where they are known. */
  size?: number | undefined;
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** A disk of the package, or the archive of all of it: that there is once each disk was read to its end; undefined for other names. */
function wantedOf(
  { store, clouds, idleMs }: ServeParts,
  path: string,
  record: PackageRecord,
  name: string,
): Wanted | PackageAnswer | undefined {
  const { descriptor = '', algorithm } = record;
  const bytes = (file: PackagedFile, signal: AbortSignal) => packagedBytes({ store, clouds, idleMs }, { path, file, algorithm }, signal);
  if (name === ARCHIVE) {
    if (unreadOf(record).length > 0) return unreadYet(record, 'the archive can be had');
    const open = (signal: AbortSignal) => Promise.resolve(archiveBytes(record, descriptor, (file) => bytes(file, signal)));
    return { name, type: 'application/x-ova', size: archiveSize(record, descriptor), open };
  }
  const file = record.files.find((one) => one.name === name);
  return file && { name, type: 'application/octet-stream', size: file.read?.size, open: (signal) => bytes(file, signal) };
}

async function contents({ signal }: PackageRequest, wanted: Wanted, close: () => void): Promise<PackageAnswer> {
  const over = new AbortController();
  const end = (): void => {
    over.abort();
    close();
  };
  try {
    const bytes = await wanted.open(anySignal(signal, over.signal));
    return {
      ...{ status: 200, headers: headersOf(wanted) },
      stream: { [Symbol.asyncIterator]: () => bytes[Symbol.asyncIterator](), signal: over.signal, close: end },
    };
  } catch (error) {
    end();
    if (error instanceof ProviderError) {
      if (error.kind === 'notFound') return problem(410, `the image of ${wanted.name} is not at its provider any more`);
      return problem(error.passing ? 503 : 502, error.message, error.passing ? { 'Retry-After': LATER } : {});
    }
    if (error instanceof DiskError) return problem(502, error.message);
    throw error;
  }
}

function headersOf({ name, type, size }: Wanted): Record<string, string> {
  return {
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="${name}"`,
    // What lies where in a file is known once it was made up to there.
    'Accept-Ranges': 'none',
    ...(size === undefined ? {} : { 'Content-Length': String(size) }),
  };
}

/** Digests of all files; there are none of disks that nobody has read yet. */
function manifest(record: PackageRecord, descriptor: string): PackageAnswer {
  if (unreadOf(record).length === 0) return text('text/plain; charset=utf-8', manifestOf(record, descriptor));
  return unreadYet(record, 'the digests are known');
}

function unreadYet(record: PackageRecord, what: string): PackageAnswer {
  const unread = unreadOf(record).map(({ name }) => name);
  return problem(404, `${what} once each disk has been read to its end: ${unread.join(', ')} has not, so far`);
}

/** The package's URL is known before the package is whole. */
async function unfinished({ store, base }: ServeParts, path: string): Promise<PackageAnswer> {
  const job = (await store.holds([path])).get(path)?.job;
  const uri = job === undefined ? undefined : base + jobPath(job);
  return problem(404, `the package is being written${uri === undefined ? '' : ` by ${uri}`}`, {
    'Retry-After': SOON,
    ...(uri === undefined ? {} : { 'CIMI-Job-URI': uri }),
  });
}

async function removed(
  { store, base, notify, audit }: ServeParts,
  request: PackageRequest,
  path: string,
  record: PackageRecord,
): Promise<PackageAnswer> {
  const { name, who } = request;
  if (!['', DESCRIPTOR, ARCHIVE].includes(name))
    return problem(405, `a package goes as a whole: DELETE its ${DESCRIPTOR}`, { Allow: 'GET, HEAD' });
  if (who.role === 'reader') {
    await store.transaction((unit) => recordRemoval(audit, unit, request, record, { status: 403 }));
    return problem(403, `the user '${who.name}' only reads`);
  }
  if (record.descriptor === undefined) return { ...(await unfinished({ store, base } as ServeParts, path)), status: 409 };
  const job = await store.transaction(async (unit) => {
    const made = await removeAsked(unit, path, { tenant: who.tenant, principal: who.name });
    if (made !== undefined) await recordRemoval(audit, unit, request, record, { job: made });
    return made;
  });
  if (job === undefined) return problem(404, ABSENT);
  await notify(job);
  const uri = base + jobPath(job);
  return {
    ...problem(202, `the package goes with what was made for it: ${uri}`),
    headers: { 'CIMI-Job-URI': uri, 'Content-Type': JSON_TYPE },
  };
}

const text = (type: string, content: string): PackageAnswer => ({
  status: 200,
  headers: { 'Content-Type': type },
  body: [Buffer.from(content)],
});

function problem(status: number, words: string, headers: Record<string, string> = {}): PackageAnswer {
  return { status, headers: { 'Content-Type': JSON_TYPE, ...headers }, body: [Buffer.from(`${JSON.stringify({ problem: words })}\n`)] };
}
