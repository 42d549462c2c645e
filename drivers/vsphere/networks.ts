import type { CallContext, Created, Item, Marks, Naming, Outcome, Pages } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import type { CreateNetwork, Networks } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { answers, everything, present, type Seen, told } from './collector';
import { isKey } from './keys';
import { text } from './machine-item';
import { escapeName, holdsTexts, inventoryName, readSnapshotDescription, snapshotDescription, unescapeName } from './naming';
import { NETWORK_PATHS, networkFixed, networkItem, networkRef } from './network-item';
import type { Entry, Operations, Stages } from './operations';
import { readEach } from './partial';
import { isUplink, refsOf } from './places';
import type { Scans } from './scans';
import type { Ref, Typed } from './types';

/** Ports that a new port group begins with, as vCenter's own client has it; it grows by itself. */
const PORTS = 8;
const MAX_VLAN = 4094;

type Making = { tag: string; token: string };

/** Port groups, standard and distributed, as Networks; the distributed ones can be made, renamed and deleted. */
export class VsphereNetworks implements Networks {
  readonly #create: Entry<Making, Created, CreateNetwork>;
  readonly #rename: Entry<{ key: string }, void, Naming>;
  readonly #delete: Entry<{ key: string }, void>;

  constructor(
    private readonly wire: Wire,
    operations: Operations,
    private readonly scans: Scans,
  ) {
    this.#create = operations.define('networks.create', (made, stages, request) => this.#creating(made, stages, request));
    this.#rename = operations.define('networks.rename', ({ key }, stages, naming) => this.#renaming(key, stages, naming));
    this.#delete = operations.define('networks.delete', ({ key }, stages) => this.#deleting(key, stages));
  }

  async *list(context: CallContext): Pages {
    for await (const page of everything(this.wire, NETWORK_PATHS, context)) yield this.#items(page);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const refs = [...new Set(keys)].filter(isKey).map(networkRef);
    const { seen, gone } =
      refs.length === 0 ? { seen: [], gone: new Map<string, Gone>() } : await told(this.wire, refs, NETWORK_PATHS, context);
    const uplinks = new Set(seen.filter(isUplink).map(({ ref }) => ref.value));
    return answers(keys, this.#items(seen), (key) => {
      const thing = { type: networkRef(key).type, key };
      if (!isKey(key)) return Gone.impossible(thing);
      return uplinks.has(key) ? Gone.shown(thing, `${key} is for a switch's uplinks, no network`) : gone.get(key);
    });
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const { DistributedVirtualPortgroup } = NETWORK_PATHS;
    const read = async (patient: CallContext): Promise<Item[]> => {
      const found: Item[] = [];
      for await (const page of everything(this.wire, { DistributedVirtualPortgroup }, patient))
        found.push(...this.#items(page).filter(({ tag }) => tag === marks.tag));
      return found;
    };
    return this.scans.read(`networks ${marks.tag}`, read, context);
  }

