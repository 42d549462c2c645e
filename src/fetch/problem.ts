import { errors } from 'undici';

/** Reason why something cannot be fetched. It is written for the requester: it names what he named, and nothing of the inside. */
export interface FetchProblem {
  /** off, scheme, host, address: refused by rule; the others: what came of trying. `stopped`: the caller's signal was aborted. */
  kind: 'off' | 'invalid' | 'scheme' | 'host' | 'address' | 'redirects' | 'unreachable' | 'answer' | 'size' | 'timeout' | 'stopped';
  message: string;
  /** HTTP status of an answer that was not the content. */
  status?: number;
}

/** Thrown by the bytes of what is fetched where they cannot go on. */
export class FetchBroken extends Error {
  constructor(readonly problem: FetchProblem) {
    super(problem.message);
    this.name = 'FetchBroken';
  }
}

/** Words for the errors of the network; a message of Node's would name the address. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
  UND_ERR_SOCKET: 'closed the connection',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'sent fewer or more bytes than it announced',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'did not answer',
  ENOTFOUND: 'has no address',
  EAI_AGAIN: 'could not be resolved',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that no trusted authority signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate that no trusted authority signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that no trusted authority signed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate that no trusted authority signed',
  // Nothing of the gateway's own proxy is told to whoever asked.
  PROXY_UNREACHED: 'cannot be reached: the proxy on the way does not answer',
  PROXY_AUTH: 'cannot be reached: the proxy on the way refuses the gateway',
  PROXY_REFUSED: 'cannot be reached: the proxy on the way does not lead there',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
};
const TIMEOUTS: readonly string[] = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];

/** An error of the network as a problem of this host. */
export function problemOf(error: unknown, host: string, idleMs: number): FetchProblem {
  if (error instanceof FetchBroken) return error.problem;
  const code = codeOf(error);
  if (TIMEOUTS.includes(code)) return { kind: 'timeout', message: `${host} sent nothing for ${idleMs} ms` };
  if (error instanceof errors.HTTPParserError || code === 'UND_ERR_HEADERS_OVERFLOW')
    return { kind: 'answer', message: `${host} does not answer in valid HTTP` };
  return { kind: 'unreachable', message: `${host} ${WORDS[code] ?? 'broke the connection off'}` };
}

/** The code of an error; of several attempts (one per address), that of the first. */
function codeOf(error: unknown): string {
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return typeof one === 'object' && one !== null && 'code' in one ? String(one.code) : '';
}
