import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, listOf, made, openScene, rels, succeeded, type Scene } from '../protocol/scene';
import { capability, hrefOf, inner, reading } from './network-kit';

let scene: Scene;
const { get, gone, items, metadataOf } = reading(() => scene.client);
const network = (networkType = 'PRIVATE') => made(scene.client, 'networks', { networkTemplate: { networkConfig: { networkType } } });
const refs = (...networks: Json[]) => networks.map(({ id }) => ({ href: id }));
const group = (networks: readonly object[] = [], more: object = {}) =>
  made(scene.client, 'forwardingGroups', { ...more, forwardingGroupTemplate: { networks } });
const members = (owner: Json) => items(hrefOf(owner, 'networks'), 'forwardingGroupNetworks');
const memberNetworks = async (owner: Json) => (await members(owner)).map((item) => hrefOf(item, 'network')).sort();
const join = (owner: Json, href: unknown) => scene.client.post(hrefOf(owner, 'networks'), { network: { href } });
const urisOf = (...networks: Json[]) => networks.map(({ id }) => String(id)).sort();

beforeAll(async () => {
  const clouds = { sim: simulatedCloud(), mixed: simulatedCloud({ mixedNetworks: true }) };
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, clouds, defaultCloud: 'sim' } });
});
afterAll(() => scene.close());
afterEach(() => scene.control.clearFailures());

describe('creating a ForwardingGroup (5.16.18)', () => {
  test('R5.16.17-03 D001 by value: its networks are a Collection', async () => {
    const [one, two] = [await network(), await network()];
    const made = await group(refs(one, two), { name: 'g', properties: { a: '1' } });
    expect(made).toMatchObject({ name: 'g', properties: { a: '1' }, networks: { href: `${String(made.id)}/networks` } });
    expect(rels(made)).toEqual(['edit', 'delete']);
    expect(await memberNetworks(made)).toEqual(urisOf(one, two));
    expect(hrefOf(await get(one.id), 'forwardingGroup')).toBe(made.id);
    expect(await get(hrefOf(made, 'networks'))).toMatchObject({ resourceURI: `${CIMI}/ForwardingGroupNetworkCollection`, count: 2 });
  });

  test('R5.16.19-01 by reference, and with overrides', async () => {
    const [one, two] = [await network(), await network()];
    const template = await made(scene.client, 'forwardingGroupTemplates', { networks: refs(one) });
    expect(template).toMatchObject({ networks: refs(one) });
    const same = await made(scene.client, 'forwardingGroups', { forwardingGroupTemplate: { href: template.id } });
    expect(await memberNetworks(same)).toEqual(urisOf(one));
    const other = await made(scene.client, 'forwardingGroups', { forwardingGroupTemplate: { href: template.id, networks: refs(two) } });
    expect(await memberNetworks(other)).toEqual(urisOf(two));
  });

  test('a Network that is made into a group', async () => {
    const owner = await group();
    const one = await made(scene.client, 'networks', { networkTemplate: { forwardingGroup: { href: owner.id } } });
    expect(hrefOf(one, 'forwardingGroup')).toBe(owner.id);
    expect(await memberNetworks(owner)).toEqual(urisOf(one));
    const answer = await scene.client.post('networks', {
      networkTemplate: { networkConfig: { networkType: 'PUBLIC' }, forwardingGroup: { href: owner.id } },
    });
    expectFault(answer, 400, /public|PUBLIC/);
  });

  test('in XML', async () => {
    const one = await network();
    const xml = `<ForwardingGroupCreate xmlns="${CIMI}"><name>xml</name><forwardingGroupTemplate>
      <network href="${String(one.id)}"/></forwardingGroupTemplate></ForwardingGroupCreate>`;
    const answer = await scene.client.send('POST', 'forwardingGroups', { xml });
    await succeeded(scene.client, answer);
    expect(await memberNetworks(await get(answer.headers.get('location')))).toEqual(urisOf(one));
  });

  test('what cannot be is refused in words, and nothing is left', async () => {
    const [one, open] = [await network(), await network('PUBLIC')];
    await group(refs(one));
    const before = scene.control.things('router').length;
    const post = (networks: unknown) => scene.client.post('forwardingGroups', { forwardingGroupTemplate: { networks } });
    expectFault(await post([{ href: 'networks/none' }]), 400, /networks\[0\]/);
    expectFault(await post([{ name: 'x' }]), 400, /networks/);
    expectFault(await post('all'), 400, /networks/);
    expectFault(await post(refs(open, await network())), 400, /MixedNetwork/);
    expectFault(await post(refs(one)), 409, /already|joined|is in/);
    const free = await network();
    scene.control.fail({ method: 'forwardingGroups.create', kind: 'quota', message: 'no more groups' });
    expectFault(await post(refs(free)), 403, /no more groups/);
    expect(scene.control.things('router')).toHaveLength(before);
    expect((await get(free.id)).forwardingGroup).toBeUndefined();
  });
});

