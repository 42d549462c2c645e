import { formatsOf } from './define';
import { asked, loadClauses } from './load';
import { type Result, runCheck } from './run';
import { Session, type SessionOptions } from './session';
import { FORMATS, type Format } from './value';

export interface SuiteOptions {
  /** Name of the tests. */
  name: string;
  /** Starts the provider under test; `stop` ends it. */
  start: () => Promise<SessionOptions & { stop: () => Promise<void> }>;
  /**
   * Checks that this provider is known not to offer: `clause title` or a clause's number, and why. Such a check has to say so
   * itself by skipping: one that is skipped without being named here fails, and one that is named here and runs, too.
   */
  skips?: Record<string, string>;
  /**
   * Cases that may not occur with this provider, so that the check proves nothing of it: `clause title`, and why. What is named here may
   * pass or be unproven; a check that is unproven without being named here fails.
   */
  unproven?: Readonly<Record<string, string>>;
  /** Clauses to run, with those below them (or requirements, or checks): a suite in several files runs on several processors. */
  only?: string[];
  /** The formats that it is asked in; both where nothing is said. */
  formats?: readonly Format[];
}

/** Time that a check may take, in ms: what it goes on with after its test has given up would get in the way of the next one. */
const CHECK_MS = 300_000;

/** Registers the conformance suite with jest: one test per check and format. */
export function conformanceSuite({ name, start, skips = {}, unproven = {}, only = [], formats: asking = FORMATS }: SuiteOptions): void {
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
      await session.close();
      await provider.stop();
      const { leftBehind, forgotten, appeared } = session;
      expect({ leftBehind, forgotten, appeared }).toEqual({ leftBehind: [], forgotten: [], appeared: [] });
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
          it(
            because === undefined ? title : `says that it does not offer: ${title}: ${because}`,
            async () => {
              const { outcome, reason } = (await result(format)) ?? {};
              const mayBe = `${within.number} ${one.title}` in unproven && outcome === 'unproven';
              const expected = because === undefined ? (mayBe ? 'unproven' : 'passed') : 'skipped';
              expect({ outcome, reason }).toEqual({ outcome: expected, reason: expected === 'passed' ? undefined : expect.any(String) });
            },
            CHECK_MS,
          );
        }
      }
    });

    it('knows what it skips', () => {
      const known = loadClauses().flatMap(({ number, checks }) => checks.map(({ title }) => ({ number, title })));
      const unknown = Object.keys({ ...skips, ...unproven }).filter(
        (key) => !known.some(({ number, title }) => key === `${number} ${title}` || asked(number, [key])),
      );
      expect(unknown).toEqual([]);
    });
  });
}
