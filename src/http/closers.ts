/** Things to be closed, last opened first. */
export class Closers {
  private readonly list: (() => Promise<unknown> | void)[] = [];
  add(close: () => Promise<unknown> | void): void {
    this.list.unshift(close);
  }
  /** Closes all, also where closing one fails. @throws the first error */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const close of this.list.splice(0)) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
