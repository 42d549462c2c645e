import assert from 'node:assert/strict';
import { uncounted } from './assert';
import { CIMI } from './body';
import { OutOfTime, Skip, Unusable } from './define';
import type { Look } from './looks';
import { inventory, remains } from './remains';
import { FORMATS, type Format, type Value } from './value';
import { type Answer, MEDIA, send } from './wire';

export interface SessionOptions {
  /** URI of the Cloud Entry Point. */
  url: string;
  /** Headers of every request: who is asking. */
  headers?: Record<string, string>;
  /** Time that a Job or a state may take, in ms. */
  patienceMs?: number;
  /** Names of what to use where several would do: `machineConfigs` → `Small`, `machineImages` → `Debian 12`. */
  choose?: Record<string, string>;
  /** Time that the checks may take, in ms; what is made by then is deleted nevertheless. */
  timeLimitMs?: number;
}

type Read = (uri: string) => Promise<Answer>;

const PATIENCE_MS = 60_000;
/** Time for which the deletion of one thing waits for what else is to be deleted, before that is tried first, in ms. */
const FIRST_PATIENCE_MS = 3_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2_000;
const ENDED = ['SUCCESS', 'FAILED', 'STOPPED'];

/** Provider under test: its entry point, what its metadata says, and what is to be deleted again. */
export class Session {
  readonly patienceMs: number;
  readonly choose: Record<string, string>;
  private readonly entries = new Map<Format, Value>();
  private readonly metadata = new Map<string, Value>();
  private readonly kept = new Map<string, Promise<unknown>>();
  private readonly made: string[] = [];
  /** URIs of what could not be deleted. */
  readonly leftBehind: string[] = [];
  /** Resources that the run's requests had made, no check had deleted, and its end has. */
  forgotten: string[] = [];
  /** Resources that appeared during the run and none of its Jobs has touched: perhaps somebody else's. */
  appeared: string[] = [];
  /** Targets of requests, as they were before them (`Context.watched`). */
  readonly seen = new WeakMap<Answer, Look[]>();
  /** Changes that are not answered yet: what they make has to be known before the end. */
  private readonly changing = new Set<Promise<Answer>>();
  /** Jobs of the run's own requests. */
  private readonly jobs = new Set<string>();
  private before: ReadonlySet<string> = new Set();
  /** Time at which the limit is reached, which counts from the first check on; requests of checks fail from then on. */
  deadline = Number.POSITIVE_INFINITY;

  private constructor(private readonly options: SessionOptions) {
    this.patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.choose = options.choose ?? {};
  }

  /** Reads the Cloud Entry Point and the metadata. @throws Unusable where this is no Cloud Entry Point. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    for (const format of FORMATS) {
      const answer = await session.fetch('GET', options.url, format).catch((error: unknown) => {
        throw new Unusable(`${options.url} does not answer`, { cause: error });
      });
      if (answer.status !== 200) throw new Unusable(`${options.url} is no Cloud Entry Point: ${answer.status}`);
      if (answer.mediaType !== MEDIA[format]) throw new Unusable(`${options.url} answers in ${answer.mediaType}, not in ${MEDIA[format]}`);
      const entry = answer.body;
      if (entry.resourceURI !== `${CIMI}/CloudEntryPoint`)
        throw new Unusable(`${options.url} is a ${entry.resourceURI ?? 'thing without type'}`);
      session.entries.set(format, entry);
    }
    await session.readMetadata();
    session.before = await inventory(session);
    session.deadline = Date.now() + (options.timeLimitMs ?? Number.POSITIVE_INFINITY);
    return session;
  }

  private async readMetadata(): Promise<void> {
    const uri = this.entry('json').href('resourceMetadata');
    if (uri === undefined) return;
    const answer = await this.fetch('GET', uri, 'json');
    if (answer.status !== 200) throw new Unusable(`the ResourceMetadata can't be read: ${answer.status}`);
    for (const item of answer.body.items()) this.metadata.set(item.text('typeURI') ?? '', item);
  }

  get url(): string {
    return this.options.url;
  }

  entry(format: Format): Value {
    const entry = this.entries.get(format);
    if (!entry) throw new Error('the session is not open');
    return entry;
  }

  /** ResourceMetadata of a type by its name; undefined where the provider has none. */
  metadataOf(type: string): Value | undefined {
    return this.metadata.get(`${CIMI}/${type}`);
  }

  /** Every type of which there is ResourceMetadata, by typeURI. */
  allMetadata(): ReadonlyMap<string, Value> {
    return this.metadata;
  }

  /** A URI as it is written, made absolute by baseURI (R5.5.10-02). */
  absolute(uri: string): string {
    return new URL(uri, this.entries.get('json')?.text('baseURI') ?? this.options.url).href;
  }

  /** Tells whether the time limit of the run is reached. */
  get expired(): boolean {
    return Date.now() > this.deadline;
  }

  /** Sends a request that asks for `format`. @throws OutOfTime after the time limit. */
  async fetch(method: string, uri: string, format: Format, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
    if (this.expired) throw new OutOfTime('the time limit of the run was reached');
    return this.ask(method, uri, format, headers, body);
  }

