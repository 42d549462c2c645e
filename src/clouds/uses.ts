/** Counts what is under way, so that somebody can wait until nothing is. */
export class Uses {
  private count = 0;
  private waiting: (() => void)[] = [];

  /** Counts one more. @returns to be called when it is over; more than once is the same */
  enter(): () => void {
    this.count += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.count -= 1;
      if (this.count > 0) return;
      for (const tell of this.waiting.splice(0)) tell();
    };
  }

  /** Resolves when nothing is under way. */
  none(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }
}
