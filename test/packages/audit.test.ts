import { EVENT_TYPES } from '../../src/model/event-types';
import { hashPassword } from '../../src/http/passwords';
import { basic, type Client } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { openScene, pathOf, succeeded, type Scene } from '../protocol/scene';
import { exported, machineIn } from './export-scene';

/** Entries of the audit for packages: who read which file of the package of what, and who removed it (5.17.13). */
const MIB = 2 ** 20;
let scene: Scene;
let ann: Client;
let rae: Client;
let machine = '';
let url = '';

async function user(name: string, role: 'reader' | 'operator'): Promise<Client> {
  await scene.gateway.gateway.store.access.putPrincipal({ name, tenant: 'default', role, passwordHash: await hashPassword(`pw-${name}`) });
  return scene.client.as(basic(name, `pw-${name}`));
}

beforeAll(async () => {
  const clouds = { sim: simulatedCloud({ contentSize: 8 * MIB, contentAllocated: MIB }) };
  scene = await openScene({ config: { access: { required: true }, audit: { reads: true }, jobs: { graceMs: 10_000 }, clouds } });
  ann = await user('ann', 'operator');
  rae = await user('rae', 'reader');
  const made = await machineIn(ann, 'sim', 'alone');
  machine = pathOf(ann, made.id);
  url = (await exported(ann, made.id)).url;
});
afterAll(() => scene.close());

const beside = (name: string): string => new URL(name, url).href;
const folder = (): string => /packages\/[^/]+/.exec(url)?.[0] ?? '';
/** The one entry with these words, once it is written. */
const entryOf = (words: string) =>
  eventually(async () => {
    const all = await scene.gateway.gateway.store.auditEntries('default', 10_000);
    return all.find(({ content }) => String(content.detail).startsWith(words));
  });

test.each([
  ['package.ovf', 200, 'read package.ovf of'],
  ['package.mf', 404, 'read of package.mf of'],
  ['disk1.vmdk', 200, 'read disk1.vmdk of'],
])('a read of %s is an entry of what was exported (%i)', async (name, status, words) => {
  const answer = await fetch(beside(name), { headers: basic('rae', 'pw-rae') });
  expect(answer.status).toBe(status);
  await answer.arrayBuffer();
  if (name.endsWith('.vmdk')) expect(answer.headers.get('accept-ranges')).toBe('none');
  const entry = await entryOf(`${words} ${folder()}, the package of ${machine}`);
  expect(entry).toMatchObject({
    ...{ type: EVENT_TYPES.access, resource: machine, resourceType: 'Machine', outcome: status === 200 ? 'Success' : 'Failure' },
    content: { operation: 'GET', initiator: 'rae (reader) from 127.0.0.1' },
  });
});

test('a part of a disk that is asked for comes as the whole: nothing tells what lies where', async () => {
  const answer = await fetch(beside('disk1.vmdk'), { headers: { ...basic('ann', 'pw-ann'), range: 'bytes=10-19' } });
  const { length } = Buffer.from(await answer.arrayBuffer());
  expect([answer.status, answer.headers.get('content-range'), answer.headers.get('content-length')]).toEqual([200, null, String(length)]);
});

test('a removal is an entry with its Job, and one that is refused is an entry, too', async () => {
  expect((await rae.delete(url)).status).toBe(403);
  expect(await entryOf(`delete ${folder()}, the package of ${machine}: refused (403)`)).toMatchObject({
    ...{ resource: machine, outcome: 'Failure' },
    content: { operation: 'DELETE', initiator: 'rae (reader) from 127.0.0.1' },
  });
  const answer = await ann.delete(url);
  await succeeded(ann, answer);
  const entry = await entryOf(`delete ${folder()}, the package of ${machine} (request`);
  expect(entry).toMatchObject({
    ...{ resource: machine, resourceType: 'Machine', outcome: 'Success' },
    content: { operation: 'DELETE', initiator: 'ann (operator) from 127.0.0.1' },
  });
});
