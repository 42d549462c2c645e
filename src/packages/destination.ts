import { ProviderError } from '../clouds/errors';
import { isProblem } from '../fetch/fetcher';
import type { FetchProblem } from '../fetch/problem';
import type { Put } from '../fetch/putter';
import { StepFailure, type StepContext, type StepOutcome } from '../jobs/workflow';
import { fetchFailure, stopAsked } from '../operations/image-upload';
import type { ResourcePath, Store } from '../store/store';
import { archiveBytes, archiveSize } from './archived';
import { ARCHIVE, DESCRIPTOR, MANIFEST, packageAt, type PackagedFile, type PackageRecord } from './package-record';
import { manifestOf, packagedBytes } from './packaged-bytes';
import { anySignal } from '../model/any-signal';

/** Place that a package is sent to, with what opens it. */
export interface Destination {
  /** URL that ends in a slash. */
  url: string;
  /** Value of the header Authorization. */
  authorization?: string;
}

/** Services that sending needs. */
export interface SendDeps {
  put: Put;
  store: Pick<Store, 'transaction'>;
  /** Time for which a cloud may give nothing of a disk, in ms. */
  idleMs: number;
}

/** Statuses that may pass. */
const PASSING: readonly number[] = [408, 425, 429, 500, 502, 503, 504];
const LENGTH_REQUIRED = 411;

/**
 * Puts a file below the destination: with each attempt of the step the next, disks first, then descriptor and manifest. What is there
 * is replaced (O3); a killed worker sends the file again that it was at.
 */
export async function sendNext<I>(
  deps: SendDeps,
  context: StepContext<I>,
  { path, destination, archived }: { path: ResourcePath; destination: Destination; archived: boolean },
): Promise<StepOutcome> {
  const record = await packageAt(context.store, context.job.tenant, path);
  if (record?.descriptor === undefined) throw new StepFailure('the package is not there any more', 'internal');
  const sent = typeof context.memory === 'number' ? context.memory : 0;
  const names = archived ? [ARCHIVE] : [...record.files.map(({ name }) => name), DESCRIPTOR, MANIFEST];
  const name = names[sent];
  if (name === undefined) return { done: null };
  const asked = stopAsked(context);
  const over = new AbortController();
  const signal = anySignal(context.signal, asked.signal, over.signal);
  try {
    judge(await putFile(deps, context, { record, descriptor: record.descriptor, path, name, destination, signal }), name);
    return { wait: 0, remember: sent + 1, message: `Sent ${name}`, progress: Math.floor((100 * (sent + 1)) / names.length) };
  } finally {
    asked.end();
    over.abort();
  }
}

interface File {
  record: PackageRecord;
  descriptor: string;
  path: ResourcePath;
  name: string;
  destination: Destination;
  signal: AbortSignal;
}

async function putFile<I>(
  { put, store, idleMs }: SendDeps,
  { clouds }: StepContext<I>,
  of: File,
): Promise<{ status: number } | FetchProblem> {
  const { record, descriptor, path, name, destination, signal } = of;
  const url = new URL(name, destination.url).href;
  const login: Record<string, string> = destination.authorization === undefined ? {} : { authorization: destination.authorization };
  const opened = (file: PackagedFile) => packagedBytes({ store, clouds, idleMs }, { path, file, algorithm: record.algorithm }, signal);
  if (name === ARCHIVE) {
    const told = { 'content-type': 'application/x-ova', 'content-length': String(archiveSize(record, descriptor)) };
    return put(url, { headers: { ...login, ...told }, body: archiveBytes(record, descriptor, opened), signal });
  }
  const file = record.files.find((one) => one.name === name);
  if (!file) {
    const [type, body] = name === DESCRIPTOR ? ['application/ovf', descriptor] : ['text/plain', manifestOf(record, descriptor)];
    return put(url, { headers: { ...login, 'content-type': type }, body, signal });
  }
  const open = () => opened(file);
  const type = { 'content-type': 'application/octet-stream' };
  const length = (size: number | undefined): Record<string, string> => (size === undefined ? {} : { 'content-length': String(size) });
  const answer = await put(url, { headers: { ...login, ...type, ...length(file.read?.size) }, body: await open(), signal });
  if (isProblem(answer) || answer.status !== LENGTH_REQUIRED) return answer;
  // Read once for its length: the other side takes nothing whose length it does not know.
  let size = 0;
  for await (const part of await open()) size += part.length;
  return put(url, { headers: { ...login, ...type, ...length(size) }, body: await open(), signal });
}

/** @throws ProviderError for what may pass, StepFailure for the rest */
function judge(answer: { status: number } | FetchProblem, name: string): void {
  if (isProblem(answer)) {
    const { kind, message } = answer;
    if (kind === 'unreachable' || kind === 'timeout') throw new ProviderError('unavailable', `destination: ${name}: ${message}`);
    throw fetchFailure(answer, `destination: ${name}`);
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  const words = `destination: ${name} was answered with status ${status}`;
  if (PASSING.includes(status)) throw new ProviderError('unavailable', words);
  throw new StepFailure(status >= 300 && status < 400 ? `${words}: redirects are not followed` : words);
}
