import type { CallContext, Created, Item, Marks, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateInterface, InterfaceChange, Interfaces } from '../../src/clouds/infrastructure';
import { CARD_PATHS, cardsOf, externalIdOf, interfaceItem, marksOf, partsOf } from './card-item';
import type { Wire } from './client';
import { everything, finished, objects, type Seen } from './collector';
import { backingOf, type Card, newCard } from './hardware';
import { isKey } from './images';
import { isTemplate, text } from './machine-item';
import { networkOnHost } from './plugs';
import type { Ref, Typed } from './types';

const WANTED = { VirtualMachine: CARD_PATHS };
/** How often a machine is read anew where somebody else changed it in between. */
const ATTEMPTS = 3;
const vm = (value: string): Ref => ({ type: 'VirtualMachine', value });

/** Network cards of machines as MachineNetworkInterfaces. */
export class VsphereInterfaces implements Interfaces {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    for await (const page of everything(this.wire, WANTED, context)) yield page.flatMap(items);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const wanted = new Set(keys);
    const machines = new Set([...wanted].flatMap((key) => partsOf(key)?.machine ?? []));
    const seen = machines.size === 0 ? [] : await objects(this.wire, [...machines].map(vm), WANTED, context);
    return seen.flatMap(items).filter(({ key }) => wanted.has(key));
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found: Item[] = [];
    for await (const page of this.list(context)) found.push(...page.filter((item) => item.tag === marks.tag));
    return found;
  }

  /**
   * Adds a card that carries the marks. The fence is the version of the machine's configuration that was seen without
   * them: of two such creates, vCenter refuses one.
   */
  async create(request: CreateInterface, context: CallContext): Promise<Created> {
    const { machine, mtu, networkPort, state = 'ACTIVE', macAddress, tag } = request;
    refuseOthers({ mtu, networkPort });
    const on = isOn(state);
    const given: Partial<Card> = {
      connectable: { startConnected: on, allowGuestControl: true, connected: on },
      externalId: externalIdOf(machine, request),
      ...(macAddress === undefined ? {} : manual(macAddress)),
    };
    const own = (seen: Seen) => cardsOf(seen).find((plugged) => marksOf(plugged).tag === tag);
    const add = async (seen: Seen) =>
      own(seen) ? undefined : newCard(await networkOnHost(this.wire, seen, request.network, context), -1, given);
    await this.#change(machine, add, context);
    const made = own(await this.#machine(machine, context));
    if (!made) throw new ProviderError('unavailable', 'ReconfigVM_Task ended and the interface does not show', { maybeDone: true });
    return { key: made.key };
  }

  /** Network and state change as the machine runs, the MAC address of a stopped machine only. */
  async update(key: string, to: InterfaceChange, context: CallContext): Promise<void> {
    refuseOthers(to);
    const on = to.state === undefined ? undefined : isOn(to.state);
    const edit = async (seen: Seen): Promise<Change | undefined> => {
      const plugged = cardsOf(seen).find((each) => each.key === key);
      if (!plugged) throw missing(key);
      const { card, network } = plugged;
      const power = text(seen, 'runtime.powerState');
      const sameMac = to.macAddress === undefined || to.macAddress.toLowerCase() === card.macAddress?.toLowerCase();
      if (!sameMac && power !== 'poweredOff')
        throw new ProviderError('conflict', 'macAddress: it can be changed while the machine is stopped', { maybeDone: false });
      const change: Partial<Card> = {
        ...(to.network === undefined || to.network === network
          ? {}
          : { backing: backingOf(await networkOnHost(this.wire, seen, to.network, context)) }),
        ...(on === undefined ? {} : { connectable: connected(card, on, power === 'poweredOn') }),
        ...(sameMac ? {} : manual(to.macAddress ?? '')),
      };
      return Object.keys(change).length === 0 ? undefined : { operation: 'edit', device: { ...card, ...change } };
    };
    await this.#change(machineOf(key), edit, context);
  }

  /** What is gone, alone or with its machine, is success. */
  async delete(key: string, context: CallContext): Promise<void> {
    const remove = (seen: Seen): Promise<Change | undefined> => {
      const plugged = cardsOf(seen).find((each) => each.key === key);
      return Promise.resolve(plugged && { operation: 'remove', device: plugged.card });
    };
    try {
      await this.#change(machineOf(key), remove, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'ManagedObjectNotFound') throw error;
    }
  }

  async #machine(key: string, context: CallContext): Promise<Seen> {
    const wanted = { VirtualMachine: [...CARD_PATHS, 'config.changeVersion', 'runtime.host'] };
    const [seen] = isKey(key) ? await objects(this.wire, [vm(key)], wanted, context) : [];
    if (!seen || isTemplate(seen)) throw missing(key);
    return seen;
  }

  /**
   * Changes a machine as it was seen, and nothing where there is nothing to change. Where somebody else changed it in
   * between, vCenter leaves it as it is (ConcurrentAccess): it is read anew.
   */
  async #change(machine: string, plan: (seen: Seen) => Promise<Change | undefined>, context: CallContext): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const seen = await this.#machine(machine, context);
      const change = await plan(seen);
      if (!change) return;
      const spec = { changeVersion: text(seen, 'config.changeVersion'), deviceChange: [change] };
      try {
        await finished(this.wire, await this.wire.call('ReconfigVM_Task', seen.ref, { spec }, context), context);
        return;
      } catch (error) {
        if (!(error instanceof ProviderError) || error.code !== 'ConcurrentAccess' || attempt === ATTEMPTS) throw error;
      }
    }
  }
}

type Change = Typed<'VirtualDeviceConfigSpec'>;

const machineOf = (key: string): string => partsOf(key)?.machine ?? '';

const items = (seen: Seen): Item[] => cardsOf(seen).map((plugged) => interfaceItem(seen, plugged));

/** A card of a machine that is off cannot be connected now; it will be, or not, when that is started. */
function connected({ connectable }: Card, on: boolean, runs: boolean): Card['connectable'] {
  return { ...connectable, startConnected: on, ...(runs ? { connected: on } : {}) };
}

const manual = (macAddress: string): Partial<Card> => {
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(macAddress)) return { addressType: 'manual', macAddress: macAddress.toLowerCase() };
  throw new ProviderError('invalid', `macAddress: '${macAddress}' is none: six bytes in hexadecimal with colons are`, { maybeDone: false });
};

/** A card is connected or not; there is no standing by. */
function isOn(state: string): boolean {
  if (state === 'ACTIVE' || state === 'DISABLED') return state === 'ACTIVE';
  throw refused(`${state}: an interface of this cloud is ACTIVE or DISABLED`);
}

function refuseOthers({ mtu, networkPort }: { mtu?: number | undefined; networkPort?: string | undefined }): void {
  if (mtu !== undefined) throw refused('mtu: an interface has that of its network’s switch');
  if (networkPort !== undefined) throw refused('networkPort: this cloud shows no ports of networks');
}

const refused = (words: string): ProviderError => new ProviderError('unsupported', words, { maybeDone: false });

function missing(key: string): ProviderError {
  return new ProviderError('notFound', `vCenter has no ${key}`, { code: 'ManagedObjectNotFound', maybeDone: false });
}
