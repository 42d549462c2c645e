import { gzipSync } from 'node:zlib';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** Rule of what shall go wrong with calls of one method. The first rule that fits decides; its `times` then goes down by one. */
export interface SoapRule {
  method?: string;
  when?: (body: string) => boolean;
  /** Number of calls that it catches; absent: all. */
  times?: number;
  delayMs?: number;
  /** Answers this fault; the call does not go through. */
  fault?: string;
  /** Answers this text; the call does not go through. */
  answer?: { status: number; body: string };
  /** Cuts the connection before the call went through, or after (the lost answer). */
  drop?: 'before' | 'after';
  /** Changes the text of an answer. */
  rewrite?: (xml: string) => string;
  /** Compresses an answer, whatever was asked for. */
  gzip?: boolean;
}

/** An HTTP proxy in front of a vCenter that misbehaves on demand, and counts. */
export interface SoapProxy {
  url: string;
  add(rule: SoapRule): () => void;
  /** Calls of the method (all when absent). */
  count(method?: string): number;
  /** Methods called, in order. */
  calls(): readonly string[];
  reset(): void;
  stop(): Promise<void>;
}

/** Starts a proxy on a free port of 127.0.0.1 in front of `target`. */
export async function startSoapProxy(target: string): Promise<SoapProxy> {
  let rules: SoapRule[] = [];
  const calls: string[] = [];
  const take = (method: string, body: string): SoapRule => {
    const fits = (rule: SoapRule) => rule.times !== 0 && (rule.method ?? method) === method && (rule.when?.(body) ?? true);
    const rule = rules.find(fits);
    if (rule?.times !== undefined) rule.times -= 1;
    return rule ?? {};
  };
  const server = createServer((incoming, outgoing) => {
    serve(target, incoming, outgoing, (body) => {
      const method = /<soapenv:Body><(\w+)/.exec(body)?.[1] ?? 'none';
      calls.push(method);
      return take(method, body);
    }).catch((cause: unknown) => {
      outgoing.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    });
  });
  // A busy machine must not make it hang up in the very moment in which somebody calls again.
  server.keepAliveTimeout = 120_000;
  // A test that fails before it stops the proxy must not keep the run from ending.
  server.unref().on('connection', (socket) => socket.unref());
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    add: (rule) => {
      const own = { ...rule };
      rules.push(own);
      return () => {
        rules = rules.filter((other) => other !== own);
      };
    },
    count: (method) => calls.filter((call) => method === undefined || call === method).length,
    calls: () => calls,
    reset: () => {
      rules = [];
      calls.length = 0;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

async function serve(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  ruleOf: (body: string) => SoapRule,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const rule = ruleOf(body.toString('utf8'));
  if (rule.delayMs !== undefined) await new Promise((done) => setTimeout(done, rule.delayMs));
  if (rule.drop === 'before') return void outgoing.destroy();
  const said = rule.fault === undefined ? rule.answer : { status: 500, body: faultXml(rule.fault) };
  if (said) {
    outgoing.writeHead(said.status, { 'content-type': 'text/xml' });
    return void outgoing.end(said.body);
  }
  const answer = await forward(target, incoming, body, outgoing);
  if (rule.drop === 'after') return void outgoing.destroy();
  const text = rule.rewrite ? Buffer.from(rule.rewrite(answer.body.toString('utf8'))) : answer.body;
  const sent = rule.gzip === true ? gzipSync(text) : text;
  const encoding = rule.gzip === true ? { 'content-encoding': 'gzip' } : {};
  outgoing.writeHead(answer.status, { ...answer.headers, ...encoding, 'content-length': String(sent.length) });
  outgoing.end(sent);
}

function forward(
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const call = request(target + (incoming.url ?? '/'), { method: incoming.method, headers: incoming.headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    call.on('error', reject);
    // Who gives up here gives up there, too.
    outgoing.once('close', () => call.destroy());
    call.end(body);
  });
}

/** A SOAP fault as vCenter writes it. */
export function faultXml(fault: string): string {
  return (
    '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode>' +
    `<faultstring>made to fail</faultstring><detail><${fault}Fault xmlns="urn:vim25" xsi:type="${fault}"/></detail>` +
    '</soapenv:Fault></soapenv:Body></soapenv:Envelope>'
  );
}
