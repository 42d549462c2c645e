import autocannon from 'autocannon';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';

/** Requests over HTTP from this process. */
export interface Sent {
  url: string;
  headers?: Record<string, string>;
  connections?: number;
  /** Status that every answer must have. Default 200. */
  status?: number;
}

/** Requests per second that a server bears. @throws Error when an answer had another status, so that no fault is measured as speed. */
export async function rate(url: string, { seconds, ...sent }: Omit<Sent, 'url'> & { seconds: number }): Promise<number> {
  const { requests, duration } = await load({ url, ...sent }, { duration: seconds });
  return requests.total / duration;
}

/** Sends so many requests, as fast as they are answered. @throws Error as `rate` does */
export async function send(times: number, sent: Sent): Promise<void> {
  await load(sent, { amount: times });
}

async function load({ url, headers = {}, connections = 50, status = 200 }: Sent, until: { duration: number } | { amount: number }) {
  const result = await autocannon({ url, headers, connections, ...until });
  const all = Object.values(result.statusCodeStats ?? {}).reduce((sum, { count = 0 }) => sum + count, 0);
  const right = result.statusCodeStats?.[`${status}`]?.count ?? 0;
  if (right === 0 || right !== all || result.errors > 0)
    throw new Error(`${url}: ${right} of ${all} answers were ${status}, ${result.errors} errors`);
  return result;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Time from the request to the last byte, in ms. */
  ms: number;
}

/** Sends a request over a kept connection. */
export type Ask = (url: string, options?: { method?: string; headers?: Record<string, string>; body?: string }) => Promise<Answer>;

/** A client that keeps its connections, with as little of its own as can be. */
export function createAsk(): { ask: Ask; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const ask: Ask = (url, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const begun = performance.now();
      const sent = request(
        url,
        { agent, method, headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) } },
        (answer) => {
          const pieces: Buffer[] = [];
          answer.on('data', (piece: Buffer) => pieces.push(piece));
          answer.once('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: Buffer.concat(pieces),
              ms: performance.now() - begun,
            }),
          );
          answer.once('error', reject);
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  return { ask, close: () => agent.destroy() };
}
