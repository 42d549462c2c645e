import * as fc from 'fast-check';
import type { FileLocation } from '../../src/ovf/file-names';
import type { Content, Device, Package, Product, Property, VirtualSystem } from '../../src/ovf/package';

/** Text of anything that XML can carry, without outer white space, which a reader takes for padding. */
const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .map((s) => s.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '').trim())
  .filter((s) => s !== '');
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,11}$/);
const bytes = fc.oneof(
  fc.integer({ min: 1, max: 2 ** 20 }).map((n) => n * 2 ** 20),
  fc.integer({ min: 1, max: 2 ** 40 }),
);
const seconds = fc.nat(65_535);

const file = (id: string): fc.Arbitrary<Package['files'][number]> =>
  fc.record({
    id: fc.constant(id),
    location: fc.oneof<fc.Arbitrary<FileLocation>[]>(
      fc
        .string({ unit: fc.constantFrom('ä', '%', ' ', '+', '#', 'a', '&', '"'), minLength: 1, maxLength: 10 })
        .map((s) => ({ name: `${id}${s}.vmdk` })),
      fc.constant({ url: `https://example.org/${id}?a=1&b=2` }),
    ),
    size: maybe(fc.nat()),
    gzip: fc.boolean(),
    chunkSize: fc.constant(undefined),
  });

const product = (index: number): fc.Arbitrary<Product> =>
  fc
    .record({
      class: fc.constant(index === 0 ? '' : `class${index}`),
      instance: fc.constantFrom('', 'one'),
      product: maybe(text),
      vendor: maybe(text),
      version: maybe(text),
      fullVersion: maybe(text),
      productUrl: maybe(text),
      vendorUrl: maybe(text),
      appUrl: maybe(text),
    })
    .chain((facts) =>
      fc
        .uniqueArray(property(facts.class, facts.instance), { selector: ({ name }) => name, maxLength: 4 })
        .map((properties) => ({ ...facts, properties })),
    );

const property = (kind: string, instance: string): fc.Arbitrary<Property> =>
  fc
    .record({
      name: word,
      type: fc.constantFrom('string', 'boolean', 'uint8', 'real64'),
      value: fc.oneof(fc.constant(''), text),
      userConfigurable: fc.boolean(),
      qualifiers: maybe(text),
      category: maybe(text),
      label: maybe(text),
      description: maybe(text),
    })
    .map((rest) => ({ ...rest, password: false, key: [kind, rest.name, instance].filter((part) => part !== '').join('.') }));

const device = (id: string, type: number): fc.Arbitrary<Device> =>
  fc.record({
    id: fc.constant(id),
    name: text,
    resourceType: fc.constant(type),
    models: fc.array(word, { maxLength: 2 }),
    required: fc.boolean(),
  });

/** One device for each kind that a machine has; disks in the order of their addresses. */
function system(id: string, files: readonly string[], disks: readonly string[], networks: readonly string[]): fc.Arbitrary<VirtualSystem> {
  const from = (names: readonly string[], most: number): fc.Arbitrary<string[]> =>
    fc.subarray([...names], { maxLength: Math.min(most, names.length) });
  const hardware = fc
    .record({
      families: fc.array(word, { maxLength: 2 }),
      transports: fc.array(word, { maxLength: 2 }),
      firmware: maybe(fc.constantFrom('bios', 'efi')),
      cpus: maybe(fc.integer({ min: 1, max: 512 })),
      memory: maybe(bytes),
      controller: device('20', 6),
      address: maybe(fc.constantFrom('0', '1')),
      used: from(disks, 4),
      plugged: from(networks, 4),
      inserted: from(files, 1),
      sound: fc.array(device('90', 35), { maxLength: 1 }),
      cores: maybe(fc.integer({ min: 1, max: 8 })),
      names: fc.array(text, { minLength: 12, maxLength: 12 }),
      mac: maybe(fc.constant('00:50:56:00:00:01')),
      connected: fc.boolean(),
      addresses: maybe(fc.constantFrom(['10.0.0.5'], ['10.0.0.5', 'fd00::5'])),
    })
    .map(({ controller, address, used, plugged, inserted, sound, cores, names, mac, connected, addresses, ...rest }) => {
      const common = { models: [], required: true };
      return {
        ...rest,
        coresPerSocket: rest.cpus === undefined ? undefined : cores,
        controllers: [{ ...controller, address }],
        disks: used.map((disk, n) => ({ ...common, id: `3${n}`, name: names[n], resourceType: 17, controller: '20', address: n, disk })),
        interfaces: plugged.map((network, n) => ({
          ...common,
          id: `4${n}`,
          name: names[4 + n],
          resourceType: 10,
          network,
          mac,
          connected,
          ...(addresses === undefined ? {} : { addresses }),
        })),
        drives: inserted.map((each) => ({
          ...common,
          ...{ id: '50', name: names[11], resourceType: 15, controller: undefined, address: undefined, file: each },
        })),
        others: sound,
      };
    });
  const operatingSystem = fc.record({ id: fc.nat(200), version: maybe(word), guestId: maybe(word), description: maybe(text) });
  return fc.record({ kind: fc.constant('system' as const), ...common(id), operatingSystem: maybe(operatingSystem), hardware });
}

