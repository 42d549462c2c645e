import { CimiError, kindOfStatus, REFUSED, type JobLike } from './errors.ts';
import { fetchTransport, type Transport, type TransportResponse } from './transport.ts';

/** Options of a connection. */
export interface ConnectOptions {
  /** Token of the gateway (`cimi-gateway token`), sent as Bearer. */
  token?: string | undefined;
  /** Name of the login, with its password; a token goes before them. */
  user?: string | undefined;
  password?: string | undefined;
  /** More headers of every request. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Way in which requests are sent; `fetch` if not said otherwise. */
  transport?: Transport | undefined;
  /** Number of times that a request is sent again which got no answer, or was told to come later; 4 if not said otherwise. */
  retries?: number | undefined;
}

/** One request of a session. */
export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  /** Query parameters, encoded when sent; undefined ones are left out. */
  query?: Readonly<Record<string, string | number | undefined>>;
  headers?: Readonly<Record<string, string | undefined>>;
  /** Values, sent as JSON; text is sent as it is, and its Content-Type is the caller's. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Key under which the request is done once; made for a change if not given. */
  idempotencyKey?: string | undefined;
  retries?: number | undefined;
}

/** Answer of a request that was not refused. */
export interface Answer {
  status: number;
  header: TransportResponse['header'];
  /** The body as values; undefined where there is none, or it is no JSON. */
  values: Record<string, unknown> | undefined;
  text: string;
}

const RETRIES = 4;
/** First pause before a request is sent again, and the longest, ms. */
const PAUSE = 250;
const LONGEST_PAUSE = 30_000;

/** Waits. Rejects with the signal's reason as soon as that says so. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Returns the seconds of a Retry-After; undefined where it says none. */
export function retryAfterOf({ header }: Pick<TransportResponse, 'header'>): number | undefined {
  const told = header('Retry-After');
  if (told === undefined) return undefined;
  const seconds = /^\d+$/.test(told) ? Number(told) : (Date.parse(told) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** Way to one provider for one login: sends requests, again where that does no harm, and turns refusals into errors. */
export class Session {
  private readonly transport: Transport;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly retries: number;
  private readonly origins: Set<string>;
  /** URI against which relative ones are read. */
  base: string;

  /** @param entry URI of the Cloud Entry Point */
  constructor(
    readonly entry: string,
    { token, user, password, headers, transport = fetchTransport, retries = RETRIES }: ConnectOptions,
  ) {
    this.transport = transport;
    this.retries = retries;
    this.base = entry;
    this.origins = new Set([new URL(entry).origin]);
    const login = token === undefined ? basic(user, password) : `Bearer ${token}`;
    this.headers = { Accept: 'application/json', ...(login === undefined ? {} : { Authorization: login }), ...headers };
  }

  /** Takes the base that the entry point tells; what lies there is trusted with the login, unless the way there is less safe. */
  rebase(base: string): void {
    this.base = base;
    const { origin, protocol } = new URL(base);
    if (protocol === 'https:' || this.entry.startsWith('http:')) this.origins.add(origin);
  }

  /**
   * Sends a request and reads its answer.
   * @throws CimiError where it is refused, or not answered
   */
  async send(call: Call): Promise<Answer> {
    const response = await this.open(call);
    const text = await this.read(response, call.signal);
    return { status: response.status, header: response.header, text, values: valuesOf(text) };
  }

  /**
   * Sends a request and returns its answer unread.
   * @throws CimiError where it is refused, or not answered
   */
  async open({
    method = 'GET',
    url,
    query = {},
    headers = {},
    body,
    signal,
    idempotencyKey,
    retries = this.retries,
  }: Call): Promise<TransportResponse> {
    const key = method === 'GET' ? undefined : (idempotencyKey ?? crypto.randomUUID());
    const isValues = body !== undefined && typeof body !== 'string';
    const request = {
      method,
      url: this.address(url, query),
      headers: defined({ ...this.headers, 'Content-Type': isValues ? 'application/json' : undefined, 'Idempotency-Key': key, ...headers }),
      body: isValues ? JSON.stringify(body) : (body as string | undefined),
      signal,
    };
    for (let again = 0; ; again++) {
      const wait = Math.min(PAUSE * 2 ** again, LONGEST_PAUSE / 6);
      let response: TransportResponse;
      try {
        response = await this.transport(request);
      } catch (error) {
        if (signal?.aborted) throw error;
        if (again >= retries) throw this.unreachable(error);
        await pause(wait, signal);
        continue;
      }
      if (response.status < 300 || response.status === 304) return response;
      const refusal = errorOf(request.url, response, await this.read(response, signal));
      const delay = refusal.retryAfter === undefined ? wait : refusal.retryAfter * 1000;
      if (again >= retries || !comesLater(refusal) || delay > LONGEST_PAUSE) throw refusal;
      await pause(delay, signal);
    }
  }

  private async read(response: TransportResponse, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw signal?.aborted ? error : this.unreachable(error);
    }
  }

  /** Returns the absolute URI of a request. @throws CimiError where the login would go to strangers. */
  private address(url: string, query: Readonly<Record<string, string | number | undefined>>): string {
    const target = new URL(url, this.base);
    if (!this.origins.has(target.origin))
      throw new CimiError('forbidden', `${target.origin} is another place than ${new URL(this.entry).origin}: the login is not sent there`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) target.searchParams.append(name, String(value));
    return target.href;
  }

  private unreachable(cause: unknown): CimiError {
    const { message = 'no answer', cause: deeper } = cause as { message?: string; cause?: { message?: string } };
    return new CimiError('unreachable', `${new URL(this.entry).origin} can't be reached: ${deeper?.message ?? message}`, { cause });
  }
}

function basic(user: string | undefined, password = ''): string | undefined {
  if (user === undefined) return undefined;
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

const defined = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));

function valuesOf(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Tells whether a refusal passes, and nothing was done: the Job of a change that was accepted and then failed stays as it is. */
function comesLater({ status, job }: CimiError): boolean {
  return (status === 503 || status === 429) && (job?.returnCode ?? REFUSED) === REFUSED;
}

function errorOf(url: string, { status, header }: TransportResponse, text: string): CimiError {
  const values = valuesOf(text) as (JobLike & { errorAt?: string }) | undefined;
  const job = values?.statusMessage === undefined ? undefined : values;
  const elsewhere = status < 400 ? `${url} leads to ${header('Location') ?? 'another place'}` : undefined;
  const blockedBy = /<([^>]*)>;[^,]*rel="http:\/\/cimi-gateway\.org\/rel\/blocking-job"/.exec(header('Link') ?? '')?.[1];
  return new CimiError(kindOfStatus(status), job?.statusMessage ?? elsewhere ?? `${url} was answered with ${status}`, {
    status,
    job,
    requestId: header('X-Request-Id'),
    at: job?.errorAt,
    blockedBy,
    retryAfter: retryAfterOf({ header }),
  });
}
