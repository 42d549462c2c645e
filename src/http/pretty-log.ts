import type { DestinationStream } from 'pino';
import { shown } from '../model/shown';

/** Members that have their place at the beginning of a line. */
const LEADING = ['time', 'level', 'msg'];

/** A destination for createLog that writes lines for people: `12:00:01.250 WARN words key=value`. */
export function prettyLines(output: { write(text: string): unknown }): DestinationStream {
  return {
    write: (line: string): void => {
      output.write(prettyLine(line));
    },
  };
}

function prettyLine(line: string): string {
  const entry = parse(line);
  if (!entry) return line;
  const time = typeof entry['time'] === 'string' ? entry['time'].slice(11, 23) : '';
  const level = String(entry['level'] ?? '').toUpperCase();
  const rest = Object.entries(entry).filter(([key]) => !LEADING.includes(key));
  const stacks = rest.flatMap(([, value]) => (hasStack(value) ? [`\n    ${value.stack.replaceAll('\n', '\n    ')}`] : []));
  const members = rest.map(
    ([key, value]) => ` ${key}=${hasStack(value) ? value.message : typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  // A client's text may reach the log; it must not move the operator's cursor.
  const text = `${time} ${level.padEnd(5)} ${String(entry['msg'] ?? '')}${members.join('')}`;
  const lines = [text, ...stacks.join('').split('\n').slice(1)];
  return `${lines.map((each) => shown(each, Number.POSITIVE_INFINITY)).join('\n')}\n`;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function hasStack(value: unknown): value is { message: string; stack: string } {
  return typeof value === 'object' && value !== null && 'stack' in value && typeof value.stack === 'string' && 'message' in value;
}
