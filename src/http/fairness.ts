import { giveWay } from '../model/turns';
import { HttpFault } from './fault';

export interface FairnessLimits {
  /** Largest number of large bodies and long answers of one tenant in hand at once; others wait. */
  heavyPerTenant: number;
  /** Largest number of requests of one tenant that wait for their turn. */
  heavyWaiting: number;
}

/** Keeps one tenant's requests from holding up another's, whatever their number and size. */
export interface Fairness {
  /**
   * Waits until a request may be taken in hand.
   * @param heavy it has a large body, or its answer may be long
   * @returns to be called when it has been answered
   * @throws HttpFault 503 with Retry-After where too many of this tenant wait already
   */
  enter(tenant: string, heavy: boolean): Promise<() => void>;
}

interface Hand {
  all: number;
  heavy: number;
  waiting: (() => void)[];
}

/** Requests of one tenant that are answered as they come; of more than that each lets others go first. */
const AT_ONCE = 4;

export function createFairness(limits: Readonly<FairnessLimits>): Fairness {
  const hands = new Map<string, Hand>();
  const room = async (hand: Hand): Promise<void> => {
    if (hand.heavy < limits.heavyPerTenant) {
      hand.heavy += 1;
      return;
    }
    if (hand.waiting.length >= limits.heavyWaiting)
      throw new HttpFault(503, 'too many large requests of this tenant wait already: send fewer at once', { 'Retry-After': '1' });
    // Whoever leaves hands its room on.
    await new Promise<void>((resolve) => hand.waiting.push(resolve));
  };
  const leave = (tenant: string, hand: Hand, heavy: boolean): void => {
    if (heavy) {
      const next = hand.waiting.shift();
      if (next) next();
      else hand.heavy -= 1;
    }
    hand.all -= 1;
    if (hand.all === 0) hands.delete(tenant);
  };
  return {
    async enter(tenant, heavy) {
      const hand = hands.get(tenant) ?? { all: 0, heavy: 0, waiting: [] };
      hands.set(tenant, hand);
      hand.all += 1;
      try {
        if (heavy) await room(hand);
      } catch (error) {
        leave(tenant, hand, false);
        throw error;
      }
      if (hand.all > AT_ONCE || (heavy && hand.heavy > 1)) await giveWay(tenant);
      return () => leave(tenant, hand, heavy);
    },
  };
}
