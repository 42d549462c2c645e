import { CimiError } from './errors.ts';
import type { Answer, Session } from './session.ts';
import type { ActionInput, Operation, Ref, TypeName, Types } from './types.generated.ts';

/** Options of a request that changes something. */
export interface ChangeOptions {
  signal?: AbortSignal | undefined;
  /** Key under which the request is done once, however often it is sent; a new one if not said otherwise. */
  idempotencyKey?: string | undefined;
}

/** A Job, or a reference to one. */
export type JobRef = Ref<'Job'> | Handle<'Job'>;

/** Answer to a change that was accepted: its Job goes on by itself. */
export interface Accepted {
  /** Job that does it; undefined where the provider has done it and keeps no Jobs. */
  readonly job: JobRef | undefined;
  /** URI of what comes of it, where the answer names one. */
  readonly location: string | undefined;
}

/** The same, with the resource as it is now. */
export interface Changed<K extends TypeName> extends Accepted {
  readonly resource: Handle<K>;
}

/** Operations of a resource as it was read. */
export interface ResourceMethods<K extends TypeName> {
  /** Validator of the version that was read; undefined where it came in a list. */
  readonly etag: string | undefined;
  /** Tells whether an operation would work now for this caller, by the operations that came with it. */
  can(name: 'edit' | 'delete' | (keyof Types[K]['actions'] & string)): boolean;
  /**
   * Asks for an action, or for what another collection makes of the resource (capture, snapshot).
   * @throws CimiError where it is refused
   */
  act<A extends keyof Types[K]['actions'] & string>(
    name: A,
    ...rest: Partial<Types[K]['actions'][A]> extends Types[K]['actions'][A]
      ? [parameters?: Types[K]['actions'][A], options?: ChangeOptions]
      : [parameters: Types[K]['actions'][A], options?: ChangeOptions]
  ): Promise<Accepted>;
  /**
   * Changes the attributes named and no others; null erases. Where the resource was read by itself, only that version is changed.
   * @throws CimiError where it is refused; its kind is `changed` where it is another version by now
   */
  update(changes: Types[K]['input'], options?: ChangeOptions): Promise<Changed<K>>;
  /** Deletes it. @throws CimiError where it is refused */
  delete(options?: ChangeOptions): Promise<Accepted>;
  /** Reads it anew. @returns itself where it is still the same */
  refresh(options?: { signal?: AbortSignal | undefined }): Promise<Handle<K>>;
  /** Returns the attributes as they were read. */
  toJSON(): Types[K]['data'];
}

/** A resource: its attributes as they were read, and its operations. */
export type Handle<K extends TypeName, Data = Types[K]['data']> = Data & ResourceMethods<K>;

/** Prefix of the standard's actions. */
const ACTION = 'http://schemas.dmtf.org/cimi/1/action/';
/** Type of the body by which an action is asked for. */
const ACTION_BODY = 'http://schemas.dmtf.org/cimi/1/Action';

type Body = Record<string, unknown>;

/** Finds an operation by its rel, or by the last part of it. */
export function operationOf(operations: readonly Operation[] | undefined, name: string): Operation | undefined {
  return operations?.find(({ rel }) => rel === name || rel.endsWith(`/${name}`));
}

/** Asks for an action at a URI. */
export async function ask(
  session: Session,
  url: string,
  action: string,
  parameters: ActionInput,
  options: ChangeOptions = {},
): Promise<Accepted> {
  const body = { resourceURI: ACTION_BODY, action: action.includes(':') ? action : ACTION + action, ...parameters };
  return acceptedOf(session, await session.send({ method: 'POST', url, body, ...options }));
}

/** Reads an answer to a change: its Job, and where that leads. */
export function acceptedOf(session: Session, { header, values }: Answer): Accepted {
  const uri = header('CIMI-Job-URI');
  const job = isJob(values) ? (new Resource(session, values) as unknown as Handle<'Job'>) : uri === undefined ? undefined : { href: uri };
  return { job, location: header('Location') };
}

/** Reads an answer to a change with the resource: from its body, or else from where it is. */
export async function changedOf<K extends TypeName>(session: Session, answer: Answer, url: string | undefined): Promise<Changed<K>> {
  const { values, header } = answer;
  const isHere = values !== undefined && !isJob(values);
  if (!isHere && url === undefined)
    throw new CimiError('internal', 'the answer neither is the new resource nor says where it is', { status: answer.status });
  const resource = isHere ? new Resource(session, values, header('ETag')) : await readResource(session, url ?? '');
  return { ...acceptedOf(session, answer), resource: resource as unknown as Handle<K> };
}

/** Reads a resource. */
async function readResource(session: Session, url: string): Promise<Resource> {
  const { values = {}, header } = await session.send({ url });
  return new Resource(session, values, header('ETag'));
}

const isJob = (values: Body | undefined): values is Body => String(values?.resourceURI).endsWith('/Job');

/** A resource as it was read. Its attributes are its own enumerable members, its operations are inherited. */
export class Resource {
  declare readonly id: string;
  declare readonly operations?: readonly Operation[];
  readonly #session: Session;
  readonly #values: Body;
  readonly #etag: string | undefined;

  /**
   * @param values attributes as they came
   * @param etag validator, where they came alone
   */
  constructor(session: Session, values: Body, etag?: string) {
    this.#session = session;
    this.#values = values;
    this.#etag = etag;
    // An attribute that is named like an operation hides none; toJSON() has it.
    for (const [name, value] of Object.entries(values))
      if (!(name in Resource.prototype)) Object.defineProperty(this, name, { value, enumerable: true, configurable: true });
  }

  get etag(): string | undefined {
    return this.#etag;
  }

  can(name: string): boolean {
    return operationOf(this.operations, name) !== undefined;
  }

  async act(name: string, parameters: Body = {}, options: ChangeOptions = {}): Promise<Accepted> {
    const operation = operationOf(this.operations, name);
    // What is not offered is asked for all the same: the provider knows the reason.
    const { rel, href } = operation ?? { rel: name, href: this.id };
    if (href === this.id) return ask(this.#session, href, rel, parameters, options);
    const body = { imageLocation: this.id, ...parameters };
    return acceptedOf(this.#session, await this.#session.send({ method: 'POST', url: href, body, ...options }));
  }

  async update(changes: Body, options: ChangeOptions = {}): Promise<Changed<TypeName>> {
    const url = operationOf(this.operations, 'edit')?.href ?? this.id;
    const headers = { 'If-Match': this.#etag };
    const query = { $select: Object.keys(changes).join(',') };
    const answer = await this.#session.send({ method: 'PUT', url, query, headers, body: changes, ...options });
    return changedOf(this.#session, answer, this.id);
  }

  async delete(options: ChangeOptions = {}): Promise<Accepted> {
    const url = operationOf(this.operations, 'delete')?.href ?? this.id;
    return acceptedOf(this.#session, await this.#session.send({ method: 'DELETE', url, ...options }));
  }

  async refresh({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<Resource> {
    const answer = await this.#session.send({ url: this.id, headers: { 'If-None-Match': this.#etag }, signal });
    return answer.status === 304 ? this : new Resource(this.#session, answer.values ?? {}, answer.header('ETag'));
  }

  toJSON(): Body {
    return this.#values;
  }
}
