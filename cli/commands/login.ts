import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { connect } from '../../sdk/index.ts';
import { nodeTransport } from '../../sdk/node.ts';
import { profilesFile, readProfiles, writeProfiles } from '../config.ts';
import type { Options, World } from '../context.ts';
import { table } from '../output.ts';
import { usage } from '../problem.ts';

const DEFAULT = 'default';

/** Keeps a login as a profile, once the provider has let it in. The secret is read from the standard input. @throws Problem, CimiError */
export async function login(options: Options, world: World, url: string, { user }: { user?: string }): Promise<void> {
  if (!URL.canParse(url)) throw usage(`${url} is no URL`);
  const secret = await secretOf(user === undefined ? 'Token (empty: none): ' : `Password of ${user}: `);
  const profile = { url, ...(user === undefined ? (secret === '' ? {} : { token: secret }) : { user, password: secret }) };
  await connect(url, { ...profile, transport: nodeTransport() });
  const name = options.profile ?? DEFAULT;
  const { profiles } = await readProfiles(world.env);
  writeProfiles(world.env, { current: name, profiles: { ...profiles, [name]: profile } });
  world.err.write(`cimi: profile ${name} is kept in ${profilesFile(world.env)}\n`);
}

/** Reads a line of the standard input; on a terminal nobody sees it. */
function secretOf(question: string): Promise<string> {
  const isTerminal = process.stdin.isTTY;
  if (isTerminal) process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: isTerminal });
  return new Promise((resolve) => {
    let answer = '';
    lines.once('line', (line) => {
      answer = line.trim();
      lines.close();
    });
    lines.once('close', () => {
      if (isTerminal) process.stderr.write('\n');
      resolve(answer);
    });
  });
}

/** Lists the profiles, takes one for what follows, or forgets one. @throws Problem */
export async function profile(world: World, verb: string | undefined, name: string | undefined): Promise<void> {
  const known = await readProfiles(world.env);
  if (verb === undefined || verb === 'list') {
    const rows = Object.entries(known.profiles).map(([one, { url = '', user = '' }]) => [one === known.current ? '*' : '', one, url, user]);
    world.out.write(table(world, ['current', 'profile', 'url', 'user'], rows));
    return;
  }
  if (name === undefined || !Object.hasOwn(known.profiles, name))
    throw usage(`there is no profile ${name ?? ''}; there are: ${Object.keys(known.profiles).join(', ') || 'none'}`);
  if (verb === 'use') writeProfiles(world.env, { ...known, current: name });
  else if (verb === 'delete') {
    const { [name]: _, ...profiles } = known.profiles;
    const { current, ...rest } = known;
    writeProfiles(world.env, { ...rest, ...(current === undefined || current === name ? {} : { current }), profiles });
  } else throw usage(`cimi profile ${verb}: there are list, use and delete`);
}
