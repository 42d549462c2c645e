import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';

/**
 * The references over HTTP: what any program on Node and Express would need at least to send the same bytes; `/later/50` on
 * the bare one after 50 ms.
 * Argument: a file with the bodies to send. Says its URLs on standard error.
 */
interface Bodies {
  json: string;
  xml: string;
  list: unknown;
  longList: unknown;
}

const bodies = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Bodies;
const machine = Buffer.from(bodies.json);
const machineXml = Buffer.from(bodies.xml);

const app = express();
app.disable('x-powered-by').disable('etag');
app.get('/machine', (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': machine.length }).end(machine);
});
app.get('/machine.xml', (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Length': machineXml.length }).end(machineXml);
});
app.get('/known', (_request, response) => {
  response.writeHead(304, { ETag: '"known"' }).end();
});

const LATER = /^\/later\/(\d+)$/;

const bare: RequestListener = (request, response) => {
  const later = LATER.exec(request.url ?? '');
  if (later)
    return void setTimeout(
      () => response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': machine.length }).end(machine),
      Number(later[1]),
    );
  if (request.url === '/known') return void response.writeHead(304, { ETag: '"known"' }).end();
  const body = request.url === '/machine' ? machine : Buffer.from(JSON.stringify(request.url === '/list' ? bodies.list : bodies.longList));
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
};

const servers = [createServer(app), createServer(bare)];
let waiting = servers.length;
for (const server of servers) {
  server.listen(0, '127.0.0.1', () => {
    if (--waiting === 0)
      console.error(`listening ${servers.map((each) => `http://127.0.0.1:${(each.address() as AddressInfo).port}`).join(' ')}`);
  });
}
process.on('SIGTERM', () => process.exit(0));
