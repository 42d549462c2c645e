import type { Footing, Ledger } from '../model/ledger';
import type { CimiRequest, CimiResponse } from './messages';
import { steadyTime } from '../model/steady-time';
import { RecentlyUsed } from './recently-used';

/** Bytes of answers that are kept at most; the longest unused give way. One answer may have half of them: 10,000 machines have 20 MB in XML. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Bytes that an answer takes beside its body and its key, about. */
const OWN_BYTES = 1_024;
/** Headers of a request that an answer to a GET depends on: those that are answered from here are made of no others. */
const HEADERS = ['accept', 'if-none-match'] as const;
/** Headers for which an answer is always made anew: it may wait, or go on from somewhere. */
const NEVER = ['prefer', 'last-event-id'] as const;

interface Kept {
  response: CimiResponse;
  footing: Footing;
  bytes: number;
  /** The response with its age, as it was last given out. */
  aged: { seconds: number; response: CimiResponse } | undefined;
}

/**
 * Answers to GET, kept whole: one place, and one rule for when one counts. It counts for the very same request (who asks, in which
 * role, with which rights, for what, in which format, knowing what) as long as nothing has changed of all that was read while it was made.
 */
export class KeptAnswers {
  private readonly kept: RecentlyUsed<Kept>;

  constructor(
    private readonly ledger: Ledger,
    /** Tells apart those whose rights declared rules narrow; undefined for all others. */
    private readonly rightsOf: (request: CimiRequest) => string | undefined = () => undefined,
    maxBytes = MAX_BYTES,
  ) {
    this.kept = new RecentlyUsed(maxBytes);
  }

  /** Finds what is kept of a request; undefined where its answer has to be made. */
  known(request: CimiRequest): CimiResponse | undefined {
    return isOfKind(request) ? this.at(this.keyOf(request)) : undefined;
  }

  /** Answers a request with what is kept of it, or makes the answer, and keeps it where that may be. */
  answer(request: CimiRequest, make: (request: CimiRequest) => Promise<CimiResponse>): CimiResponse | Promise<CimiResponse> {
    if (!isOfKind(request)) return make(request);
    const key = this.keyOf(request);
    return this.at(key) ?? this.make(key, request, make);
  }

  private at(key: string): CimiResponse | undefined {
    const known = this.kept.get(key);
    if (!known) return undefined;
    const now = steadyTime();
    if (this.ledger.stands(known.footing, now)) return aged(known, now);
    this.kept.delete(key);
    return undefined;
  }

  private async make(key: string, request: CimiRequest, make: (request: CimiRequest) => Promise<CimiResponse>): Promise<CimiResponse> {
    const begun = steadyTime();
    // No other header is there to be read: none can be missing from the key.
    const headers: Record<string, string | undefined> = {};
    for (const name of HEADERS) headers[name] = request.headers[name];
    const { made, footing } = await this.ledger.watch(() => make({ ...request, headers }));
    if (footing && isKeepable(made, begun)) this.keep(key, made, footing);
    return made;
  }

  private keep(key: string, response: CimiResponse, footing: Footing): void {
    const bytes = (response.body ?? []).reduce((sum, part) => sum + part.byteLength, OWN_BYTES + 2 * key.length);
    this.kept.set(key, { response, footing, bytes, aged: undefined });
  }

  private keyOf(request: CimiRequest): string {
    const { principal, path, query, headers } = request;
    const { tenant, name, role } = principal;
    return JSON.stringify([tenant, name, role, this.rightsOf(request), path, query, ...HEADERS.map((header) => headers[header])]);
  }
}

/** Tells whether answers to such requests are kept at all. */
function isOfKind({ method, headers, refused }: CimiRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && !refused && NEVER.every((name) => headers[name] === undefined);
}

/** Refusals are made anew, streams go on; and what was told of a provider while the answer was made has no age that could grow. */
function isKeepable({ status, stream, seenAt }: CimiResponse, begun: number): boolean {
  return (status === 200 || status === 304) && !stream && (seenAt === undefined || seenAt < begun);
}

function aged(known: Kept, now: number): CimiResponse {
  const { response } = known;
  if (response.seenAt === undefined) return response;
  const seconds = ageSince(response.seenAt, now);
  if (known.aged?.seconds !== seconds)
    known.aged = { seconds, response: { ...response, headers: { ...response.headers, Age: String(seconds) } } };
  return known.aged.response;
}

/** Age of what was seen at a time, in whole seconds. @param seenAt ms since the epoch, as is `now` */
export function ageSince(seenAt: number, now: number): number {
  return Math.max(0, Math.floor((now - seenAt) / 1000));
}
