import type { CallContext } from '../../src/clouds/driver';
import { unlessAborted } from '../../src/clouds/unless-aborted';

/** Time limit of the whole reading, in ms: no deadline of one call holds for it. */
const LONGEST_MS = 600_000;
/** Time for which the answer of a reading that nobody waited for is kept for who asks again, in ms. */
const KEPT_MS = 60_000;

/**
 * Readings of the whole inventory for one thing. One goes on when its caller's deadline has passed, and who asks for the
 * same thing again waits for the same reading: a large vCenter is read to the end, however short a call may be.
 */
export class Scans {
  private readonly known = new Map<string, Promise<unknown>>();

  /** @param name of what is looked for @throws ProviderError of the reading, or `timeout` where the caller's time is over */
  async read<T>(name: string, read: (own: CallContext) => Promise<T>, { signal }: CallContext): Promise<T> {
    const scan = (this.known.get(name) as Promise<T> | undefined) ?? this.begin(name, read);
    const answer = await unlessAborted(scan, signal, 'vCenter');
    this.forget(name, scan);
    return answer;
  }

  private begin<T>(name: string, read: (own: CallContext) => Promise<T>): Promise<T> {
    const scan = read({ signal: AbortSignal.timeout(LONGEST_MS) });
    this.known.set(name, scan);
    const later = () => void setTimeout(() => this.forget(name, scan), KEPT_MS).unref();
    scan.then(later, () => this.forget(name, scan));
    return scan;
  }

  private forget(name: string, scan: Promise<unknown>): void {
    if (this.known.get(name) === scan) this.known.delete(name);
  }
}
