import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spansByOtlp, type SentSpan } from '../backends/otlp';
import { waitUntil } from '../harness/wait';

/** Manner in which a collector answers. */
export type Manner = 'well' | 'refusing' | 'silent' | 'talkative';

const MIB = 2 ** 20;

/** Collector of traces that keeps what it is sent, and may behave as collectors do that are in trouble. */
export class TraceCollector {
  /** Requests that it has taken, and those that it has seen. */
  readonly bodies: Buffer[] = [];
  readonly headers: Record<string, string | string[] | undefined>[] = [];
  seen = 0;
  manner: Manner = 'well';
  private readonly held = new Set<ServerResponse>();

  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<TraceCollector> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => collector.answer(request.url ?? '', Buffer.concat(parts), request.headers, response));
    });
    const collector = new TraceCollector(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** All bytes that it was sent. */
  get bytes(): Buffer {
    return Buffer.concat(this.bodies);
  }

  /** Spans that it has. */
  spans(): Promise<SentSpan[]> {
    return spansByOtlp(this.bodies);
  }

  /** Waits until there are spans, of those asked for, that satisfy. @returns all that it has */
  async until(enough: (spans: SentSpan[]) => boolean): Promise<SentSpan[]> {
    let [read, spans]: [number, SentSpan[]] = [0, []];
    await waitUntil(
      async () => {
        if (this.bodies.length > read) [read, spans] = [this.bodies.length, await this.spans()];
        return enough(spans);
      },
      () => spans.map(({ name, traceId, parentSpanId, spanId }) => [name, traceId, parentSpanId, spanId].join(' ')).join('\n'),
    );
    return spans;
  }

  /** Answers those that it has left without an answer. */
  wake(): void {
    for (const response of this.held) response.writeHead(200).end();
    this.held.clear();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(path: string, body: Buffer, headers: TraceCollector['headers'][number], response: ServerResponse): void {
    this.seen += 1;
    if (path !== '/v1/traces') return void response.writeHead(404).end();
    if (this.manner === 'refusing') return void response.writeHead(400).end('not today');
    this.bodies.push(body);
    this.headers.push(headers);
    if (this.manner === 'silent') return void this.held.add(response);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' });
    response.end(this.manner === 'talkative' ? Buffer.alloc(10 * MIB) : undefined);
  }
}
