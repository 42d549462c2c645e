import * as fc from 'fast-check';
import { createAddressCheck } from './addresses';

const nothing = createAddressCheck([]);

const REFUSED = [
  // Unspecified, loopback, private, CGNAT, link-local with the metadata services, benchmarks, documentation, multicast, reserved.
  ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.255.255', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
  ...['100.100.100.200', '169.254.169.254', '169.254.170.2', '192.0.0.192', '168.63.129.16', '198.18.0.1', '192.0.2.1', '198.51.100.1'],
  ...['203.0.113.9', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255', '192.88.99.1'],
  ...['::', '::1', 'fe80::1', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '100::1', '2001:db8::1', '3fff::1', '5f00::1'],
  // Teredo and ORCHID, whatever stands in them.
  ...['2001:0:808:808::1', '2001:20::1'],
  // IPv4 in other clothes: mapped, compatible, translated, NAT64, 6to4; and the local NAT64 prefix as a whole.
  ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254', '0:0:0:0:0:ffff:a9fe:a9fe', '::127.0.0.1', '::7f00:1'],
  ...['::ffff:0:10.0.0.1', '64:ff9b::169.254.169.254', '64:ff9b::a9fe:a9fe', '2002:7f00:1::', '2002:a9fe:a9fe::1', '64:ff9b:1::808:808'],
  // What is no address.
  ...['', 'localhost', '127.1', '0x7f000001', '2130706433', 'fe80::1%eth0', '2606:4700:4700::1111%1', '1.1.1.1.1', ':::'],
];
const TAKEN = [
  ...[
    '1.1.1.1',
    '8.8.8.8',
    '11.0.0.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '169.253.255.255',
    '223.255.255.255',
  ],
  ...['2606:4700:4700::1111', '2a00:1450:4001::1', '::ffff:1.1.1.1', '64:ff9b::1.1.1.1', '2002:808:808::1', '2620:fe::fe'],
];

test.each(REFUSED)('%p is refused', (address) => expect(nothing(address)).toBe(false));
test.each(TAKEN)('%p is the public internet', (address) => expect(nothing(address)).toBe(true));

test('a subnet of the configuration is allowed, in every form, and nothing beside it', () => {
  const check = createAddressCheck(['10.20.0.0/16', 'fd12::/16', '127.0.0.1/32']);
  const allowed = ['10.20.3.4', '::ffff:10.20.3.4', '64:ff9b::10.20.3.4', 'fd12::9', '127.0.0.1', '1.1.1.1'];
  expect(allowed.filter((address) => !check(address))).toEqual([]);
  const others = ['10.21.0.1', '::ffff:10.21.0.1', 'fd13::9', '127.0.0.2', '::1', '169.254.169.254'];
  expect(others.filter((address) => check(address))).toEqual([]);
});

const quad = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((bytes) => bytes.join('.'));
const groups = (address: string): [string, string] => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)];
};

test('an IPv4 address is judged alike in every form that carries it', () => {
  fc.assert(
    fc.property(quad, (address) => {
      const [high, low] = groups(address);
      const forms = [`::ffff:${address}`, `::ffff:${high}:${low}`, `0:0:0:0:0:ffff:${high}:${low}`, `::ffff:0:${high}:${low}`];
      const others = [`64:ff9b::${high}:${low}`, `64:FF9B::${address}`, `2002:${high}:${low}::1`, `2002:${high}:${low}:0:0:0:0:0`];
      for (const form of [...forms, ...others]) expect([form, nothing(form)]).toEqual([form, nothing(address)]);
    }),
  );
});

test('whatever the rest of it, an address in a private net is refused', () => {
  const low = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((bytes) => bytes.join('.'));
  fc.assert(fc.property(fc.constantFrom(10, 127, 0, 224, 240, 255), low, (first, rest) => expect(nothing(`${first}.${rest}`)).toBe(false)));
  const hextets = fc.array(fc.nat(0xffff), { minLength: 7, maxLength: 7 }).map((all) => all.map((one) => one.toString(16)).join(':'));
  fc.assert(
    fc.property(fc.constantFrom('fc00', 'fdff', 'fe80', 'febf', 'ff02', '100', '0'), hextets, (first, rest) => {
      const address = `${first}:${rest}`;
      // What begins with zeros may carry an IPv4 address, which is the matter of the property above.
      fc.pre(!rest.startsWith('0:0:0:') || first !== '0');
      expect([address, nothing(address)]).toEqual([address, false]);
    }),
  );
});

test('any text is answered, never thrown at', () => {
  fc.assert(fc.property(fc.string(), (text) => expect(nothing(text)).toBe(false)));
});
