import { type IncomingMessage, request } from 'node:http';
import { errorXml } from './ec2-xml';

/** Answer of the counterpart, or of the proxy in its place. */
export interface Answer {
  status: number;
  type: string;
  body: string;
}

/** Reads a body to its end. */
export async function bytes(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const text = async (stream: AsyncIterable<Buffer>): Promise<string> => (await bytes(stream)).toString('utf8');

/** Moto tells of wrong keys in a document that is not EC2's. */
function asEc2Tells({ status, type, body }: Answer): Answer {
  const code = /<ErrorResponse>[\s\S]*<Code>(\w+)<\/Code>/.exec(body)?.[1];
  if (code === undefined) return { status, type, body };
  return { status, type: 'text/xml', body: errorXml(code, /<Message>([^<]*)</.exec(body)?.[1] ?? code) };
}

/** Sends a call on to the counterpart as it came, with this body. */
export function forward(target: string, incoming: IncomingMessage, body: string): Promise<Answer> {
  return new Promise((done, failed) => {
    const headers = { ...incoming.headers, connection: 'close', 'content-length': String(Buffer.byteLength(body)) };
    // The Host header goes through unchanged: it is part of the signature. No connection is kept: one may end while it idles.
    const onward = request(target + (incoming.url ?? '/'), { method: incoming.method ?? 'POST', headers, agent: false }, (answer) => {
      text(answer).then(
        (got) => done(asEc2Tells({ status: answer.statusCode ?? 502, type: answer.headers['content-type'] ?? 'text/xml', body: got })),
        failed,
      );
    });
    onward.once('error', failed);
    onward.end(body);
  });
}
