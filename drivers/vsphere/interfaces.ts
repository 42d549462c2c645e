import type { CallContext, Created, Item, Marks, Outcome, Pages } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import type { CreateInterface, InterfaceChange, Interfaces } from '../../src/clouds/infrastructure';
import { CARD_PATHS, cardsOf, externalIdOf, interfaceItem, marksOf, partsOf } from './card-item';
import type { Wire } from './client';
import { answers, everything, present, type Seen, told } from './collector';
import { backingOf, type Card, newCard } from './hardware';
import { isKey, vm } from './keys';
import { isImage, text } from './machine-item';
import { refuseManaged } from './managed';
import { withOpaque } from './opaque';
import type { Entry, Operations, Stages } from './operations';
import { networkOnHost } from './plugs';
import type { Scans } from './scans';
import type { Typed } from './types';
import { goneFrom } from './vm-storage';

const WANTED = { VirtualMachine: CARD_PATHS };

type Adding = { machine: string; network: string; state: string; tag: string; token: string; macAddress?: string };
type Editing = { key: string; network?: string; state?: string; macAddress?: string };

/** Network cards of machines as MachineNetworkInterfaces. */
export class VsphereInterfaces implements Interfaces {
  readonly changes = { network: 'sets', state: 'sets', macAddress: 'sets' } as const;
  readonly #create: Entry<Adding, Created>;
  readonly #update: Entry<Editing, void>;
  readonly #delete: Entry<{ key: string }, void>;

  constructor(
    private readonly wire: Wire,
    operations: Operations,
    private readonly scans: Scans,
  ) {
    this.#create = operations.define('interfaces.create', (request, stages) => this.#adding(request, stages));
    this.#update = operations.define('interfaces.update', (to, stages) => this.#editing(to, stages));
    this.#delete = operations.define('interfaces.delete', ({ key }, stages) => this.#removing(key, stages));
  }

  async *list(context: CallContext): Pages {
    for await (const page of everything(this.wire, WANTED, context)) yield await this.#items(page, context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const machines = new Set(keys.flatMap((key) => partsOf(key)?.machine ?? []));
    const known =
      machines.size === 0 ? { seen: [], gone: new Map<string, Gone>() } : await told(this.wire, [...machines].map(vm), WANTED, context);
    const items = await this.#items(known.seen, context);
    return answers(keys, items, (key) => goneFrom(known, partsOf(key)?.machine, { type: 'network card', key }));
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const read = async (patient: CallContext): Promise<Item[]> => {
      const found: Item[] = [];
      for await (const page of this.list(patient)) found.push(...page.filter((item) => item.tag === marks.tag));
      return found;
    };
    return this.scans.read(`interfaces ${marks.tag}`, read, context);
  }

