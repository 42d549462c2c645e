import { jobContract } from './contract-jobs';
import { resourceContract } from './contract-resources';
import { sharedContract } from './contract-shared';
import type { Bench } from './fixture';

/** What every store must do; `open` gives an empty one for each test. */
export function storeContract(name: string, open: () => Promise<Bench>): void {
  describe(`store contract: ${name}`, () => {
    let bench: Bench | undefined;
    const current = (): Bench => {
      if (!bench) throw new Error('no store is open');
      return bench;
    };
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(async () => {
      await bench?.end();
      bench = undefined;
    });
    describe('resources', () => resourceContract(current));
    describe('jobs', () => jobContract(current));
    describe('shared', () => sharedContract(current));
  });
}
