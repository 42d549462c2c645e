import { randomUUID } from 'node:crypto';
import { encodeId } from '../../src/clouds/identity';
import type { Moment } from '../../src/jobs/engine-context';
import type { Workflow } from '../../src/jobs/workflow';
import type { Fetcher } from '../../src/fetch/fetcher';
import { standardCatalogue } from '../../src/model/catalogue';
import type { Value, Values } from '../../src/model/values';
import { resourceHandlers } from '../../src/operations/handlers';
import { MOVE_DEFAULTS } from '../../src/operations/image-copy';
import { everyWorkflow } from '../../src/packages/handlers';
import { action, type Answer, type Client, type Json } from '../harness/client';
import { isSilence, type Life } from './life';
import type { Scene } from './scene';
import type { Watch } from './watch';
import type { Order, Place } from './wire';

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6mGQqYkXv0Yx0cXn0rZlq8eA2mS1h3m5aQm0o6rVtY somebody@somewhere';

/** Steps of a workflow, by the gateway's own table. */
function stepsOf(workflow: string): Workflow<Value>['steps'] {
  // Nothing of it is run here: what its steps work with may be missing.
  const fetcher = {} as Fetcher;
  const parts = { fetcher, catalogue: standardCatalogue(), handlers: resourceHandlers(fetcher) };
  const table = everyWorkflow(parts as Parameters<typeof everyWorkflow>[0], MOVE_DEFAULTS, {} as Parameters<typeof everyWorkflow>[2]);
  const found = table.find(({ name }) => name === workflow);
  if (!found) throw new Error(`no workflow ${workflow}`);
  return found.steps;
}

/** Input of the Jobs of `createMachine`, as far as it tells which steps have something to do. */
const INPUTS: Record<string, Values> = { 'machine.create': { credential: {}, calls: [{}] } };

/**
 * Every boundary that a workflow passes when all goes well, in order.
 * @param input of the Job, as far as it tells which steps have something to do
 */
export function placesOf(workflow: string, input: Values = INPUTS[workflow] ?? {}): Place[] {
  const steps = stepsOf(workflow).filter((step) => !step.idle?.({ input, results: {} }));
  const places: Place[] = [{ workflow, step: '', moment: 'leased' }];
  for (const step of steps) {
    const moments: Moment[] = step === steps.at(-1) ? ['before', 'ran', 'ending', 'ended'] : ['before', 'ran', 'recorded'];
    for (const moment of moments) places.push({ workflow, step: step.name, moment });
  }
  return places;
}

/** Every boundary that it passes while all is undone that had begun when step `during` was in progress. */
export function undoPlacesOf(workflow: string, during: string): Place[] {
  const all = stepsOf(workflow);
  const begun = all.slice(0, all.findIndex(({ name }) => name === during) + 1);
  const steps = begun.filter((step) => step.undo);
  const places = steps.toReversed().flatMap(({ name }) => [
    { workflow, step: name, moment: 'undoing' as const },
    { workflow, step: name, moment: 'undone' as const },
  ]);
  const first = steps[0]?.name ?? '';
  return [...places, { workflow, step: first, moment: 'ending' }, { workflow, step: first, moment: 'ended' }];
}

/** Places in groups, each of which one life of a gateway can prove: at each place Jobs of their own stand when it ends. */
export function inGroups(places: readonly Place[], size: number): { name: string; places: Place[] }[] {
  const words = ({ step, moment }: Place) => (step === '' ? moment : `${step}/${moment}`);
  return Array.from({ length: Math.ceil(places.length / size) }, (_, index) => {
    const group = places.slice(index * size, (index + 1) * size);
    return { name: `${group.slice(0, 1).map(words).join()} to ${group.slice(-1).map(words).join()}`, places: group };
  });
}

/** Asks for changes and sends each of their Jobs to its place; once all stand there the gateway ends or stands still. */
export async function sendTo(life: Life, end: 'kill' | 'stand', changes: ReadonlyMap<Place, readonly Change[]>): Promise<void> {
  const all = [...changes].flatMap(([place, those]) => those.map((change) => ({ place, change })));
  await life.order({ do: end, jobs: all.length, workflow: all[0]?.place.workflow ?? '' });
  await Promise.all(all.map(async ({ place, change }) => life.send({ do: 'send', job: await change.job(), to: place })));
}

/** A change that is asked for under one Idempotency-Key, as often as it takes to get an answer. */
export class Change {
  private readonly key = randomUUID();
  private answer: Answer | undefined;

