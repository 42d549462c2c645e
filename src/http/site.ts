import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { escapeHtml } from '../model/html';
import { HttpFault } from './fault';

/** Headers of everything that a browser shows of the gateway. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': '',
};

/** Types of files that are served; no other is. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
};
/** Ending of files that a builder leaves compressed, and only so (scripts/static-files.mjs). */
const GZIPPED = '.gz';
const INDEX = 'index.html';
/** Names of files as builders make them: nothing that has to be decoded, and no way out of the folder. */
const NAME = /^(?:\w[\w.-]*\/)*\w[\w.-]*$/;
const NAME_LENGTH = 200;
/** Names that change with the content. */
const HASHED = /-[0-9a-f]{12}\.\w+$/;
const MISSING = new Set(['ENOENT', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG']);

export interface SiteOptions {
  /** Path below which the site is, with a slash at both ends. */
  prefix: string;
  /** Folder of the built files; absent where they were not built. */
  folder: string | undefined;
  /** Words that say how to build it. */
  notBuilt: string;
}

/** Answers what lies at the path of a site or below it. */
export type Site = (path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Tells whether a path is that of a site, or below it. */
export const isBelow = (prefix: string, path: string): boolean => path.startsWith(prefix) || `${path}/` === prefix;

/** Finds what was built under a name: beside the bundled program (dist/chunks), or beside these sources. */
export function builtFolder(name: string): string | undefined {
  return [`../${name}`, `../../dist/${name}`]
    .map((path) => join(__dirname, path))
    .find((folder) => ['', GZIPPED].some((ending) => existsSync(join(folder, INDEX + ending))));
}

/** Serves the static files of a folder, to anyone: compressed as they lie there, and plain for who does not take that. */
export function createSite({ prefix, folder, notBuilt }: SiteOptions): Site {
  return (path, request, response) =>
    asPage(request, response, async () => {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        throw new HttpFault(405, 'only GET is possible here', { Allow: 'GET, HEAD' });
      if (folder === undefined) throw new HttpFault(404, notBuilt);
      const name = path.slice(prefix.length);
      const isFolder =
        `${path}/` === prefix || (extname(name) === '' && !/\/$|^$/.test(name) && (await isThere(folder, `${name}/${INDEX}`)));
      // Relative: a proxy may show the gateway below a path.
      if (isFolder) return write(request, response, 308, { Location: `${path.slice(path.lastIndexOf('/') + 1)}/` });
      return sendFile(folder, /\/$|^$/.test(name) ? `${name}${INDEX}` : name, request, response);
    });
}

/** Answers with the headers of a page; a fault becomes one, for those who want to see it, else JSON. @param back link on the page of a fault */
export async function asPage(
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => Promise<void>,
  back?: { href: string; words: string },
): Promise<void> {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
  try {
    await answer();
  } catch (error) {
    if (!(error instanceof HttpFault)) throw error;
    const headers = error.headers as Record<string, string>;
    if (!/text\/html/.test(request.headers.accept ?? '')) return json(request, response, error.status, { problem: error.message }, headers);
    write(request, response, error.status, { ...headers, ...HTML }, Buffer.from(plainPage(error.message, back)));
  }
}

const HTML = { 'Content-Type': TYPES['.html'] ?? '', 'Cache-Control': 'no-store' };

/** Makes a page of words, none of which become markup. */
function plainPage(words: string, back?: { href: string; words: string }): string {
  const link = back ? `<p><a href="${escapeHtml(back.href)}">${escapeHtml(back.words)}</a></p>` : '';
  const head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>CIMI gateway</title><h1>CIMI gateway</h1>';
  return `${head}<p>${escapeHtml(words)}</p>${link}</html>\n`;
}

async function sendFile(folder: string, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const type = TYPES[extname(name)];
  const stored = type === undefined ? undefined : await storedOf(folder, name);
  if (type === undefined || !stored) throw new HttpFault(404, 'there is nothing at this path');
  const packed = stored.gzipped && takesGzip(request);
  const body = stored.gzipped && !packed ? await promisify(gunzip)(stored.bytes) : stored.bytes;
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = {
    'Content-Type': type,
    'Cache-Control': HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: tag,
    Vary: 'Accept-Encoding',
    ...(packed && { 'Content-Encoding': 'gzip' }),
  };
  if (!knows(request, tag)) return write(request, response, 200, headers, body);
  const { 'Content-Type': _type, 'Content-Encoding': _encoding, ...kept } = headers;
  write(request, response, 304, kept);
}

/** Tells whether the client has what a tag names. */
function knows(request: IncomingMessage, tag: string): boolean {
  const tags = (request.headers['if-none-match'] ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''));
  return tags.includes(tag) || tags.includes('*');
}

/** Tells whether a client takes gzip (RFC 9110 12.5.3). */
function takesGzip(request: IncomingMessage): boolean {
  const given = String(request.headers['accept-encoding'] ?? '').split(',');
  const taken = given.filter((each) => !/;\s*q=0(?:\.0*)?\s*$/i.test(each));
  return taken.some((each) => each.split(';', 1)[0]?.trim().toLowerCase() === 'gzip');
}

interface Stored {
  bytes: Buffer;
  gzipped: boolean;
}

/** Reads a file in the form in which it lies there. */
async function storedOf(folder: string, name: string): Promise<Stored | undefined> {
  const gzipped = await contentOf(folder, name + GZIPPED);
  const bytes = gzipped ?? (await contentOf(folder, name));
  return bytes && { bytes, gzipped: gzipped !== undefined };
}

const isThere = async (folder: string, name: string): Promise<boolean> => (await storedOf(folder, name)) !== undefined;

/** Reads a file of the folder anew: nothing of a site is kept in memory. */
async function contentOf(folder: string, name: string): Promise<Buffer | undefined> {
  if (name.length > NAME_LENGTH || !NAME.test(name)) return undefined;
  try {
    return await readFile(join(folder, name));
  } catch (error) {
    if (MISSING.has(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  }
}

/** Answers with JSON that nobody keeps. */
export function json(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const all = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers };
  write(request, response, status, all, Buffer.from(`${JSON.stringify(body)}\n`));
}

/** Answers with headers, and a body where there is one. */
export function write(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body?: Buffer,
): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body) response.setHeader('Content-Length', body.length);
  response.end(request.method === 'HEAD' ? undefined : body);
}
