import { CIMI } from '../../src/model/define';
import type { Answer, Json, Send } from '../harness/client';
import { schemaFaults } from '../codec/mended-schema';
import { operation, type World } from './world';

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nJ3q8mG2bS0Wc3V2o2xqXo5Xw2m8bM9w1u1m3s0xk test@example.org';

/** A public key as CIMI carries it: byte[] in hexadecimal (5.5.9). */
export const KEY_BYTES = Buffer.from(PUBLIC_KEY).toString('hex');

/** Steps of a user of the gateway, over HTTP; each waits for the Job and fails with its words. */
export class Steps {
  constructor(private readonly world: () => World) {}

  get client() {
    return this.world().client;
  }

  /** URI of the item of a collection with this name. */
  async named(collection: string, items: string, name: string): Promise<Json> {
    const { json } = await this.client.get(`${collection}?$filter=name='${encodeURIComponent(name)}'`);
    const [found] = (json[items] ?? []) as Json[];
    if (!found) throw new Error(`nothing is called ${name} in ${collection}: ${JSON.stringify(json)}`);
    return found;
  }

  /** Configuration and image to use, as references. */
  async parts(): Promise<{ machineConfig: { href: string }; machineImage: { href: string } }> {
    const config = await this.named('machineConfigs', 'machineConfigurations', this.world().config);
    const image = await this.named('machineImages', 'machineImages', this.world().image);
    return { machineConfig: { href: String(config.id) }, machineImage: { href: String(image.id) } };
  }

  /** Sends a change, follows its Job to SUCCESS and answers both. */
  async done(method: string, uri: string, send: Send = {}): Promise<{ answer: Answer; job: Json; location: string }> {
    const answer = await this.client.send(method, uri, send);
    if (answer.status >= 300) throw new Error(`${method} ${uri}: ${answer.status} ${answer.text}`);
    const job = await this.client.ended(answer);
    expect(`${String(job.state)}: ${String(job.statusMessage)}`).toMatch(/^SUCCESS/);
    expect(job).toMatchObject({ returnCode: 0, progress: 100 });
    if (answer.status === 202) expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    return { answer, job, location: answer.headers.get('location') ?? '' };
  }

  /** Creates a machine and answers its representation. */
  async machine(create: object, headers: Record<string, string> = {}): Promise<Json> {
    const json = { resourceURI: `${CIMI}/MachineCreate`, ...create };
    const { location } = await this.done('POST', 'machines', { json, headers });
    return (await this.client.get(location)).json;
  }

  /** Invokes an action by the href of its operation, and answers the machine afterwards. */
  async act(machine: Json, name: string, more: object = {}): Promise<Json> {
    const { json } = await this.client.get(String(machine.id));
    const href = operation(json, name);
    if (href === undefined) throw new Error(`${name} is not offered by ${JSON.stringify(json)}`);
    await this.done('POST', href, { json: { resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/${name}`, ...more } });
    return (await this.client.get(String(machine.id))).json;
  }

  /** Reads as XML; checks it against the published schema where that is at hand. */
  async xml(uri: string): Promise<string> {
    const answer = await this.client.get(uri, { accept: 'application/xml' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/xml/);
    expect(schemaFaults({ [uri]: answer.text })).toEqual({});
    return answer.text;
  }

  /** Deletes, follows the Job, and sees that nothing answers there any more. */
  async remove(resource: Json): Promise<void> {
    const uri = String(resource.id);
    await this.done('DELETE', uri);
    expect((await this.client.get(uri)).status).toBe(404);
  }
}