  /** Sends as `fetch` does, after the time limit, too: for what has to be done then. */
  async ask(method: string, uri: string, format: Format = 'json', headers: Record<string, string> = {}, body?: string): Promise<Answer> {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': MEDIA[format] };
    const all = { accept: MEDIA[format], ...this.options.headers, ...type, ...headers };
    const sent = send({ method, uri: this.absolute(uri), headers: all, ...(body === undefined ? {} : { body }) });
    if (method === 'GET') return sent;
    this.changing.add(sent);
    const answer = await sent.finally(() => this.changing.delete(sent));
    if (answer.jobUri !== undefined) this.jobs.add(answer.jobUri);
    return answer;
  }

  /** Asks again, more and more slowly, until `look` has an answer. @throws AssertionError when the patience ends. */
  async until<T>(what: string, look: () => Promise<T | undefined>, patienceMs = this.patienceMs): Promise<T> {
    const end = Date.now() + patienceMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (Date.now() > end) throw new assert.AssertionError({ message: `after ${patienceMs} ms: still waiting for ${what}` });
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** The Job of an answer once it has ended; undefined where the provider has no Jobs. */
  async job(answer: Answer, format: Format, read: Read = (uri) => this.fetch('GET', uri, format)): Promise<Value | undefined> {
    const uri = answer.jobUri;
    if (uri === undefined) return undefined;
    return this.until(`the Job ${uri}`, async () => {
      const job = (await read(uri)).is(200).body;
      return ENDED.includes(job.text('state') ?? '') ? job : undefined;
    });
  }

  /** Makes something once for all checks that ask for it by this key; what it makes is deleted at the end. */
  once<T>(key: string, make: () => Promise<T>): Promise<T> {
    const kept = (this.kept.get(key) as Promise<T> | undefined) ?? uncounted(make);
    this.kept.set(key, kept);
    return kept;
  }

  /** Remembers what is to be deleted when the session ends. */
  owe(uri: string): void {
    this.made.push(uri);
  }

  /** Deletes a resource by its own delete operation and waits until it is gone; nothing to do where it is gone already. */
  async remove(uri: string, patienceMs = this.patienceMs): Promise<void> {
    const GONE = [404, 410];
    const read: Read = (at) => this.ask('GET', at);
    const offered = async (): Promise<string | undefined> => {
      const answer = await read(uri);
      if (GONE.includes(answer.status)) return '';
      return answer
        .is(200)
        .body.operations()
        .find(({ rel }) => rel === 'delete')?.href;
    };
    const href = await this.until(`a delete operation on ${uri}`, offered, patienceMs);
    if (href === '') return;
    const taken = async (): Promise<Answer | undefined> => {
      const tried = await this.ask('DELETE', href);
      return [409, 503].includes(tried.status) ? undefined : tried;
    };
    const answer = await this.until(`the deletion of ${uri}`, taken, patienceMs);
    if (GONE.includes(answer.status)) return;
    answer.is(200, 202, 204);
    const job = await this.job(answer, 'json', read);
    if (job && job.text('state') !== 'SUCCESS')
      throw new Error(`${uri} was not deleted: ${job.text('statusMessage') ?? job.text('state')}`);
    await this.until(`the end of ${uri}`, async () => (GONE.includes((await read(uri)).status) ? true : undefined));
  }

  /** Deletes what is in the list, last first, and once more what others of it were using. @returns what stays, in words. */
  async removeAll(uris: string[]): Promise<string[]> {
    const used: string[] = [];
    for (const uri of new Set([...uris].reverse())) await this.remove(uri, FIRST_PATIENCE_MS).catch(() => used.push(uri));
    const left: string[] = [];
    for (const uri of used) {
      await this.remove(uri).catch((error: unknown) => {
        left.push(`${uri}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
    this.leftBehind.push(...left);
    return left;
  }

  /**
   * Deletes everything that was made for the whole session, then looks for what was not there when it was opened: what came of
   * the run's own requests is deleted, too, and told as a fault of the suite. @returns what is left, in words.
   */
  async close(): Promise<string[]> {
    await Promise.allSettled(this.changing);
    await this.removeAll(this.made.splice(0));
    const { own, others } = await remains(this, this.before, this.jobs);
    const known = (uri: string): boolean => this.leftBehind.some((each) => each.startsWith(`${uri}:`));
    const stayed = await this.removeAll(own.filter((uri) => !known(uri)));
    this.forgotten = own.filter((uri) => !known(uri) && !stayed.some((each) => each.startsWith(`${uri}:`)));
    this.appeared = others.filter((uri) => !known(uri));
    return this.leftBehind;
  }
}

/** Follows a link of the entry point. @throws Skip where the provider has no such collection. */
export function entryLink(session: Session, attribute: string): string {
  const href = session.entry('json').href(attribute);
  if (href === undefined) throw new Skip(`the Cloud Entry Point has no ${attribute}`);
  return href;
}
