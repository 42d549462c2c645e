import pino, { type DestinationStream, type Logger } from 'pino';
import { prettyLines } from './pretty-log';
import { safeLines } from './safe-lines';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface LogOptions {
  level: LogLevel;
  /** Destination of the lines; standard output when absent. */
  destination?: DestinationStream;
  /** Lines for people in place of one JSON object per line. */
  pretty?: boolean;
  /** Members of every line (role of the process, host). */
  base?: Readonly<Record<string, string>>;
}

/** Members that never reach a line, at the depths at which requests, errors of client libraries and settings are logged. */
const SECRET_MEMBERS = ['authorization', 'Authorization', 'cookie', 'Cookie', 'set-cookie', 'password', 'token', 'secret'];
const DEPTHS = ['', '*.', '*.*.', '*.*.*.'];

/** A logger of JSON lines with RFC 3339 times and levels by name; credentials are struck out. */
export function createLog(options: LogOptions): Logger {
  const settings = {
    level: options.level,
    base: options.base ?? {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: DEPTHS.flatMap((depth) => SECRET_MEMBERS.map((member) => redactPath(depth, member))), censor: '[removed]' },
  };
  const destination = options.destination ?? pino.destination(1);
  return pino(settings, safeLines(options.pretty ? prettyLines(destination) : destination));
}

/** A destination that keeps its lines, for tests and for the `check` command. */
export function createLogSink(): DestinationStream & { lines(): { [key: string]: unknown }[] } {
  const texts: string[] = [];
  return {
    write: (text: string): void => {
      texts.push(text);
    },
    lines: () => texts.map((text) => JSON.parse(text) as { [key: string]: unknown }),
  };
}

function redactPath(depth: string, member: string): string {
  return member.includes('-') ? `${depth.replace(/\.$/, '')}["${member}"]` : `${depth}${member}`;
}
