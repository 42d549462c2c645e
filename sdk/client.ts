import { Collection } from './collection.ts';
import { CimiError } from './errors.ts';
import { Resource, type Handle, type JobRef } from './resource.ts';
import { Session, type Answer, type Call, type ConnectOptions } from './session.ts';
import type { CollectionRef, EntryPoints, Ref, TypeName, Types } from './types.generated.ts';
import { waitFor, type WaitOptions } from './wait.ts';

/** A provider's Cloud Entry Point, by name of its collections: those of the standard, and whatever else it links to. */
export type Cimi = Client & { readonly [N in keyof EntryPoints]: Collection<EntryPoints[N]> };

/** Way of one login to one provider. */
export class Client {
  readonly #session: Session;
  /** Attributes of the Cloud Entry Point. */
  readonly entryPoint: Types['CloudEntryPoint']['data'];

  /** @param entryPoint as it was read */
  constructor(session: Session, entryPoint: Types['CloudEntryPoint']['data']) {
    this.#session = session;
    this.entryPoint = entryPoint;
    for (const [name, value] of Object.entries(entryPoint)) {
      const href = (value as { href?: unknown } | null)?.href;
      if (typeof href === 'string' && !(name in this))
        Object.defineProperty(this, name, { value: new Collection(session, href), enumerable: true });
    }
  }

  /**
   * Returns a collection, by the name under which the entry point links to it, or by a resource's reference to it.
   * @throws CimiError where the entry point has none of that name
   */
  collection<N extends keyof EntryPoints>(name: N): Collection<EntryPoints[N]>;
  collection<K extends TypeName, Group extends string>(ref: CollectionRef<K, Group>): Collection<K>;
  collection<K extends TypeName = 'CloudEntryPoint'>(name: string): Collection<K>;
  collection(from: string | { readonly href: string }): Collection<TypeName> {
    if (typeof from !== 'string') return new Collection(this.#session, from.href);
    const link = (this.entryPoint as unknown as Record<string, { href?: string } | undefined>)[from]?.href;
    if (link === undefined) throw new CimiError('notOffered', `${this.entryPoint.id} has no collection ${from}`);
    return new Collection(this.#session, link);
  }

  /**
   * Reads a resource.
   * @param ref reference to it, or its URI
   * @throws CimiError where it is not there
   */
  get<K extends TypeName>(ref: Ref<K>, options?: { signal?: AbortSignal | undefined }): Promise<Handle<K>>;
  get<K extends TypeName = 'CloudEntryPoint'>(
    ref: string | { readonly href: string },
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Handle<K>>;
  async get(ref: string | { readonly href: string }, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<unknown> {
    const { values = {}, header } = await this.#session.send({ url: typeof ref === 'string' ? ref : ref.href, signal });
    return new Resource(this.#session, values, header('ETag'));
  }

  /**
   * Waits until a Job has ended.
   * @param job Job or reference to one, or its URI; of none nothing is waited for
   * @returns the Job, whose state is SUCCESS
   * @throws CimiError where it failed or was stopped, with the Job
   */
  wait(job: JobRef | string, options?: WaitOptions): Promise<Handle<'Job'>>;
  wait(job: JobRef | string | undefined, options?: WaitOptions): Promise<Handle<'Job'> | undefined>;
  async wait(job: JobRef | string | undefined, options: WaitOptions = {}): Promise<Handle<'Job'> | undefined> {
    return job === undefined ? undefined : waitFor(this.#session, job, options);
  }

  /**
   * Sends any request, with the login, to a URI of the provider's.
   * @throws CimiError where it is refused
   */
  send(call: Call): Promise<Answer> {
    return this.#session.send(call);
  }

  /** Sends any request, whose answer is read in pieces. @throws CimiError where it is refused */
  open(call: Call): ReturnType<Session['open']> {
    return this.#session.open(call);
  }
}

/**
 * Reads the Cloud Entry Point, and follows its links from there: no URI but this one is made up.
 * @param url URI of the entry point; a server alone, or its `/cimi`, is completed
 * @throws CimiError where it can't be read
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Cimi> {
  const session = new Session(entryPointOf(url), options);
  const { values } = await session.send({ url: session.entry });
  const baseURI = values?.baseURI;
  if (!values || typeof baseURI !== 'string') throw new CimiError('invalid', `there is no Cloud Entry Point at ${session.entry}`);
  session.rebase(baseURI);
  return new Client(session, values as unknown as Types['CloudEntryPoint']['data']) as Cimi;
}

/** Completes the address of a server: the standard leaves the entry point's to the provider, and the gateway's is known. */
function entryPointOf(url: string): string {
  const entry = new URL(url);
  if (/^\/*(cimi\/*)?$/.test(entry.pathname)) entry.pathname = '/cimi/cloudEntryPoint';
  return entry.href;
}
