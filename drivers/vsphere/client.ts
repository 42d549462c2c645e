import type { CallContext, DriverEnvironment } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { LoginGate } from '../../src/clouds/logins';
import { unlessAborted } from '../../src/clouds/unless-aborted';
import type { Ways } from '../../src/net/dispatcher';
import type { VsphereOptions } from './options';
import { send, SoapFault, VERSION } from './soap';
import { connections } from './tls';
import { type MethodName, sinceOf } from './methods';
import type { Parameters, Ref, Result, TaskMethod, Typed } from './types';
import { isOlder } from './versions';
import { anySignal } from '../../src/model/any-signal';
import { steadyTime } from '../../src/model/steady-time';

const SERVICE_INSTANCE: Ref = { type: 'ServiceInstance', value: 'ServiceInstance' };
const VSLM_INSTANCE: Ref = { type: 'VslmServiceInstance', value: 'ServiceInstance' };
/** Time limit of the login itself, which several callers may wait for, in ms. */
const LOGIN_MS = 30_000;

/** The objects of vCenter itself that this driver calls. */
export interface Service {
  rootFolder: Ref;
  propertyCollector: Ref;
  customizationSpecManager: Ref | undefined;
  sessionManager: Ref;
  searchIndex: Ref;
  viewManager: Ref;
  taskManager: Ref;
  authorizationManager: Ref | undefined;
  perfManager: Ref | undefined;
  eventManager: Ref | undefined;
  /** Settings of vCenter itself. */
  setting: Ref | undefined;
  ovfManager: Ref | undefined;
  /** Manager of datastore clusters. */
  storageResourceManager: Ref | undefined;
  /** Manager of first-class disks; absent on a vCenter that has none. */
  vStorageObjectManager: Ref | undefined;
  about: Typed<'AboutInfo'>;
  /** Version of its API. */
  version: string;
}

interface Session {
  cookie: string | undefined;
  service: Service;
  key: string;
  user: string;
  /** Views over the inventory, by the types they hold; and the catalogue of first-class disks. */
  views: Map<string, Promise<Ref>>;
}

/**
 * The wire to one vCenter: one session, opened at the first call, kept alive while idle, opened again where vCenter no
 * longer knows it. It repeats a call only where vCenter refused to look at it for want of a session.
 */
export class Wire {
  private readonly agent: Ways;
  private readonly url: string;
  private session: Promise<Session> | undefined;
  private readonly gate = new LoginGate('vCenter', () => this.login());
  private readonly keepAlive: NodeJS.Timeout;
  private lastCall = 0;

  constructor(
    readonly options: VsphereOptions,
    readonly warn: DriverEnvironment['warn'],
  ) {
    this.agent = connections(options);
    this.url = new URL('/sdk', options.url).href;
    this.keepAlive = setInterval(() => void this.stayAlive(), options.keepAliveMs);
    this.keepAlive.unref();
  }

  /** Name of the vCenter as people know it. */
  get host(): string {
    return new URL(this.url).host;
  }

  /** The objects of vCenter itself. Logs in where nobody is. */
  async service(context: CallContext): Promise<Service> {
    return (await this.current(context)).service;
  }

  /** Key and user of the session in use. */
  async whoAmI(context: CallContext): Promise<{ key: string; user: string }> {
    const { key, user } = await this.current(context);
    return { key, user };
  }

  /** A view of everything of these types in the inventory, made once in a session. */
  async view(types: readonly string[], context: CallContext): Promise<Ref> {
    const { service } = await this.current(context);
    const parameters = { container: service.rootFolder, type: types, recursive: true };
    const make = async (own: CallContext): Promise<Ref> =>
      told('CreateContainerView', await this.call('CreateContainerView', service.viewManager, parameters, own));
    return this.once(types.join(' '), make, context);
  }

