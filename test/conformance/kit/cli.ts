import { writeFile } from 'node:fs/promises';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { formatsOf, Unusable } from './define';
import { loadClauses } from './load';
import { junitText } from './junit';
import { makeReport, progressLine, type Report, reportText } from './report';
import { runAll } from './run';
import { Session } from './session';
import { FORMATS, type Format } from './value';

interface Options {
  user?: string;
  password?: string;
  token?: string;
  header: Record<string, string>;
  choose: Record<string, string>;
  format: Format | 'both';
  clause: string[];
  only: string[];
  patience: number;
  timeLimit?: number;
  report?: string;
  junit?: string;
}

/** Exit codes beside 0 (test/conformance/README.md). */
const FAILED = 1;
const UNUSABLE = 2;
const OUT_OF_TIME = 3;

/** Collects `name<separator>value` arguments. */
function pair(separator: string) {
  return (text: string, before: Record<string, string>): Record<string, string> => {
    const at = text.indexOf(separator);
    if (at < 1) throw new InvalidArgumentError(`expected name${separator}value`);
    return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected a number of seconds');
  return value;
}

const more = (text: string, before: string[]): string[] => [...before, text];

/** Builds the headers that tell who asks. */
function headersOf({ user, password = '', token, header }: Options): Record<string, string> {
  if (token !== undefined) return { ...header, authorization: `Bearer ${token}` };
  if (user !== undefined) return { ...header, authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  return header;
}

function command(): Command {
  return new Command('npm run conformance --')
    .description('Asks a CIMI 1.1 provider over HTTP whether it does what DSP0263 says. Makes throw-away resources and deletes them again.')
    .argument('<url>', 'URI of the Cloud Entry Point')
    .option('--user <name>', 'HTTP Basic authentication')
    .option('--password <password>', 'its password')
    .option('--token <token>', 'bearer token')
    .option('--header <name: value>', 'a header of every request; may be repeated', pair(':'), {})
    .addOption(new Option('--format <format>', 'in which format to ask').choices([...FORMATS, 'both']).default('both'))
    .option(
      '--only <id|clause>',
      'this requirement (R4.1.6.5-06), clause (and those below it) or "clause title" only; may be repeated',
      more,
      [],
    )
    .option('--clause <number>', 'the same as --only', more, [])
    .option('--choose <collection=name>', 'what to use where several would do: machineConfigs=Small', pair('='), {})
    .option('--patience <seconds>', 'how long a Job or a state may take', seconds, 60)
    .option('--time-limit <seconds>', 'how long the checks may take; what is made by then is deleted nevertheless', seconds)
    .option('--report <file.json>', 'where to write the machine-readable report')
    .option('--junit <file.xml>', 'where to write the report as JUnit XML')
    .showHelpAfterError()
    .exitOverride();
}

/** Runs the checks, telling each as it ends, and writes the report where it is wanted. */
async function run(url: string, options: Options): Promise<Report> {
  const wanted = [...options.only, ...options.clause];
  const clauses = loadClauses(wanted);
  if (clauses.length === 0) throw new Unusable(`no checks for ${wanted.join(', ')}`);
  const began = new Date();
  const limit = options.timeLimit === undefined ? {} : { timeLimitMs: options.timeLimit * 1000 };
  const headers = headersOf(options);
  const session = await Session.open({ url, headers, patienceMs: options.patience * 1000, choose: options.choose, ...limit });
  const formats = options.format === 'both' ? FORMATS : [options.format];
  const all = clauses.flatMap(({ checks }) => checks).reduce((sum, one) => sum + formatsOf(one, formats).length, 0);
  let done = 0;
  const results = await runAll(session, clauses, formats, (result) => process.stderr.write(progressLine(result, ++done, all)));
  await session.close();
  const report = makeReport(session, began, clauses, results);
  if (options.report !== undefined) await writeFile(options.report, `${JSON.stringify(report, undefined, 2)}\n`);
  if (options.junit !== undefined) await writeFile(options.junit, junitText(report));
  return report;
}

/**
 * @returns the exit code: 0 all is well (checks may be skipped or unproven), 1 a check failed or something was left behind, 2 the
 * URL or the arguments can't be used, 3 the time limit was reached before all checks had run and none had failed.
 */
async function main(args: string[]): Promise<number> {
  const program = command().parse(args, { from: 'user' });
  const [url = ''] = program.args;
  if (!URL.canParse(url)) throw new Unusable(`${url} is no URL`);
  const report = await run(url, program.opts<Options>());
  process.stdout.write(reportText(report));
  if (report.totals.failed > 0 || report.leftBehind.length > 0) return FAILED;
  return report.totals.unrun > 0 ? OUT_OF_TIME : 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : UNUSABLE;
    else {
      const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}${cause}\n`);
      process.exitCode = error instanceof Unusable ? UNUSABLE : FAILED;
    }
  },
);
