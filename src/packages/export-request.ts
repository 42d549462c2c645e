import { shown } from '../model/shown';
import type { Values } from '../model/values';
import type { Fetcher } from '../fetch/fetcher';
import { fetchRefusal } from '../operations/image-upload';
import { Refusal } from '../operations/resource-handler';
import type { DigestAlgorithm } from '../ovf/manifest';
import type { Destination } from './destination';

/** Options of an export, as its Action gives them (DSP0263 5.13.1.2). */
export interface ExportOptions {
  algorithm: DigestAlgorithm;
  /** True where Machines that run are captured as they are. */
  running: boolean;
  /** True where the package is wanted as one archive. */
  archived: boolean;
  destination?: Destination;
}

/** Formats: a folder of files, and the archive of all of them. */
const [FILES, ARCHIVE] = ['application/ovf', 'application/x-ova'];
const [RUNNING, DIGEST] = ['ovf.running', 'ovf.digest'];
/** Properties that open the destination. */
const LOGIN = ['authorization', 'username', 'password'] as const;
const ALGORITHMS: readonly string[] = ['sha1', 'sha256', 'sha512'] satisfies DigestAlgorithm[];

/** Reads the Action of an export. @throws Refusal 400, 403 */
export function exportRequest(fetcher: Pick<Fetcher, 'check'>, { format, destination, properties }: Values): ExportOptions {
  if (typeof format === 'string' && format !== FILES && format !== ARCHIVE)
    throw new Refusal(400, `packages are written as ${FILES} or ${ARCHIVE}, not as '${shown(format)}'`, {
      at: 'format',
      kind: 'unsupported',
    });
  const options: ExportOptions = { algorithm: 'sha256', running: false, archived: format === ARCHIVE };
  const login: Login = {};
  for (const [key, value] of Object.entries((properties ?? {}) as Values)) {
    const at = `properties.${key}`;
    if (key === RUNNING) {
      if (value !== 'snapshot') throw new Refusal(400, 'its one value is snapshot', { at });
      options.running = true;
    } else if (key === DIGEST) {
      if (!ALGORITHMS.includes(String(value))) throw new Refusal(400, `one of ${ALGORITHMS.join(', ')} is expected`, { at });
      options.algorithm = value as DigestAlgorithm;
    } else if (isLogin(key)) login[key] = String(value);
    else throw new Refusal(400, `'${shown(key)}' is no property of an export: those are ${[RUNNING, DIGEST, ...LOGIN].join(', ')}`, { at });
  }
  if (typeof destination === 'string') options.destination = { url: placeOf(fetcher, destination), ...authorizationOf(login) };
  else if (Object.keys(login).length > 0) throw new Refusal(400, 'without a destination there is nowhere to log in', { at: 'properties' });
  return options;
}

type Login = Partial<Record<(typeof LOGIN)[number], string>>;
const isLogin = (key: string): key is (typeof LOGIN)[number] => LOGIN.some((one) => one === key);

/** @throws Refusal 400, 403 as for what is fetched */
function placeOf(fetcher: Pick<Fetcher, 'check'>, destination: string): string {
  const problem = fetcher.check(destination);
  if (problem) throw fetchRefusal(problem, 'destination');
  const { pathname, search } = new URL(destination);
  if (search !== '' || !pathname.endsWith('/'))
    throw new Refusal(400, 'the files are put below it: a URL that ends in / and has no query is needed', { at: 'destination' });
  return destination;
}

/** The header that logs in at the destination. Its value is in no words: it is a secret. */
function authorizationOf({ authorization, username, password }: Login): { authorization?: string } {
  if (authorization !== undefined && (username ?? password) !== undefined)
    throw new Refusal(400, 'either authorization, or username and password', { at: 'properties' });
  if (authorization !== undefined) {
    if (!/^[\x20-\x7e]+$/.test(authorization)) throw new Refusal(400, 'is no value of a header', { at: 'properties.authorization' });
    return { authorization };
  }
  if (username === undefined && password === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')}` };
}