  #items(page: readonly Seen[]): Item[] {
    return page
      .filter((each) => !isUplink(each))
      .flatMap((seen) => readEach(seen, (each) => networkItem(each, this.wire.options.publicNetworks), this.wire, 'Network'));
  }

  holds(naming: Naming): Naming {
    return holdsTexts(naming);
  }

  /** The name is the fence, as a machine's is: vCenter refuses a second one beside the switch. */
  async create(request: CreateNetwork, context: CallContext): Promise<Outcome<Created>> {
    const { tag, token } = request;
    return this.#create({ tag, token }, context, request);
  }

  async #creating(made: Making, stages: Stages, request: CreateNetwork | undefined): Promise<Created> {
    const { context } = stages;
    const begin = async () => {
      if (!request) return undefined;
      const spec = [portGroupSpec(request)];
      const on = await this.#switch(request.extensions?.switch, context);
      return this.wire.begin('AddDVPortgroup_Task', on, { spec }, context);
    };
    let key: string;
    try {
      key = await stages.task('make', begin, { pick: (result) => refsOf([result].flat())[0]?.value ?? '' });
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'DuplicateName') throw error;
      const [first] = (await this.find(made, context)).filter(({ token }) => token === made.token);
      if (!first) throw error;
      return { key: first.key };
    }
    if (key !== '') return { key };
    // vCenter need not tell what the task made.
    const [shown] = await this.find(made, context);
    if (!shown) throw new ProviderError('unavailable', 'AddDVPortgroup_Task ended and the port group does not show', { maybeDone: true });
    return { key: shown.key };
  }

  /** The switch that is named, in the request or else in the options; else the only one. */
  async #switch(asked: unknown, context: CallContext): Promise<Ref> {
    const wanted = typeof asked === 'string' ? asked : this.wire.options.switch;
    const all: Seen[] = [];
    for await (const page of everything(this.wire, { DistributedVirtualSwitch: ['name', 'summary.hostMember'] }, context))
      all.push(...page);
    const nameOf = (seen: Seen) => unescapeName(text(seen, 'name') ?? seen.ref.value);
    const fitting = all.filter((seen) => wanted === undefined || nameOf(seen) === wanted || seen.ref.value === wanted);
    const [one, ...others] = fitting;
    if (all.length === 0)
      throw unsupported('a network is made on a distributed switch, and this vCenter shows none: make a port group at the hosts');
    if (!one || others.length > 0) {
      const what = wanted === undefined ? 'the request does not say which switch' : `which switch is '${wanted}'`;
      const names = (one ? fitting : all).map((seen) => `'${nameOf(seen)}' (${seen.ref.value})`).sort();
      throw invalid(`${what}: candidates are ${names.join(', ')}`);
    }
    if (refsOf(one.properties.get('summary.hostMember')).length === 0)
      throw invalid(`the switch '${nameOf(one)}' has no host: no machine could have a network there`);
    return one.ref;
  }

  /** A network of ours keeps its suffix; another one keeps its name where none is given, since it must have one. */
  rename(key: string, naming: Naming, context: CallContext): Promise<Outcome> {
    return this.#rename({ key }, context, naming);
  }

  async #renaming(key: string, stages: Stages, naming: Naming | undefined): Promise<void> {
    await stages.task('rename', async () => {
      if (!naming) return undefined;
      const seen = await this.#changeable(key, ['config.configVersion'], stages.context);
      const { name, description = '' } = holdsTexts(naming);
      const { tag, token = '' } = readSnapshotDescription(text(seen, 'config.description'));
      const own = name === undefined ? undefined : escapeName(name);
      const spec = {
        configVersion: text(seen, 'config.configVersion'),
        name: tag === undefined ? own : inventoryName(name, tag),
        description: tag === undefined ? description : snapshotDescription(description, { tag, token }),
      };
      return this.wire.begin('ReconfigureDVPortgroup_Task', seen.ref, { spec }, stages.context);
    });
  }

  async delete(key: string, context: CallContext): Promise<Outcome> {
    return isKey(key) ? this.#delete({ key }, context) : undefined;
  }

  /** vCenter refuses one that a machine or a host is plugged into. */
  async #deleting(key: string, stages: Stages): Promise<void> {
    try {
      await stages.task('destroy', async () => {
        const seen = await this.#changeable(key, [], stages.context);
        return this.wire.begin('Destroy_Task', seen.ref, {}, stages.context);
      });
    } catch (error) {
      if (!isGone(error, { type: networkRef(key).type, key })) throw error;
    }
  }

  /** @throws ProviderError `unsupported` for what is not vCenter's to change, Gone for what is not there */
  async #changeable(key: string, paths: readonly string[], context: CallContext): Promise<Seen> {
    const ref = networkRef(key);
    if (!isKey(key)) throw Gone.impossible({ type: ref.type, key });
    const seen = await present(this.wire, ref, [...NETWORK_PATHS[ref.type as keyof typeof NETWORK_PATHS], ...paths], context);
    const fixed = networkFixed(seen);
    if (fixed !== undefined) throw unsupported(fixed);
    if (isUplink(seen)) throw Gone.shown({ type: ref.type, key }, `${key} is for a switch's uplinks, no network`);
    return seen;
  }
}

/**
 * Builds the specification of a port group.
 * @throws ProviderError for what a port group cannot be
 */
function portGroupSpec(request: CreateNetwork): Typed<'DVPortgroupConfigSpec'> {
  const { networkType, mtu, classOfService, forwardingGroup, extensions = {} } = request;
  if (networkType !== 'PRIVATE')
    throw unsupported(`networkType: a new network is PRIVATE, not ${networkType}; the option publicNetworks lists the PUBLIC ones`);
  if (mtu !== undefined) throw unsupported('mtu: a network has that of its switch');
  if (classOfService !== undefined) throw unsupported('classOfService: this cloud has no classes of service for networks');
  if (forwardingGroup !== undefined) throw unsupported('forwardingGroup: this cloud has no routers');
  const { vlan } = extensions;
  if (vlan !== undefined && (typeof vlan !== 'number' || !Number.isInteger(vlan) || vlan < 0 || vlan > MAX_VLAN))
    throw invalid(`vlan: a VLAN ID is a whole number from 0 to ${MAX_VLAN}`);
  const held = holdsTexts(request);
  const vlanId = { $type: 'VmwareDistributedVirtualSwitchVlanIdSpec', inherited: false, vlanId: vlan };
  const tagged: Typed<'VMwareDVSPortSetting'> = { $type: 'VMwareDVSPortSetting', vlan: vlanId };
  return {
    name: inventoryName(held.name, request.tag),
    description: snapshotDescription(held.description, request),
    type: 'earlyBinding',
    numPorts: PORTS,
    autoExpand: true,
    ...(vlan === undefined ? {} : { defaultPortConfig: tagged }),
  };
}

const unsupported = (message: string): ProviderError => new ProviderError('unsupported', message, { maybeDone: false });
const invalid = (message: string): ProviderError => new ProviderError('invalid', message, { maybeDone: false });
