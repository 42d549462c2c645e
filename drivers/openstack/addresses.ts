import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Addresses, CreateAddress } from '../../src/clouds/infrastructure';
import { addressItems, addressKey, type Around, bindingOf, BOUND, partsOf, SHAPE } from './address-items';
import type { Neutron } from './neutron';
import { holdsNameless } from './neutron-names';
import type { FloatingIp, Network, Port, Subnet, Thing } from './neutron-things';
import { isFree, isReserved, isUnplugged, RESERVED } from './ports';
import { type Answered, present } from './reads';
import { subnetsOf } from './subnets';

const WITH_INTERFACE = 'A dynamic address comes and goes with its interface';
const refused = (message: string): ProviderError => new ProviderError('unsupported', message, { maybeDone: false });
const conflict = (message: string): ProviderError => new ProviderError('conflict', message, { maybeDone: false });

/**
 * Addresses: floating IPs and reserved ones (a port that nobody plugs into) are static, the fixed IPs of servers' ports
 * dynamic. A reserved address is bound by allowing it on the interface's port.
 */
export class OpenstackAddresses implements Addresses {
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const own = await this.neutron.own(context);
    const [pages, subnets] = await Promise.all([collect(this.neutron.pages('port', context, own)), this.#subnets(context)]);
    const around: Around = { ports: byId(pages.flat()), subnets };
    for (const page of pages) yield addressItems(page, [], around);
    for await (const page of this.neutron.pages('floatingip', context, own)) yield addressItems([], page, around);
  }

  /** The port or floating IP is the proof: that it is gone, or that it is there without this address. */
  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const impossible = keys.filter((key) => !SHAPE.test(key)).map((key) => Gone.impossible({ type: 'address', key }));
    const wanted = keys.filter((key) => SHAPE.test(key));
    if (wanted.length === 0) return impossible;
    const parts = wanted.map(partsOf);
    const idsOf = (floating: boolean) => parts.flatMap(({ id, kind }) => ((kind === 'floating') === floating ? id : []));
    const [ports, floating, subnets] = await Promise.all([
      this.neutron.byIds('port', idsOf(false), context),
      this.neutron.byIds('floatingip', idsOf(true), context),
      this.#subnets(context),
    ]);
    const items = await this.#items(present(ports), present(floating), subnets, context);
    return [
      ...impossible,
      ...wanted.flatMap((key): (Item | Gone)[] => {
        const item = items.find((each) => each.key === key);
        return item ? [item] : without(key, ports, floating);
      }),
    ];
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const [ports, floating, subnets] = await Promise.all([
      this.neutron.marked('port', marks, context),
      this.neutron.marked('floatingip', marks, context),
      this.#subnets(context),
    ]);
    const reserved = ports.filter(({ thing }) => isReserved(thing));
    const unfinished = new Set([...reserved, ...floating].flatMap((each) => (each.unfinished ? each.thing.id : [])));
    const things = <T extends Thing>(found: readonly { thing: T }[]): T[] => found.map(({ thing }) => thing);
    const items = await this.#items(things(reserved), things(floating), subnets, context);
    return items.map((item) => (unfinished.has(partsOf(item.key).id) ? { ...item, unfinished: true } : item));
  }

