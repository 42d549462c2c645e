import type { CallContext, CreateMachine, Created, Item, Machines, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { enc, type Wire } from './client';
import type { Flavors } from './configs';
import { act, actTowards, resize, serverOf, start } from './machine-actions';
import { serverRequest } from './machine-create';
import { machineItem, type Server } from './machine-item';
import { descriptionMetadata, holds, marksIn, nameless, propertyMetadata, serverTag, TAG } from './naming';
import { Neutron } from './neutron';
import { dropPortsOf } from './ports';
import { few } from './reads';

const LIST = '/servers/detail';
/** Ids of another shape cannot exist. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Nova servers as Machines. */
export class OpenstackMachines implements Machines {
  constructor(
    private readonly wire: Wire,
    private readonly flavors: Flavors,
  ) {}

  async *list(context: CallContext): Pages {
    for await (const page of this.wire.pages<Server>('compute', LIST, 'servers', context)) yield await this.#items(page, context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const read = async (id: string) => (await this.wire.getIfThere<{ server: Server }>('compute', `/servers/${enc(id)}`, context))?.server;
    const ids = keys.filter((key) => UUID.test(key));
    return this.#items(await few(ids, read, () => this.wire.pages<Server>('compute', LIST, 'servers', context)), context);
  }

  /** By server tag; below 2.26 Nova would leave the filter out without a word, and the list is looked through. */
  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const filter = (await this.wire.speaks('compute', '2.26', context)) ? { tags: serverTag(marks.tag) } : {};
    const servers = await this.wire.all<Server>('compute', LIST, 'servers', context, filter);
    const items = await this.#items(
      servers.filter(({ metadata }) => metadata?.[TAG.id] === marks.tag),
      context,
    );
    return items;
  }

  async #items(servers: readonly Server[], context: CallContext): Promise<Item[]> {
    if (servers.length === 0) return [];
    const { roles } = await this.wire.session(context);
    const may = { unlock: roles.includes('admin'), rebuildVolumes: await this.wire.speaks('compute', '2.93', context) };
    const flavors = await this.flavors.figures(
      servers.flatMap(({ flavor }) => flavor.id ?? []),
      context,
    );
    return servers.map((server) => machineItem(server, flavors, may)).filter((item) => item.values.state !== 'absent');
  }

  holds(naming: Naming): Naming {
    return holds(naming);
  }

  /** Metadata that is neither ours nor a property cannot be told from properties: all of it is written anew. */
  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    const path = `/servers/${enc(key)}`;
    const server = await serverOf(this.wire, key, context);
    const before = server.metadata ?? {};
    const name = naming.name ?? nameless(before[TAG.id] ?? server.id);
    const described = await this.wire.speaks('compute', '2.19', context);
    const change = { ...(name === server.name ? {} : { name }), ...(described ? descriptionChange(server, naming) : {}) };
    if (Object.keys(change).length > 0) await this.wire.put('compute', path, { server: change }, context);
    const metadata = { ...propertyMetadata(naming), ...descriptionMetadata(naming, described), ...marksIn(before) };
    if (!same(before, metadata)) await this.wire.put('compute', `${path}/metadata`, { metadata }, context);
  }

  /** Nova has no idempotency token: what carries the token already is the answer. */
  async create(request: CreateMachine, context: CallContext): Promise<Created> {
    const [first] = (await this.find(request, context)).filter((item) => item.token === request.token);
    if (first) return { key: first.key };
    const body = await serverRequest(this.wire, this.flavors, request, context);
    const { server } = await this.wire.post<{ server?: { id?: string } }>('compute', '/servers', body, context);
    if (server?.id === undefined) throw new ProviderError('unavailable', 'Nova answered without a server', { maybeDone: true });
    return { key: server.id };
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

  async restart(key: string, options: { force?: boolean | undefined }, context: CallContext): Promise<void> {
    await act(this.wire, key, { reboot: { type: options.force === true ? 'HARD' : 'SOFT' } }, context);
  }

  async pause(key: string, context: CallContext): Promise<void> {
    await actTowards(this.wire, key, { pause: null }, ['PAUSING', 'PAUSED'], context);
  }

  async suspend(key: string, context: CallContext): Promise<void> {
    await actTowards(this.wire, key, { suspend: null }, ['SUSPENDING', 'SUSPENDED'], context);
  }

  resize(key: string, to: { config: string }, context: CallContext): Promise<void> {
    return resize(this.wire, this.flavors, key, to.config, context);
  }

  /** Rebuilds. The token is written first, so that a rebuild that fails later can be told from an older failure. */
  async restore(key: string, from: Marks & { image: string }, context: CallContext): Promise<void> {
    await this.wire.post('compute', `/servers/${enc(key)}/metadata`, { metadata: { [TAG.restore]: from.token } }, context);
    await act(this.wire, key, { rebuild: { imageRef: from.image } }, context);
  }

  async delete(key: string, context: CallContext): Promise<void> {
    if (!UUID.test(key)) return;
    await this.wire.delete('compute', `/servers/${enc(key)}`, context);
    await dropPortsOf(new Neutron(this.wire), key, context);
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
