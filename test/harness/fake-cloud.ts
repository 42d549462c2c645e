import { z } from 'zod';
import type { Driver, DriverModule, Item, ListedGroup, Marks, Naming } from '../../src/clouds/driver';
import { GROUPS } from '../../src/clouds/driver';
import { Gone, HandleForgotten } from '../../src/clouds/errors';
import type { ProviderEvent } from '../../src/clouds/monitoring';
import { driverRegistry, type DriverRegistry } from '../../src/clouds/registry';
import type { Values } from '../../src/model/values';

/** Call of the driver, as it comes in. */
export interface FakeCall {
  name: string;
  args: readonly unknown[];
}

/** State of what has just been made, and the driver methods, of each group that the fake has. */
const KINDS: Partial<Record<ListedGroup, { state?: string; writes: readonly string[] }>> = {
  machines: { state: 'STARTED', writes: ['create', 'start', 'stop', 'rename', 'delete'] },
  machineConfigs: { writes: [] },
  machineImages: { state: 'AVAILABLE', writes: ['capture', 'upload', 'rename', 'delete'] },
  attachments: { writes: ['create', 'delete'] },
  disks: { writes: ['create', 'delete'] },
  volumes: { state: 'AVAILABLE', writes: ['create', 'rename', 'delete'] },
  volumeImages: { state: 'AVAILABLE', writes: ['create', 'rename', 'delete'] },
  networks: { state: 'STARTED', writes: ['create', 'rename', 'delete'] },
};
const STATES: Readonly<Record<string, string>> = { start: 'STARTED', stop: 'STOPPED' };

export interface FakeOptions {
  settleMs?: number;
  /** Methods that it does not have (`networks.rename`). */
  without?: readonly string[];
  /** Events of a thing are told with that thing only, all of them each time. */
  eventsOfOne?: boolean;
  /** Groups of which it knows no creation dates. */
  dateless?: readonly ListedGroup[];
}

/** A provider in memory, whose every answer a test may change, keep or break (`around`). */
export class FakeCloud {
  readonly things = new Map<ListedGroup, Map<string, Item>>();
  readonly keyPairs = new Set<string>();
  /** Events that it tells by itself, oldest first: each once, but for what is told again. */
  readonly happened: ProviderEvent[] = [];
  readonly calls: string[] = [];
  /** Stands around every call; `go` carries it out. */
  around: (call: FakeCall, go: () => unknown) => unknown = (_call, go) => go();
  private count = 0;

  constructor(private readonly options: FakeOptions = {}) {
    for (const group of Object.keys(KINDS) as ListedGroup[]) this.things.set(group, new Map());
    this.put('machineConfigs', { key: 'small', values: { name: 'small', cpu: 1, memory: 1_048_576 } });
    this.put('machineImages', { key: 'debian', values: { name: 'debian', state: 'AVAILABLE', type: 'IMAGE' }, public: true });
  }

  put(group: ListedGroup, item: Item): Item {
    this.of(group).set(item.key, item);
    return item;
  }

  of(group: ListedGroup): Map<string, Item> {
    const things = this.things.get(group);
    if (!things) throw new Error(`the fake has no ${group}`);
    return things;
  }

  /** The one thing of a group that was made through the gateway. */
  only(group: ListedGroup): Item {
    const [item, more] = [...this.of(group).values()].filter(({ tag }) => tag !== undefined);
    if (!item || more) throw new Error(`not one of ${group}: ${[...this.of(group).keys()].join()}`);
    return item;
  }

  /** Registry for `startTestGateway`: a cloud whose `driver` is `fake`. */
  registry(more: Readonly<Record<string, FakeCloud>> = {}): DriverRegistry {
    const all: Readonly<Record<string, FakeCloud>> = { fake: this, ...more };
    return driverRegistry(
      Object.fromEntries(Object.entries(all).map(([name, cloud]) => [name, () => Promise.resolve(cloud.module(name))])),
    );
  }