  async #subnets(context: CallContext): Promise<ReadonlyMap<string, Subnet>> {
    return byId(await this.neutron.whole('subnet', context));
  }

  /** Builds the items, with the ports that these addresses are bound to. */
  async #items(
    ports: readonly Port[],
    floating: readonly FloatingIp[],
    subnets: ReadonlyMap<string, Subnet>,
    context: CallContext,
  ): Promise<Item[]> {
    const bound = [...ports.flatMap((port) => bindingOf(port) ?? []), ...floating.flatMap(({ port_id: port }) => port ?? [])];
    const users = bound.length === 0 ? [] : present(await this.neutron.byIds('port', bound, context));
    return addressItems(ports, floating, { ports: byId([...ports, ...users]), subnets });
  }

  holds(naming: Naming): Naming {
    return this.neutron.holds(naming, holdsNameless);
  }

  async create(request: CreateAddress, context: CallContext): Promise<Created> {
    if (request.allocation !== 'static') throw refused(`${WITH_INTERFACE}; ask for a static one`);
    for (const name of ['hostname', 'defaultGateway', 'dns', 'mask'] as const)
      if (request[name] !== undefined) throw refused(`${name}: the subnet of an address decides this`);
    const network = await this.#networkOf(request, context);
    if (network['router:external']) {
      await this.#requireRouters(context);
      const { ip } = request;
      const body = { floating_network_id: network.id, ...(ip === undefined ? {} : { floating_ip_address: ip }) };
      return { key: addressKey('floating', (await this.neutron.make('floatingip', request, body, context)).id) };
    }
    const place = await this.#place(network.id, request, context);
    const body = { network_id: network.id, device_owner: RESERVED, fixed_ips: [place] };
    return { key: addressKey('reserved', (await this.neutron.make('port', request, body, context)).id) };
  }

  /** Floating IPs come with the L3 service, which clouds of provider networks do without. */
  async #requireRouters(context: CallContext): Promise<void> {
    if (await this.neutron.offers('router', context)) return;
    throw refused(
      'The Neutron of this cloud has no floating IPs (no extension router): name a network that an address is to be reserved in',
    );
  }

  async #networkOf({ network: key }: CreateAddress, context: CallContext): Promise<Network> {
    if (key !== undefined) return this.neutron.wire.one('network', key, context);
    await this.#requireRouters(context);
    const wanted = this.neutron.wire.options.floatingNetwork;
    const all = await this.neutron.whole('network', context, { 'router:external': true });
    const fitting = wanted === undefined ? all : all.filter(({ id, name }) => id === wanted || name === wanted);
    const [only] = fitting;
    if (only && fitting.length === 1) return only;
    const names = all.map(({ name, id }) => name ?? id).join(', ');
    throw new ProviderError('invalid', `network: say which external network the address is to be of; there are: ${names || 'none'}`, {
      maybeDone: false,
    });
  }

  async #place(network: string, { ip, protocol }: CreateAddress, context: CallContext): Promise<object> {
    if (ip !== undefined) return { ip_address: ip };
    const subnet = (await subnetsOf(this.neutron, network, context)).find(({ ip_version: version }) => `IPv${version}` === protocol);
    if (subnet) return { subnet_id: subnet.id };
    throw new ProviderError('invalid', `protocol: the network ${network} has no ${protocol} subnet`, { maybeDone: false });
  }

  async bind(key: string, { interface: nic }: { interface: string }, context: CallContext): Promise<void> {
    const { kind, id } = partsOf(key);
    if (kind === 'dynamic') throw refused(WITH_INTERFACE);
    if (kind === 'floating') return this.#bindFloating(id, nic, context);
    const [reserved, port] = await Promise.all([this.#reserved(id, context), this.neutron.wire.one('port', nic, context)]);
    const [holder, ip] = [await this.#holder(reserved, context), ipOf(reserved)];
    if (holder && holder.id !== nic) {
      if (!isFree(holder)) throw conflict(`The address ${ip} is bound to ${holder.id}`);
      await this.#disallow(holder, ip, context);
    }
    if (port.network_id !== reserved.network_id)
      throw new ProviderError('invalid', `The interface ${nic} is not in the network ${reserved.network_id} of the address`, {
        maybeDone: false,
      });
    await this.#tagBinding(reserved, nic, context);
    const pairs = port.allowed_address_pairs;
    if (pairs.some((pair) => pair.ip_address === ip)) return;
    await this.neutron.change('port', nic, { allowed_address_pairs: [...pairs, { ip_address: ip }] }, context);
  }

  async #bindFloating(id: string, nic: string, context: CallContext): Promise<void> {
    const { port_id: holder } = await this.#floating(id, context);
    if (holder === nic) return;
    if (holder && !(await this.#isFree(holder, context))) throw conflict(`The address is bound to ${holder}`);
    await this.neutron.change('floatingip', id, { port_id: nic }, context);
  }

  async release(key: string, context: CallContext): Promise<void> {
    const { kind, id } = partsOf(key);
    if (kind === 'dynamic') throw refused(WITH_INTERFACE);
    if (kind === 'floating') {
      const { port_id: holder } = await this.#floating(id, context);
      if (holder) await this.neutron.change('floatingip', id, { port_id: null }, context);
      return;
    }
    const reserved = await this.#reserved(id, context);
    const holder = await this.#holder(reserved, context);
    if (holder) await this.#disallow(holder, ipOf(reserved), context);
    await this.#tagBinding(reserved, undefined, context);
  }

  async delete(key: string, context: CallContext): Promise<void> {
    const { kind, id } = partsOf(key);
    if (!SHAPE.test(key)) return;
    if (kind === 'dynamic') {
      const [found] = await this.getMany([key], context);
      if (found instanceof Gone) return;
      throw conflict(WITH_INTERFACE);
    }
    if (kind === 'floating') return this.#deleteFloating(id, context);
    const port = await this.neutron.wire.oneIfThere('port', id, context);
    if (!port) return;
    if (!isReserved(port)) throw new ProviderError('invalid', `The port ${id} reserves no address`, { maybeDone: false });
    const holder = await this.#holder(port, context);
    if (holder && !isFree(holder)) throw conflict(`The address is bound to ${holder.id}; release it first`);
    if (holder) await this.release(key, context);
    await this.neutron.delete('port', id, context);
  }

  async #deleteFloating(id: string, context: CallContext): Promise<void> {
    const holder = (await this.neutron.wire.oneIfThere('floatingip', id, context))?.port_id;
    if (holder && !(await this.#isFree(holder, context))) throw conflict(`The address is bound to ${holder}; release it first`);
    await this.neutron.delete('floatingip', id, context);
  }

  /** A port that outlived its machine keeps its addresses at Neutron; nobody has them any more. */
  async #isFree(port: string, context: CallContext): Promise<boolean> {
    const found = await this.neutron.wire.oneIfThere('port', port, context);
    return found === undefined || isFree(found);
  }

  async #disallow(port: Port, ip: string, context: CallContext): Promise<void> {
    const left = port.allowed_address_pairs.filter((pair) => pair.ip_address !== ip);
    await this.neutron.change('port', port.id, { allowed_address_pairs: left }, context);
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    const { kind, id } = partsOf(key);
    if (kind === 'dynamic') return Promise.reject(refused(WITH_INTERFACE));
    return this.neutron.rename(kind === 'floating' ? 'floatingip' : 'port', id, naming, context);
  }

  #floating(id: string, context: CallContext): Promise<FloatingIp> {
    return this.neutron.wire.one('floatingip', id, context);
  }

  async #reserved(id: string, context: CallContext): Promise<Port> {
    const found = await this.neutron.wire.one('port', id, context);
    if (isReserved(found)) return found;
    throw new ProviderError('invalid', `The port ${id} reserves no address`, { maybeDone: false });
  }

  /** The port that has a reserved address; none where that is gone. */
  async #holder(reserved: Port, context: CallContext): Promise<Port | undefined> {
    const bound = bindingOf(reserved);
    return bound === undefined ? undefined : this.neutron.wire.oneIfThere('port', bound, context);
  }

  async #tagBinding(reserved: Port, nic: string | undefined, context: CallContext): Promise<void> {
    if (bindingOf(reserved) === nic) return;
    const others = reserved.tags.filter((tag) => !tag.startsWith(BOUND));
    await this.neutron.setTags('port', reserved.id, [...others, ...(nic === undefined ? [] : [BOUND + nic])], context);
  }
}

