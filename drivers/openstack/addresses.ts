import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Addresses, CreateAddress } from '../../src/clouds/infrastructure';
import { addressItems, addressKey, bindingOf, BOUND, type FloatingIp, partsOf, type Around } from './address-items';
import type { Network } from './networks';
import { holdsNameless, type Kind, type Neutron, type Thing } from './neutron';
import { isFree, isReserved, type Port, portOf, RESERVED } from './ports';
import { type Subnet, subnetsOf } from './subnets';

const WITH_INTERFACE = 'A dynamic address comes and goes with its interface';
const refused = (words: string): ProviderError => new ProviderError('unsupported', words, { maybeDone: false });
const conflict = (words: string): ProviderError => new ProviderError('conflict', words, { maybeDone: false });
const missing = (key: string): ProviderError => new ProviderError('notFound', `There is no address ${key}`, { maybeDone: false });

/**
 * Addresses: floating IPs and reserved ones (a port that nobody plugs into) are static, the fixed IPs of servers' ports
 * dynamic. A reserved address is bound by allowing it on the interface's port.
 */
export class OpenstackAddresses implements Addresses {
  constructor(private readonly neutron: Neutron) {}

  async *list(context: CallContext): Pages {
    const own = await this.neutron.own(context);
    const [pages, subnets] = await Promise.all([collect(this.neutron.pages<Port>('ports', context, own)), this.#subnets(context)]);
    const around: Around = { ports: byId(pages.flat()), subnets };
    for (const page of pages) yield addressItems(page, [], around);
    for await (const page of this.neutron.pages<FloatingIp>('floatingips', context, own)) yield addressItems([], page, around);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    if (keys.length === 0) return [];
    const wanted = keys.map(partsOf);
    const idsOf = (floating: boolean) => wanted.flatMap(({ id, kind }) => ((kind === 'floating') === floating ? id : []));
    const [ports, floating, subnets] = await Promise.all([
      this.neutron.byIds<Port>('ports', idsOf(false), context),
      this.neutron.byIds<FloatingIp>('floatingips', idsOf(true), context),
      this.#subnets(context),
    ]);
    const items = await this.#items(ports, floating, subnets, context);
    return items.filter(({ key }) => keys.includes(key));
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const [ports, floating, subnets] = await Promise.all([
      this.neutron.marked<Port>('ports', marks, context),
      this.neutron.marked<FloatingIp>('floatingips', marks, context),
      this.#subnets(context),
    ]);
    const reserved = ports.filter(({ thing }) => isReserved(thing));
    const unfinished = new Set([...reserved, ...floating].flatMap((each) => (each.unfinished ? each.thing.id : [])));
    const things = <T extends Thing>(found: readonly { thing: T }[]): T[] => found.map(({ thing }) => thing);
    const items = await this.#items(things(reserved), things(floating), subnets, context);
    return items.map((item) => (unfinished.has(partsOf(item.key).id) ? { ...item, unfinished: true } : item));
  }

  async #subnets(context: CallContext): Promise<ReadonlyMap<string, Subnet>> {
    return byId(await this.neutron.whole<Subnet>('subnets', context));
  }

  /** With the ports that these addresses are bound to. */
  async #items(
    ports: readonly Port[],
    floating: readonly FloatingIp[],
    subnets: ReadonlyMap<string, Subnet>,
    context: CallContext,
  ): Promise<Item[]> {
    const bound = [...ports.flatMap((port) => bindingOf(port) ?? []), ...floating.flatMap(({ port_id: port }) => port ?? [])];
    const users = bound.length === 0 ? [] : await this.neutron.byIds<Port>('ports', bound, context);
    return addressItems(ports, floating, { ports: byId([...ports, ...users]), subnets });
  }

  holds(naming: Naming): Naming {
    return holdsNameless(naming);
  }

  async create(request: CreateAddress, context: CallContext): Promise<Created> {
    if (request.allocation !== 'static') throw refused(`${WITH_INTERFACE}; ask for a static one`);
    for (const name of ['hostname', 'defaultGateway', 'dns', 'mask'] as const)
      if (request[name] !== undefined) throw refused(`${name}: the subnet of an address decides this`);
    const network = await this.#networkOf(request, context);
    if (network['router:external'] === true) {
      const { ip } = request;
      const body = { floating_network_id: network.id, ...(ip === undefined ? {} : { floating_ip_address: ip }) };
      return { key: addressKey('floating', (await this.neutron.make<FloatingIp>('floatingips', request, body, context)).id) };
    }
    const place = await this.#place(network.id, request, context);
    const body = { network_id: network.id, device_owner: RESERVED, fixed_ips: [place] };
    return { key: addressKey('reserved', (await this.neutron.make<Port>('ports', request, body, context)).id) };
  }

