import { collectionAt, type Context, type World } from '../context.ts';
import { collectionNames, placeOf } from '../kinds.ts';
import { usage } from '../problem.ts';
import { verbsOf } from '../verbs.ts';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_cimi() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(cimi __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _cimi cimi
`,
  zsh: `#compdef cimi
_cimi() {
  local -a words_found
  words_found=("\${(@f)$(cimi __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a words_found
}
compdef _cimi cimi
`,
  fish: `complete -c cimi -f -a '(cimi __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
};

/** Writes the script by which a shell completes. @throws Problem for a shell that is not known */
export function completion({ out }: World, shell: string): void {
  const script = SCRIPTS[shell];
  if (script === undefined) throw usage(`cimi completion ${shell}: there are ${Object.keys(SCRIPTS).join(', ')}`);
  out.write(script);
}

/** Names that are completed at most. */
const NAMES = 200;

/** Writes what the last of the words may be, one a line. */
export async function complete(context: Context, words: readonly string[], commands: readonly string[]): Promise<void> {
  const { cimi, world } = context;
  const before = words.slice(0, -1).filter((word) => !word.startsWith('-'));
  const [first, verb] = before;
  const tell = (found: readonly string[]): void => void world.out.write(found.map((one) => `${one}\n`).join(''));
  if (first === undefined) return tell([...collectionNames(cimi), ...commands]);
  const kinds = await context.kinds();
  if (first === 'explain') return tell(kinds.map(({ name }) => name));
  if (first === 'completion') return tell(Object.keys(SCRIPTS));
  if (commands.includes(first)) return tell(first === 'watch' ? collectionNames(cimi) : []);
  const place = placeOf(cimi, first, kinds);
  if (verb === undefined) return tell(verbsOf(place));
  if (words.at(-1)?.startsWith('--')) return tell((place.kind?.attributes ?? []).map(({ name }) => `--${name}`));
  if (verb === 'list' || verb === 'create') return;
  const items = await collectionAt(cimi, place.href).all({ select: ['name'], limit: NAMES, window: NAMES });
  tell(items.flatMap(({ name }) => (typeof name === 'string' && name !== '' ? [name] : [])));
}
