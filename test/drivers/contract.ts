import type { Counterpart, Bench, Part, Skip, Subject } from './counterpart';
import { imageTests } from './contract/images';
import { lifeTests } from './contract/life';
import { listTests } from './contract/lists';
import { makerTests } from './contract/makers';
import { missing, offered } from './contract/needs';
import { monitoringTests } from './contract/monitoring';
import { netTests } from './contract/nets';
import { shapeTests } from './contract/shape';
import { storageTests } from './contract/storage';
import { machineCopyTests, volumeCopyTests } from './contract/copies';
import { downloadTests } from './contract/downloads';
import { uploadTests } from './contract/uploads';
import { writeTests } from './contract/writes';

/** Parts of the suite that know nothing of each other. */
const PARTS: Readonly<Record<Part, readonly ((bench: Bench) => void)[]>> = {
  machines: [shapeTests, listTests, lifeTests, writeTests, imageTests, uploadTests, downloadTests, machineCopyTests],
  infrastructure: [makerTests, storageTests, volumeCopyTests, netTests, monitoringTests],
};
const ALL: readonly Part[] = ['machines', 'infrastructure'];

/**
 * The Driver contract as tests, run over every driver with a counterpart. Each test names what it needs; where the driver
 * does not offer that, the test is skipped by its name. What a driver offers and cannot keep for once its own file lists,
 * with a reason and where it is documented; a line that names no test, or one that is skipped anyhow, fails.
 */
export function driverContract(name: string, subject: Subject): void {
  describe(`Driver contract: ${name}`, () => {
    let counterpart: Counterpart | undefined;
    const current = (): Counterpart => {
      if (!counterpart) throw new Error('the counterpart did not start');
      return counterpart;
    };
    const unused = new Map<string, Skip>((subject.skips ?? []).map((skip) => [skip.test, skip]));
    const bench: Bench = {
      shape: subject.shape,
      test(title, needs, run) {
        const lacking = missing(subject.shape, needs);
        if (lacking.length > 0) return test.skip(`${title} [not offered: ${lacking.join(', ')}]`, () => run(current()));
        const listed = unused.get(title);
        unused.delete(title);
        if (!listed) return test(title, () => run(current()));
        process.stderr.write(`skipped for ${name}: ${title}: ${listed.reason} (${listed.documented})\n`);
        test.skip(`${title} [skipped: ${listed.reason}]`, () => run(current()));
      },
    };

    beforeAll(async () => {
      counterpart = await subject.start();
    }, 1_800_000);
    afterAll(async () => {
      await subject.shape.close();
      await counterpart?.driver.close();
      await counterpart?.stop();
    });

    bench.test('what the driver offers is what its tests were chosen by', [], async ({ driver }) => {
      expect(offered(driver)).toEqual(offered(subject.shape));
    });
    for (const part of subject.parts ?? ALL) for (const tests of PARTS[part]) tests(bench);

    bench.test('nothing that the tests made is left at the provider', [], async ({ leftovers }) => {
      expect(await leftovers()).toEqual([]);
    });
    const superfluous = [...unused.keys()];
    test('every skip names a test that would run', () => expect(superfluous).toEqual([]));
  });
}
