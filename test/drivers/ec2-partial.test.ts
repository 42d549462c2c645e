import type { Driver, Item, ListedGroup } from '../../src/clouds/driver';
import { type Ec2Account, startEc2, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { mapItems } from '../backends/ec2-xml';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { driver as module } from '../../drivers/ec2/index';
import { pagesOf } from './counterpart';
import { STORAGE_POPULATION } from './ec2-populate';
import { NETWORK_POPULATION } from './ec2-populate-networks';

/** An element of an item: where it begins and ends, and where its content does. */
interface Place {
  path: string;
  start: number;
  end: number;
  open: number;
  close: number;
}

/** Every element inside an item's XML, outermost first. */
function placesIn(item: string): Place[] {
  const places: Place[] = [];
  const stack: { name: string; start: number; open: number }[] = [];
  for (const tag of item.matchAll(/<(\/?)([\w.-]+)(\/?)>/g)) {
    const [text, closing, name = '', alone] = tag;
    const path = [...stack.slice(1).map((one) => one.name), name].join('/');
    if (closing === '' && alone === '') stack.push({ name, start: tag.index, open: tag.index + text.length });
    else if (alone === '/') places.push({ path, start: tag.index, end: tag.index + text.length, open: -1, close: -1 });
    else {
      const begun = stack.pop();
      const outer = stack.slice(1).map((one) => one.name);
      if (begun && stack.length > 0)
        places.push({
          path: [...outer, name].join('/'),
          start: begun.start,
          end: tag.index + text.length,
          open: begun.open,
          close: tag.index,
        });
    }
  }
  return places;
}

const nameOf = ({ path }: Place): string => path.split('/').at(-1) ?? '';

const MUTATIONS: Readonly<Record<string, (item: string, place: Place) => string>> = {
  missing: (item, { start, end }) => item.slice(0, start) + item.slice(end),
  empty: (item, place) => `${item.slice(0, place.start)}<${nameOf(place)}/>${item.slice(place.end)}`,
  'a text': (item, place) => `${item.slice(0, place.start)}<${nameOf(place)}>~ text ~</${nameOf(place)}>${item.slice(place.end)}`,
  'a structure': (item, place) =>
    `${item.slice(0, place.start)}<${nameOf(place)}><item><odd>1</odd></item><item/></${nameOf(place)}>${item.slice(place.end)}`,
};

/** Groups with the action and the set whose item is broken; `shown`: the broken one shows all the same, under its key. */
const CASES: readonly { group: ListedGroup; action: string; set: string; id: string; shown: boolean }[] = [
  { group: 'machines', action: 'DescribeInstances', set: 'instancesSet', id: 'instanceId', shown: true },
  { group: 'disks', action: 'DescribeInstances', set: 'instancesSet', id: 'instanceId', shown: false },
  { group: 'machineConfigs', action: 'DescribeInstanceTypes', set: 'instanceTypeSet', id: 'instanceType', shown: true },
  { group: 'machineImages', action: 'DescribeImages', set: 'imagesSet', id: 'imageId', shown: true },
  { group: 'volumes', action: 'DescribeVolumes', set: 'volumeSet', id: 'volumeId', shown: true },
  { group: 'attachments', action: 'DescribeVolumes', set: 'volumeSet', id: 'volumeId', shown: false },
  { group: 'disks', action: 'DescribeVolumes', set: 'volumeSet', id: 'volumeId', shown: false },
  { group: 'volumeImages', action: 'DescribeSnapshots', set: 'snapshotSet', id: 'snapshotId', shown: true },
  { group: 'networks', action: 'DescribeSubnets', set: 'subnetSet', id: 'subnetId', shown: true },
  { group: 'networks', action: 'DescribeRouteTables', set: 'routeTableSet', id: 'routeTableId', shown: false },
  { group: 'forwardingGroups', action: 'DescribeVpcs', set: 'vpcSet', id: 'vpcId', shown: true },
  { group: 'networkPorts', action: 'DescribeNetworkInterfaces', set: 'networkInterfaceSet', id: 'networkInterfaceId', shown: false },
  { group: 'interfaces', action: 'DescribeNetworkInterfaces', set: 'networkInterfaceSet', id: 'networkInterfaceId', shown: false },
  { group: 'addresses', action: 'DescribeNetworkInterfaces', set: 'networkInterfaceSet', id: 'networkInterfaceId', shown: false },
  { group: 'addresses', action: 'DescribeAddresses', set: 'addressesSet', id: 'allocationId', shown: true },
];

describeWith('moto', motoAvailable(), () => {
  let account: Ec2Account;
  let driver: Driver;
  const warnings: string[] = [];
  /** Good answers, as they were the first time: the tests need no moto for them any more. */
  const canned = new Map<string, string>();
  let change: { action: string; rewrite: (xml: string) => string } | undefined;

  beforeAll(async () => {
    account = await startEc2();
    const options = { region: TEST_REGION, endpoint: account.url, ...TEST_KEYS, imageListMs: 0, imageOwners: ['self'] };
    const connect = () => module.connect(module.options.parse(options), { dataDir: '', warn: (words) => void warnings.push(words) });
    driver = await connect();
    await account.launch(3);
    await account.register(3);
    for (const group of ['volumes', 'volumeImages', 'attachments']) await STORAGE_POPULATION[group]?.(account, 3);
    for (const group of ['networkPorts', 'addresses', 'forwardingGroups'] as const) await NETWORK_POPULATION[group]?.(account, 3);
    const forget = account.proxy.add({
      rewrite: (xml, { action }) => {
        // Of the several hundred types the first few will do.
        const fewer = action === 'DescribeInstanceTypes' ? mapItems(xml, 'instanceTypeSet', (items) => items.slice(0, 4)) : xml;
        canned.set(action, fewer.replace(/<nextToken>[^<]*<\/nextToken>/, ''));
        return xml;
      },
    });
    for (const { group } of CASES) await pagesOf(driver, group);
    forget();
    account.proxy.add({
      answer: ({ action }) => {
        const body = canned.get(action) ?? '';
        return { status: 200, type: 'text/xml', body: change?.action === action ? change.rewrite(body) : body };
      },
    });
  });
  afterAll(async () => {
    await driver.close();
    await account.stop();
  });

  const listed = async (group: ListedGroup): Promise<Item[]> => (await pagesOf(driver, group)).flat();

  test.each(CASES)('$group with a member of $action missing, empty or of another type', async ({ group, action, set, id, shown }) => {
    change = undefined;
    const whole = await listed(group);
    let broken = '';
    mapItems(canned.get(action) ?? '', set, (items) => {
      const known = items.filter((item) => !shown || whole.some(({ key }) => item.includes(`<${id}>${key}<`)));
      broken ||= known[1] ?? '';
      return items;
    });
    if (set === 'instancesSet') broken = instanceOf(canned.get(action) ?? '');
    expect(broken).toContain(`<${id}>`);
    const key = new RegExp(`<${id}>([^<]*)<`).exec(broken)?.[1] ?? '';
    const touches = (item: Item): boolean => JSON.stringify(item).includes(key);
    const others = whole.filter((item) => !touches(item));
    expect(whole.length).toBeGreaterThan(others.length * (shown ? 1 : 0));
    for (const place of placesIn(broken)) {
      for (const [what, mutate] of Object.entries(MUTATIONS)) {
        const changed = mutate(broken, place);
        change = { action, rewrite: (xml) => xml.replace(broken, () => changed) };
        const seen = await listed(group).catch((error: unknown) => {
          throw new Error(`${action}: ${place.path} ${what}`, { cause: error });
        });
        const label = `${place.path} ${what}`;
        if (group !== 'networks' || action !== 'DescribeRouteTables')
          expect([label, seen.filter((item) => others.some((other) => other.key === item.key))]).toEqual([label, others]);
        else expect([label, seen.length]).toEqual([label, whole.length]);
        if (shown && place.path !== id && !isMembership(group, place))
          expect([label, seen.some((item) => item.key === key)]).toEqual([label, true]);
        for (const item of seen)
          expect([label, typeof item.key, item.key === '' || item.key.includes('undefined')]).toEqual([label, 'string', false]);
      }
    }
    change = undefined;
  });

  test('a member of another type is warned of once', () => {
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.every((words) => /of the wrong type|without its id/.test(words))).toBe(true);
  });

  test('an unknown state, and none, are ERROR and listed', async () => {
    for (const [group, action, element] of [
      ['volumes', 'DescribeVolumes', 'status'],
      ['volumeImages', 'DescribeSnapshots', 'status'],
      ['networks', 'DescribeSubnets', 'state'],
      ['machineImages', 'DescribeImages', 'imageState'],
    ] as const) {
      for (const text of ['', `<${element}/>`, `<${element}>odd</${element}>`]) {
        change = {
          action,
          rewrite: (xml) => xml.replaceAll(new RegExp(`<${element}>(available|completed|in-use)</${element}>`, 'g'), text),
        };
        const states = (await listed(group)).filter(({ key }) => key !== 'public').map(({ values }) => values.state);
        expect([group, text, new Set(states)]).toEqual([group, text, new Set(['ERROR'])]);
      }
    }
    change = undefined;
  });
});

/** The second instance, alone in its reservation as moto has them. */
function instanceOf(xml: string): string {
  const found: string[] = [];
  mapItems(xml, 'instancesSet', (items) => {
    found.push(...items);
    return items;
  });
  return found[1] ?? '';
}

/** Members that say whether the thing is one of the group at all. */
function isMembership(group: ListedGroup, { path }: Place): boolean {
  return (group === 'volumes' && path.startsWith('attachmentSet')) || (group === 'addresses' && path === 'publicIp');
}
