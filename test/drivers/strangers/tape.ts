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

/** What the counterfeit does with the calls of one run. */
export interface Played {
  /** Names of the calls that came, in order. */
  seen: string[];
  /** How often a call of the struck one's name was answered rightly afterwards. */
  again: number;
}

/**
 * A place that passes calls on to a provider and records them, and later answers the same calls from the record, but for
 * one. What was never recorded is answered as the one that is struck: what stands in the way stays there.
 */
export class Tape {
  url = '';
  private recording: Exchange[] | undefined;
  private answer: ((call: Call) => Reply) | undefined;
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

  /** Answers from a record; the call at `at` (from 0) gets what `strike` makes of its answer. */
  play(exchanges: readonly Exchange[], at: number, strike: (right: Reply) => Reply): Played {
    const played: Played = { seen: [], again: 0 };
    const left = [...exchanges];
    let struck: string | undefined;
    this.answer = (call) => {
      const name = this.nameOf(call);
      const found = take(left, exchanges, call, name);
      played.seen.push(name);
      const nothing: Reply = { status: 200, headers: {}, body: Buffer.alloc(0) };
      if (played.seen.length - 1 === at) {
        struck = name;
        return strike(found?.reply ?? nothing);
      }
      if (!found) return strike(nothing);
      if (name === struck) played.again += 1;
      return found.reply;
    };
    return played;
  }

  /** From now on every call is answered by a stranger; undefined: the provider is back, whatever was played before. */
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
    if (this.answer && !this.recording) return send(outgoing, this.answer(call), call.method);
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
