import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clouds } from '../../src/clouds/cloud';
import { createEngine, type Engine } from '../../src/jobs/engine';
import type { EngineOptions, JobLog } from '../../src/jobs/engine-context';
import { EmbeddedQueue, type JobQueue } from '../../src/jobs/queue';
import { createWorkflowRegistry, type Step, type StepContext, type StepOutcome, type Workflow } from '../../src/jobs/workflow';
import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import { isFinished, type JobRow, type NewJob, type Store } from '../../src/store/store';
import { eventually } from '../harness/wait';

export const noClouds: Clouds = { all: () => [], byKey: () => undefined, forTenant: () => [] };

/** A log that keeps what it is told. */
export function keptLog(): JobLog & { lines: { level: string; words: string; fields: object }[] } {
  const lines: { level: string; words: string; fields: object }[] = [];
  const at = (level: string) => (fields: object, words: string) => void lines.push({ level, words, fields });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A process: an engine with its own queue that can die on the spot, as by SIGKILL. */
export interface Process extends Engine {
  log: ReturnType<typeof keptLog>;
  queue: JobQueue;
  /** Cuts it off from the store from now on; nothing in it goes on. */
  die(): void;
}

export interface House {
  store: Store;
  /** Starts a process over the same data. */
  process(workflows: readonly Workflow[], options?: Partial<EngineOptions>): Promise<Process>;
  /** A Job in the store; nobody is told. */
  accept(workflow: string, more?: Partial<NewJob>): Promise<string>;
  job(id: string): Promise<JobRow>;
  /** Waits until the Job has ended. */
  end(id: string): Promise<JobRow>;
  remove(): Promise<void>;
}

/** A SQLite store in a folder of its own, with processes over it. */
export async function house(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'cimi-jobs-'));
  const store = await openSqliteStore({ file: join(folder, 'data.sqlite'), cipher: createCipher(Buffer.alloc(32, 7)) });
  const processes: Process[] = [];
  const job = async (id: string): Promise<JobRow> => {
    const row = await store.job(id);
    if (!row) throw new Error(`no job ${id}`);
    return row;
  };
  return {
    store,
    job,
    async process(workflows, options = {}) {
      const started = startProcess(store, workflows, options);
      processes.push(started);
      await started.start();
      return started;
    },
    async accept(workflow, more = {}) {
      const id = more.id ?? randomUUID();
      const job: NewJob = {
        tenant: 'acme',
        principal: 'ann',
        workflow,
        action: 'http://schemas.dmtf.org/cimi/2/action/start',
        target: 'machines/a',
        affected: [],
        statusMessage: 'queued',
        ...more,
        id,
      };
      await store.transaction((unit) => unit.insertJob(job));
      return id;
    },
    end: (id) =>
      eventually(
        async () => {
          const row = await job(id);
          return isFinished(row) ? row : undefined;
        },
        () => job(id),
      ),
    async remove() {
      await Promise.all(processes.map((process) => process.close(2_000)));
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startProcess(store: Store, workflows: readonly Workflow[], options: Partial<EngineOptions>): Process {
  const log = keptLog();
  const queue = options.queue ?? new EmbeddedQueue();
  const life = { dead: false };
  const engine = createEngine({
    store: mortal(store, life),
    queue,
    clouds: noClouds,
    workflows: createWorkflowRegistry(workflows),
    log,
    owner: randomUUID(),
    leaseMs: 400,
    sweepMs: 50,
    concurrency: 4,
    ...options,
    onBoundary: async (point) => {
      await options.onBoundary?.(point);
      if (life.dead) await forever();
    },
  });
  return {
    ...engine,
    log,
    queue,
    die: () => {
      life.dead = true;
    },
    close: (graceMs) => engine.close(life.dead ? 0 : graceMs),
  };
}

export const forever = (): Promise<never> => new Promise(() => undefined);

/** The store as a process sees it that may die: afterwards every call hangs. */
function mortal(store: Store, life: { dead: boolean }): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => (life.dead ? forever() : Reflect.apply(member, target, args));
    },
  });
}

/** A step that writes down when it is run and undone. */
export function noted(
  diary: string[],
  name: string,
  run: (context: StepContext) => StepOutcome | Promise<StepOutcome> = () => ({ done: `${name} done` }),
  undo?: (context: StepContext) => StepOutcome | Promise<StepOutcome>,
): Step {
  return {
    name,
    message: `doing ${name}`,
    run: async (context) => {
      diary.push(`${name}#${context.attempt}`);
      return run(context);
    },
    ...(undo && {
      undo: async (context: StepContext) => {
        diary.push(`undo ${name}#${context.attempt}`);
        return undo(context);
      },
    }),
  };
}

export const undone = (): StepOutcome => ({ done: null });

export function workflow(name: string, steps: readonly Step[], more: Partial<Workflow> = {}): Workflow {
  return { name, version: 1, steps, ...more };
}
