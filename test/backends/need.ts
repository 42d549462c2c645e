/** Availability of a real counterpart: true where it can be started here; else what is missing, in words. */
export type Availability = true | { missing: string };

/**
 * A suite that needs a real counterpart. Where it is missing, CI fails and any other run skips it, saying so.
 * @param backend name of the counterpart
 */
export function describeWith(backend: string, available: Availability, suite: () => void): void {
  if (available === true) {
    describe(backend, suite);
  } else if (process.env.CI === 'true') {
    test(`${backend} is needed in CI`, () => {
      throw new Error(`missing: ${available.missing}`);
    });
  } else {
    process.stderr.write(`SKIPPED: ${backend}, missing: ${available.missing}\n`);
    describe.skip(`${backend} (missing: ${available.missing})`, suite);
  }
}