  /** The catalogue of all first-class disks, asked for once in a session. @throws ProviderError `unsupported` where there is none */
  async catalogue(context: CallContext): Promise<Ref> {
    const ask = async (own: CallContext): Promise<Ref> => {
      const content = await this.call('RetrieveContent', VSLM_INSTANCE, {}, own);
      if (content?.vStorageObjectManager) return content.vStorageObjectManager;
      throw new ProviderError('unsupported', 'this vCenter has no catalogue of first-class disks', { maybeDone: false });
    };
    return this.once('catalogue', ask, context);
  }

  private async once(name: string, make: (own: CallContext) => Promise<Ref>, context: CallContext): Promise<Ref> {
    const { views } = await this.current(context);
    const known = views.get(name);
    if (known) return unlessAborted(known, context.signal, 'vCenter');
    const made = make({ signal: AbortSignal.timeout(LOGIN_MS) });
    views.set(name, made);
    made.catch(() => views.delete(name));
    return unlessAborted(made, context.signal, 'vCenter');
  }

  /** The views are made anew where they are needed next. */
  forgetViews(): void {
    void this.session?.then(({ views }) => views.clear()).catch(() => undefined);
  }

  /**
   * Calls a method of an object.
   * @throws ProviderError and nothing else
   */
  async call<M extends MethodName>(method: M, self: Ref, parameters: Parameters<M>, context: CallContext): Promise<Result<M>> {
    try {
      return await this.faulty(method, self, parameters, context);
    } catch (error) {
      throw error instanceof SoapFault ? error.translated() : error;
    }
  }

  /** Begins a task. @throws ProviderError */
  async begin<M extends TaskMethod>(method: M, self: Ref, parameters: Parameters<M>, context: CallContext): Promise<Ref> {
    return told(method, await this.call<MethodName>(method, self, parameters as Parameters<MethodName>, context));
  }

  /** The same where the caller looks at the fault. @throws SoapFault, ProviderError */
  async faulty<M extends MethodName>(method: M, self: Ref, parameters: Parameters<M>, context: CallContext): Promise<Result<M>> {
    const session = this.current(context);
    const opened = this.session;
    try {
      return await this.sendIn(await session, { method, self, parameters }, context);
    } catch (error) {
      if (!(error instanceof SoapFault) || error.code !== 'NotAuthenticated') throw error;
      if (this.session === opened) this.session = undefined;
      // A token of the lost session means nothing to the next one: whoever reads pages begins again.
      if (method === 'ContinueRetrievePropertiesEx')
        throw new ProviderError('unavailable', 'the session ended between two pages', { code: error.code, maybeDone: false });
      return this.sendIn(await this.current(context), { method, self, parameters }, context);
    }
  }

  /** Logs out and closes the connections. */
  async close(): Promise<void> {
    clearInterval(this.keepAlive);
    const session = await this.session?.catch(() => undefined);
    if (session) await this.logout(session);
    await this.agent.destroy();
  }

  private async sendIn<M extends MethodName>(
    session: Session,
    call: { method: M; self: Ref; parameters: Parameters<M> },
    { signal }: CallContext,
  ): Promise<Result<M>> {
    this.lastCall = steadyTime();
    const { version } = session.service;
    const since = sinceOf(call.method);
    if (since !== undefined && isOlder(version, since))
      throw new ProviderError('unsupported', `${call.method} needs the API ${since}; this vCenter speaks ${version}`, { maybeDone: false });
    const { result } = await send({ url: this.url, agent: this.agent, cookie: session.cookie }, call, anySignal(signal));
    refuseHidden(result);
    return result;
  }

  /** The open session, or the one being opened; `context` only ends the waiting. */
  private async current({ signal }: CallContext): Promise<Session> {
    if (signal.aborted)
      throw new ProviderError('timeout', 'The call was cancelled: nobody waits for its answer any more', { maybeDone: false });
    if (!this.session) {
      const opening = this.gate.enter(AbortSignal.timeout(LOGIN_MS));
      this.session = opening;
      opening.catch(() => {
        if (this.session === opening) this.session = undefined;
      });
    }
    return unlessAborted(this.session, signal, 'vCenter');
  }

