/** The part of a browser that a login needs: cookies of each origin, and redirects that are followed by hand. */
export class Browser {
  private readonly cookies = new Map<string, Map<string, string>>();

  constructor(private readonly origin: string) {}

  /** Makes a browser with the cookies of this one. */
  copy(): Browser {
    const other = new Browser(this.origin);
    for (const [origin, jar] of this.cookies) other.cookies.set(origin, new Map(jar));
    return other;
  }

  /** Goes to a page; follows nothing. */
  async visit(url: string, headers: Readonly<Record<string, string>> = {}, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url);
    const jar = this.cookies.get(origin) ?? new Map<string, string>();
    this.cookies.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', ...init, headers: { accept: 'text/html', cookie, ...headers } });
    for (const set of answer.headers.getSetCookie()) {
      const [pair = ''] = set.split(';');
      const [name = '', ...value] = pair.split('=');
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(set)) jar.delete(name);
      else jar.set(name, value.join('='));
    }
    return answer;
  }

  /** Logs in at an issuer by its form. @returns the URL below `until` to which the issuer leads */
  async through(from: string, name: string, until: string): Promise<string> {
    let url = from;
    for (let steps = 0; steps < 10; steps += 1) {
      if (url.startsWith(until)) return url;
      let answer = await this.visit(url);
      if (answer.status === 200) answer = await this.visit(url, {}, { method: 'POST', body: new URLSearchParams({ name }) });
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`${url} leads nowhere: ${answer.status} ${await answer.text()}`);
      url = new URL(location, url).href;
    }
    throw new Error(`${from} leads in circles`);
  }

  /** Headers of what a page of the console asks. */
  page(): Record<string, string> {
    return { 'x-cimi-console': '1', origin: this.origin, 'sec-fetch-site': 'same-origin', accept: 'application/json' };
  }

  /** Asks who is logged in. */
  async who(): Promise<[status: number, told: unknown]> {
    const answer = await this.visit(`${this.origin}/console/session`, this.page());
    return [answer.status, await answer.json()];
  }

  logout(): Promise<Response> {
    return this.visit(`${this.origin}/console/session`, this.page(), { method: 'DELETE' });
  }

  /** Asks as a page of the console does: reads, or makes with a body. */
  cimi(path: string, body?: object): Promise<Response> {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
    return this.visit(`${this.origin}/cimi/${path}`, { ...this.page(), ...(body && { 'content-type': 'application/json' }) }, init);
  }
}
