import type { Report } from './report';
import type { Result } from './run';

/** Letters that XML 1.0 has no way to write are left out. */
const writable = (text: string): string =>
  [...text]
    .filter((letter) => {
      const code = letter.codePointAt(0) ?? 0;
      return code >= 0x20 ? code < 0xd800 || (code > 0xdfff && code < 0xfffe) || code > 0xffff : [0x9, 0xa, 0xd].includes(code);
    })
    .join('');
const escape = (text: string): string => writable(text).replace(/[&<>"\r\n\t]/g, (letter) => `&#${letter.codePointAt(0)};`);
const seconds = (ms: number): string => (ms / 1000).toFixed(3);

/** Element that JUnit's readers show of a check that did not pass: a failure, or that (and why) it was skipped. */
function ending({ outcome, reason = '' }: Result): string {
  if (outcome === 'passed') return '';
  if (outcome === 'failed') return `<failure message="${escape(reason.split('\n')[0] ?? '')}">${escape(reason)}</failure>`;
  return `<skipped message="${escape(`${outcome}: ${reason}`)}"/>`;
}

function testcase(number: string, result: Result): string {
  const name = escape(`${result.check} (${result.format}; ${result.ids.join(', ')})`);
  return `    <testcase classname="${number}.${result.format}" name="${name}" time="${seconds(result.ms)}">${ending(result)}</testcase>`;
}

function suite({ number, title, results }: Report['clauses'][number]): string {
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  const skipped = results.filter(({ outcome }) => !['passed', 'failed'].includes(outcome)).length;
  const time = seconds(results.reduce((sum, { ms }) => sum + ms, 0));
  const counts = `tests="${results.length}" failures="${failed}" errors="0" skipped="${skipped}" time="${time}"`;
  return [
    `  <testsuite name="${escape(`${number} ${title}`)}" ${counts}>`,
    ...results.map((each) => testcase(number, each)),
    '  </testsuite>',
  ].join('\n');
}

/** The report as JUnit XML: a testsuite per clause, a testcase per check and format; what is unproven or was not run is skipped, with the reason. */
export function junitText({ clauses, totals, seconds: time }: Report): string {
  const tests = Object.values(totals).reduce((sum, each) => sum + each, 0);
  const head = `<testsuites name="DSP0263 conformance" tests="${tests}" failures="${totals.failed}" time="${time}">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...clauses.map(suite), '</testsuites>', ''].join('\n');
}
