/**
 * Availability of a real counterpart: true where it can be started here; else what is missing, in words. It is `impossible` where
 * nothing that could be installed would help.
 */
export type Availability = true | { missing: string; impossible?: boolean };

/**
 * A suite that needs a real counterpart. Where it is missing, CI fails and any other run skips it, saying so. What is impossible on the
 * machine, CI skips, too.
 * @param backend name of the counterpart
 */
export function describeWith(backend: string, available: Availability, suite: () => void): void {
  if (available === true) {
    describe(backend, suite);
  } else if (process.env.CI === 'true' && available.impossible !== true) {
    test(`${backend} is needed in CI`, () => {
      throw new Error(`missing: ${available.missing}`);
    });
  } else {
    process.stderr.write(`SKIPPED: ${backend}, missing: ${available.missing}\n`);
    describe.skip(`${backend} (missing: ${available.missing})`, suite);
  }
}
