import { Worker } from 'node:worker_threads';

/** Answer of the thread's side. */
type Answer<O> = { result: O } | { error: string };

/**
 * A thread of its own for work that would hold up others on the main one or in libuv's pool, which everybody's names, files
 * and logins share: one task at a time, in order. It starts with the first task, keeps no process alive, and is started anew
 * after it died.
 */
export class Thread<I, O> {
  private worker: Worker | undefined;
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param body JavaScript of a function's body that takes `task` and `data`, and returns the result
   * @param data what the body is given with every task
   */
  constructor(
    private readonly body: string,
    private readonly data: unknown = undefined,
  ) {}

  /** @throws Error with the words of what the body threw, or of why the thread died */
  run(task: I): Promise<O> {
    const turn = this.last.then(() => this.ask(task));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async ask(task: I): Promise<O> {
    const worker = (this.worker ??= this.start());
    const answer = await new Promise<Answer<O>>((resolve) => {
      const told = (answer: Answer<O>): void => {
        worker.off('message', told).off('error', failed).off('exit', ended);
        resolve(answer);
      };
      const failed = (error: Error): void => told({ error: error.message });
      const ended = (): void => told({ error: 'the thread ended' });
      worker.on('message', told).on('error', failed).on('exit', ended);
      worker.postMessage(task);
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  }

  private start(): Worker {
    const source = `
      const { parentPort, workerData: data } = require('node:worker_threads');
      const run = (task) => { ${this.body} };
      parentPort.on('message', (task) => {
        try { parentPort.postMessage({ result: run(task) }); }
        catch (error) { parentPort.postMessage({ error: String(error && error.message) }); }
      });`;
    const worker = new Worker(source, { eval: true, workerData: this.data });
    const gone = (): void => {
      if (this.worker === worker) this.worker = undefined;
    };
    worker.on('error', gone).on('exit', gone);
    worker.unref();
    return worker;
  }
}
