import type { Clause } from './define';
import { type Outcome, OUTCOMES, type Result } from './run';
import type { Session } from './session';

export interface Report {
  url: string;
  began: string;
  seconds: number;
  totals: Record<Outcome, number>;
  /** Requirements of which a check failed. */
  failedRequirements: string[];
  /** Requirements of which no check passed or failed, and one proved nothing: what it is about did not occur. */
  unprovenRequirements: string[];
  /** URIs that the run made and could not delete. */
  leftBehind: string[];
  /** Resources that a check had made and not deleted, and the end of the run has. */
  forgotten: string[];
  /** Resources that appeared during the run and are of no request of its own. */
  appeared: string[];
  clauses: { number: string; title: string; results: Result[] }[];
}

const count = (results: Result[], outcome: Outcome): number => results.filter((result) => result.outcome === outcome).length;
const sums = (number: (outcome: Outcome) => number): string =>
  OUTCOMES.map((outcome) => `${number(outcome)} ${outcome}`)
    .filter((text, at) => at < 3 || !text.startsWith('0 '))
    .join(', ');

const idsOf = (results: Result[], ...outcomes: Outcome[]): string[] => [
  ...new Set(results.filter(({ outcome }) => outcomes.includes(outcome)).flatMap(({ ids }) => ids)),
];

/** The machine-readable report of a session that is closed. */
export function makeReport(session: Session, began: Date, clauses: Clause[], results: Result[]): Report {
  const decided = idsOf(results, 'passed', 'failed');
  return {
    url: session.url,
    began: began.toISOString(),
    seconds: Math.round((Date.now() - began.getTime()) / 100) / 10,
    totals: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count(results, outcome)])) as Report['totals'],
    failedRequirements: idsOf(results, 'failed').sort(),
    unprovenRequirements: idsOf(results, 'unproven')
      .filter((id) => !decided.includes(id))
      .sort(),
    leftBehind: session.leftBehind,
    forgotten: session.forgotten,
    appeared: session.appeared,
    clauses: clauses.map(({ number, title, checks }) => ({
      number,
      title,
      results: results.filter((result) => result.clause === number && checks.some((one) => one.title === result.check)),
    })),
  };
}

const WORDS: Record<Outcome, string> = {
  passed: 'passed  ',
  failed: 'FAILED  ',
  skipped: 'skipped ',
  unproven: 'UNPROVEN',
  unrun: 'not run ',
};

const line = (result: Result): string => {
  const ids = ['failed', 'unproven'].includes(result.outcome) ? ` [${result.ids.join(', ')}]` : '';
  const reason =
    result.reason === undefined
      ? ''
      : `\n${result.reason
          .split('\n')
          .map((text) => `              ${text}`)
          .join('\n')}`;
  return `    ${WORDS[result.outcome]} ${result.format.padEnd(4)} ${result.check}${ids}${reason}`;
};

/** Line of progress: how far the run is, and how this check ended. */
export const progressLine = (result: Result, done: number, all: number): string =>
  `[${done}/${all}] ${WORDS[result.outcome]} ${result.format.padEnd(4)} ${result.clause} ${result.check} (${result.ms} ms)\n`;

/** The report for a person, clause by clause. */
export function reportText(report: Report): string {
  const { url, seconds, totals, clauses } = report;
  const blocks = clauses.map(({ number, title, results }) => {
    return [`${number} ${title}: ${sums((outcome) => count(results, outcome))}`, ...results.map(line)].join('\n');
  });
  const told: [string, string[], string][] = [
    ['requirements not met', report.failedRequirements, ', '],
    ['requirements unproven, because what they are about did not occur', report.unprovenRequirements, ', '],
    ['left behind', report.leftBehind, '; '],
    ['deleted only at the end, because no check did', report.forgotten, '; '],
    ["appeared during the run, and is not of its own requests (somebody else's?)", report.appeared, '; '],
  ];
  const ends = told.filter(([, found]) => found.length > 0).map(([words, found, comma]) => `${words}: ${found.join(comma)}`);
  const end = [`${url}: ${sums((outcome) => totals[outcome])} in ${seconds} s`, ...ends];
  return `${[...blocks, end.join('\n')].join('\n\n')}\n`;
}
