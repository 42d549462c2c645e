import { eventually } from './wait';

/** A small CIMI client for tests: JSON by default, absolute or base-relative URIs, waits for Jobs. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed when the answer is JSON. */
  json: Json;
}

/** Loosely typed on purpose: tests look at what came over the wire. */
export interface Json {
  [name: string]: Json & string & number & boolean & Json[];
}

export interface Send {
  json?: unknown;
  xml?: string;
  headers?: Record<string, string>;
}

/** States of a Job that has ended (5.17.1). */
const ENDS = ['SUCCESS', 'FAILED', 'STOPPED'];

export const action = (name: string): string => `http://schemas.dmtf.org/cimi/1/action/${name}`;

/** Header of a login by name and password. */
export const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

export class Client {
  constructor(
    readonly base: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  as(headers: Record<string, string>): Client {
    return new Client(this.base, { ...this.headers, ...headers });
  }

  async send(method: string, uri: string, { json, xml, headers = {} }: Send = {}): Promise<Answer> {
    const body = xml ?? (json === undefined ? undefined : JSON.stringify(json));
    const type: Record<string, string> =
      body === undefined ? {} : { 'content-type': xml === undefined ? 'application/json' : 'application/xml' };
    const response = await fetch(new URL(uri, this.base), {
      method,
      headers: { ...this.headers, ...type, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
    return { status: response.status, headers: response.headers, text, json: (isJson ? JSON.parse(text) : {}) as Json };
  }

  get(uri: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', uri, { headers });
  }

  post(uri: string, json: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', uri, { json, headers });
  }

  put(uri: string, json: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('PUT', uri, { json, headers });
  }

  delete(uri: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('DELETE', uri, { headers });
  }

  act(uri: string, name: string, more: object = {}): Promise<Answer> {
    return this.post(uri, { resourceURI: 'http://schemas.dmtf.org/cimi/1/Action', action: action(name), ...more });
  }

  /** The Job of an answer, once it has ended. */
  async ended(answer: Answer): Promise<Json> {
    const uri = answer.headers.get('cimi-job-uri');
    if (uri === null) throw new Error(`no CIMI-Job-URI on ${answer.status}: ${answer.text}`);
    let seen: Json = {};
    const ended = async (): Promise<Json | undefined> => {
      seen = (await this.get(uri)).json;
      return ENDS.includes(String(seen.state)) ? seen : undefined;
    };
    return eventually(ended, () => seen);
  }
}
