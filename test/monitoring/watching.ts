import { CIMI } from '../../src/model/define';
import { Client, type Json } from '../harness/client';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { waitUntil } from '../harness/wait';
import { listOf, made, pathOf } from '../protocol/scene';

/** A gateway that watches one cloud, and what its event logs tell over HTTP. */
export class Watching {
  private constructor(
    private readonly settings: { driver: string; options: object },
    private gateway: TestGateway,
  ) {}

  /** @param settings driver and options of the cloud, whose key is `it` */
  static async start(settings: { driver: string; options: object }): Promise<Watching> {
    const watching = new Watching(settings, await begun(settings));
    await watching.looked();
    return watching;
  }

  get client(): Client {
    return new Client(this.gateway.base);
  }

  get store(): TestGateway['gateway']['store'] {
    return this.gateway.gateway.store;
  }

  /** Ends the process and starts another over the same data. */
  async restart(): Promise<void> {
    await this.gateway.stop({ keepData: true });
    this.gateway = await begun(this.settings, this.gateway.dataDir);
  }

  stop(): Promise<void> {
    return this.gateway.stop();
  }

  /** Makes the log of a resource. Takes and returns paths: each process has a base URI of its own. */
  async logOf(target: string): Promise<string> {
    const { client } = this;
    const eventLogTemplate = { targetResource: { href: target } };
    const { id } = await made(client, 'eventLogs', { resourceURI: `${CIMI}/EventLogCreate`, eventLogTemplate });
    return pathOf(client, id);
  }

  /** Events of a log, oldest first, by the last word of their type and what they tell. */
  async told(log: string): Promise<string[]> {
    return (await this.events(log)).map(({ type, content }) => {
      const { previous, state, change, code } = content ?? ({} as Json);
      return [String(type).split('/').at(-1), previous, state, change, code].filter((part) => part !== undefined).join(' ');
    });
  }

  async events(log: string): Promise<Json[]> {
    return listOf((await this.client.get(`${log}/events?$orderby=timestamp`)).json, 'events');
  }

  /** Waits until the watcher has looked and kept what it saw. */
  private async looked(): Promise<void> {
    await waitUntil(async () => (await this.store.taskMemories(['watch it'])).get('watch it') != null);
  }
}

function begun(settings: { driver: string; options: object }, dataDir?: string): Promise<TestGateway> {
  const clouds = { it: { ...settings, guard: { cacheMs: 0, retries: 0 } } };
  const config = { monitoring: { watchMs: 200 }, worker: { sweepMs: 100 }, clouds };
  return startTestGateway({ config, ...(dataDir === undefined ? {} : { dataDir }) });
}
