import { readFile, writeFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../src/config/load';
import { gatewayCatalogue } from '../../src/model/catalogue';
import { ACTION } from '../../src/model/define';
import type { CimiRequest, Principal } from '../../src/protocol/messages';
import type { Rule } from '../../src/rights/rule';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { Walk, type Visit } from './operations-walk';
import { populate } from './population';
import { made, openScene, pathOf, succeeded, type Scene } from './scene';

/** Two clouds with one of everything in the first, and users from whom declared rules take something. */

export const catalogue = gatewayCatalogue();
export const collections = [...catalogue.entryPoints().keys()];
/** Collections that are there for whoever may see anything. */
export const FOLLOWING = ['clouds', 'resourceMetadata', 'jobs'];

const rule = (name: string, more: Partial<Rule>): Rule => ({ name, effect: 'allow', users: [name], ...more });
/** Rules, each for a user of its name. */
const RULES: readonly Rule[] = [
  rule('only-sim', { clouds: ['sim'] }),
  rule('not-far', { effect: 'deny', clouds: ['far'] }),
  rule('restarts-sees', { users: ['restarts'], actions: ['read'] }),
  rule('restarts', { collections: ['machines'], actions: ['restart', 'start', 'stop'] }),
  rule('no-delete', { effect: 'deny', actions: ['delete'] }),
  rule('images', { collections: ['machineImages'], actions: ['add'] }),
  rule('looks-at-far', { clouds: ['far'], actions: ['read'] }),
  rule('looks-at-far-2', { users: ['looks-at-far'], clouds: ['sim'] }),
  ...collections.filter((one) => !FOLLOWING.includes(one)).map((one) => rule(`not-${one}`, { effect: 'deny', collections: [one] })),
];

export interface RightsWorld {
  scene: Scene;
  /** Client of whom no rule narrows. */
  root: Client;
  /** All that there is, as `root` sees it. */
  visits: Visit[];
  hiddenMachine: string;
  hiddenVolume: string;
  /** System with the hidden Machine. */
  system: string;
  /** Asks as somebody, past HTTP, where nobody has to log in. */
  ask(who: string, method: string, at: string, body?: object, more?: Partial<Principal>): Promise<Asked>;
  get(who: string, path: string): Promise<Asked>;
  /** Reads as somebody. @returns the body as it is sent */
  text(who: string, at: string, accept: 'application/json' | 'application/xml'): Promise<string>;
  act(who: string, path: string, name: string): Promise<Asked>;
  /** Does something while other rules are declared. */
  reloaded(policies: readonly object[], work: () => Promise<void>): Promise<void>;
}

interface Asked {
  status: number;
  json: Json;
  headers: Record<string, string>;
}

export async function openRightsWorld(): Promise<RightsWorld> {
  const delays = { create: 5, start: 5, stop: 5, pause: 5, suspend: 5, restart: 5, restore: 5, delete: 5, capture: 5 };
  const quick = () => simulatedCloud({ delays, lingerMs: 0 }, { guard: { cacheMs: 0 } });
  const scene = await openScene({
    config: {
      access: { required: false, policies: RULES.map((one) => ({ ...one })) },
      fetch: { hosts: ['example.org'] },
      jobs: { graceMs: 10_000 },
      clouds: { sim: { ...quick(), images: { 'debian-12': 'default' }, sizes: { small: 's1.small' } }, far: quick() },
      defaultCloud: 'sim',
    },
  });
  const root = scene.client;
  await populate(root, scene.control);
  const far = { machineConfig: { href: 'machineConfigs/far.s1_2enano' }, machineImage: { href: 'machineImages/far.img-debian-12' } };
  const hiddenMachine = pathOf(root, (await made(root, 'machines', { machineTemplate: far })).id);
  const hiddenVolume = pathOf(
    root,
    (await made(root, 'volumes', { cloud: 'far', volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } })).id,
  );
  const system = pathOf(root, (await made(root, 'systems', { systemTemplate: { componentDescriptors: [] } })).id);
  await succeeded(root, await root.post(`${system}/machines`, { machine: { href: hiddenMachine } }));
  const handle = handling(scene);
  const ask = asking(handle);
  return {
    ...{ scene, root, hiddenMachine, hiddenVolume, system, ask },
    visits: await new Walk(root, catalogue).all(),
    get: (who, path) => ask(who, 'GET', path),
    text: async (who, at, accept) => (await handle(who, 'GET', at, { accept })).text,
    act: (who, path, name) =>
      ask(who, 'POST', path, { action: catalogue.action(catalogue.locate(path)?.type ?? '', name)?.uri ?? ACTION + name }),
    reloaded: (policies, work) => reloaded(scene, policies, work),
  };
}

interface Sent {
  accept: string;
  body?: object | undefined;
  more?: Partial<Principal> | undefined;
}

const handling =
  (scene: Scene) =>
  async (who: string, method: string, at: string, { accept, body, more }: Sent) => {
    const [path = '', search = ''] = at.split('?');
    const request: CimiRequest = {
      method,
      path,
      query: [...new URLSearchParams(search)],
      headers: { accept, ...(body && { 'content-type': 'application/json' }) },
      principal: { name: who, tenant: 'default', role: 'operator', ...more },
      requestId: 'r',
      ...(body && { body: Buffer.from(JSON.stringify(body)) }),
    };
    const { status, headers, body: parts = [] } = await scene.gateway.gateway.handle(request);
    return { status, headers: { ...headers }, text: Buffer.concat(parts).toString() };
  };

const asking =
  (handle: ReturnType<typeof handling>): RightsWorld['ask'] =>
  async (who, method, at, body, more) => {
    const { text, ...answer } = await handle(who, method, at, { accept: 'application/json', body, more });
    return { ...answer, json: (text === '' ? {} : JSON.parse(text)) as Json };
  };

/** Lets other rules hold meanwhile. */
async function reloaded(scene: Scene, policies: readonly object[], work: () => Promise<void>): Promise<void> {
  const { gateway, dataDir } = scene.gateway;
  const file = `${dataDir}/gateway.yaml`;
  const before = await readFile(file, 'utf8');
  const config = parse(before) as { access: object };
  await writeFile(file, stringify({ ...config, access: { ...config.access, policies } }));
  await gateway.reload(await loadConfig({ file, env: {}, cwd: dataDir }));
  try {
    await work();
  } finally {
    await writeFile(file, before);
    await gateway.reload(await loadConfig({ file, env: {}, cwd: dataDir }));
  }
}