describe('its networks (5.16.17.1.1)', () => {
  test('R5.16.17-03 R5.5.12.1-03 D001: added and removed one by one', async () => {
    const owner = await group();
    const [one, two] = [await network(), await network()];
    expect(rels(await get(hrefOf(owner, 'networks')))).toEqual(['add']);
    const answer = await join(owner, one.id);
    await succeeded(scene.client, answer);
    const item = await get(answer.headers.get('location'));
    expect(item).toMatchObject({ resourceURI: `${CIMI}/ForwardingGroupNetwork`, network: { href: one.id } });
    expect(rels(item)).toContain('delete');
    const xml = `<ForwardingGroupNetwork xmlns="${CIMI}"><network href="${String(two.id)}"/></ForwardingGroupNetwork>`;
    await succeeded(scene.client, await scene.client.send('POST', hrefOf(owner, 'networks'), { xml }));
    expect(await memberNetworks(owner)).toEqual(urisOf(one, two));
    await succeeded(scene.client, await scene.client.delete(String(item.id)));
    expect(await gone(item.id)).toBe(true);
    expect(await memberNetworks(owner)).toEqual(urisOf(two));
    expect((await get(one.id)).forwardingGroup).toBeUndefined();
    expect((await get(one.id)).state).toBe('STARTED');
  });

  test('a network is in one group, and there once', async () => {
    const one = await network();
    const [owner, other] = [await group(refs(one)), await group()];
    expectFault(await join(owner, one.id), 409, /already/);
    expectFault(await join(other, one.id), 409, /take it out/);
    expect(await memberNetworks(other)).toEqual([]);
  });

  test('what cannot be added is refused in words', async () => {
    const owner = await group(refs(await network()));
    const uri = hrefOf(owner, 'networks');
    expectFault(await scene.client.post(uri, {}), 400, /network/);
    expectFault(await scene.client.post(uri, { network: { href: 'networks/none' } }), 400, /no Network at/);
    expectFault(await scene.client.post(uri, { network: { href: owner.id } }), 400, /a Network is needed/);
    expectFault(await join(owner, (await network('PUBLIC')).id), 400, /MixedNetwork/);
    expect((await scene.client.post('forwardingGroups/none/networks', { network: { href: 'networks/sim.net-public' } })).status).toBe(404);
    expect(await members(owner)).toHaveLength(1);
  });

  test('R5.16.1-01 R5.16.17-01: MixedNetwork is announced where it is true', async () => {
    const one = (networkType: string, cloud: string) =>
      made(scene.client, `clouds/${cloud}/networks`, { networkTemplate: { networkConfig: { networkType } } });
    const [open, closed] = [await one('PUBLIC', 'mixed'), await one('PRIVATE', 'mixed')];
    const mixed = await group(refs(open, closed));
    expect(await memberNetworks(mixed)).toEqual(urisOf(open, closed));
    expect(mixed.cloud).toBe('mixed');
    expect(capability(await metadataOf('ForwardingGroup'), 'MixedNetwork')).not.toBe(true);
    const { json } = await scene.client.get(`clouds/mixed/resourceMetadata?$filter=typeURI='${CIMI}/ForwardingGroup'`);
    expect(capability(listOf(json, 'resourceMetadatas')[0] as Json, 'MixedNetwork')).toBe(true);
  });

  test('nothing goes from one cloud into another', async () => {
    const other = await made(scene.client, 'clouds/mixed/networks', { networkTemplate: {} });
    const owner = await group();
    expectFault(await join(owner, other.id), 400, /two clouds/);
    const both = { forwardingGroupTemplate: { networks: refs(other, await network()) } };
    expectFault(await scene.client.post('forwardingGroups', both), 400, /two clouds/);
    const made1 = { networkTemplate: { forwardingGroup: { href: owner.id } } };
    expectFault(await scene.client.post('clouds/mixed/networks', made1), 400, /cloud 'sim'/);
    const port = { networkPortTemplate: { network: { href: other.id }, networkPortConfig: {} } };
    expectFault(await scene.client.post('clouds/sim/networkPorts', port), 400, /cloud 'mixed'/);
    expectFault(
      await scene.client.post('clouds/sim/addresses', { addressTemplate: { network: { href: other.id } } }),
      400,
      /cloud 'mixed'/,
    );
  });

  test("R5.7-02: a membership is its group's alone, and carries no row", async () => {
    const one = await network();
    const [owner, other] = [await group(refs(one)), await group()];
    const [item] = await members(owner);
    const key = String(item?.id).split('/').pop() ?? '';
    expect(await get(`${hrefOf(owner, 'networks')}/${key}`)).toEqual(item);
    expect(await gone(`${hrefOf(other, 'networks')}/${key}`)).toBe(true);
    expect((await scene.client.delete(`${hrefOf(other, 'networks')}/${key}`)).status).toBe(404);
    expect(await scene.gateway.gateway.store.resource(String(item?.id).replace(scene.client.base, ''))).toBeUndefined();
    expect(await memberNetworks(owner)).toEqual(urisOf(one));
  });

  test('R5.5.12-04 R5.7-01: a group goes and its networks stay; a network goes and leaves its group', async () => {
    const [one, two] = [await network(), await network()];
    const owner = await group(refs(one, two));
    const [item] = await members(owner);
    await succeeded(scene.client, await scene.client.delete(String(two.id)));
    expect(await memberNetworks(owner)).toEqual(urisOf(one));
    await succeeded(scene.client, await scene.client.delete(String(owner.id)));
    expect([await gone(owner.id), await gone(hrefOf(owner, 'networks')), await gone(item?.id)]).toEqual([true, true, true]);
    expect(await get(one.id)).toMatchObject({ state: 'STARTED' });
    expect((await get(one.id)).forwardingGroup).toBeUndefined();
  });

  test("the provider's own group is seen with its networks, and left as it is", async () => {
    const uri = 'forwardingGroups/sim.router-internal';
    const own = await get(uri);
    expect(own.name).toBe('internal');
    const listed = await members(own);
    expect(listed.map((item) => hrefOf(item, 'network')).sort()).toEqual(
      ['net-default', 'net-dmz'].map((id) => `${scene.client.base}networks/sim.${id}`),
    );
    expectFault(await scene.client.delete(uri), 409, /provider/);
    expectFault(await scene.client.delete(String(listed[0]?.id)), 409, /./);
    expect(await members(own)).toHaveLength(2);
  });

  test('$expand=networks, and network in the Collection', async () => {
    const owner = await group(refs(await network()));
    const whole = await get(`${String(owner.id)}?$expand=networks`);
    expect(listOf(inner(whole, 'networks'), 'forwardingGroupNetworks')).toHaveLength(1);
    const [item] = listOf(await get(`${hrefOf(owner, 'networks')}?$expand=network`), 'forwardingGroupNetworks');
    expect(inner(item as Json, 'network')).toMatchObject({ networkType: 'PRIVATE' });
  });
});
