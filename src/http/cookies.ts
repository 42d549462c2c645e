/** Cookies of the console's pages: name and attributes by where browsers see the gateway. */
export function cookieAt(publicUrl: string, use: 'session' | 'login', sameSite: 'Strict' | 'Lax'): { name: string; attributes: string } {
  const url = new URL(publicUrl);
  const secure = url.protocol === 'https:';
  const ending = use === 'session' ? '' : `-${use}`;
  // On one machine all ports share their cookies.
  const name = secure ? `__Host-cimi${ending}` : `cimi-${url.port || '80'}${ending}`;
  return { name, attributes: `Path=/; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}` };
}

/** Finds a cookie by its name in the header of a request. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  return (header ?? '')
    .split(';')
    .map((pair) => pair.trim().split('='))
    .find(([own]) => own === name)?.[1];
}