  constructor(
    private readonly scene: Pick<Scene, 'client'>,
    readonly cloud: string,
    private readonly method: 'POST' | 'DELETE',
    private readonly uri: string,
    private readonly body?: object,
    private readonly watch?: Watch,
    private readonly client: Client = scene.client,
  ) {}

  /** Asks once. Nobody may be there to answer. */
  async attempt(): Promise<void> {
    try {
      await this.ask();
    } catch (error) {
      if (!isSilence(error)) throw error;
    }
  }

  /** The answer; asks (again) where there is none yet. */
  async ask(): Promise<Answer> {
    if (this.answer) return this.answer;
    const { client } = this;
    const send = { headers: { 'idempotency-key': this.key }, ...(this.body ? { json: this.body } : {}) };
    const answer = await client.send(this.method, this.uri, send);
    if (answer.status >= 300) throw new Error(`${this.method} ${this.uri}: ${answer.status} ${answer.text}`);
    const location = answer.headers.get('location');
    if (location !== null) this.watch?.made(location.slice(this.scene.client.base.length));
    this.answer = answer;
    return answer;
  }

  /** The Job, ended. */
  async ended(): Promise<Json> {
    return this.scene.client.ended(await this.ask());
  }

  /** Id of the Job. */
  async job(): Promise<string> {
    return ((await this.ask()).headers.get('cimi-job-uri') ?? '').split('/').slice(-1).join();
  }

  /** Path of what it creates. */
  async path(): Promise<string> {
    return ((await this.ask()).headers.get('location') ?? '').slice(this.scene.client.base.length);
  }
}

/**
 * Asks for changes of which each is killed at one boundary of its Job after the other: a gateway dies once all of them have come to
 * their next, and the one after it goes on.
 * @param places those of each change, in order
 */
export async function killedInTurn(scene: Scene, changes: readonly Change[], places: readonly (readonly Place[])[]): Promise<void> {
  const lives = Math.max(...places.map(({ length }) => length));
  const orders = Array.from({ length: lives }, (_, turn): Order => {
    const [first, ...also] = places.flatMap((all) => all[turn] ?? []);
    if (!first) throw new Error(`no place in turn ${turn}`);
    return { do: 'kill', jobs: 1 + also.length, ...first, also };
  });
  const [first, ...others] = orders;
  if (first) await scene.life.order(first);
  await Promise.all(changes.map((change) => change.attempt()));
  for (const order of [...others, undefined]) await scene.revived(order);
}

/** The Jobs of changes, ended. All are asked for at once, and looked at one after the other: many who look would be most of the work. */
export async function allEnded(changes: readonly Change[]): Promise<Json[]> {
  await Promise.all(changes.map((change) => change.ask()));
  const jobs: Json[] = [];
  for (const change of changes) jobs.push(await change.ended());
  return jobs;
}

/** Asks for a machine with a credential of its own, to end up STOPPED. */
export function createMachine(scene: Scene, cloud: string, via?: Client, name = `of ${cloud}`): Change {
  const body = {
    resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineCreate',
    name,
    machineTemplate: {
      machineConfig: { href: `machineConfigs/${encodeId(cloud, 's1.small')}` },
      machineImage: { href: `machineImages/${encodeId(cloud, 'img-debian-12')}` },
      credential: { key: Buffer.from(PUBLIC_KEY).toString('hex') },
      initialState: 'STOPPED',
    },
  };
  return new Change(scene, cloud, 'POST', 'machines', body, scene.machines, via);
}

export function snapshotMachine(scene: Scene, cloud: string, machine: string, via?: Client): Change {
  const body = { resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineImageCreate', imageLocation: { href: machine } };
  return new Change(scene, cloud, 'POST', 'machineImages', body, scene.images, via);
}

/** Asks for an action of a machine. */
export function act(scene: Scene, cloud: string, machine: string, name: string): Change {
  return new Change(scene, cloud, 'POST', machine, { resourceURI: 'http://schemas.dmtf.org/cimi/1/Action', action: action(name) });
}

export function remove(scene: Scene, cloud: string, path: string, via?: Client): Change {
  scene.machines.leaving(path);
  scene.images.leaving(path);
  return new Change(scene, cloud, 'DELETE', path, undefined, undefined, via);
}

/** Deletes all of these and waits for it. */
export async function removeAll(scene: Scene, made: readonly { cloud: string; path: string }[]): Promise<void> {
  const changes = made.map(({ cloud, path }) => remove(scene, cloud, path));
  for (const job of await allEnded(changes)) expect(job).toMatchObject({ state: 'SUCCESS' });
  for (const { path } of made) {
    scene.machines.left(path);
    scene.images.left(path);
  }
}
