import { isIP } from 'node:net';

/** The 32 bytes of secrets.key. @returns undefined where the text is neither base64 nor hexadecimal of 32 bytes. */
export function decodeKey(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  return undefined;
}

/** Tells whether a text names proxies: an address, a subnet, or one of the names for such. */
export function isProxyPlace(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return most > 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

/** Tells whether a URL has neither login nor query nor fragment. */
export function isBare(text: string): boolean {
  // What is no URL at all is already said by the format.
  if (!URL.canParse(text)) return true;
  const url = new URL(text);
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/**
 * Tells whether the login of a server's URL ends where it should: a `#`, `/` or `?` in a user or password ends it early, and its rest is taken for
 * a port, a database, or nothing. So there is no `@` behind the host, and no fragment.
 */
export function keepsLogin(text: string): boolean {
  const behind = /^[^:]*:\/\/[^/?#]*/.exec(text)?.[0].length ?? 0;
  return URL.canParse(text) && !/[@#]/.test(text.slice(behind));
}
