import type { CallContext, Driver, ListedGroup } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { type FakeCloud, fakeState, ID, startFakeCloud } from './openstack-fake';

/** Every member of every answer left out, null, empty or of another type: the others are listed, that one is not gone by it. */

const context = (): CallContext => ({ signal: AbortSignal.timeout(10_000) });
type Doc = Record<string, unknown>;

/** Marks a member that is left out. */
const LEFT_OUT = Symbol('left out');
const ODD: readonly unknown[] = [LEFT_OUT, null, '', [], {}, 'odd', 17, -1, true, ['odd'], [null], { odd: [] }];

/** Groups made of each listing, the key of its first and of its second thing there. */
const LISTINGS: Readonly<Record<string, readonly (readonly [ListedGroup, string, string])[]>> = {
  servers: [
    ['machines', ID(1), ID(2)],
    ['disks', `${ID(1)}:root`, `${ID(2)}:root`],
  ],
  flavors: [['machineConfigs', '1', '2']],
  images: [['machineImages', ID(30), ID(31)]],
  volumes: [
    ['volumes', ID(40), ID(42)],
    ['attachments', `${ID(1)}:${ID(40)}`, `${ID(1)}:${ID(43)}`],
  ],
  snapshots: [['volumeImages', ID(50), ID(51)]],
  networks: [['networks', ID(60), ID(61)]],
  subnets: [['networks', ID(60), ID(61)]],
  ports: [
    ['networkPorts', ID(70), ID(71)],
    ['interfaces', ID(70), ID(71)],
    ['addresses', `${ID(70)}@10.0.0.5`, `${ID(71)}@10.0.0.6`],
  ],
  routers: [['forwardingGroups', ID(80), ID(81)]],
  floatingips: [['addresses', `fip-${ID(90)}`, `fip-${ID(91)}`]],
};

/**
 * Tests for values that are not odd, but the service's word that the part is not there: an empty list of attachments, nobody as a
 * port's user.
 */
const SAYS_SO: Readonly<Record<string, (odd: unknown) => boolean>> = {
  'servers.image': (odd) => odd === '',
  'volumes.attachments': (odd) => Array.isArray(odd) && odd.length === 0,
  'ports.fixed_ips': (odd) => Array.isArray(odd) && odd.length === 0,
  'volumes.attachments.server_id': (odd) => odd === 'odd',
  'ports.fixed_ips.ip_address': (odd) => odd === 'odd',
  'ports.device_id': (odd) => odd === '',
  'ports.device_owner': (odd) => odd === 'odd',
  'networks.project_id': (odd) => odd === 'odd',
};

function changed(thing: Doc, path: readonly string[], odd: unknown): Doc {
  const [member = '', ...rest] = path;
  const { [member]: before, ...others } = thing;
  if (rest.length > 0)
    return {
      ...thing,
      [member]: Array.isArray(before) ? [changed(before[0] as Doc, rest, odd), ...before.slice(1)] : changed(before as Doc, rest, odd),
    };
  return odd === LEFT_OUT ? others : { ...thing, [member]: odd };
}

/** Each member, and those of what is in it. */
function paths(thing: Doc): string[][] {
  return Object.entries(thing).flatMap(([member, value]) => {
    const inside: unknown = Array.isArray(value) ? value[0] : value;
    const below = typeof inside === 'object' && inside !== null ? Object.keys(inside).map((each) => [member, each]) : [];
    return [[member], ...below];
  });
}

async function listed(driver: Driver, group: ListedGroup): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of driver[group]?.list(context()) ?? []) keys.push(...page.map(({ key }) => key));
  return keys;
}