  async #networkOf({ network: key }: CreateAddress, context: CallContext): Promise<Network> {
    if (key !== undefined) {
      const network = await this.neutron.one<Network>('networks', key, context);
      if (!network) throw new ProviderError('notFound', `There is no network ${key}`, { maybeDone: false });
      return network;
    }
    const wanted = this.neutron.wire.options.floatingNetwork;
    const all = await this.neutron.whole<Network>('networks', context, { 'router:external': true });
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
    const [reserved, port] = await Promise.all([this.#reserved(id, context), portOf(this.neutron, nic, context)]);
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
    const pairs = port.allowed_address_pairs ?? [];
    if (pairs.some((pair) => pair.ip_address === ip)) return;
    await this.neutron.change('ports', nic, { allowed_address_pairs: [...pairs, { ip_address: ip }] }, context);
  }

  async #bindFloating(id: string, nic: string, context: CallContext): Promise<void> {
    const { port_id: holder } = await this.#floating(id, context);
    if (holder === nic) return;
    if (holder && !(await this.#isFree(holder, context))) throw conflict(`The address is bound to ${holder}`);
    await this.neutron.change('floatingips', id, { port_id: nic }, context);
  }

  async release(key: string, context: CallContext): Promise<void> {
    const { kind, id } = partsOf(key);
    if (kind === 'dynamic') throw refused(WITH_INTERFACE);
    if (kind === 'floating') {
      const { port_id: holder } = await this.#floating(id, context);
      if (holder) await this.neutron.change('floatingips', id, { port_id: null }, context);
      return;
    }
    const reserved = await this.#reserved(id, context);
    const holder = await this.#holder(reserved, context);
    if (holder) await this.#disallow(holder, ipOf(reserved), context);
    await this.#tagBinding(reserved, undefined, context);
  }

  async delete(key: string, context: CallContext): Promise<void> {
    const { kind, id } = partsOf(key);
    if (kind === 'dynamic') {
      if ((await this.getMany([key], context)).length > 0) throw conflict(WITH_INTERFACE);
      return;
    }
    const of: Kind = kind === 'floating' ? 'floatingips' : 'ports';
    const thing = await this.neutron.one<FloatingIp & Port>(of, id, context);
    if (!thing) return;
    const holder = kind === 'floating' ? thing.port_id : (await this.#holder(thing, context))?.id;
    if (holder && !(await this.#isFree(holder, context))) throw conflict(`The address is bound to ${holder}; release it first`);
    if (holder && kind === 'reserved') await this.release(key, context);
    await this.neutron.delete(of, id, context);
  }

  /** A port that outlived its machine keeps its addresses at Neutron; nobody has them any more. */
  async #isFree(port: string, context: CallContext): Promise<boolean> {
    const found = await this.neutron.one<Port>('ports', port, context);
    return found === undefined || isFree(found);
  }

  async #disallow(port: Port, ip: string, context: CallContext): Promise<void> {
    const left = (port.allowed_address_pairs ?? []).filter((pair) => pair.ip_address !== ip);
    await this.neutron.change('ports', port.id, { allowed_address_pairs: left }, context);
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    const { kind, id } = partsOf(key);
    if (kind === 'dynamic') return Promise.reject(refused(WITH_INTERFACE));
    return this.neutron.rename(kind === 'floating' ? 'floatingips' : 'ports', id, naming, context);
  }

  async #floating(id: string, context: CallContext): Promise<FloatingIp> {
    const found = await this.neutron.one<FloatingIp>('floatingips', id, context);
    if (!found) throw missing(id);
    return found;
  }

  async #reserved(id: string, context: CallContext): Promise<Port> {
    const found = await this.neutron.one<Port>('ports', id, context);
    if (!found || !isReserved(found)) throw missing(id);
    return found;
  }

  /** The port that has a reserved address; none where that is gone. */
  async #holder(reserved: Port, context: CallContext): Promise<Port | undefined> {
    const bound = bindingOf(reserved);
    return bound === undefined ? undefined : this.neutron.one<Port>('ports', bound, context);
  }

  async #tagBinding(reserved: Port, nic: string | undefined, context: CallContext): Promise<void> {
    if (bindingOf(reserved) === nic) return;
    const others = (reserved.tags ?? []).filter((tag) => !tag.startsWith(BOUND));
    await this.neutron.setTags('ports', reserved.id, [...others, ...(nic === undefined ? [] : [BOUND + nic])], context);
  }
}

const ipOf = (reserved: Port): string => reserved.fixed_ips[0]?.ip_address ?? '';
const byId = <T extends { id: string }>(things: readonly T[]): ReadonlyMap<string, T> => new Map(things.map((thing) => [thing.id, thing]));

async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<(readonly T[])[]> {
  const all: (readonly T[])[] = [];
  for await (const page of pages) all.push(page);
  return all;
}
