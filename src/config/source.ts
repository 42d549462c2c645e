import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { isRecord, type Path, type Problem } from './problems';

/** A configuration file as read, before references and schema. */
export interface YamlSource {
  value: Record<string, unknown>;
  problems: Problem[];
  /** Line of a path's key (or of the deepest part of it that stands in the file), from 1. */
  line(path: Path): number | undefined;
}

const MAX_ALIASES = 100;

/** Reads YAML 1.2; syntax errors, duplicate keys, unknown tags and alias bombs are problems with line and column. */
export function readYaml(text: string): YamlSource {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true, prettyErrors: false });
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => {
    const { line, col } = counter.linePos(error.pos[0]);
    const message = error.code === 'DUPLICATE_KEY' ? 'a key stands twice in one section' : withoutQuotes(error.message);
    return { path: '', line, column: col, message };
  });
  const line = (path: Path): number | undefined => {
    const offset = offsetOf(document.contents, path);
    return offset === undefined ? undefined : counter.linePos(offset).line;
  };
  if (problems.length > 0) return { value: {}, problems, line };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
    if (isRecord(value)) return { value, problems, line };
    problems.push({ path: '', line: 1, message: 'the file must be made of sections (server:, clouds:, …)' });
  } catch (error) {
    problems.push({ path: '', message: withoutQuotes(error instanceof Error ? error.message : String(error)) });
  }
  return { value: {}, problems, line };
}

/** The parser quotes the file at the end of its words, and with it perhaps a piece of a password; the line is told beside them. */
function withoutQuotes(message: string): string {
  return message.replace(/(?:: (?!in )|(?<=escape sequence|reserved character) ).*$/s, '');
}

function offsetOf(root: Node | null, path: Path): number | undefined {
  let node: unknown = root;
  let offset: number | undefined;
  for (const part of path) {
    // What an alias stands for is somewhere else in the file; the alias is what the reader should look at.
    if (isAlias(node)) return offset;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      if (isScalar(node)) offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