function common(id: string): {
  id: fc.Arbitrary<string>;
  name: fc.Arbitrary<string | undefined>;
  description: fc.Arbitrary<string | undefined>;
  products: fc.Arbitrary<Product[]>;
  licenses: fc.Arbitrary<string[]>;
} {
  return {
    id: fc.constant(id),
    name: maybe(text),
    description: maybe(text),
    products: fc.oneof<fc.Arbitrary<Product[]>[]>(fc.constant([]), fc.tuple(product(0)), fc.tuple(product(0), product(1))),
    licenses: fc.array(text, { maxLength: 2 }),
  };
}

function content(
  files: readonly string[],
  disks: readonly string[],
  networks: readonly string[],
  id = 'a',
  depth = 0,
): fc.Arbitrary<Content> {
  const machine = system(id, files, disks, networks);
  if (depth > 1) return machine;
  const members = fc.tuple(content(files, disks, networks, `${id}a`, depth + 1), content(files, disks, networks, `${id}b`, depth + 1));
  const startup = fc.record({
    member: fc.constantFrom(`${id}a`, `${id}b`),
    order: seconds,
    startDelay: seconds,
    stopDelay: seconds,
    waitingForGuest: fc.boolean(),
    startAction: fc.constantFrom('powerOn', 'none'),
    stopAction: fc.constantFrom('powerOff', 'guestShutdown'),
  });
  const collection = fc.record({
    kind: fc.constant('collection' as const),
    ...common(id),
    members,
    startup: fc.array(startup, { maxLength: 2 }),
  });
  return fc.oneof<fc.Arbitrary<Content>[]>(machine, collection);
}

/** Packages as the reader tells them; each with a machine, or two levels of collections. */
export const packages: fc.Arbitrary<Package> = fc
  .record({ files: fc.nat(3), blank: fc.nat(2), networks: fc.uniqueArray(text, { maxLength: 3 }) })
  .chain(({ files, blank, networks }) => {
    const fileIds = Array.from({ length: files }, (_, n) => `file${n}`);
    const diskIds = Array.from({ length: files + blank }, (_, n) => `disk${n}`);
    const disk = (id: string, n: number): fc.Arbitrary<Package['disks'][number]> =>
      fc.record({
        id: fc.constant(id),
        capacity: bytes,
        file: fc.constant(fileIds[n]),
        format: maybe(fc.webUrl()),
        populatedSize: maybe(fc.nat()),
      });
    return fc.record({
      version: fc.constant('1' as const),
      files: fc.tuple(...fileIds.map(file)),
      disks: fc.tuple(...diskIds.map(disk)),
      networks: fc.constant(networks.map((name, n) => ({ name, description: undefined, ...(n === 1 ? { cidr: '10.0.0.0/24' } : {}) }))),
      configurations: fc.constant([]),
      configuration: fc.constant(undefined),
      content: content(fileIds, diskIds, networks),
      warnings: fc.constant([]),
    });
  });
