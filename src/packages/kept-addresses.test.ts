import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import type { Found, PlanContext } from '../operations/resource-handler';
import type { Package, VirtualSystem } from '../ovf/package';
import { keptIn, keptOf, privateAddresses, refuseUnfitKept } from './kept-addresses';

const NIC = 'nic-1';
const there = (ip: string, more: Values = {}, owner = NIC, key = 'net-1'): Item => ({
  ...{ key: ip, owner },
  values: { ip, allocation: 'dynamic', network: { item: { type: 'Network', key } } as never, ...more },
});
const network = (values: Values = {}) => ({ path: 'networks/one', key: 'net-1', values }) as Found;

test('private addresses are those of the interface in its network: its own first, IPv4 first', () => {
  const known = [
    there('10.0.0.7', { allocation: 'static' }),
    there('fd00::5'),
    there('203.0.113.9'),
    there('198.51.100.3', {}, NIC, 'public'),
    there('10.0.0.8', {}, 'nic-2'),
    there('10.0.0.5'),
  ];
  expect(privateAddresses(known, NIC, network({ cidr: '10.0.0.0/24' }))).toEqual(['10.0.0.5', 'fd00::5', '10.0.0.7']);
  expect(privateAddresses(known, NIC, network())).toEqual(['203.0.113.9', '10.0.0.5', 'fd00::5', '10.0.0.7']);
});

test('what is more than the cloud gives, and what the package does not tell, is told', () => {
  const addresses = ['10.0.0.5', 'fd00::5'];
  expect(keptOf('web', 'front', { addresses }, 2)).toEqual({ kept: addresses, warnings: [] });
  expect(keptOf('web', 'front', { addresses }, 1)).toEqual({
    kept: ['10.0.0.5'],
    warnings: ["fd00::5 of the machine 'web' on the network 'front' is not kept: the cloud gives an interface at most 1"],
  });
  expect(keptOf('web', 'front', {}, 1)).toEqual({
    kept: [],
    warnings: ["the package tells no address of the machine 'web' on the network 'front': it gets a new one"],
  });
});

const system = (name: string, interfaces: [string | undefined, string[]][]): VirtualSystem =>
  ({
    ...{ kind: 'system', id: name, name, products: [] },
    hardware: { disks: [], interfaces: interfaces.map(([on, addresses]) => ({ network: on, addresses })) },
  }) as unknown as VirtualSystem;
const packageOf = (cidr: string | undefined, ...members: VirtualSystem[]): Package =>
  ({ content: { kind: 'collection', members, products: [] }, networks: [{ name: 'front', cidr }] }) as unknown as Package;

test('of every machine are kept the addresses on networks, in the order of its interfaces', () => {
  const web = system('web', [
    ['front', ['10.0.0.5']],
    [undefined, ['10.9.9.9']],
    ['front', ['10.0.0.6', '10.0.0.7']],
  ]);
  expect(keptIn(packageOf(undefined, web), 1)).toEqual([
    { machine: 'web', network: 'front', ip: '10.0.0.5' },
    { machine: 'web', network: 'front', ip: '10.0.0.6' },
  ]);
});

describe('an address that cannot be kept is refused with the machine, the network and what to do', () => {
  const taken = { path: 'addresses/7', values: { ip: '10.0.0.9', network: { href: 'networks/one' }, resource: { href: 'machines/3' } } };
  const context = {
    catalogue: { has: () => false } as unknown as Catalogue,
    list: () => Promise.resolve([taken]),
    resolve: () => Promise.resolve(network({ cidr: '10.0.0.0/24' })),
  } as unknown as PlanContext;
  const cloud = (blocks: boolean) =>
    ({
      ...{ key: 'b', has: () => true },
      capabilities: { addressesAtCreate: 1, extensions: blocks ? [{ name: 'cidr', types: ['Network'], kind: 'string' }] : [] },
    }) as unknown as Cloud;
  const check = (given: Package, networks: Record<string, string>, blocks = true) =>
    refuseUnfitKept(context, cloud(blocks), given, { networks });
  const web = (ip: string, ...more: VirtualSystem[]) => [system('web', [['front', [ip]]]), ...more];
  const named = { front: 'networks/one' };
  const doing = "; name another Network in the property 'ovf.network.front', or leave out 'addresses'";

  test('on an existing Network', async () => {
    await check(packageOf(undefined, ...web('10.0.0.5')), named);
    await expect(check(packageOf(undefined, ...web('10.1.0.5')), named)).rejects.toMatchObject({
      status: 400,
      reason: `the machine 'web': 10.1.0.5 is not in networks/one, whose addresses are 10.0.0.0/24${doing}`,
    });
    await expect(check(packageOf(undefined, ...web('10.0.0.9')), named)).rejects.toMatchObject({
      ...{ status: 409, reason: `the machine 'web': 10.0.0.9 of networks/one is in use: machines/3 has it${doing}` },
      details: { at: 'properties.addresses', kind: 'conflict' },
    });
    const twice = web('10.0.0.5', system('db', [['front', ['10.0.0.5']]]));
    await expect(check(packageOf(undefined, ...twice), named)).rejects.toMatchObject({
      status: 400,
      reason: /^the machine 'db': .*asked for twice/,
    });
  });

  test('on a Network that is made anew: with the block that it had, where the cloud takes one', async () => {
    await check(packageOf('10.1.0.0/24', ...web('10.1.0.5')), {});
    const anew = {
      status: 400,
      reason: `the machine 'web': 10.1.0.5 is of the network 'front', which would be made anew with other addresses${doing}`,
    };
    await expect(check(packageOf(undefined, ...web('10.1.0.5')), {})).rejects.toMatchObject(anew);
    await expect(check(packageOf('10.1.0.0/24', ...web('10.1.0.5')), {}, false)).rejects.toMatchObject(anew);
    await expect(check(packageOf('10.2.0.0/24', ...web('10.1.0.5')), {})).rejects.toMatchObject({ reason: /not in the network 'front'/ });
  });
});
