import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Transport, TransportResponse } from './transport.ts';

export interface NodeTransportOptions {
  /** Certificates of authorities that are trusted in place of the system's, PEM. */
  ca?: string | undefined;
}

/**
 * Transport by `node:http` and `node:https`: Node's own `fetch` takes 0.2 s to load. Connections are kept for the next request and
 * hold no process open.
 */
export function nodeTransport({ ca }: NodeTransportOptions = {}): Transport {
  const plain = { agent: new Agent({ keepAlive: true }), request: httpRequest };
  let secure: Promise<typeof plain> | undefined;
  const opened = async (): Promise<typeof plain> => {
    // Its module is loaded for those who need it: that takes a command a twentieth of its time.
    const { Agent: SecureAgent, request } = await import('node:https');
    return { agent: new SecureAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) }), request };
  };
  return async ({ method, url, headers, body, signal }) => {
    const { agent, request } = url.startsWith('https:') ? await (secure ??= opened()) : plain;
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const sent = request(url, { method, agent, headers: { ...headers, ...length }, ...(signal ? { signal } : {}) });
      sent.once('response', (answer) => resolve(responseOf(answer)));
      // A second fault, of a connection that is gone anyhow, is nobody's.
      sent.on('error', reject);
      sent.end(body);
    });
  };
}

function responseOf(answer: IncomingMessage): TransportResponse {
  return {
    status: answer.statusCode ?? 0,
    header: (name) => answer.headersDistinct[name.toLowerCase()]?.join(', '),
    text: async () => {
      const pieces: Buffer[] = [];
      for await (const piece of answer) pieces.push(piece as Buffer);
      return Buffer.concat(pieces).toString();
    },
    chunks: () => answer,
  };
}
