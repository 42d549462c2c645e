import assert from 'node:assert/strict';
import { asserted } from './assert';
import { CIMI, writeBody, type Content } from './body';
import { Skip, Unproven } from './define';
import { assertUntouched, look, type Look, marked } from './looks';
import { entryLink, type Session } from './session';
import { hrefOf, shortName, type Format, type Value } from './value';
import { Answer, MEDIA, type Query, withQuery } from './wire';

export interface Sending {
  query?: Query;
  headers?: Record<string, string>;
}

export const actionUri = (name: string): string => `${CIMI}/action/${name}`;

/** Context of a check: a client in one format that follows links, and cleans up what it makes. */
export class Context {
  /** Targets of requests that are to be refused, as they were before them; undefined where no one is looking. */
  private looks: Look[] | undefined;

  /** `deletes` remembers a URI that is to be deleted when the check ends. */
  constructor(
    readonly session: Session,
    readonly format: Format,
    readonly deletes: (uri: string) => void,
  ) {}

  /** The same provider, spoken to in a given format; what it makes is deleted with this check. */
  in(format: Format): Context {
    return new Context(this.session, format, this.deletes);
  }

  /** The Cloud Entry Point in this check's format, as read at the beginning. */
  get entry(): Value {
    return this.session.entry(this.format);
  }

  /** Ends the check: the provider does not offer what it is about. */
  skip(reason: string): never {
    throw new Skip(reason);
  }

  /** Ends the check: what it is about did not occur. Nothing is proved, and nothing is wrong. */
  unproven(reason: string): never {
    throw new Unproven(reason);
  }

  /** Items of which there has to be one for the check to prove anything. @throws Unproven else. */
  some<T>(items: T[], what: string): T[] {
    return items.length > 0 ? items : this.unproven(`there is no ${what}`);
  }

  get(uri: string, { query = {}, headers = {} }: Sending = {}): Promise<Answer> {
    return this.session.fetch('GET', withQuery(uri, query), this.format, headers);
  }

  /** The representation at a URI, which has to be there in this format. */
  async read(uri: string, query: Query = {}): Promise<Value> {
    const answer = (await this.get(uri, { query })).is(200);
    assert.equal(answer.mediaType, MEDIA[this.format], answer.said());
    return answer.body;
  }

  /** POSTs content, `type` being its wrapper (`MachineCreate`, `Action`). What it creates is the caller's to delete: see create. */
  async post(uri: string, type: string, content: Content, options: Sending = {}): Promise<Answer> {
    if (this.looks === undefined || type === 'Action') return this.sendText('POST', uri, writeBody(this.format, type, content), options);
    const named = marked(content);
    this.looks.push(await look(this.session, uri, named.name));
    return this.transmit('POST', uri, writeBody(this.format, type, named.content), options);
  }

  put(uri: string, type: string, content: Content, options: Sending = {}): Promise<Answer> {
    return this.sendText('PUT', uri, writeBody(this.format, type, content), options);
  }

  async delete(uri: string, { query = {}, headers = {} }: Sending = {}): Promise<Answer> {
    this.looks?.push(await look(this.session, uri));
    return this.session.fetch('DELETE', withQuery(uri, query), this.format, headers);
  }

  /** Sends a body as it is given, in the media type of this format unless the headers say another. */
  async sendText(method: string, uri: string, body: string, options: Sending = {}): Promise<Answer> {
    this.looks?.push(await look(this.session, uri));
    return this.transmit(method, uri, body, options);
  }

  private transmit(method: string, uri: string, body: string, { query = {}, headers = {} }: Sending): Promise<Answer> {
    return this.session.fetch(method, withQuery(uri, query), this.format, headers, body);
  }

  /** URI of an operation that a representation offers; undefined where it does not. `rel`: `edit`, `add`, or an action's name. */
  operation(value: Value, rel: string): string | undefined {
    return value.operations().find((each) => each.rel === rel || each.rel === actionUri(rel))?.href;
  }

