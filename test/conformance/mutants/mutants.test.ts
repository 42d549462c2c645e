import { freePort } from '../../backends/moto';
import { simulatedCloud, startTestGateway, type TestGateway } from '../../harness/gateway';
import { loadClauses } from '../kit/load';
import { type Result, runCheck } from '../kit/run';
import { Session } from '../kit/session';
import type { Format } from '../kit/value';
import { CHANGES, type Mutant } from './mutants';
import { type Proxy, startProxy } from './proxy';
import { READS } from './reads';

/** Proves that the suite sees each fault that a reading of the standard has found: in a gateway that has that one fault. */

const MUTANTS: Mutant[] = [...CHANGES, ...READS];
/** Things take a moment where a check has to see them on their way. */
const delays = { create: 0, start: 20, stop: 60, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 0, capture: 60 };
const PATIENCE_MS = 10_000;

describe('a gateway with one fault', () => {
  let proxy: Proxy;
  let gateway: TestGateway;
  beforeAll(async () => {
    proxy = await startProxy();
    const port = await freePort();
    gateway = await startTestGateway({ config: { server: { port, publicUrl: proxy.url }, clouds: { sim: simulatedCloud({ delays }) } } });
    proxy.target = `http://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await proxy.stop();
    await gateway.stop();
  });

  /** Runs checks, one after the other, until one fails; what they share is made and deleted by a gateway without fault. */
  async function run(checks: string[], format: Format, does?: Mutant['does']): Promise<Result[]> {
    const session = await Session.open({ url: `${proxy.url}/cimi/cloudEntryPoint`, patienceMs: does === undefined ? 60_000 : PATIENCE_MS });
    const results: Result[] = [];
    proxy.become(does);
    for (const clause of loadClauses(checks)) {
      for (const one of clause.checks) {
        if (results.every(({ outcome }) => outcome !== 'failed')) results.push(await runCheck(session, clause, one, format));
      }
    }
    proxy.become(undefined);
    await session.close();
    return results;
  }

  it.each(MUTANTS)('$fault: is seen', async ({ checks, because, does, format = 'json' }) => {
    const results = await run(checks, format, does);
    const failed = results.filter(({ outcome }) => outcome === 'failed');
    expect(results.map(({ check, outcome, reason }) => ({ check, outcome, reason }))).toContainEqual({
      check: failed[0]?.check ?? 'a check that fails',
      outcome: 'failed',
      reason: expect.stringMatching(because) as string,
    });
  });

  const named = (format: Format): string[] => [
    ...new Set(MUTANTS.filter((each) => (each.format ?? 'json') === format).flatMap(({ checks }) => checks)),
  ];

  // Some of these checks go through every type: on a busy machine they take more than the usual minute together.
  it.each(['json', 'xml'] as const)('passes all of these checks where it has no fault (%s)', async (format) => {
    const results = await run(named(format), format);
    expect(results.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(results).toHaveLength(named(format).length);
  });
});