  async #items(page: readonly Seen[], context: CallContext): Promise<Item[]> {
    const whole = await withOpaque(this.wire, page, context);
    return whole.flatMap((seen) => cardsOf(seen).map((plugged) => interfaceItem(seen, plugged)));
  }

  /**
   * Adds a card that carries the marks. The fence is the version of the machine's configuration that was seen without
   * them: of two such creates, vCenter refuses one.
   */
  async create(request: CreateInterface, context: CallContext): Promise<Outcome<Created>> {
    const { machine, network, mtu, networkPort, state = 'ACTIVE', macAddress, tag, token } = request;
    refuseOthers({ mtu, networkPort });
    isOn(state);
    const args = { machine, network, state, tag, token };
    return this.#create(macAddress === undefined ? args : { ...args, macAddress: manual(macAddress).macAddress ?? '' }, context);
  }

  async #adding({ machine, network, state, tag, token, macAddress }: Adding, stages: Stages): Promise<Created> {
    const on = isOn(state);
    const given: Partial<Card> = {
      connectable: { startConnected: on, allowGuestControl: true, connected: on },
      externalId: externalIdOf(machine, { tag, token }),
      ...(macAddress === undefined ? {} : manual(macAddress)),
    };
    const own = (seen: Seen) => cardsOf(seen).find((plugged) => marksOf(plugged).tag === tag);
    const add = async (seen: Seen) =>
      own(seen) ? undefined : newCard(await networkOnHost(this.wire, seen, network, stages.context), -1, given);
    await stages.earlier(vm(machine), 'ReconfigVM_Task');
    await this.#change(machine, add, stages);
    const made = own(await this.#machine(machine, stages.context));
    if (!made) throw new ProviderError('unavailable', 'ReconfigVM_Task ended and the interface does not show', { maybeDone: true });
    return { key: made.key };
  }

  /** Network and state change as the machine runs, the MAC address of a stopped machine only. */
  async update(key: string, to: InterfaceChange, context: CallContext): Promise<Outcome> {
    refuseOthers(to);
    const { network, state } = to;
    const macAddress = to.macAddress ?? undefined;
    if (state !== undefined) isOn(state);
    return this.#update({ key, ...(JSON.parse(JSON.stringify({ network, state, macAddress })) as Omit<Editing, 'key'>) }, context);
  }

  async #editing({ key, ...to }: Editing, stages: Stages): Promise<void> {
    const on = to.state === undefined ? undefined : isOn(to.state);
    const edit = async (seen: Seen): Promise<Change | undefined> => {
      const plugged = cardsOf(seen).find((each) => each.key === key);
      if (!plugged) throw Gone.shown({ type: 'network card', key }, `vCenter has no ${key}`);
      const { card, network } = plugged;
      const power = text(seen, 'runtime.powerState');
      const sameMac = to.macAddress === undefined || to.macAddress.toLowerCase() === card.macAddress?.toLowerCase();
      if (!sameMac && power !== 'poweredOff')
        throw new ProviderError('conflict', 'macAddress: can be changed only while the machine is stopped', { maybeDone: false });
      const change: Partial<Card> = {
        ...(to.network === undefined || to.network === network
          ? {}
          : { backing: backingOf(await networkOnHost(this.wire, seen, to.network, stages.context)) }),
        ...(on === undefined ? {} : { connectable: connected(card, on, power === 'poweredOn') }),
        ...(sameMac ? {} : manual(to.macAddress ?? '')),
      };
      return Object.keys(change).length === 0 ? undefined : { operation: 'edit', device: { ...card, ...change } };
    };
    await this.#change(machineOf(key), edit, stages);
  }

  /** Deletes an interface; succeeds if it is gone already, alone or with its machine. */
  async delete(key: string, context: CallContext): Promise<Outcome> {
    return partsOf(key) ? this.#delete({ key }, context) : undefined;
  }

  async #removing(key: string, stages: Stages): Promise<void> {
    const machine = machineOf(key);
    const remove = (seen: Seen): Promise<Change | undefined> => {
      const plugged = cardsOf(seen).find((each) => each.key === key);
      return Promise.resolve(plugged && { operation: 'remove', device: plugged.card });
    };
    try {
      await this.#change(machine, remove, stages);
    } catch (error) {
      if (!isGone(error, { type: 'VirtualMachine', key: machine })) throw error;
    }
  }

  async #machine(key: string, context: CallContext): Promise<Seen> {
    if (!isKey(key)) throw Gone.impossible({ type: 'VirtualMachine', key });
    const seen = await present(this.wire, vm(key), [...CARD_PATHS, 'config.changeVersion', 'runtime.host'], context);
    if (isImage(seen)) throw Gone.shown({ type: 'VirtualMachine', key }, `${key} is an image, no machine`);
    if (!Array.isArray(seen.properties.get('config.hardware.device')))
      throw new ProviderError('unavailable', `vCenter does not tell the network cards of ${key}`, { maybeDone: false });
    return seen;
  }

  /**
   * Changes a machine as it was seen, and nothing where there is nothing to change. Where somebody else changed it in
   * between, vCenter leaves it as it is (ConcurrentAccess): it is read anew.
   */
  async #change(machine: string, plan: (seen: Seen) => Promise<Change | undefined>, stages: Stages): Promise<void> {
    const begin = async () => {
      const seen = await this.#machine(machine, stages.context);
      refuseManaged(seen);
      const change = await plan(seen);
      const spec = { changeVersion: text(seen, 'config.changeVersion'), deviceChange: [change ?? {}] };
      return change && this.wire.begin('ReconfigVM_Task', seen.ref, { spec }, stages.context);
    };
    try {
      await stages.task('change', begin);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'ConcurrentAccess') throw error;
      throw stages.again('change', error);
    }
  }
}

type Change = Typed<'VirtualDeviceConfigSpec'>;

const machineOf = (key: string): string => partsOf(key)?.machine ?? '';

/** A card of a machine that is off cannot be connected now; it will be, or not, when that is started. */
function connected({ connectable }: Card, on: boolean, runs: boolean): Card['connectable'] {
  return { ...connectable, startConnected: on, ...(runs ? { connected: on } : {}) };
}

const manual = (macAddress: string): Partial<Card> => {
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(macAddress)) return { addressType: 'manual', macAddress: macAddress.toLowerCase() };
  throw new ProviderError('invalid', `macAddress: '${macAddress}' is not a MAC address: write six hexadecimal bytes with colons`, {
    maybeDone: false,
  });
};

/** A card is connected or not; there is no standing by. */
function isOn(state: string): boolean {
  if (state === 'ACTIVE' || state === 'DISABLED') return state === 'ACTIVE';
  throw refused(`${state}: an interface of this cloud is ACTIVE or DISABLED`);
}

function refuseOthers({ mtu, networkPort }: Partial<Record<'mtu' | 'networkPort', unknown>>): void {
  if (mtu !== undefined) throw refused('mtu: an interface has that of its network’s switch');
  if (networkPort !== undefined) throw refused('networkPort: this cloud shows no ports of networks');
}

const refused = (message: string): ProviderError => new ProviderError('unsupported', message, { maybeDone: false });
