import { GROUPS } from '../../src/clouds/driver';
import type { Bench, Counterpart, Subject } from './counterpart';
import { imageTests } from './contract/images';
import { lifeTests } from './contract/life';
import { listTests } from './contract/lists';
import { makerTests } from './contract/makers';
import { netTests } from './contract/nets';
import { shapeTests } from './contract/shape';
import { storageTests } from './contract/storage';
import { uploadTests } from './contract/uploads';
import { writeTests } from './contract/writes';

/**
 * The Driver contract as tests, run over every driver with a counterpart. A driver's own file starts the
 * counterpart and names, with a reason, each test that does not hold for it; a skip that names no test fails.
 */
export function driverContract(name: string, subject: Subject): void {
  describe(`Driver contract: ${name}`, () => {
    let counterpart: Counterpart | undefined;
    const current = (): Counterpart => {
      if (!counterpart) throw new Error('the counterpart did not start');
      return counterpart;
    };
    const unused = new Map((subject.skips ?? []).map((skip) => [skip.test, skip.reason]));
    const bench: Bench = {
      counterpart: current,
      patienceMs: subject.patienceMs ?? 10_000,
      groups: subject.groups,
      uploads: subject.uploads ?? [],
      test(title, run) {
        const reason = unused.get(title);
        unused.delete(title);
        if (reason === undefined) return test(title, () => run(current()));
        process.stderr.write(`skipped for ${name}: ${title}: ${reason}\n`);
        test.skip(`${title} [skipped: ${reason}]`, () => run(current()));
      },
    };

    beforeAll(async () => {
      counterpart = await subject.start();
    }, 300_000);
    afterAll(async () => {
      await counterpart?.driver.close();
      await counterpart?.stop();
    });

    bench.test('the groups offered are those tested', async ({ driver }) => {
      const offered = (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).filter((group) => driver[group] !== undefined);
      expect(offered.sort()).toEqual([...subject.groups].sort());
    });
    shapeTests(bench);
    listTests(bench);
    lifeTests(bench);
    writeTests(bench);
    imageTests(bench);
    uploadTests(bench);
    makerTests(bench);
    storageTests(bench);
    netTests(bench);

    bench.test('nothing that the tests made is left at the provider', async ({ leftovers }) => {
      expect(await leftovers()).toEqual([]);
    });
    const missing = [...unused.keys()];
    test('every skip names a test', () => expect(missing).toEqual([]));
  });
}