  /** URI of an operation that has to be offered. */
  offered(value: Value, rel: string): string {
    const offers = value.operations().map((each) => shortName(each.rel));
    const href = this.operation(value, rel);
    assert.ok(href, `${value.text('id') ?? value.resourceURI ?? ''} does not offer ${rel} but ${offers.join(', ') || 'nothing'}`);
    return href;
  }

  /** Runs an action that the resource offers (read it freshly before), with its parameters. */
  async act(value: Value, name: string, parameters: Content = {}): Promise<Answer> {
    this.looks?.push(await look(this.session, value.text('id') ?? ''));
    return this.post(this.offered(value, name), 'Action', { action: actionUri(name), ...parameters });
  }

  /** The Job of an answer once it has ended; undefined where the provider has no Jobs. */
  job(answer: Answer): Promise<Value | undefined> {
    return this.session.job(answer, this.format);
  }

  /** Asserts that a change was taken (2xx) and that its Job, where there is one, ended with SUCCESS. @returns the Job. */
  done(answer: Answer): Promise<Value | undefined> {
    asserted();
    return this.taken(answer);
  }

  private async taken(answer: Answer): Promise<Value | undefined> {
    assert.ok(answer.status >= 200 && answer.status < 300, `expected success, got ${answer.said()}`);
    const job = await this.job(answer);
    assert.equal(job?.text('state') ?? 'SUCCESS', 'SUCCESS', `${answer.request}: ${job?.text('statusMessage') ?? ''}`);
    return job;
  }

  /** Sends a request and remembers what it is about as it was before, so that `untouched` can look whether anything happened. */
  async watched(send: () => Promise<Answer>): Promise<Answer> {
    this.looks = [];
    try {
      const answer = await send();
      this.session.seen.set(answer, this.looks);
      // What a refused create has left (in ERROR), or a wrong provider has made, is to go with this check.
      if (answer.location !== undefined) this.deletes(answer.location);
      return answer;
    } finally {
      this.looks = undefined;
    }
  }

  /**
   * Asserts that a change was refused at once (4xx), or taken and its Job ended with FAILED, and that nothing happened: what
   * it was sent to is as it was, and a Collection has nothing new by the name in the request. @returns the Job, if any.
   */
  async fails(asked: Answer | (() => Promise<Answer>)): Promise<Value | undefined> {
    asserted();
    const answer = asked instanceof Answer ? asked : await this.watched(asked);
    const job = answer.status >= 400 ? answer.refused().body : await this.job(answer);
    if (answer.status < 400) assert.equal(job?.text('state'), 'FAILED', `expected a failure, got ${answer.said()}`);
    await this.untouched(answer);
    return job;
  }

  /** Asserts that a change was refused at once (4xx, or one of these status codes), and that nothing happened. */
  async refuses(send: () => Promise<Answer>, ...statuses: number[]): Promise<Answer> {
    asserted();
    const answer = await this.watched(send);
    if (statuses.length > 0) answer.is(...statuses);
    await this.untouched(answer.refused());
    return answer;
  }

  /** Asserts that nothing happened to what a request was about. @throws Error where it was not `watched`. */
  private async untouched(answer: Answer): Promise<void> {
    const looks = this.session.seen.get(answer);
    if (looks === undefined) throw new Error(`${answer.request} was not watched: send it inside c.fails(() => …) or c.watched`);
    for (const each of looks) await assertUntouched(this.session, each, answer, this.deletes);
  }

  /** Representation of a collection of the Cloud Entry Point. @throws Skip where there is none. */
  collection(attribute: string, query: Query = {}): Promise<Value> {
    return this.read(this.link(attribute), query);
  }

  /**
   * Returns the URI of a link of the Cloud Entry Point.
   * @throws Skip where there is no such link.
   */
  link(attribute: string): string {
    return entryLink(this.session, attribute);
  }

  /** Items of a collection of the Cloud Entry Point. */
  async items(attribute: string, query: Query = {}): Promise<Value[]> {
    return (await this.collection(attribute, query)).items();
  }

  /** URI to which new items of a collection are sent. @throws Skip where it offers no add. */
  async addUri(attribute: string): Promise<string> {
    const collection = await this.collection(attribute);
    return this.operation(collection, 'add') ?? this.skip(`${attribute} offers no add`);
  }

