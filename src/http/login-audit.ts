import { clientPlaceOf } from '../net/addresses';
import type { FailedLogin } from '../protocol/audited';
import type { AuthRequest, Authenticate, Authentication, Refused } from './access';
import type { LoginOutcome } from './metrics';
import { createThrottle } from './throttle';
import { steadyTime } from '../model/steady-time';

export interface LoginAuditOptions {
  /** Writes an entry; resolves when it is kept. */
  record: (login: FailedLogin) => Promise<void>;
  log: { error(fields: object, message: string): void };
  /** Called with the end of each attempt to log in. */
  count?: (outcome: LoginOutcome) => void;
  now?: () => number;
  /** Time after which what was only counted is told, in ms. */
  sumUpMs?: number;
}

export interface LoginAudit {
  /** The same logins, of which each that fails is recorded before it is refused. */
  watched: Authenticate;
  /** Counts and records a login that was judged elsewhere, as those that are watched. */
  note(request: AuthRequest, result: Authentication): Promise<void>;
  /** Writes down what was only counted so far. */
  close(): Promise<void>;
}

/**
 * Bounds of what strangers can write: entries of one place and of all in a row, and the time after which there may be one more, in ms.
 * What is beyond is counted, and summed up in one entry a minute: at most some 16,000 a day, whatever comes.
 */
const PLACE = { burst: 10, refillMs: 60_000, maxKeys: 10_000 };
const ALL = { burst: 200, refillMs: 6_000, maxKeys: 1 };
const SUM_UP_MS = 60_000;

/** Records failed logins, without letting a flood of them fill the store. */
export function createLoginAudit(authenticate: Authenticate, options: LoginAuditOptions): LoginAudit {
  const { record, log, now: clock, sumUpMs = SUM_UP_MS } = options;
  const [now, ages] = [clock ?? Date.now, clock ?? steadyTime];
  const places = createThrottle({ ...PLACE, now: ages });
  const all = createThrottle({ ...ALL, now: ages });
  let uncounted = 0;
  let since = '';
  let timer: NodeJS.Timeout | undefined;
  const write = async (login: FailedLogin): Promise<void> => {
    try {
      await record(login);
    } catch (error) {
      // The refusal stands, recorded or not.
      log.error({ err: error, requestId: login.requestId }, 'a failed login could not be recorded');
    }
  };
  const sumUp = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (uncounted === 0) return;
    const reason = `${uncounted} more failed logins since ${since}, too many to be recorded one by one`;
    uncounted = 0;
    await write({ reason });
  };
  const granted = (place: string): boolean => places.take(place) === 0 && all.take('') === 0;
  /** Counts a login. @returns it where it is to be recorded */
  const counted = (request: AuthRequest, result: Authentication): Refused | undefined => {
    if (hasCredentials(request)) options.count?.(outcomeOf(result));
    return result.ok || !isLogin(request, result) ? undefined : result;
  };
  const recorded = async (request: AuthRequest, result: Refused): Promise<void> => {
    const { place, address } = clientPlaceOf(request.address);
    if (granted(place)) await write(entryOf(request, result, address));
    else {
      if (uncounted === 0) since = new Date(now()).toISOString();
      uncounted += 1;
      timer ??= setTimeout(() => void sumUp(), sumUpMs).unref();
    }
  };
  return {
    watched: (request) => {
      const result = authenticate(request);
      const told = (judged: Authentication): ReturnType<Authenticate> => {
        const refused = counted(request, judged);
        return refused ? recorded(request, refused).then(() => judged) : judged;
      };
      return result instanceof Promise ? result.then(told) : told(result);
    },
    note: async (request, result) => {
      const refused = counted(request, result);
      if (refused) await recorded(request, refused);
    },
    close: sumUp,
  };
}

function outcomeOf(result: Authentication): LoginOutcome {
  if (result.ok) return 'ok';
  if (result.status === 503) return 'unavailable';
  return result.status === 429 ? 'throttled' : 'refused';
}

/** Tells whether somebody was refused: a request without credentials is only asked for some, and one that nobody could judge for another. */
function isLogin(request: AuthRequest, { status }: Refused): boolean {
  return status !== 503 && (status !== 401 || hasCredentials(request));
}

/** Tells whether a request came with a login: in its header, or from an issuer. */
function hasCredentials({ authorization, returned }: AuthRequest): boolean {
  return authorization !== undefined || returned === true;
}

function entryOf({ asked }: AuthRequest, { status, message, user }: Refused, address: string): FailedLogin {
  return { ...asked, address, status, reason: message, ...(user ? { user } : {}) };
}
