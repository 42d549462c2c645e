import type { Random } from '../chaos/random';
import type { World } from '../chaos/world';
import type { Answer, Client, Json } from '../harness/client';
import { listOf } from '../protocol/scene';

/** A user of every world of a soak. */
export const USER = 'ann';
export const PASSWORD = 'correct horse';

/** Act of a client, to its end: what it made it has removed. */
export type Act = (scene: Scene) => Promise<void>;

/** Surroundings of acts: somebody to ask, and names that nobody has used. */
export class Scene {
  private names = 0;

  private constructor(
    readonly world: World,
    readonly random: Random,
    private readonly token: string,
  ) {}

  /** Makes the user and a token. */
  static async open(world: World, random: Random): Promise<Scene> {
    const added = await world.command(['user', 'add', USER, '--role', 'admin'], `${PASSWORD}\n`);
    const { stdout, code, stderr } = await world.command(['token', 'add', USER]);
    if (added.code !== 0 || code !== 0) throw new Error(`no user could be made: ${added.stderr}${stderr}`);
    return new Scene(world, random, stdout.trim());
  }

  /** Client of any of the gateways, with nothing to log in by. */
  stranger(): Client {
    return this.random.of(this.world.clients);
  }

  /** Client of any of the gateways, logged in. */
  client(): Client {
    return this.stranger().as(this.login);
  }

  get login(): { authorization: string } {
    return { authorization: `Bearer ${this.token}` };
  }

  /** A name that was never used. */
  fresh(): string {
    return `soak-${(this.names += 1)}-${Math.floor(this.random.next() * 2 ** 32).toString(36)}`;
  }

  /** Path of the events of everything that the user may see. */
  async events(client: Client): Promise<string> {
    const { json } = await client.get('eventLogs');
    const log = listOf(json, 'eventLogs').find((one) => hrefOf(one.targetResource).endsWith('/cloudEntryPoint'));
    return hrefOf(log?.events);
  }
}

export const hrefOf = (value: unknown): string => String((value as { href?: unknown } | undefined)?.href);

/** Expects one of these statuses. @throws Error with the answer, where it has another */
export function expectStatus(answer: Answer, ...statuses: readonly number[]): Json {
  if (!statuses.includes(answer.status))
    throw new Error(`answered with ${answer.status}, expected was ${statuses.join(' or ')}: ${answer.text.slice(0, 400)}`);
  return answer.json;
}
