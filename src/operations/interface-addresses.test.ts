import type { Cloud } from '../clouds/cloud';
import type { Values } from '../model/values';
import { addressByValue, isOutside, isSameAddress, mustGiveAddresses, refuseUnfitAddresses } from './interface-addresses';
import type { Found, PlanContext } from './resource-handler';

const NETWORK = 'networks/sim.one';
const network = (values: Values = {}, path = NETWORK) => ({ path, values }) as Found;
const cloudOf = (more: object = {}) =>
  ({ key: 'sim', has: () => true, capabilities: { addressesAtCreate: 2, ...more } }) as unknown as Cloud;
const listing = (...addresses: Values[]) =>
  ({ list: () => Promise.resolve(addresses.map((values, n) => ({ path: `addresses/${n}`, values }))) }) as unknown as PlanContext;
const check = (ips: string[], cidr?: string, ...known: Values[]) =>
  refuseUnfitAddresses(
    listing(...known),
    cloudOf(),
    ips.map((ip, n) => ({ ip, network: network(cidr === undefined ? {} : { cidr }), at: `[${n}]` })),
  );

test('an address by value says its ip, and nothing that its network decides', () => {
  expect(addressByValue({ ip: '10.0.0.5' }, NETWORK, 'a')).toBe('10.0.0.5');
  expect(addressByValue({ ip: 'fd00::5', protocol: 'IPv6', network: { href: NETWORK }, mask: null }, NETWORK, 'a')).toBe('fd00::5');
  const refused: [Values, string, RegExp][] = [
    [{}, 'a.ip', /reference to an Address/],
    [{ ip: '10.0.0.256' }, 'a.ip', /reference to an Address/],
    [{ ip: '10.0.0.5', protocol: 'IPv6' }, 'a.protocol', /no address of IPv6/],
    [{ ip: '10.0.0.5', network: { href: 'networks/two' } }, 'a.network', /networks\/two is not the interface's network/],
    [{ ip: '10.0.0.5', hostname: 'web' }, 'a.hostname', /decided by the interface's network/],
  ];
  for (const [given, at, reason] of refused)
    expect(() => addressByValue(given, NETWORK, 'a')).toThrow(
      expect.objectContaining({
        status: 400,
        reason: expect.stringMatching(reason) as string,
        details: expect.objectContaining({ at }) as object,
      }),
    );
});

test('a cloud gives as many as it says, and one that gives none says so', () => {
  expect(() => mustGiveAddresses(cloudOf(), 2, 'a')).not.toThrow();
  expect(() => mustGiveAddresses(cloudOf({ addressesAtCreate: undefined }), 0, 'a')).not.toThrow();
  const refusal = (words: RegExp) => expect.objectContaining({ status: 400, reason: expect.stringMatching(words) as string }) as Error;
  expect(() => mustGiveAddresses(cloudOf(), 3, 'a')).toThrow(refusal(/at most 2 addresses .* not 3/));
  expect(() => mustGiveAddresses(cloudOf({ addressesAtCreate: undefined }), 1, 'a')).toThrow(refusal(/no addresses that are chosen here/));
});

test('an address is in a block or not; of what is no block of its version nothing is known', () => {
  const cases: [string, string | undefined, boolean][] = [
    ['10.1.255.255', '10.1.0.0/16', false],
    ['10.2.0.0', '10.1.0.0/16', true],
    ['10.1.0.9', '10.1.0.0/29', true],
    ['fd00::1', 'fd00::/64', false],
    ['fd00:0:0:1::1', 'fd00::/64', true],
    ['fd00::1', '10.1.0.0/16', false],
    ['10.1.0.1', undefined, false],
    ['10.1.0.1', 'somewhere', false],
    ['10.1.0.1', '10.2.0.0/33', false],
  ];
  expect(cases.map(([ip, cidr]) => isOutside(ip, cidr))).toEqual(cases.map(([, , outside]) => outside));
});

test('one address may be written in two ways', () => {
  expect(isSameAddress('fd00::1', 'FD00:0:0::0001')).toBe(true);
  expect(isSameAddress('fd00::1', 'fd00::2')).toBe(false);
  expect(isSameAddress('10.0.0.1', '10.0.0.10')).toBe(false);
  expect(isSameAddress('10.0.0.1', '::ffff:10.0.0.1')).toBe(false);
});

test('what a network cannot give is refused with the address and the network', async () => {
  const there = { ip: '10.1.0.5', network: { href: NETWORK } };
  await check(['10.1.0.6', '10.1.0.7'], '10.1.0.0/16', there, { ...there, network: { href: 'networks/two' }, ip: '10.1.0.6' });
  await expect(check(['10.2.0.6'], '10.1.0.0/16')).rejects.toMatchObject({
    ...{ status: 400, reason: '10.2.0.6 is not in networks/sim.one, whose addresses are 10.1.0.0/16' },
    details: { at: '[0]' },
  });
  await expect(check(['10.1.0.6', '10.1.0.6'])).rejects.toMatchObject({ status: 400, reason: /asked for twice/, details: { at: '[1]' } });
  await expect(check(['10.1.0.5'], '10.1.0.0/16', there)).rejects.toMatchObject({ status: 409, reason: /in use: addresses\/0 has it/ });
  const held = { ...there, resource: { href: 'machines/7' } };
  await expect(check(['10.1.0.5'], undefined, held)).rejects.toMatchObject({ status: 409, reason: /machines\/7 has it/ });
});

test('a cloud without Addresses is not asked for them', async () => {
  const deaf = { list: () => Promise.reject(new Error('asked')) } as unknown as PlanContext;
  const without = { ...cloudOf(), has: () => false } as unknown as Cloud;
  await refuseUnfitAddresses(deaf, without, [{ ip: '10.1.0.5', network: network(), at: '' }]);
});
