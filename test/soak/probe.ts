import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { WebSocket } from 'undici';
import { eventually } from '../harness/wait';
import type { Program } from '../running/program';

/** Environment with which a program can be looked into from this machine. */
export const OPEN = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** Room that a process takes, after a collection of garbage. */
export interface Footprint {
  /** Memory that something refers to: V8's heap and what hangs on it outside, MiB. */
  live: number;
  /** Memory that the process has of the machine, MiB. */
  resident: number;
  sockets: number;
  /** Open files and all else that has a descriptor and is no socket. */
  files: number;
  /** Timers, connections, requests and the like that keep the process going. */
  handles: number;
}

const MIB = 2 ** 20;
const LOOK = 'JSON.stringify([process.memoryUsage(), process.getActiveResourcesInfo().length])';

/** Measures a program that was started with `OPEN` in its environment. */
export async function footprint(program: Program): Promise<Footprint> {
  const [memory, handles] = await inspected(program, async (session) => {
    // What has a finalizer goes with the next one only.
    for (let time = 0; time < 2; time++) await session.ask('HeapProfiler.collectGarbage');
    const { result } = (await session.ask('Runtime.evaluate', { expression: LOOK })) as { result: { value: string } };
    return JSON.parse(result.value) as [NodeJS.MemoryUsage, number];
  });
  const open = await descriptors(program.pid);
  const sockets = open.filter((to) => to.startsWith('socket:')).length;
  const live = (memory.heapUsed + memory.external) / MIB;
  return { live, resident: await residentOf(program.pid), sockets, files: open.length - sockets, handles };
}

/** Writes a heap snapshot of such a program, as browsers' developer tools read. */
export async function snapshot(program: Program, file: string): Promise<void> {
  const out = createWriteStream(file);
  const told = inspected(program, async (session) => {
    session.hear('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => void out.write(chunk));
    await session.ask('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  }).finally(() => out.end());
  await Promise.all([told, finished(out)]);
}

async function descriptors(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  // One may be closed meanwhile.
  const links = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => undefined)));
  return links.filter((to) => to !== undefined);
}

async function residentOf(pid: number): Promise<number> {
  const [, kB] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kB) / 1024;
}

interface Answered {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { message: string };
}

/** Session with a process by the protocol of Chrome's developer tools. */
class Session {
  private readonly waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  private readonly hearers = new Map<string, (params: Record<string, unknown>) => void>();
  private asked = 0;

  constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => this.take(JSON.parse(String(data)) as Answered));
    socket.addEventListener('close', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('the process ended while it was looked into'));
    });
  }

  ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  hear(method: string, hearer: (params: Record<string, unknown>) => void): void {
    this.hearers.set(method, hearer);
  }

  private take({ id, method, params = {}, result, error }: Answered): void {
    if (method !== undefined) return this.hearers.get(method)?.(params);
    const one = this.waiting.get(id ?? 0);
    this.waiting.delete(id ?? 0);
    if (error) one?.reject(new Error(error.message));
    else one?.resolve(result);
  }
}

/** Opens a session for some work: none stays open, for it keeps things. */
async function inspected<T>(program: Program, work: (session: Session) => Promise<T>): Promise<T> {
  const url = await eventually(() => /^Debugger listening on (ws:\S+)$/m.exec(program.stderr)?.[1]);
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`nobody answers at ${url}`)));
  });
  try {
    return await work(new Session(socket));
  } finally {
    socket.close();
  }
}
