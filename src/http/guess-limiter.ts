import { createHash } from 'node:crypto';
import { clientPlaceOf } from '../net/addresses';
import { createRecall, createThrottle, type Recall, type Throttle } from './throttle';

/** Attempt to log in: the name and its origin. */
export interface LoginAttempt {
  name: string;
  /** Address of the client, as far as it is known. */
  address: string;
  /** Address that an untrusted X-Forwarded-For says of it; never believed, see `GuessLimiter`. */
  claimed?: string | undefined;
}

/** An attempt that may be made. */
export interface Granted {
  /** Takes the attempt back: it did not fail, and counts for nothing. */
  giveBack(): void;
  /** The password was right: the place is one that its owner comes from. */
  remember(): void;
}

/**
 * Bounds on guessing passwords: per name and place, per name and network, per place, per network, and slowly per name
 * wherever the guesses come from. So that none of this can be used to lock a user out, a place from which the name has
 * logged in well before has a count of its own and no other. What an untrusted X-Forwarded-For claims is good for one
 * thing only: behind a proxy that nobody named all clients share an address, and there it tells such places apart.
 */
export interface GuessLimiter {
  /** @returns the time to wait in ms where it may not be made now */
  take(attempt: LoginAttempt): number | Granted;
}

/** Failures in a row, and the time after which one more is granted, ms. */
const BOUNDS = {
  nameAtPlace: { burst: 10, refillMs: 6_000 },
  nameInNetwork: { burst: 30, refillMs: 6_000 },
  place: { burst: 100, refillMs: 1_000 },
  network: { burst: 300, refillMs: 500 },
  name: { burst: 100, refillMs: 10_000 },
};
const MAX_KEYS = 20_000;
/** Time for which an address from which a user logged in is remembered, in ms, and the number of each. */
const FAMILIAR_MS = 30 * 24 * 3_600_000;
const FAMILIAR_PLACES = 16;
const FAMILIAR_NAMES = 10_000;

/** @param now steady clock in ms */
export function createGuessLimiter(now: () => number): GuessLimiter {
  const throttle = (bound: keyof typeof BOUNDS): Throttle => createThrottle({ ...BOUNDS[bound], maxKeys: MAX_KEYS, now });
  const nameAtPlace = throttle('nameAtPlace');
  const shared = [throttle('nameInNetwork'), throttle('place'), throttle('network'), throttle('name')];
  const familiar = createRecall<Recall<true>>(FAMILIAR_MS, FAMILIAR_NAMES, now);
  return {
    take({ name, address, claimed }) {
      const { place, network } = clientPlaceOf(address);
      const who = digest(name);
      const corner = claimed === undefined ? place : `${place} ${clientPlaceOf(claimed).place}`;
      const known = familiar.get(who)?.get(corner) === true;
      const counts: Count[] = known
        ? [[nameAtPlace, `${who} ${corner} familiar`]]
        : paired([nameAtPlace, ...shared], [`${who} ${place}`, `${who} ${network}`, place, network, who]);
      const wait = takeAll(counts);
      if (wait > 0) return wait;
      return {
        giveBack: () => counts.forEach(([bound, key]) => bound.giveBack(key)),
        remember: () => {
          const places = familiar.get(who) ?? createRecall<true>(FAMILIAR_MS, FAMILIAR_PLACES, now);
          places.set(corner, true);
          familiar.set(who, places);
        },
      };
    },
  };
}

type Count = readonly [bound: Throttle, key: string];

function paired(bounds: readonly Throttle[], keys: readonly string[]): Count[] {
  return bounds.map((bound, index) => [bound, keys[index] ?? '']);
}

/** Takes one of each or none. @returns the time to wait in ms, 0 when taken */
function takeAll(counts: readonly Count[]): number {
  for (const [index, [bound, key]] of counts.entries()) {
    const wait = bound.take(key);
    if (wait === 0) continue;
    for (const [taken, its] of counts.slice(0, index)) taken.giveBack(its);
    return wait;
  }
  return 0;
}

/** Names come from strangers and may be long. */
function digest(name: string): string {
  return createHash('sha256').update(name).digest('base64').slice(0, 22);
}
