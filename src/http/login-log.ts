import type { AuthRequest, Authenticate, Authentication, Refused } from './access';
import { logged } from './logged';

/** Characters of a name that was tried, in the log. */
const MOST_NAME = 100;

/** A name that a stranger tried, as it may stand in the log. */
export function triedWords(tried: string): string {
  return logged(tried, MOST_NAME);
}

/** The same logins, of which each that fails is a line of the log, whatever it was for. */
export function loggedLogins(authenticate: Authenticate, log: { warn(fields: object, message: string): void }): Authenticate {
  const tell = (request: AuthRequest, result: Authentication): Authentication => {
    if (!result.ok) logRefused(log, request, result);
    return result;
  };
  return (request) => {
    const result = authenticate(request);
    return result instanceof Promise ? result.then((judged) => tell(request, judged)) : tell(request, result);
  };
}

/** Writes the line of a login that was refused; none where nobody tried one. */
export function logRefused(
  log: { warn(fields: object, message: string): void },
  { address, asked }: AuthRequest,
  { tried, message }: Refused,
): void {
  if (tried === undefined) return;
  const id = asked?.requestId;
  log.warn(
    { tried: triedWords(tried), address, reason: logged(message, MOST_WORDS), ...(id !== undefined && { requestId: id }) },
    'a login was refused',
  );
}

/** Characters of the reason, which can have names in it. */
const MOST_WORDS = 500;
