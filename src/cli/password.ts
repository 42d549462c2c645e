import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { readPassword } from '../http/principals';

type Terminal = NodeJS.ReadableStream & AsyncIterable<string | Uint8Array> & { isTTY?: boolean };

/**
 * Reads a password: typed at a terminal it is not shown, and asked for twice; else it is the first line of the input.
 * @param says where the questions go
 * @throws Error in words where the two differ or the typing is broken off
 */
export async function askPassword(input: Terminal, says: NodeJS.WritableStream): Promise<string> {
  if (input.isTTY !== true) return readPassword(input);
  const password = await typed(input, says, 'password: ');
  if ((await typed(input, says, 'once more: ')) !== password) throw new Error('the passwords differ: nothing was changed');
  return password;
}

function typed(input: Terminal, says: NodeJS.WritableStream, question: string): Promise<string> {
  says.write(question);
  // What readline would show of the typing goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  return new Promise((resolve, reject) => {
    let line: string | undefined;
    lines.once('line', (text) => {
      line = text;
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      says.write('\n');
      if (line === undefined) reject(new Error('no password was given: nothing was changed'));
      else resolve(line);
    });
  });
}
