import { steadyTime } from '../model/steady-time';
import type { Store } from './store';

/** Time between two looks at the store's clock, ms. */
const LOOK_MS = 5_000;

/** The store's clock as it stands to the steady one of this process, however far apart they and the machines' wall clocks are. */
export interface StoreClock {
  /**
   * Returns when it is or was that time by the store's clock, by `steadyTime` here; never too early as long as the store's clock is not
   * set back.
   * @param time ms since the epoch
   */
  here(time: number): number;
  /** Looks no more. */
  stop(): void;
}

/** Looks at the store's clock, and again now and then. @throws StoreUnavailable where the first look fails */
export async function startStoreClock(store: Pick<Store, 'now'>): Promise<StoreClock> {
  const look = async (): Promise<number> => {
    const told = await store.now();
    return steadyTime() - told;
  };
  let behind = await look();
  // While the store is away nothing is written by its clock either.
  const again = setInterval(
    () =>
      void look().then(
        (seen) => (behind = seen),
        () => undefined,
      ),
    LOOK_MS,
  );
  again.unref();
  return { here: (time) => time + behind, stop: () => clearInterval(again) };
}
