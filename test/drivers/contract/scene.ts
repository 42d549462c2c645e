import type { Driver, Item } from '../../../src/clouds/driver';
import type { Bench, Counterpart } from '../counterpart';
import type { Need } from './needs';
import { context, dropMachine, type Ended, makeMachine, marks, read, toTheEnd, until } from '../counterpart';

/** Groups whose things the suite makes by `create`. */
export const MAKERS = [
  'volumes',
  'volumeImages',
  'networks',
  'networkPorts',
  'addresses',
  'forwardingGroups',
  'disks',
  'attachments',
  'interfaces',
] as const;
export type Maker = (typeof MAKERS)[number];

/** Needs of `Scene.machine`, and of `Scene.make` of a group. */
export const MACHINE: readonly Need[] = ['machines.create', 'machines.delete'];
export const making = (group: Maker): readonly Need[] => [`${group}.create`, `${group}.delete`];

type Group<G extends Maker> = NonNullable<Driver[G]>;
type Create<G extends Maker> = NonNullable<Group<G>['create']>;
/** Request of a create without its marks. */
export type Given<G extends Maker> = Omit<Parameters<Create<G>>[0], 'token' | 'tag'>;

/** A method of a group; a test that calls it names it among its needs. */
export function method<G extends Maker, M extends keyof Group<G> & string>(
  driver: Driver,
  group: G,
  name: M,
): Ended<NonNullable<Group<G>[M]>> {
  const owner: object | undefined = driver[group];
  const found: unknown = owner && Reflect.get(owner, name);
  if (!owner || !found) throw new Error(`${group}.${name} is not offered: name it among the needs of this test`);
  return toTheEnd(driver, owner, found as Group<G>[M]);
}

export interface Made {
  key: string;
  token: string;
  tag: string;
  item: Item;
}

/** Scene of a test: what it makes is taken away again in reverse order. */
export class Scene {
  private readonly made: (() => Promise<void>)[] = [];

  constructor(readonly counterpart: Counterpart) {}

  get driver(): Driver {
    return this.counterpart.driver;
  }

  /** Does something at the end. */
  after(undo: () => Promise<void>): void {
    this.made.push(undo);
  }

  async machine(): Promise<string> {
    const { key } = await makeMachine(this.counterpart);
    this.made.push(() => dropMachine(this.counterpart, key));
    return key;
  }

  /** Makes one and waits until it shows, in a state that is not transitional. */
  async make<G extends Maker>(group: G, given: Given<G>): Promise<Made> {
    const own = marks(group);
    const create = method(this.driver, group, 'create') as unknown as (request: object, at: object) => Promise<{ key: string }>;
    const { key } = await create({ ...given, ...own }, context());
    this.made.push(() => this.drop(group, key));
    const item = await this.until(group, key, (seen) => seen !== undefined && seen.values['state'] !== 'CREATING');
    if (!item) throw new Error(`${group} ${key} is gone`);
    return { key, ...own, item };
  }

  async drop(group: Maker, key: string): Promise<void> {
    await this.delete(group, key);
    await this.until(group, key, (item) => item === undefined);
  }

  delete(group: Maker, key: string): Promise<void> {
    return (method(this.driver, group, 'delete') as (key: string, at: object) => Promise<void>)(key, context());
  }

  until(group: Maker, key: string, done: (item: Item | undefined) => boolean): Promise<Item | undefined> {
    return until(this.driver, group, key, done);
  }

  async values(group: Maker, key: string): Promise<Item['values']> {
    const item = await read(this.driver, group, key);
    if (!item) throw new Error(`${group} ${key} is gone`);
    return item.values;
  }

  async end(): Promise<void> {
    for (const undo of this.made.splice(0).reverse()) await undo();
  }
}

/** A test with a scene of its own, which is cleared whatever happens. */
export function withScene(bench: Bench, run: (scene: Scene) => Promise<void>) {
  return async (counterpart: Counterpart): Promise<void> => {
    const scene = new Scene(counterpart);
    try {
      await run(scene);
    } finally {
      await scene.end();
    }
  };
}

/** A reference as items have it. */
export const ref = (type: string, key: string) => ({ item: { type, key } });
