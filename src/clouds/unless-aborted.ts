import { ProviderError } from './errors';

/**
 * Waits for work that goes on for others too: the signal ends this waiting and not the work.
 * @param service who is waited for, in words
 * @throws ProviderError (timeout) when the signal is aborted first, or whatever the work throws
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, service: string): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new ProviderError('timeout', `${service} did not answer in time`, { maybeDone: false }));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
