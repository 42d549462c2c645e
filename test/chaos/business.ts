import { randomUUID } from 'node:crypto';
import { decodeId } from '../../src/clouds/identity';
import { CIMI } from '../../src/model/define';
import { isSilence } from '../crash/life';
import type { Watch } from '../crash/watch';
import type { Answer, Client, Json } from '../harness/client';
import { action } from '../harness/client';
import { elapse, eventually } from '../harness/wait';
import { PUBLIC_KEY } from '../protocol/scene';
import type { Random } from './random';
import type { ChaosCloud, MachineState } from './clouds';
import type { World } from './world';

/** Business of one client on one cloud: one change after the other, each followed to its end, whoever dies meanwhile. */

/** Things that must be there by what the gateways said, by cloud. */
export interface Expected {
  /** State of each machine, by path. */
  machines: Map<string, { cloud: string; state: MachineState }>;
  images: Map<string, { cloud: string }>;
  volumes: Map<string, { cloud: string }>;
  /** Changes that ended well, for the report. */
  changes: number;
  /** Answers that asked to come again, by status. */
  refusals: Record<number, number>;
}

/** Statuses that ask a client to come again. */
const LATER = new Set([429, 503, 507]);
const pathOf = (uri: unknown): string => String(uri).replace(/^https?:\/\/[^/]+\/cimi\//, '');
const bytes = (text: string): string => Buffer.from(text).toString('hex');

export class Business {
  private found: { machineConfig: { href: string }; machineImage: { href: string } } | undefined;

  constructor(
    private readonly world: World,
    private readonly at: ChaosCloud,
    private readonly random: Random,
    private readonly watch: Watch,
    private readonly expected: Expected,
  ) {}

  private get cloud(): string {
    return this.at.key;
  }

  /** Goes on until it is told to end. @throws Error where something was answered that may not be */
  async goOn(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const kind = this.random.pick([
        [7, 'machine'],
        [3, 'volume'],
      ] as const);
      if (kind === 'machine') await this.machine();
      else await this.volume();
    }
  }

  private async machine(): Promise<void> {
    const { cloud, expected, random } = this;
    const machineTemplate = {
      ...(await this.parts()),
      ...(random.next() < 0.5 && { credential: { key: bytes(PUBLIC_KEY) } }),
      initialState: random.next() < 0.5 ? 'STOPPED' : 'STARTED',
    };
    const path = await this.create('machines', { resourceURI: `${CIMI}/MachineCreate`, name: `of ${cloud}`, machineTemplate });
    let state = machineTemplate.initialState as MachineState;
    const now = async (): Promise<void> => {
      expected.machines.set(path, { cloud, state });
      await this.shown(path, state);
    };
    await now();
    for (let doings = Math.floor(random.next() * 4); doings > 0; doings--) {
      const name = random.pick([
        [4, state === 'STOPPED' ? 'start' : 'stop'],
        [this.at.snapshotsGo ? 0 : 2, 'snapshot'],
      ] as const);
      if (name === 'snapshot') {
        const image = await this.create('machineImages', { resourceURI: `${CIMI}/MachineImageCreate`, imageLocation: { href: path } });
        expected.images.set(image, { cloud });
        continue;
      }
      await this.change('POST', path, { resourceURI: `${CIMI}/Action`, action: action(name) });
      state = name === 'start' ? 'STARTED' : 'STOPPED';
      await now();
    }
    if (random.next() < 0.75) {
      expected.machines.delete(path);
      this.watch.leaving(path);
      await this.change('DELETE', path);
      this.watch.left(path);
    }
  }

  /** Makes sure that no gateway shows what was before a SUCCESS. @throws Error where one does */
  private async shown(path: string, state: MachineState): Promise<void> {
    const { status, json } = await this.ask((client) => client.get(path));
    if (status === 200 && json.state !== state) throw new Error(`${path} was shown ${String(json.state)} after it was ${state}`);
  }

  /** Size and image of its machines, found by their names. */
  private async parts(): Promise<{ machineConfig: { href: string }; machineImage: { href: string } }> {
    this.found ??= {
      machineConfig: { href: await this.named('machineConfigs', 'machineConfigurations', this.at.machineConfig) },
      machineImage: { href: await this.named('machineImages', 'machineImages', this.at.machineImage) },
    };
    return this.found;
  }

  private async named(collection: string, attribute: string, name: string): Promise<string> {
    // A cloud that is away has nothing in the list just now.
    return eventually(async () => {
      const { json } = await this.ask((client) => client.get(collection));
      const all = (json[attribute] ?? []) as unknown as Json[];
      const paths = all.filter((one) => String(one.name) === name).map(({ id }) => pathOf(id));
      return paths.find((path) => decodeId(path.split('/')[1] ?? '')?.cloudKey === this.cloud);
    });
  }

  private async volume(): Promise<void> {
    const { cloud, expected, random } = this;
    const path = await this.create('volumes', {
      resourceURI: `${CIMI}/VolumeCreate`,
      name: `of ${cloud}`,
      cloud,
      volumeTemplate: { volumeConfig: { capacity: 1_000_000 } },
    });
    expected.volumes.set(path, { cloud });
    if (random.next() < 0.75) {
      expected.volumes.delete(path);
      await this.change('DELETE', path);
    }
  }

  private async create(collection: string, body: object): Promise<string> {
    const { answer } = await this.change('POST', collection, body, (made) => {
      if (collection === 'machines') this.watch.made(pathOf(made.headers.get('location')));
    });
    return pathOf(answer.headers.get('location'));
  }

  /** Asks for a change under one key until somebody answers, and follows its Job to SUCCESS. */
  private async change(
    method: 'POST' | 'DELETE',
    path: string,
    json?: object,
    accepted: (answer: Answer) => void = () => undefined,
  ): Promise<{ answer: Answer; job: Json }> {
    const headers = { 'idempotency-key': randomUUID() };
    const answer = await this.ask((client) => client.send(method, path, { headers, ...(json && { json }) }));
    if (answer.status >= 300) throw new Error(`${method} ${path} on ${this.cloud}: ${answer.status} ${answer.text.slice(0, 400)}`);
    accepted(answer);
    const uri = pathOf(answer.headers.get('cimi-job-uri'));
    for (;;) {
      const { status, json: job } = await this.ask((client) => client.get(uri));
      if (status !== 200) throw new Error(`the Job ${uri} of ${method} ${path} is lost: ${status}`);
      const state = String(job.state);
      if (state === 'SUCCESS') {
        this.expected.changes += 1;
        return { answer, job };
      }
      if (state === 'FAILED' || state === 'STOPPED')
        throw new Error(`${method} ${path} on ${this.cloud} ended ${state}: ${String(job.statusMessage)} (${uri})`);
      await elapse(50);
    }
  }

  /** Counts a refusal. @throws Error where it does not tell when to come again, and why */
  private refused({ status, headers, text }: Answer): void {
    const { refusals } = this.expected;
    refusals[status] = (refusals[status] ?? 0) + 1;
    if (headers.get('retry-after') === null || text === '') throw new Error(`${status} says too little: ${text.slice(0, 400)}`);
  }

  /** Asks one gateway or another until one answers. */
  private async ask(send: (client: Client) => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        const answer = await send(this.random.of(this.world.clients));
        if (!LATER.has(answer.status)) return answer;
        this.refused(answer);
      } catch (error) {
        if (!isSilence(error)) throw error;
      }
      await elapse(100);
    }
  }
}
