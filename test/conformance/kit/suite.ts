import { formatsOf } from './define';
import { asked, loadClauses } from './load';
import { type Result, runCheck } from './run';
import { Session, type SessionOptions } from './session';
import { FORMATS, type Format } from './value';

export interface SuiteOptions {
  /** What the tests are called. */
  name: string;
  /** Starts the provider under test; `stop` ends it. */
  start: () => Promise<SessionOptions & { stop: () => Promise<void> }>;
  /**
   * What this provider is known not to offer: `clause title` or a clause's number, and why. Such a check has to say
   * so itself by skipping: one that is skipped without being named here fails, and one that is named here and runs, too.
   */
  skips?: Record<string, string>;
  /** These clauses and those below them only: a suite in several files runs on several processors. */
  only?: string[];
  /** The formats that it is asked in; both where nothing is said. */
  formats?: readonly Format[];
}

/** Registers the conformance suite with jest: one test per check and format. */
export function conformanceSuite({ name, start, skips = {}, only = [], formats: asking = FORMATS }: SuiteOptions): void {
  const clauses = loadClauses(only);
  const reasonFor = (number: string, title: string): string | undefined =>
    skips[`${number} ${title}`] ?? Object.entries(skips).find(([key]) => asked(number, [key]))?.[1];

  describe(`conformance of ${name}`, () => {
    let provider: Awaited<ReturnType<typeof start>>;
    let session: Session;
    beforeAll(async () => {
      provider = await start();
      session = await Session.open(provider);
    });
    afterAll(async () => {
      const left = await session.close();
      await provider.stop();
      expect(left).toEqual([]);
    });

    describe.each(clauses)('$number $title', (within) => {
      for (const one of within.checks) {
        const because = reasonFor(within.number, one.title);
        // Both formats at once: most of the time is spent waiting for the provider.
        const formats = formatsOf(one, asking);
        const results = new Map<Format, Promise<Result>>();
        const result = (format: Format): Promise<Result> | undefined => {
          if (results.size === 0) for (const each of formats) results.set(each, runCheck(session, within, one, each));
          return results.get(format);
        };
        for (const format of formats) {
          const title = `${one.title} (${format}; ${one.ids.join(', ')})`;
          it(because === undefined ? title : `says that it does not offer: ${title}: ${because}`, async () => {
            const { outcome, reason } = (await result(format)) ?? {};
            expect({ outcome, reason }).toEqual(
              because === undefined ? { outcome: 'passed' } : { outcome: 'skipped', reason: expect.any(String) as string },
            );
          });
        }
      }
    });

    it('knows what it skips', () => {
      const known = loadClauses().flatMap(({ number, checks }) => checks.map(({ title }) => ({ number, title })));
      const unknown = Object.keys(skips).filter(
        (key) => !known.some(({ number, title }) => key === `${number} ${title}` || asked(number, [key])),
      );
      expect(unknown).toEqual([]);
    });
  });
}
