import type { IncomingMessage, ServerResponse } from 'node:http';
import { startOrigin, type Origin } from '../fetch/origin';
import { comesTrue } from '../harness/wait';
import type { Rows } from './sampled';

const MODEL = 'http://schemas.dmtf.org/cimi/1/event/model';

/** Delivery as it came: its id, and those of its events. */
export interface Delivery {
  id: string;
  events: string[];
}

/** A webhook that is told of changes of the model, on 127.0.0.1. */
export class Hook {
  readonly deliveries: Delivery[] = [];
  /** Answers a delivery; of one that gets no answer the sender does not know whether it was taken. */
  answer: (response: ServerResponse) => void = Hook.taken;
  private origin: Origin | undefined;

  static async start(): Promise<Hook> {
    const hook = new Hook();
    hook.origin = await startOrigin({ '/hook': (request, response) => hook.take(request, response) });
    return hook;
  }

  static taken(this: void, response: ServerResponse): void {
    response.writeHead(204).end();
  }

  /** Sections of the configuration of a gateway that tells it. */
  get config(): Record<string, unknown> {
    const webhook = { name: 'ops', secret: 'a secret that is long enough', types: ['model'], url: `${this.origin?.url ?? ''}hook` };
    return { fetch: { schemes: ['http'], addresses: ['127.0.0.0/8'] }, webhooks: [webhook] };
  }

  /** Waits until it was told of every change from the earliest that it was told of; asserts that each was in one delivery. */
  async toldAll(rows: Rows): Promise<void> {
    const told = () => [...new Map(this.deliveries.map(({ id, events }) => [id, events])).values()].flat();
    await comesTrue(async () => {
      // Changes that are committed at the same time may be told in any order: the earliest need not have come first.
      const first = Math.min(...told().map(Number));
      const wanted = await rows(`select seq from events where type = '${MODEL}' and seq >= ${first} order by seq`);
      expect(told().toSorted((a, b) => Number(a) - Number(b))).toEqual(wanted.map(({ seq }) => String(seq)));
    });
  }

  async close(): Promise<void> {
    await this.origin?.close();
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { events } = JSON.parse(Buffer.concat(chunks).toString()) as { events: { id: string }[] };
      this.deliveries.push({ id: String(request.headers['webhook-id']), events: events.map(({ id }) => id) });
      this.answer(response);
    });
  }
}
