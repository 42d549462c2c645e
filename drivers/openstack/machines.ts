import type { CallContext, CreateMachine, Created, Item, Machines, Marks, Naming, Outcome, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { pathOf, type Wire } from './client';
import type { Flavors } from './configs';
import { doc, text } from './documents';
import { act, actTowards, resize, restart, start } from './machine-actions';
import { serverRequest } from './machine-create';
import { dropServer } from './machine-delete';
import { machineItem } from './machine-item';
import { hasBegun } from './instance-actions';
import { descriptionMetadata, holds, marksIn, nameless, propertyMetadata, serverTag, TAG } from './naming';
import type { Server } from './nova';
import { answers, byIds, shown } from './reads';
import { machineState } from './states';

/** Nova servers as Machines. */
export class OpenstackMachines implements Machines {
  constructor(
    private readonly wire: Wire,
    private readonly flavors: Flavors,
  ) {}

  async *list(context: CallContext): Pages {
    for await (const page of this.wire.pages('server', context)) yield shown(await this.#items(page, context));
  }

  getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const read = (ids: readonly string[]) => byIds(this.wire, 'server', ids, context);
    return answers('server', keys, read, (servers) => this.#items(servers, context));
  }

  /** Finds by server tag; below 2.26 Nova would silently ignore the filter, and the whole list is searched. */
  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const filter = (await this.wire.speaks('compute', '2.26', context)) ? { tags: serverTag(marks.tag) } : {};
    const servers = await this.wire.all('server', context, filter);
    const own = servers.filter(({ metadata }) => metadata[TAG.id] === marks.tag);
    return shown(await this.#items(own, context));
  }

  async #items(servers: readonly Server[], context: CallContext): Promise<(Item | Gone)[]> {
    if (servers.length === 0) return [];
    const { roles } = await this.wire.session(context);
    const may = { unlock: roles.includes('admin'), rebuildVolumes: await this.wire.speaks('compute', '2.93', context) };
    const flavors = await this.flavors.figures(
      servers.flatMap(({ flavor }) => flavor.id ?? []),
      context,
    );
    if (servers.some(({ partial }) => partial)) this.wire.warn('Nova lists some servers without details: a cell of the cloud is down');
    return servers.map((server) => {
      const item = machineItem(server, flavors, may);
      if (item.values.state !== 'absent') return item;
      return Gone.shown({ type: 'server', key: server.id }, `Nova shows the server ${server.id} as ${server.status}`);
    });
  }

  holds(naming: Naming): Naming {
    return holds(naming);
  }

  /** Metadata that is neither ours nor a property cannot be told from properties: all of it is written anew. */
  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    const path = pathOf('server', key);
    const server = await this.wire.one('server', key, context);
    const before = server.metadata;
    if (server.partial) throw new ProviderError('unavailable', `Nova does not tell how the server ${key} is`, { maybeDone: false });
    const name = naming.name ?? nameless(before[TAG.id] ?? server.id);
    const described = await this.wire.speaks('compute', '2.19', context);
    const change = { ...(name === server.name ? {} : { name }), ...(described ? descriptionChange(server, naming) : {}) };
    if (Object.keys(change).length > 0) await this.#put(path, { server: change }, 'server', context);
    const metadata = { ...propertyMetadata(naming), ...descriptionMetadata(naming, described), ...marksIn(before) };
    if (!same(before, metadata)) await this.#put(`${path}/metadata`, { metadata }, 'metadata', context);
  }

  async #put(path: string, body: object, member: string, context: CallContext): Promise<void> {
    await this.wire.send('compute', { method: 'PUT', path, body, member }, context);
  }

  /** Nova has no idempotency token: what carries the token already is the answer. */
  async create(request: CreateMachine, context: CallContext): Promise<Created> {
    const [first] = (await this.find(request, context)).filter((item) => item.token === request.token);
    if (first) return { key: first.key };
    const body = await serverRequest(this.wire, this.flavors, request, context);
    const answer = await this.wire.send('compute', { method: 'POST', path: '/servers', body, member: 'server' }, context);
    const id = text(doc(answer.server).id);
    if (id === undefined) throw new ProviderError('unavailable', 'Nova answered without a server', { maybeDone: true });
    return { key: id };
  }

  start(key: string, context: CallContext): Promise<void> {
    return start(this.wire, key, context);
  }

  /** Nova asks the guest, and cuts its power when it does not react in time; there is no way to skip the asking. */
  async stop(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<void> {
    if (options.force === true) {
      const words = 'Nova has no forced stop: it cuts the power by itself when the guest does not shut down in time';
      throw new ProviderError('unsupported', words, { maybeDone: false });
    }
    await actTowards(this.wire, key, { 'os-stop': null }, ['STOPPING', 'STOPPED'], context);
  }

  restart(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<void> {
    return restart(this.wire, key, options.force === true ? 'HARD' : 'SOFT', context);
  }

  async pause(key: string, context: CallContext): Promise<void> {
    await actTowards(this.wire, key, { pause: null }, ['PAUSING', 'PAUSED'], context);
  }

  async suspend(key: string, context: CallContext): Promise<void> {
    await actTowards(this.wire, key, { suspend: null }, ['SUSPENDING', 'SUSPENDED'], context);
  }

  resize(key: string, to: { config: string }, context: CallContext): Promise<Outcome> {
    return resize(this.wire, this.flavors, { work: 'resize', server: key, config: to.config, asked: false }, context);
  }

  /** Rebuilds. The token is written first, so that a rebuild that fails later can be told from an older failure. */
  async restore(key: string, from: Marks & { image: string }, context: CallContext): Promise<void> {
    if (context.repeated && (await this.#isRestoring(key, from.token, context))) return;
    const metadata = { [TAG.restore]: from.token };
    const path = `${pathOf('server', key)}/metadata`;
    await this.wire.send(
      'compute',
      { method: 'POST', path, body: { metadata }, member: 'metadata', of: { kind: 'server', id: key } },
      context,
    );
    await act(this.wire, key, { rebuild: { imageRef: from.image } }, context);
  }

  /** Tells whether an earlier attempt of this very restore has begun. */
  async #isRestoring(key: string, token: string, context: CallContext): Promise<boolean> {
    const server = await this.wire.one('server', key, context);
    if (server.metadata[TAG.restore] !== token) return false;
    return machineState(server).state === 'RESTORING' || hasBegun(this.wire, key, 'rebuild', context);
  }

  delete(key: string, context: CallContext): Promise<Outcome> {
    return dropServer(this.wire, key, context);
  }
}

function descriptionChange(server: Server, naming: Naming): { description?: string | null } {
  const before = server.description ?? null;
  const after = naming.description ?? null;
  return before === after ? {} : { description: after };
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
