import { writeFile } from 'node:fs/promises';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { Unusable } from './define';
import { loadClauses } from './load';
import { makeReport, reportText } from './report';
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
  patience: number;
  report?: string;
}

const FAILED = 1;
const UNUSABLE = 2;

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

/** Who is asking. */
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
    .option('--clause <number>', 'this clause and those below it only; may be repeated', (text, before: string[]) => [...before, text], [])
    .option('--choose <collection=name>', 'what to use where several would do: machineConfigs=Small', pair('='), {})
    .option('--patience <seconds>', 'how long a Job or a state may take', seconds, 60)
    .option('--report <file.json>', 'where to write the machine-readable report')
    .showHelpAfterError()
    .exitOverride();
}

/** @returns the exit code: 0 all is well, 1 a check failed or something was left behind, 2 the URL can't be used. */
async function main(args: string[]): Promise<number> {
  const program = command().parse(args, { from: 'user' });
  const options = program.opts<Options>();
  const clauses = loadClauses(options.clause);
  if (clauses.length === 0) throw new Unusable(`no checks for clause ${options.clause.join(', ')}`);
  const [url = ''] = program.args;
  if (!URL.canParse(url)) throw new Unusable(`${url} is no URL`);
  const began = new Date();
  const session = await Session.open({ url, headers: headersOf(options), patienceMs: options.patience * 1000, choose: options.choose });
  const formats = options.format === 'both' ? FORMATS : [options.format];
  const mark = { passed: '.', failed: 'F', skipped: 's' };
  const results = await runAll(session, clauses, formats, ({ outcome }) => process.stderr.write(mark[outcome]));
  process.stderr.write('\n');
  const report = makeReport(url, began, clauses, results, await session.close());
  process.stdout.write(reportText(report));
  if (options.report !== undefined) await writeFile(options.report, `${JSON.stringify(report, undefined, 2)}\n`);
  return report.totals.failed > 0 || report.leftBehind.length > 0 ? FAILED : 0;
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
