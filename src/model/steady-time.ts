/**
 * Time in ms since about the epoch by this process's steady clock: for ages, which a wall clock that is set must not change. Told to
 * nobody, and compared with nothing but itself.
 */
export function steadyTime(): number {
  return performance.timeOrigin + performance.now();
}
