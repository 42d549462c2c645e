import { join } from 'node:path';
import { openControl, type SimulatorControl } from '../../drivers/simulator/control';
import { CIMI } from '../../src/model/define';
import { Client, type Answer, type Json } from '../harness/client';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../harness/gateway';

/** A gateway in front of simulated clouds, a client of it, and the clouds' control rooms. */
export interface Scene {
  gateway: TestGateway;
  client: Client;
  control: SimulatorControl;
  /** Control room of another cloud by its key. */
  controlOf(cloud: string): SimulatorControl;
  close(): Promise<void>;
}

export async function openScene(options: TestGatewayOptions = {}): Promise<Scene> {
  const gateway = await startTestGateway(options);
  const controls = new Map<string, SimulatorControl>();
  const controlOf = (cloud: string): SimulatorControl => {
    const known = controls.get(cloud) ?? openControl(join(gateway.dataDir, 'clouds', cloud, 'simulator.sqlite'));
    controls.set(cloud, known);
    return known;
  };
  return {
    gateway,
    client: new Client(gateway.base),
    get control() {
      return controlOf('sim');
    },
    controlOf,
    async close() {
      for (const control of controls.values()) control.close();
      await gateway.stop();
    },
  };
}

export const IMAGE = 'machineImages/sim.img-debian-12';
export const NANO = 'machineConfigs/sim.s1_2enano';
export const SMALL = 'machineConfigs/sim.s1_2esmall';
export const ACTION_URI = `${CIMI}/action/`;
/** A public key as CIMI carries it: byte[] in hexadecimal (5.5.9). */
export const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nJ3q8mG2bS0Wc3V2o2xqXo5Xw2m8bM9w1u1m3s0xk test@example.org';
export const KEY_BYTES = Buffer.from(PUBLIC_KEY).toString('hex');

/** Body that creates a machine from a template by value. */
export function machineCreate(more: object = {}, template: object = {}): object {
  return {
    resourceURI: `${CIMI}/MachineCreate`,
    ...more,
    machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE }, ...template },
  };
}

/** Sends a create and follows it to SUCCESS. @returns the resource. */
export async function made(client: Client, collection: string, body: object): Promise<Json> {
  const answer = await client.post(collection, body);
  await succeeded(client, answer);
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`no Location: ${answer.text}`);
  return (await client.get(location)).json;
}

/** The Job of an answer, which must end well. */
export async function succeeded(client: Client, answer: Answer): Promise<Json> {
  if (answer.status >= 400) throw new Error(`${answer.status}: ${answer.text}`);
  const job = await client.ended(answer);
  if (String(job.state) !== 'SUCCESS') throw new Error(`the job failed: ${JSON.stringify(job)}`);
  return job;
}

/**
 * Looks at what a failed create has left: nothing where its answer said so already; where that had been 202, a resource
 * in ERROR, which is then deleted.
 * @param offers what may be done with it: what was to come of an import can be edited, too
 * @returns the resource as it was
 */
export async function leftByFailed(client: Client, answer: Answer, offers = ['delete']): Promise<Json | undefined> {
  const location = answer.headers.get('location');
  if (answer.status >= 400) {
    expect(location).toBeNull();
    return undefined;
  }
  const { json } = await client.get(String(location));
  expect([json.state, rels(json)]).toEqual(['ERROR', offers]);
  await succeeded(client, await client.delete(String(json.id)));
  expect((await client.get(String(json.id))).status).toBe(404);
  return json;
}

/** Path below the base of an absolute URI. */
export function pathOf(client: Client, uri: unknown): string {
  return String(uri).replace(client.base, '');
}

/** Rels of the operations shown, without the prefix of the standard's actions. */
export function rels(resource: Json): string[] {
  return ((resource.operations ?? []) as Json[]).map(({ rel }) => String(rel).replace(ACTION_URI, ''));
}

/** URI of the Job that was in the way of a refused request. */
export function blockingJob({ headers }: Answer): string | undefined {
  return /^<([^>]*)>; rel="http:\/\/cimi-gateway\.org\/rel\/blocking-job"$/.exec(headers.get('link') ?? '')?.[1];
}

/** Expects what a refusal says, wherever it comes from: the status, a FAILED Job as the body. */
export function expectFault(answer: Answer, status: number, words: RegExp | string): void {
  expect([answer.status, answer.json.state ?? answer.text]).toEqual([status, 'FAILED']);
  expect(answer.json.resourceURI).toBe(`${CIMI}/Job`);
  expect(answer.json.progress).toBe(100);
  expect(Number(answer.json.returnCode)).toBeGreaterThanOrEqual(10_000);
  expect(String(answer.json.statusMessage)).toMatch(words);
}

/** The items of a collection, or any other list. */
export function listOf(json: Json, name: string): Json[] {
  const list: unknown = json[name];
  return Array.isArray(list) ? (list as Json[]) : [];
}
