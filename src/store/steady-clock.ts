/**
 * A clock that never goes back while this process lives: it follows the wall clock when that is set forward, and goes on
 * by the steady clock when that is set back.
 * @param wall ms since the epoch. Default: this machine's clock
 * @param steady ms since whenever. Default: this process's steady clock
 * @returns ms since the epoch
 */
export function steadyClock(wall: () => number = Date.now, steady: () => number = () => performance.now()): () => number {
  let ahead = Number.NEGATIVE_INFINITY;
  return () => {
    const now = steady();
    ahead = Math.max(ahead, wall() - now);
    return now + ahead;
  };
}