  /** Creates in a collection of the entry point (by attribute) or at an add URI; waits for the Job; deleted again when the check ends. */
  async create(where: string, type: string, content: Content, options: Sending = {}): Promise<Value> {
    return this.read(await this.createUri(where, type, content, options));
  }

  /** Creates as `create` does, and returns the new resource's URI only. */
  async createUri(where: string, type: string, content: Content, options: Sending = {}): Promise<string> {
    const uri = /[:/]/.test(where) ? where : await this.addUri(where);
    const answer = await this.post(uri, type, content, options);
    const created = await this.owned(answer);
    await this.taken(answer);
    assert.ok(created, `nothing says what was created by ${answer.said()}`);
    return created;
  }

  /** URI of what an answer to a create has made (Location, else the Job's target), to be deleted when the check ends. */
  async owned(answer: Answer): Promise<string | undefined> {
    if (answer.status >= 300) return undefined;
    if (answer.location !== undefined) {
      this.deletes(answer.location);
      return answer.location;
    }
    const job = await this.job(answer);
    const made = job?.list('affectedResources', 'affectedResource').map((each) => each.text('href') ?? '') ?? [];
    const target = job?.href('targetResource');
    const created = made.find((href) => href !== target) ?? made[0];
    if (created !== undefined) this.deletes(created);
    return created;
  }

  /** Makes something once for all checks and both formats; it is deleted when the suite ends. */
  shared<T>(key: string, make: (c: Context) => Promise<T>): Promise<T> {
    return this.session.once(key, () => make(new Context(this.session, 'json', (uri) => this.session.owe(uri))));
  }

  /** Reads a resource again and again until it is as wanted. */
  until(uri: string, what: string, wanted: (value: Value) => boolean): Promise<Value> {
    return this.session.until(`${uri} to be ${what}`, async () => {
      const value = await this.read(uri);
      return wanted(value) ? value : undefined;
    });
  }

  /** Reads a resource until its state is one of these. */
  untilState(uri: string, ...states: string[]): Promise<Value> {
    return this.until(uri, states.join(' or '), (value) => states.includes(value.text('state') ?? ''));
  }

  /** Asserts that nothing is at a URI (any more). */
  async gone(uri: string): Promise<void> {
    asserted();
    (await this.get(uri)).is(404, 410);
  }

  private capabilityOf(name: string): Value | undefined {
    const [type = '', capability] = name.split('/');
    return this.capabilities(type).find((each) => each.text('name') === capability || each.text('uri') === `${CIMI}/capability/${name}`);
  }

  /** Value of a capability that ResourceMetadata announces, `Machine/DefaultInitialState`; undefined where it says nothing. */
  capability(name: string): string | undefined {
    const found = this.capabilityOf(name);
    return found?.has('value') ? found.text('value') : found && 'true';
  }

  /** Values of a capability that is a list, `Machine/InitialStates`, also where it is written as one text; undefined where ResourceMetadata says nothing. */
  capabilityValues(name: string): string[] | undefined {
    const found = this.capabilityOf(name);
    return found?.text('value')?.split(/[\s,]+/) ?? found?.texts('value', 'value');
  }

  capabilities(type: string): Value[] {
    return this.session.metadataOf(type)?.list('capabilities', 'capability') ?? [];
  }

  /** Tells whether a boolean capability is announced as true. */
  can(name: string): boolean {
    return this.capability(name) === 'true';
  }

  /** Tells whether ResourceMetadata lists an action, `Machine/pause`. */
  knows(name: string): boolean {
    const [type = '', action = ''] = name.split('/');
    const actions = this.session.metadataOf(type)?.list('actions', 'action') ?? [];
    return actions.some((each) => [each.text('name'), shortName(each.text('uri') ?? '')].includes(action));
  }

  /** Follows a reference of a value. */
  follow(value: Value, attribute: string, query: Query = {}): Promise<Value> {
    return this.read(hrefOf(value, attribute), query);
  }
}
