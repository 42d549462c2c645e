import { isLoopback } from '../net/addresses';

/**
 * Refuses to serve strangers: without users everyone is let in, so only this machine may be able to connect.
 * @throws Error in words when the host is not loopback and there are no users
 */
export function assertListenAllowed(listen: { host: string; usersConfigured: boolean }): void {
  if (listen.usersConfigured || isLoopback(listen.host)) return;
  throw new Error(
    `refusing to listen on ${listen.host}: no users are configured, so everyone who can connect would be let in. ` +
      'Add a user first (cimi-gateway user add NAME --tenant TENANT --role admin), or listen on 127.0.0.1',
  );
}

/** Answer to the last question: a client says the same with every request. */
let last: { text: string; host: string | undefined } = { text: '', host: undefined };

/** Reads the host of a Host header or an Origin, without its port; undefined when it is none. */
export function hostnameOf(text: string): string | undefined {
  if (text !== last.text) {
    const url = text.includes('://') ? text : `http://${text}`;
    last = { text, host: URL.canParse(url) ? new URL(url).hostname : undefined };
  }
  return last.host;
}