const ipOf = ({ fixed_ips: [first] = [] }: Port): string => first?.ip_address ?? '';

/** Proves that there is no such address; empty where Neutron tells too little of its holder. */
function without(key: string, ports: Answered<Port>, floating: Answered<FloatingIp>): Gone[] {
  const { kind, id } = partsOf(key);
  const thing = { type: 'address', key };
  const holder = kind === 'floating' ? floating.get(id) : ports.get(id);
  if (holder instanceof Gone) return [holder.as(thing)];
  const port = kind === 'floating' ? undefined : ports.get(id);
  if (!port || port instanceof Gone) return [];
  return hasNot(port, kind, key.split('@')[1]) ? [Gone.shown(thing, `Neutron shows the port ${id} without this address`)] : [];
}

/** Neutron's own word that a port has not this address, or is not there to have it. */
function hasNot(port: Port, kind: 'reserved' | 'dynamic' | 'floating', ip: string | undefined): boolean {
  if (port.fixed_ips?.length === 0) return true;
  if (kind === 'reserved') return port.device_owner !== undefined && !isReserved(port);
  return isUnplugged(port) || port.fixed_ips?.every((each) => each.ip_address !== ip) === true;
}

const byId = <T extends { id: string }>(things: readonly T[]): ReadonlyMap<string, T> => new Map(things.map((thing) => [thing.id, thing]));

async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<(readonly T[])[]> {
  const all: (readonly T[])[] = [];
  for await (const page of pages) all.push(page);
  return all;
}
