import { readFileSync } from 'node:fs';
import type { Context } from '../context.ts';
import { usage } from '../problem.ts';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

/** Sends any request with the login, and shows the answer's body as it came. @throws Problem, CimiError */
export async function api({ cimi, options, world }: Context, method: string, path: string): Promise<void> {
  const known = METHODS.find((one) => one === method.toUpperCase());
  if (!known) throw usage(`cimi api ${method}: there are ${METHODS.join(', ')}`);
  const text = options.file === undefined ? undefined : readFileSync(options.file === '-' ? 0 : options.file, 'utf8');
  const isXml = text?.trimStart().startsWith('<') === true;
  const headers = {
    ...(options.output === 'xml' ? { Accept: 'application/xml' } : {}),
    ...(text === undefined ? {} : { 'Content-Type': isXml ? 'application/xml' : 'application/json' }),
  };
  const answer = await cimi.open({ method: known, url: path, headers, ...(text === undefined ? {} : { body: text }) });
  for await (const piece of answer.chunks()) world.out.write(piece);
  if (world.out.isTTY) world.out.write('\n');
}
