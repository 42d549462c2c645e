import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Transport, TransportRequest, TransportResponse } from '../sdk/index.ts';

type Env = Readonly<Record<string, string | undefined>>;

interface Kept {
  etag: string;
  text: string;
}

/** Paths whose answers are kept: they change with the provider's version and clouds only. */
const KEPT = /\/(cloudEntryPoint|resourceMetadata)$/;

/**
 * Transport that keeps what describes a provider, in `$XDG_CACHE_HOME/cimi`, and asks whether it is still so (ETag). What is kept is
 * of one login: others may see other clouds.
 * @param metadataNext asks for the ResourceMetadata together with the Cloud Entry Point, where the kept one leads: both take the time of one
 */
export function keeping(transport: Transport, env: Env, metadataNext: boolean): Transport {
  const folder = join(env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), '.cache'), 'cimi');
  const ahead = new Map<string, Promise<TransportResponse>>();

  async function asked(request: TransportRequest): Promise<TransportResponse> {
    const { url, headers } = request;
    const file = join(
      folder,
      `${createHash('sha256')
        .update(`${url}\n${headers.Authorization ?? ''}`)
        .digest('hex')}.json`,
    );
    const kept = read(file);
    const sent = transport(kept ? { ...request, headers: { ...headers, 'If-None-Match': kept.etag } } : request);
    if (metadataNext && kept && url.endsWith('/cloudEntryPoint')) askAhead(request, kept);
    const answer = await sent;
    if (kept && answer.status === 304) {
      await answer.text();
      return { ...withText(answer, kept.text), status: 200 };
    }
    const etag = answer.header('ETag');
    if (answer.status !== 200 || etag === undefined) return answer;
    const text = await answer.text();
    write(folder, file, { etag, text });
    return withText(answer, text);
  }

  function askAhead(request: TransportRequest, { text }: Kept): void {
    const next = metadataOf(text);
    // The login goes nowhere but where it goes anyhow.
    if (next === undefined || new URL(next).origin !== new URL(request.url).origin) return;
    // Read whatever it is: an answer that nobody reads keeps its connection, and that the program.
    const answer = asked({ ...request, url: next }).then(async (come) => withText(come, await come.text()));
    // Whoever wants the answer is told; nobody may.
    answer.catch(() => undefined);
    ahead.set(next, answer);
  }

  return (request) => {
    if (request.method !== 'GET' || !KEPT.test(new URL(request.url).pathname)) return transport(request);
    const answer = ahead.get(request.url);
    ahead.delete(request.url);
    return answer ?? asked(request);
  };
}

/** Answer whose text was read. */
const withText = (answer: TransportResponse, text: string): TransportResponse => ({
  ...answer,
  header: (name) => answer.header(name),
  text: () => Promise.resolve(text),
});

/** URI of the ResourceMetadata in the text of a Cloud Entry Point. */
function metadataOf(text: string): string | undefined {
  const [, href = ''] = /"resourceMetadata":\{"href":"([^"\\]+)"/.exec(text) ?? [];
  return URL.canParse(href) ? href : undefined;
}

function read(file: string): Kept | undefined {
  try {
    const { etag, text } = JSON.parse(readFileSync(file, 'utf8')) as Kept;
    return { etag, text };
  } catch {
    return undefined;
  }
}

function write(folder: string, file: string, kept: Kept): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const fresh = `${file}.${process.pid}`;
    writeFileSync(fresh, JSON.stringify(kept), { mode: 0o600 });
    renameSync(fresh, file);
  } catch {
    // A home that can't be written makes it slower and nothing else.
  }
}

/** Names of attributes and headers whose values are nobody else's. */
const SECRET = /^(authorization|cookie|password|privateKey|userData|token)$/i;
const STRUCK = '***';

/** Returns a body with its secrets struck out. */
function struck(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body, (name, value: unknown) => (SECRET.test(name) && typeof value === 'string' ? STRUCK : value)));
  } catch {
    return body;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Returns a request as a line for a shell, without its secrets. */
export function asCurl({ method, url, headers, body }: TransportRequest): string {
  const shown = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${SECRET.test(name) ? STRUCK : value}`)}`);
  return ['curl', '-X', method, ...shown, ...(body === undefined ? [] : ['-d', quoted(struck(body))]), quoted(url)].join(' ');
}

/** Change that was not sent, because it only was to be shown. */
export class DryRun extends Error {}

/** Transport that shows changes in place of sending them. */
export const showing =
  (transport: Transport, show: (line: string) => void): Transport =>
  (request) => {
    if (request.method === 'GET') return transport(request);
    show(asCurl(request));
    return Promise.reject(new DryRun());
  };

/** Transport that tells of each request and its answer. */
export const telling =
  (transport: Transport, tell: (line: string) => void): Transport =>
  async (request) => {
    tell(`> ${asCurl(request)}`);
    const began = Date.now();
    const answer: TransportResponse = await transport(request);
    tell(`< ${answer.status} after ${Date.now() - began} ms, request ${answer.header('X-Request-Id') ?? 'without id'}`);
    return answer;
  };
