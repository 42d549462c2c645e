import { randomUUID } from 'node:crypto';
import { isSilence } from '../crash/life';
import type { Answer, Client, Json } from '../harness/client';
import { elapse } from '../harness/wait';
import { words } from '../protocol/operations-walk';
import type { Expected } from './expected';
import type { Random } from './random';
import type { World } from './world';

/** Statuses that ask a client to come again. */
const LATER = new Set([429, 503, 507]);
/** Longest time from a change's acceptance until its Job is asked to stop, ms. */
const STOP_MS = 800;

/** Manner of a change. */
interface Manner {
  /** Hears of the answer before the Job has ended. */
  accepted?: (answer: Answer) => void | Promise<void>;
  /** True where the Job may be asked to stop, now and then. */
  mayStop?: boolean;
}

/** End of a change: its Job SUCCESS, or STOPPED as was asked. */
interface Done {
  answer: Answer;
  job: Json;
  stopped: boolean;
}

export const pathOf = (uri: unknown): string => String(uri).replace(/^https?:\/\/[^/]+\/cimi\//, '');

/** One client that asks whichever gateway lives, and follows what it asked for to its end. */
export class Asker {
  constructor(
    private readonly world: World,
    private readonly cloud: string,
    private readonly random: Random,
    private readonly expected: Expected,
    /** Part of the Jobs that are asked to stop, of those that may be. */
    private readonly stops: number,
  ) {}

  get(uri: string): Promise<Answer> {
    return this.ask((client) => client.get(uri));
  }

  /**
   * Asks for a change under one key until somebody answers, and follows its Job to its end.
   * @throws Error where the change is refused, its Job is lost, or it ends otherwise
   */
  async change(method: 'POST' | 'DELETE', path: string, json?: object, { accepted, mayStop = false }: Manner = {}): Promise<Done> {
    const headers = { 'idempotency-key': randomUUID() };
    const what = `${method} ${path} on ${this.cloud}`;
    const answer = await this.ask((client) => client.send(method, path, { headers, ...(json && { json }) }));
    if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${words(answer.text)}`);
    await accepted?.(answer);
    const uri = pathOf(answer.headers.get('cimi-job-uri'));
    const stopping = mayStop && this.random.next() < this.stops;
    if (stopping) await this.stop(uri);
    for (;;) {
      const { status, json: job } = await this.get(uri);
      if (status !== 200) throw new Error(`the Job ${uri} of ${what} is lost: ${status}`);
      const state = String(job.state);
      if (state === 'SUCCESS') {
        this.expected.changes += 1;
        return { answer, job, stopped: false };
      }
      if (state === 'STOPPED' && stopping) {
        this.expected.stopped += 1;
        return { answer, job, stopped: true };
      }
      if (state === 'FAILED' || state === 'STOPPED') throw new Error(`${what} ended ${state}: ${String(job.statusMessage)} (${uri})`);
      await elapse(50);
    }
  }

  /** Asks a Job to stop, some time after it began. It may have ended, or be past stopping. */
  private async stop(uri: string): Promise<void> {
    await elapse(this.random.next() * STOP_MS);
    const { status, text } = await this.ask((client) => client.act(uri, 'stop'));
    if (status >= 300 && status !== 409) throw new Error(`stop of ${uri}: ${status} ${text.slice(0, 400)}`);
  }

  /** Asks one gateway or another until one answers. */
  private async ask(send: (client: Client) => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        const answer = await send(this.random.of(this.world.clients));
        if (!LATER.has(answer.status)) return answer;
        this.refused(answer);
      } catch (error) {
        if (!isSilence(error)) throw error;
      }
      await elapse(100);
    }
  }

  /** Counts a refusal. @throws Error where it does not tell when to come again, and why */
  private refused({ status, headers, text }: Answer): void {
    const { refusals } = this.expected;
    refusals[status] = (refusals[status] ?? 0) + 1;
    if (headers.get('retry-after') === null || text === '') throw new Error(`${status} says too little: ${text.slice(0, 400)}`);
  }
}
