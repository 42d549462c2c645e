import { Command, CommanderError } from 'commander';
import { CimiError } from '../sdk/index.ts';
import { givenOf } from './attributes.ts';
import { openContext, type Context, type Options, type World } from './context.ts';
import { placeOf } from './kinds.ts';
import { EXIT, exitCodeOf, lineOf, usage } from './problem.ts';
import { DryRun } from './transports.ts';
import { run, verbsOf } from './verbs.ts';

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/**
 * Makes the command line. What is not of a command of its own is a collection of the provider's, with a verb.
 * @param verbatim words that stood behind `--`: none of them is an option
 */
function programOf(world: World, verbatim: readonly string[]): Command {
  const program = new Command('cimi')
    .description('CIMI 1.1 from the command line: cimi COLLECTION VERB [NAME] [--ATTRIBUTE VALUE]')
    .usage('[options] COLLECTION VERB [NAME] [--ATTRIBUTE VALUE]...')
    .option('-o, --output <form>', 'table, wide, json, yaml, xml, name or csv')
    .option('--columns <names>', 'columns of a table, with commas between them')
    .option('--filter <text>', 'filter of CIMI: "state=\'STARTED\' and cpu>2"')
    .option('--where <name=value>', 'a simple filter, several are joined by and', several)
    .option('--limit <n>', 'items at most')
    .option('--file <file>', 'attributes from a file, JSON or YAML (-: standard input)')
    .option('--no-wait', 'show the Job and do not wait for it')
    .option('--dry-run', 'show a change as curl and do not send it')
    .option('--yes', 'do what is otherwise only planned')
    .option('-f, --follow', 'events and logs: tell what happens, too')
    .option('--debug', 'tell each request')
    .option('--profile <name>', 'profile to use (CIMI_PROFILE)')
    .option('--url <url>', 'provider to use (CIMI_URL)')
    .exitOverride()
    .showHelpAfterError('(cimi --help says more)')
    .argument('[words...]')
    .allowUnknownOption()
    .action((words: string[]) => onCollection(() => contextOf(true), words, verbatim, program));
  const contextOf = (kindsNext = false): Promise<Context> => openContext(program.opts<Options>(), world, kindsNext);
  const command = (name: string, description: string): Command => program.command(name).description(description).exitOverride();

  command('explain <type>', 'explain a type or an attribute: machine, machine.state').action(async (type: string) =>
    (await import('./commands/explain.ts')).explain(await contextOf(), type),
  );
  command('watch <collection>', 'tell changes as they come').action(async (word: string) =>
    (await import('./commands/watching.ts')).watch(await contextOf(), word),
  );
  command('events', 'tell what happened').action(async () => (await import('./commands/watching.ts')).events(await contextOf()));
  command('top', 'show the newest value of each Meter').action(async () => (await import('./commands/watching.ts')).top(await contextOf()));
  command('api <method> <path>', 'send any request').action(async (method: string, path: string) =>
    (await import('./commands/api.ts')).api(await contextOf(), method, path),
  );
  command('login <url>', 'keep a login as a profile; its token or password is read from the standard input')
    .option('--user <name>', 'log in by name and password')
    .action(async (url: string, options: { user?: string }) =>
      (await import('./commands/login.ts')).login(program.opts<Options>(), world, url, options),
    );
  command('profile [verb] [name]', 'list profiles, use or delete one').action(async (verb?: string, name?: string) =>
    (await import('./commands/login.ts')).profile(world, verb, name),
  );
  command('completion <shell>', 'write the script for bash, zsh or fish').action(async (shell: string) =>
    (await import('./commands/completion.ts')).completion(world, shell),
  );
  program
    .command('__complete [words...]', { hidden: true })
    .allowUnknownOption()
    .action(async (words: string[]) =>
      (await import('./commands/completion.ts')).complete(
        await contextOf(),
        words,
        program.commands.map((one) => one.name()).filter((name) => !name.startsWith('_')),
      ),
    );
  return program;
}

/** Does what the words say with a collection. */
async function onCollection(
  contextOf: () => Promise<Context>,
  all: readonly string[],
  verbatim: readonly string[],
  program: Command,
): Promise<void> {
  const { words, given } = givenOf(all);
  const [collection, verb, ...rest] = [...words, ...verbatim];
  if (collection === undefined) {
    program.outputHelp();
    return;
  }
  const context = await contextOf();
  const place = placeOf(context.cimi, collection, await context.kinds());
  if (verb === undefined) throw usage(`cimi ${place.name} needs a verb: ${verbsOf(place).join(', ')}`);
  await run(context, place, verb, { words: rest, given });
}

/** Returns the exit code of a run that ended with an error, and says why. */
function endedBy(error: unknown, { err, signal }: World): number {
  if (error instanceof CimiError && error.cause instanceof DryRun) return EXIT.ok;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  // Watching ends by nothing else.
  if (signal.aborted && !(error instanceof Error && error.message.startsWith('the Job'))) return 130;
  err.write(`${lineOf(error)}\n`);
  return exitCodeOf(error);
}

/** Runs the command line; its exit code says how it ended. */
export async function main(): Promise<void> {
  const interrupt = new AbortController();
  const world: World = { env: process.env, out: process.stdout, err: process.stderr, signal: interrupt.signal };
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
  // A reader that has seen enough (list | head) is no reason to complain.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.ok);
  });
  try {
    const words = process.argv.slice(2);
    const end = words.includes('--') && words[0] !== '__complete' ? words.indexOf('--') : words.length;
    await programOf(world, words.slice(end + 1)).parseAsync(words.slice(0, end), { from: 'user' });
  } catch (error) {
    process.exitCode = endedBy(error, world);
  }
}