  private async login(): Promise<Session> {
    const to = { url: this.url, agent: this.agent, cookie: undefined };
    const signal = AbortSignal.timeout(LOGIN_MS);
    try {
      const first = await send(to, { method: 'RetrieveServiceContent', self: SERVICE_INSTANCE, parameters: {} }, signal);
      const service = serviceOf(first.result ?? {});
      const { username: userName, password } = this.options;
      const parameters = { userName, password, locale: 'en' };
      const second = await send({ ...to, cookie: first.cookie }, { method: 'Login', self: service.sessionManager, parameters }, signal);
      const { key = '', userName: user = userName } = second.result ?? {};
      return { cookie: second.cookie ?? first.cookie, service, key, user, views: new Map() };
    } catch (error) {
      if (error instanceof SoapFault) throw error.translated();
      // No call of the caller's was sent.
      if (error instanceof ProviderError) throw error.notDone();
      throw error;
    }
  }

  private async stayAlive(): Promise<void> {
    if (!this.session || steadyTime() - this.lastCall < this.options.keepAliveMs / 2) return;
    try {
      await this.call('CurrentTime', SERVICE_INSTANCE, {}, { signal: AbortSignal.timeout(LOGIN_MS) });
    } catch {
      // Whoever calls next opens a session and hears what is wrong.
      this.session = undefined;
    }
  }

  private async logout({ cookie, service }: Session): Promise<void> {
    try {
      const call = { method: 'Logout', self: service.sessionManager, parameters: {} } as const;
      await send({ url: this.url, agent: this.agent, cookie }, call, AbortSignal.timeout(2_000));
    } catch {
      // A vCenter that does not answer forgets the session by itself.
      this.session = undefined;
    }
  }
}

/** The reference that a method answered. */
function told(method: MethodName, answer: unknown): Ref {
  const ref = typeof answer === 'object' && answer !== null && 'type' in answer && 'value' in answer ? (answer as Ref) : undefined;
  if (ref) return ref;
  throw new ProviderError('unavailable', `vCenter answered ${method} without the task that it begins`, { maybeDone: true });
}

function serviceOf(content: Typed<'ServiceContent'>): Service {
  const { rootFolder, propertyCollector, sessionManager, searchIndex, viewManager, about } = content;
  const { authorizationManager, customizationSpecManager, storageResourceManager, taskManager, vStorageObjectManager } = content;
  const { eventManager, ovfManager, perfManager, setting } = content;
  if (!rootFolder || !propertyCollector || !sessionManager || !searchIndex || !viewManager || !taskManager || !about)
    throw new ProviderError('unavailable', 'the server is not a vCenter: its service content is incomplete', { maybeDone: false });
  const version = about.apiVersion ?? about.version ?? VERSION;
  if (isOlder(version, VERSION)) {
    const message = `${about.fullName ?? 'this vCenter'} speaks the API ${version}: the gateway needs ${VERSION} or later`;
    throw new ProviderError('unsupported', message, { code: 'VersionTooOld', maybeDone: false });
  }
  const always = { rootFolder, propertyCollector, sessionManager, searchIndex, taskManager, viewManager, about, version };
  const optional = { eventManager, ovfManager, perfManager, setting };
  return { ...always, ...optional, authorizationManager, customizationSpecManager, storageResourceManager, vStorageObjectManager };
}

/** RetrievePropertiesEx without a session answers objects, each property of which is missing for that reason. */
function refuseHidden(result: unknown): void {
  const objects = typeof result === 'object' && result !== null && 'objects' in result ? result.objects : undefined;
  for (const { missingSet } of (objects ?? []) as readonly Typed<'ObjectContent'>[]) {
    for (const { fault } of missingSet ?? []) {
      if (fault?.fault?.$type === 'NotAuthenticated') throw new SoapFault(fault.fault, fault.localizedMessage);
    }
  }
}
