import type { Clause } from './define';
import type { Result } from './run';

export interface Report {
  url: string;
  began: string;
  seconds: number;
  totals: Record<Result['outcome'], number>;
  /** Requirements of which a check failed. */
  failedRequirements: string[];
  /** What the run made and could not delete. */
  leftBehind: string[];
  clauses: { number: string; title: string; results: Result[] }[];
}

const count = (results: Result[], outcome: Result['outcome']): number => results.filter((result) => result.outcome === outcome).length;

/** The machine-readable report. */
export function makeReport(url: string, began: Date, clauses: Clause[], results: Result[], leftBehind: string[]): Report {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  return {
    url,
    began: began.toISOString(),
    seconds: Math.round((Date.now() - began.getTime()) / 100) / 10,
    totals: { passed: count(results, 'passed'), failed: failed.length, skipped: count(results, 'skipped') },
    failedRequirements: [...new Set(failed.flatMap(({ ids }) => ids))].sort(),
    leftBehind,
    clauses: clauses.map(({ number, title, checks }) => ({
      number,
      title,
      results: results.filter((result) => result.clause === number && checks.some((one) => one.title === result.check)),
    })),
  };
}

const line = (result: Result): string => {
  const words = { passed: 'passed ', failed: 'FAILED ', skipped: 'skipped' }[result.outcome];
  const ids = result.outcome === 'failed' ? ` [${result.ids.join(', ')}]` : '';
  const reason =
    result.reason === undefined
      ? ''
      : `\n${result.reason
          .split('\n')
          .map((text) => `              ${text}`)
          .join('\n')}`;
  return `    ${words} ${result.format.padEnd(4)} ${result.check}${ids}${reason}`;
};

/** The report for a person, clause by clause. */
export function reportText({ url, seconds, totals, failedRequirements, leftBehind, clauses }: Report): string {
  const blocks = clauses.map(({ number, title, results }) => {
    const sums = `${count(results, 'passed')} passed, ${count(results, 'failed')} failed, ${count(results, 'skipped')} skipped`;
    return [`${number} ${title}: ${sums}`, ...results.map(line)].join('\n');
  });
  const end = [`${url}: ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped in ${seconds} s`];
  if (failedRequirements.length > 0) end.push(`requirements not met: ${failedRequirements.join(', ')}`);
  if (leftBehind.length > 0) end.push(`left behind: ${leftBehind.join('; ')}`);
  return `${[...blocks, end.join('\n')].join('\n\n')}\n`;
}
