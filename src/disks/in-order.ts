/**
 * Runs tasks, at most `width` at once, and gives their results in the tasks' order. A task is begun only when the reader asks for
 * more: what is slow to take the results slows the tasks down. Ends when none runs any more.
 * @throws the first error in the tasks' order
 */
export async function* inOrder<T>(tasks: AsyncIterable<() => Promise<T>> | Iterable<() => Promise<T>>, width: number): AsyncGenerator<T> {
  const begun: Promise<T>[] = [];
  try {
    for await (const task of tasks) {
      const result = task();
      // Its error is told when its turn has come, and a rejection that nobody waits for yet would end the process.
      result.catch(() => undefined);
      begun.push(result);
      if (begun.length >= width) yield (await begun.shift()) as T;
    }
    while (begun.length > 0) yield (await begun.shift()) as T;
  } finally {
    await Promise.allSettled(begun);
  }
}
