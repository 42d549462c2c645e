import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Reply } from './strikes';

/** A call as the provider sees it. */
export interface Call {
  method: string;
  path: string;
  body: string;
}

/** A call of a clean run with its answer. */
export interface Exchange {
  call: Call;
  /** The call's name, for people and for calls that differ in nothing but what changes from run to run. */
  name: string;
  reply: Reply;
}

/** Record of what the counterfeit did with the calls of one run. */
export interface Played {
  /** Name of the call that was struck; undefined where it never came. */
  struck?: string;
  /** Number of times a call of the struck one's name was answered rightly afterwards. */
  again: number;
}

/**
 * A place that passes calls on to a provider and records them, and later answers the same calls from the record, but for
 * one. What was never recorded is answered as the one that is struck, for what stands in the way stays there; or by the
 * provider, where it is the provider that tells only a part.
 */
export class Tape {
  url = '';
  private recording: Exchange[] | undefined;
  /** The answer to a call; undefined leaves it to the provider. */
  private answer: ((call: Call) => Reply | undefined) | undefined;
  private readonly server = createServer((incoming, outgoing) => {
    this.handle(incoming, outgoing).catch(() => outgoing.destroy());
  });

  private constructor(
    private readonly upstream: () => string,
    private readonly nameOf: (call: Call) => string,
  ) {}

  /** @param upstream where the provider is (http://host:port) */
  static async start(upstream: () => string, nameOf: (call: Call) => string): Promise<Tape> {
    const tape = new Tape(upstream, nameOf);
    // A test that computes for longer than a connection may be idle would find it closed at its next call.
    tape.server.keepAliveTimeout = 0;
    await new Promise<void>((done) => tape.server.listen(0, '127.0.0.1', done));
    tape.url = `http://127.0.0.1:${(tape.server.address() as AddressInfo).port}`;
    return tape;
  }

  /** Records what goes on while `work` runs. */
  async record<T>(work: () => Promise<T>): Promise<{ result: T; exchanges: Exchange[] }> {
    const exchanges: Exchange[] = [];
    this.recording = exchanges;
    try {
      return { result: await work(), exchanges };
    } finally {
      this.recording = undefined;
    }
  }

  /**
   * Answers from a record; the call that would get the answer at `at` (from 0) gets what `strike` makes of it. Calls that go
   * out together come in any order: it is the answer that tells which one is meant.
   */
  play(exchanges: readonly Exchange[], at: number, strike: (right: Reply) => Reply, unrecorded: 'struck' | 'asked' = 'struck'): Played {
    const played: Played = { again: 0 };
    const left = [...exchanges];
    this.answer = (call) => {
      const name = this.nameOf(call);
      const found = take(left, exchanges, call, name);
      if (!found) return unrecorded === 'asked' ? undefined : strike({ status: 200, headers: {}, body: Buffer.alloc(0) });
      if (found === exchanges[at] && played.struck === undefined) {
        played.struck = name;
        return strike(found.reply);
      }
      if (name === played.struck) played.again += 1;
      return found.reply;
    };
    return played;
  }

  /** Answers every call as a stranger from now on; undefined: the provider is back, whatever was played before. */
  haunt(strike: ((right: Reply) => Reply) | undefined): void {
    this.answer = strike && (() => strike({ status: 200, headers: {}, body: Buffer.alloc(0) }));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((done) => this.server.close(() => done()));
  }

  private async handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const call = { method: incoming.method ?? '', path: incoming.url ?? '', body: body.toString('latin1') };
    const played = this.recording ? undefined : this.answer?.(call);
    if (played) return send(outgoing, played, call.method);
    const reply = await ask(this.upstream(), call, incoming.headers, body);
    this.recording?.push({ call, name: this.nameOf(call), reply });
    send(outgoing, reply, call.method);
  }
}

/** The recorded answer that fits best: of the same call, else of one of that name; the last of them again and again. */
function take(left: Exchange[], all: readonly Exchange[], call: Call, name: string): Exchange | undefined {
  const same = (one: Exchange) => one.call.method === call.method && one.call.path === call.path && one.call.body === call.body;
  const named = (one: Exchange) => one.name === name;
  const found = left.find(same) ?? left.find(named) ?? all.findLast(same) ?? all.findLast(named);
  const index = found ? left.indexOf(found) : -1;
  if (index >= 0) left.splice(index, 1);
  return found;
}

const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date'];

function send(outgoing: ServerResponse, { status, headers, body, cutAt }: Reply, method: string): void {
  const length = method === 'HEAD' || status === 204 ? {} : { 'content-length': body.length };
  outgoing.writeHead(status, { ...(headers as Record<string, string | string[]>), ...length });
  if (cutAt === undefined) return void outgoing.end(method === 'HEAD' ? undefined : body);
  outgoing.write(body.subarray(0, cutAt), () => outgoing.socket?.destroy());
}

function ask(upstream: string, { method, path }: Call, headers: IncomingHttpHeaders, body: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request(upstream + path, { method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.once('end', () => {
        const kept = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.includes(name));
        const given = Object.fromEntries(kept) as Reply['headers'];
        resolve({ status: answer.statusCode ?? 0, headers: given, body: Buffer.concat(parts) });
      });
    });
    // A connection that breaks off may say so more than once.
    asked.on('error', reject);
    asked.end(body);
  });
}