describe('partial answers', () => {
  let cloud: FakeCloud;
  beforeEach(async () => {
    cloud = await startFakeCloud();
  });
  afterEach(() => cloud.stop());

  const state = () => {
    const fresh = fakeState();
    const [volume] = fresh['volumes'] ?? [];
    fresh['volumes']?.push({ ...volume, id: ID(43) });
    return fresh;
  };

  test.each(Object.keys(LISTINGS))('%s: one odd thing is that one thing', async (listing) => {
    const driver = await cloud.connect();
    const [first = {}] = state()[listing] ?? [];
    for (const path of paths(first)) {
      for (const odd of ODD) {
        cloud.state = state();
        cloud.state[listing] = (cloud.state[listing] ?? []).map((thing, n) => (n === 0 ? changed(thing, path, odd) : thing));
        const where = `${listing}.${path.join('.')} = ${String(JSON.stringify(odd))}`;
        for (const [group, key, other] of LISTINGS[listing] ?? []) {
          const keys = await listed(driver, group).catch((error: unknown) => [`${where}: ${group} is not listed: ${String(error)}`]);
          expect({ where, group, keys }).toMatchObject({ keys: expect.arrayContaining([other]) as string[] });
          if (SAYS_SO[[listing, ...path].join('.')]?.(odd) === true || path[0] === 'id') continue;
          const answers = await driver[group]?.getMany([key, other], context()).catch((error: unknown) => [error]);
          const gone = answers?.some((answer) => answer instanceof Gone);
          const bug = answers?.some((answer) => answer instanceof Error && !(answer instanceof ProviderError));
          expect({ where, group, gone, bug }).toMatchObject({ gone: false, bug: false });
        }
      }
    }
  });

  test('servers of a cell that is down are listed in ERROR, with a warning, and keep the others', async () => {
    const [, two = {}] = state()['servers'] ?? [];
    cloud.state['servers'] = [{ id: ID(1), status: 'UNKNOWN', tenant_id: 'p', created: '2026-11-29T10:00:00Z', links: [] }, two];
    const driver = await cloud.connect();
    const pages: unknown[] = [];
    for await (const page of driver.machines?.list(context()) ?? []) pages.push(...page);
    expect(pages).toMatchObject([
      { key: ID(1), values: { state: 'ERROR' }, reason: expect.stringMatching(/cell/) as string, created: '2026-11-29T10:00:00Z' },
      { key: ID(2), values: { state: 'STARTED', name: 'two' } },
    ]);
    expect(cloud.warnings).toEqual([expect.stringMatching(/cell/)]);
    // Its disks and interfaces are not gone by that.
    expect(await driver.disks?.getMany([`${ID(1)}:root`], context())).toEqual([]);
  });

  test('a listing leaves out what is still there: it is asked for by itself', async () => {
    const keys = Array.from({ length: 6 }, (_, n) => ID(n + 1));
    const [one = {}] = cloud.state['servers'] ?? [];
    cloud.state['servers'] = keys.map((id) => ({ ...one, id }));
    cloud.meddle = ({ path }, honest) => {
      if (path !== '/servers/detail') return undefined;
      const answer = honest();
      return { ...answer, body: { servers: ((answer.body as { servers: Doc[] }).servers ?? []).slice(2) } };
    };
    const driver = await cloud.connect();
    const answers = await driver.machines?.getMany([...keys, ID(99)], context());
    expect(
      answers
        ?.filter((answer) => !(answer instanceof Gone))
        .map(({ key }) => key)
        .sort(),
    ).toEqual(keys);
    expect(answers?.filter((answer) => answer instanceof Gone).map(({ key }) => key)).toEqual([ID(99)]);
  });

  test('every member of a login’s answer may be odd: it logs in, or says why not', async () => {
    const told: Doc[] = [];
    cloud.meddle = (call, honest) => {
      if (call.service !== 'identity') return undefined;
      const answer = honest();
      told.push((answer.body as { token: Doc }).token);
      return answer;
    };
    await listed(await cloud.connect(), 'machines');
    for (const path of paths(told[0] ?? {})) {
      for (const odd of ODD) {
        cloud.meddle = (call, honest) => {
          if (call.service !== 'identity') return undefined;
          const answer = honest();
          return { ...answer, body: { token: changed((answer.body as { token: Doc }).token, path, odd) } };
        };
        const driver = await cloud.connect();
        const end: unknown = await listed(driver, 'machines').catch((error: unknown) => error);
        expect({ path, odd, fair: Array.isArray(end) || end instanceof ProviderError }).toMatchObject({ fair: true });
        expect(end).not.toBeInstanceOf(Gone);
        await driver.close();
      }
    }
  });
});
