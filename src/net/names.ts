import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { createLimit } from '../threads/limit';

/** Looks up every address of a name. */
export type LookupAll = (host: string, options: LookupOptions & { all: true }) => Promise<LookupAddress[]>;

/** Names that one set of connections has looked up at once. */
const AT_ONCE = 2;

/**
 * The system's own lookup (hosts file, DNS) for one set of connections: each name once, however many wait for it, and two
 * names at a time. A lookup that nobody answers holds one of the four threads of libuv's pool for many seconds; without this
 * the connections to one cloud whose names are away would keep every other cloud's waiting.
 */
export function namesOf(resolve: LookupAll = promisify(lookup)): LookupFunction {
  const limit = createLimit(AT_ONCE, Number.POSITIVE_INFINITY, 'too many names are being looked up');
  const asked = new Map<string, Promise<LookupAddress[]>>();
  return (host, options, callback) => {
    const { family, hints } = options;
    const key = JSON.stringify([host, family, hints]);
    let answer = asked.get(key);
    if (!answer) {
      answer = limit(() => resolve(host, { ...options, all: true })).finally(() => asked.delete(key));
      asked.set(key, answer);
    }
    answer.then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}
