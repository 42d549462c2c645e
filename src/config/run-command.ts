import { spawn } from 'node:child_process';

interface CommandToRun {
  program: string;
  arguments: readonly string[];
  folder: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Default 20,000. */
  timeoutMs?: number;
}

/** Time that a command has, ms: a KMS across a slow network, and no more than an operator bears at a start. */
const TIMEOUT_MS = 20_000;
/** Longest output, in bytes. */
const MAX_BYTES = 64 * 1024;

/**
 * Runs a program, without a shell, for the text that it writes to its standard output, without the line break at its end. It has no
 * input; what it writes to its standard error is dropped, for it may be part of a secret.
 * @returns the text, or in words what is wrong, which tells nothing of arguments and output
 */
export function outputOf({
  program,
  folder,
  env,
  timeoutMs = TIMEOUT_MS,
  ...command
}: CommandToRun): Promise<{ text: string } | { problem: string }> {
  return new Promise((resolve) => {
    // A group of its own (not on Windows): what the program starts ends with it.
    const own = process.platform !== 'win32';
    const child = spawn(program, command.arguments, { cwd: folder, env, shell: false, stdio: ['ignore', 'pipe', 'ignore'], detached: own });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let stopped: string | undefined;
    const stop = (why: string): void => {
      stopped ??= `the command ${program} ${why}`;
      // What left the group may hold it open for ever.
      child.stdout.destroy();
      if (child.pid === undefined) return;
      try {
        process.kill(own ? -child.pid : child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself, which is told next.
        child.kill('SIGKILL');
      }
    };
    const timer = setTimeout(() => stop(`did not end within ${timeoutMs} ms`), timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) stop(`wrote more than ${MAX_BYTES} bytes`);
      else chunks.push(chunk);
    });
    const end = (result: { text: string } | { problem: string }): void => {
      clearTimeout(timer);
      resolve(result);
    };
    child.once('error', (error: NodeJS.ErrnoException) =>
      end({ problem: `the command ${program} can't be run (${error.code ?? error.name})` }),
    );
    child.once('close', (code, signal) => {
      if (stopped !== undefined) return end({ problem: stopped });
      if (code !== 0) return end({ problem: `the command ${program} failed (${signal ?? `exit code ${code}`})` });
      end(textOf(Buffer.concat(chunks), program));
    });
  });
}

function textOf(bytes: Buffer, program: string): { text: string } | { problem: string } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
    return text === '' ? { problem: `the command ${program} wrote nothing` } : { text };
  } catch {
    return { problem: `the command ${program} wrote no UTF-8 text` };
  }
}
