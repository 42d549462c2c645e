import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const FILES = { 'package.ovf': 'application/ovf', 'package.mf': 'text/plain', 'boot.vmdk': 'application/octet-stream' };
/** Folder below which packages are put. */
const INTO = '/into/';

/** Place of the package that the suite imports, with what the gateway's configuration has to say to be let there. */
export interface PlaceOfPackage {
  choose: { package: string };
  /** The place that takes packages, for gateways whose disks are small enough to be sent. */
  takes: { destination: string };
  fetch: Record<string, unknown>;
  close(): Promise<void>;
}

const UNSENT = 'the disks of this counterpart are too large for a test to send them';
/** Checks that are skipped where no place for exports is told. */
export const EXPORTS_SENT: Readonly<Record<string, string>> = {
  '5.13.1.2 export to an HTTP destination puts the package there, and puts the System as it is by then in the place of one that is there':
    UNSENT,
  '5.13.3.1 export of a template to an HTTP destination puts the package there': UNSENT,
};

/** Serves the package on 127.0.0.1, its descriptor as Annex A wants it (RA-01), and takes what is put below a folder. */
export async function servePackage(): Promise<PlaceOfPackage> {
  const files = new Map<string, { content: Buffer; type: string }>();
  for (const [name, type] of Object.entries(FILES))
    files.set(`/${name}`, { content: readFileSync(join(__dirname, 'package', name)), type });
  const server = createServer((request, response) => {
    if (request.method === 'PUT' && request.url?.startsWith(INTO) === true) return take(files, request, response);
    if (request.method !== 'GET') return void response.writeHead(405, { connection: 'close' }).end();
    give(files, request.url ?? '', response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    ...{ choose: { package: `${url}/package.ovf` }, takes: { destination: url + INTO } },
    fetch: { hosts: [`127.0.0.1:${port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

type Files = Map<string, { content: Buffer; type: string }>;

function take(files: Files, request: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = [];
  request.on('error', () => undefined);
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    files.set(request.url ?? '', { content: Buffer.concat(parts), type: request.headers['content-type'] ?? '' });
    response.writeHead(201).end();
  });
}

/** Answers with a file, or with the names of those in a folder. */
function give(files: Files, path: string, response: ServerResponse): void {
  const names = path.endsWith('/') ? [...files.keys()].filter((name) => name.startsWith(path)) : [];
  const content = names.length > 0 ? Buffer.from(names.map((name) => name.slice(path.length)).join('\n')) : files.get(path)?.content;
  if (!content) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-length': content.byteLength, 'content-type': files.get(path)?.type ?? 'text/plain' }).end(content);
}