  driver(): Driver {
    const groups = [...this.things.keys()].map((group) => [group, this.group(group)] as const);
    const switched = { DefaultInitialState: 'STARTED', InitialStates: ['STARTED', 'STOPPED'] };
    return {
      capabilities: {
        settleMs: this.options.settleMs ?? 0,
        types: {
          Machine: { capabilities: { ...switched, MachineConfigByValue: true, UserData: 'metadata' }, attributes: ['cpu'] },
          MachineTemplate: {
            attributes: ['initialState', 'machineConfig', 'machineImage', 'credential', 'userData', 'volumes', 'volumeTemplates'],
          },
          Volume: { capabilities: { VolumeSnapshot: true }, attributes: [] },
          Network: { capabilities: switched, attributes: ['mtu'] },
        },
      },
      ...(Object.fromEntries(groups) as Partial<Driver>),
      credentials: {
        keyOf: (tag) => `pair of ${tag}`,
        import: ({ tag }) =>
          this.asked('credentials.import', [tag], () => {
            this.keyPairs.add(`pair of ${tag}`);
            return { key: `pair of ${tag}` };
          }),
        delete: (key) => this.asked('credentials.delete', [key], () => void this.keyPairs.delete(key)),
      },
      events: {
        since: (cursor) =>
          this.asked('events.since', [cursor], () => {
            const from = typeof cursor === 'number' ? cursor : 0;
            const told = this.happened.slice(from).filter(({ key }) => !this.options.eventsOfOne || key === undefined);
            return { events: told, cursor: this.happened.length };
          }),
        ...(this.options.eventsOfOne === true && {
          of: ({ type, key }) =>
            this.asked('events.of', [type, key], () => this.happened.filter((one) => one.type === type && one.key === key)),
        }),
      },
      poll: (handle) =>
        this.asked('poll', [handle], () => {
          throw new HandleForgotten('nothing is under way');
        }) as Promise<undefined>,
      check: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
  }

  private module(name: string): DriverModule {
    return { name, options: z.strictObject({}), connect: () => Promise.resolve(this.driver()) };
  }

  private async asked<T>(name: string, args: readonly unknown[], go: () => T): Promise<T> {
    this.calls.push(name);
    return (await this.around({ name, args }, go)) as T;
  }

  private group(group: ListedGroup): object {
    const list = (): Item[] => [...this.of(group).values()].filter((item) => !item.gone);
    const cloud = this as FakeCloud;
    const absent = (key: string) => Gone.shown({ type: GROUPS[group], key }, `no ${GROUPS[group]} ${key}`);
    const reads = {
      async *list() {
        yield await cloud.asked(`${group}.list`, [], list);
      },
      getMany: (keys: readonly string[]) =>
        cloud.asked(`${group}.getMany`, [keys], () => keys.map((key) => cloud.of(group).get(key) ?? absent(key))),
      find: (marks: Marks) => cloud.asked(`${group}.find`, [marks], () => list().filter(({ tag }) => tag === marks.tag)),
    };
    const names = (KINDS[group]?.writes ?? []).filter((name) => this.options.without?.includes(`${group}.${name}`) !== true);
    const writes = names.map((name) => [
      name,
      (...args: unknown[]) => cloud.asked(`${group}.${name}`, args.slice(0, -1), () => cloud.written(group, name, args)),
    ]);
    const holds = names.includes('rename') ? { holds: (naming: Naming) => naming } : {};
    return { ...reads, ...holds, ...(Object.fromEntries(writes) as object) };
  }

  private written(group: ListedGroup, name: string, args: readonly unknown[]): unknown {
    if (['create', 'capture', 'upload'].includes(name)) return { key: this.made(group, args[0] as Values & Marks & Naming).key };
    const key = String(args[0]);
    if (name === 'delete') return void this.of(group).delete(key);
    const item = this.of(group).get(key);
    if (!item) throw Gone.shown({ type: GROUPS[group], key }, `no ${GROUPS[group]} ${key}`);
    const state = STATES[name];
    const change = name === 'rename' ? (args[1] as Values) : { state };
    this.put(group, { ...item, values: { ...item.values, ...change } });
    return undefined;
  }

  private made(group: ListedGroup, request: Values & Marks & Naming): Item {
    const { tag, token, name, description, properties, machine, volume, capacity, type } = request;
    const { state } = KINDS[group] ?? {};
    const shape: Values = { name, description, properties: properties as Values['x'], capacity, type, state };
    if (group === 'attachments' && typeof volume === 'string') shape.volume = { item: { type: 'Volume', key: volume } };
    const values = Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined));
    const owner = (group === 'attachments' || group === 'disks') && typeof machine === 'string' ? { owner: machine } : {};
    const dated = this.options.dateless?.includes(group) === true ? {} : { created: new Date().toISOString() };
    return this.put(group, { key: `${group}-${++this.count}`, values, tag, token, ...owner, ...dated });
  }
}
