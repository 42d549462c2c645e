import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Json } from './client';
import { eventually } from './wait';

/** An event that a stream told. */
export interface Told {
  /** Last event id when it was told. */
  id: string;
  event: string;
  data: Json;
}

/** Reads a stream of server-sent events as the HTML standard has them interpreted (9.2.6). */
export class StreamReader {
  readonly told: Told[] = [];
  readonly comments: string[] = [];
  retry: string | undefined;
  /** Id of the last event, as it is sent to go on after it. */
  lastId = '';
  /** Set once no more comes: whether the server ended it, or the connection broke. */
  end: 'ended' | 'broken' | undefined;
  private rest = '';
  private block = { event: '', data: [] as string[], id: undefined as string | undefined };

  private constructor(private readonly answer: IncomingMessage) {
    answer.setEncoding('utf8');
    answer.on('data', (text: string) => this.take(text));
    answer.on('end', () => (this.end ??= 'ended'));
    answer.on('error', () => (this.end ??= 'broken'));
    answer.on('close', () => (this.end ??= 'broken'));
  }

  /** Asks for a stream, on a connection of its own. */
  static open(uri: string, headers: Record<string, string> = {}): Promise<StreamReader> {
    return new Promise((resolve, reject) => {
      const sent = request(uri, { headers: { accept: 'text/event-stream', ...headers }, agent: false }, (answer) =>
        resolve(new StreamReader(answer)),
      );
      sent.on('error', reject);
      sent.end();
    });
  }

  get status(): number {
    return this.answer.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.answer.headers;
  }

  /** Waits until so many events were told. */
  async first(count: number): Promise<Told[]> {
    await eventually(
      () => (this.told.length >= count ? true : undefined),
      () => [this.status, this.end, this.comments, this.told.length],
    );
    return this.told.slice(0, count);
  }

  /** Waits until no more comes. */
  ended(): Promise<'ended' | 'broken'> {
    return eventually(
      () => this.end,
      () => this.told.length,
    );
  }

  /** Reads nothing any more, or goes on with it. */
  pause(): void {
    this.answer.pause();
  }

  resume(): void {
    this.answer.resume();
  }

  /** Breaks the connection off. */
  cut(): void {
    this.answer.destroy();
  }

  private take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === '') return this.dispatch();
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === '') this.comments.push(value);
    else if (field === 'data') this.block.data.push(value);
    else if (field === 'event') this.block.event = value;
    else if (field === 'id') this.block.id = value;
    else if (field === 'retry') this.retry = value;
  }

  private dispatch(): void {
    const { event, data, id } = this.block;
    this.block = { event: '', data: [], id: undefined };
    if (id !== undefined) this.lastId = id;
    if (data.length > 0) this.told.push({ id: this.lastId, event, data: JSON.parse(data.join('\n')) as Json });
  }
}
