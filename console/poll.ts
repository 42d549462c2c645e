import { useEffect, useRef, useState } from 'preact/hooks';
import { CimiError } from '../sdk/index.ts';
import { failed } from './state.ts';

/** Distances of looks, in ms: while something changes, otherwise, and at most where the gateway has too much to do. */
const [BUSY, IDLE, LONGEST] = [3_000, 15_000, 60_000];

export interface Polled<T> {
  value: T | undefined;
  problem: string | undefined;
  /** Looks again now. */
  again: () => void;
}

/**
 * Reads something again and again while the page is seen.
 * @param read answers undefined where it is still what it was
 * @param isBusy tells whether it is about to change
 * @param key what it is: another one begins anew
 */
export function usePolled<T>(
  key: string,
  read: (last: T | undefined, signal: AbortSignal) => Promise<T | undefined>,
  isBusy: (value: T) => boolean,
): Polled<T> {
  const [seen, setSeen] = useState<{ key: string; value?: T; problem?: string }>({ key });
  const wake = useRef<() => void>(() => undefined);
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last: T | undefined;
    let pause = IDLE;
    let reading = false;
    const look = async (): Promise<void> => {
      clearTimeout(timer);
      if (reading || ending.signal.aborted || document.hidden) return;
      reading = true;
      try {
        const value = (await read(last, ending.signal)) ?? last;
        if (value !== last) setSeen({ key, ...(value !== undefined && { value }) });
        last = value;
        pause = value !== undefined && isBusy(value) ? BUSY : IDLE;
      } catch (error) {
        if (ending.signal.aborted) return;
        const asked = error instanceof CimiError ? (error.retryAfter ?? 0) * 1000 : 0;
        pause = Math.min(LONGEST, Math.max(pause * 2, asked));
        setSeen({ key, ...(last !== undefined && { value: last }), problem: failed(error) });
      } finally {
        reading = false;
        // Somewhat apart, so that many pages do not ask together.
        if (!ending.signal.aborted) timer = setTimeout(() => void look(), pause * (1 + Math.random() / 10));
      }
    };
    wake.current = () => void look();
    const shown = (): void => void look();
    document.addEventListener('visibilitychange', shown);
    void look();
    return () => {
      ending.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', shown);
    };
  }, [key]);
  const isOld = seen.key !== key;
  return { value: isOld ? undefined : seen.value, problem: isOld ? undefined : seen.problem, again: () => wake.current() };
}
