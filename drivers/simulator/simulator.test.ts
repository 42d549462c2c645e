import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Driver } from '../../src/clouds/driver';
import { endedDriver, type EndedDriver } from '../../test/drivers/counterpart';
import { Account } from './account';
import type { SimulatorControl } from './control';
import { foreignInstance, openControl } from './control';
import { driver as simulator } from './index';
import { optionsSchema } from './options';
import { passing, stopClock } from '../../test/harness/wait';

const context = (ms = 10_000) => ({ signal: AbortSignal.timeout(ms) });
const request = (token: string, more: object = {}) => ({ token, tag: `${token}:mac`, config: 's1.small', image: 'img-debian-12', ...more });

describe('the simulated cloud', () => {
  let dataDir: string;
  let control: SimulatorControl;
  const open: Driver[] = [];
  const connect = async (options: object = {}): Promise<EndedDriver & { machines: Required<NonNullable<EndedDriver['machines']>> }> => {
    const driver = await simulator.connect(optionsSchema.parse({ delays: { create: 0, stop: 0, delete: 0 }, ...options }), {
      dataDir,
      warn: () => undefined,
    });
    open.push(driver);
    return endedDriver(driver) as Awaited<ReturnType<typeof connect>>;
  };
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'simulator-'));
    control = openControl(join(dataDir, 'simulator.sqlite'));
  });
  afterEach(async () => {
    jest.useRealTimers();
    for (const driver of open.splice(0)) await driver.close();
    control.close();
    rmSync(dataDir, { recursive: true });
  });

  it('keeps its state and its tokens over a restart', async () => {
    const first = await connect();
    const { key } = await first.machines.create(request('one'), context());
    const second = await connect();
    expect((await second.machines.getMany([key], context())).map((item) => item.values['state'])).toEqual(['STARTED']);
    expect(await second.machines.create(request('one'), context())).toEqual({ key });
    expect(control.instances()).toHaveLength(1);
  });
  it('refuses a token that comes with another request', async () => {
    const { machines } = await connect();
    await machines.create(request('one'), context());
    await expect(machines.create(request('one', { config: 's1.large' }), context())).rejects.toMatchObject({ kind: 'conflict' });
  });
  it('makes a second one where tokens are ignored', async () => {
    const { machines } = await connect({ ignoreTokens: true });
    const made = [await machines.create(request('one'), context()), await machines.create(request('one'), context())];
    const found = await machines.find({ token: 'one', tag: 'one:mac' }, context());
    expect(found.map(({ key }) => key)).toEqual(made.map(({ key }) => key));
    expect(new Set(made.map(({ key }) => key)).size).toBe(2);
  });
  it('shows phases as time passes, without anything running', async () => {
    const { machines } = await connect({ delays: { create: 60, restart: 80 } });
    stopClock();
    const { key } = await machines.create(request('one'), context());
    const state = async () => (await machines.getMany([key], context()))[0]?.values['state'];
    expect(await state()).toBe('CREATING');
    await passing(70);
    expect(await state()).toBe('STARTED');
    await machines.restart(key, {}, context());
    expect(await state()).toBe('STOPPING');
    await passing(45);
    expect(await state()).toBe('STARTING');
  });
  it('hides what is new from reads for so long, not from writes', async () => {
    const { machines, capabilities } = await connect({ visibilityDelayMs: 80 });
    stopClock();
    expect(capabilities.settleMs).toBe(80);
    const { key } = await machines.create(request('one'), context());
    expect(await machines.getMany([key], context())).toEqual([]);
    expect(await machines.find({ token: 'one', tag: 'one:mac' }, context())).toEqual([]);
    await machines.stop(key, {}, context());
    await passing(80);
    expect((await machines.find({ token: 'one', tag: 'one:mac' }, context())).map((item) => item.values['state'])).toEqual(['STOPPED']);
  });
  it('fails the calls that a rule names, with their kind, and counts every call', async () => {
    const failures = [{ method: 'machines.create', nth: 2, times: 2, kind: 'quota', message: 'no more' }];
    const { machines } = await connect({ failures });
    await machines.create(request('one'), context());
    for (const token of ['two', 'three']) {
      await expect(machines.create(request(token), context())).rejects.toMatchObject({
        kind: 'quota',
        message: 'no more',
        maybeDone: false,
      });
    }
    // A process that connects with the same rules does not begin to count anew.
    const again = await connect({ failures });
    await again.machines.create(request('four'), context());
    expect(control.calls()).toEqual({ 'machines.create': 4 });
    expect(control.instances()).toHaveLength(2);
  });
  it('throttles with a retry-after', async () => {
    const { machines } = await connect({ throttle: { every: 3, retryAfterMs: 70 } });
    await machines.getMany(['a'], context());
    await machines.getMany(['a'], context());
    await expect(machines.getMany(['a'], context())).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 70 });
    await machines.getMany(['a'], context());
  });
  it('holds to its quota', async () => {
    const driver = await connect({ maxInstances: 1, lingerMs: 0 });
    const { machines } = driver;
    const { key } = await machines.create(request('one'), context());
    await expect(machines.create(request('two'), context())).rejects.toMatchObject({ kind: 'quota' });
    expect(await driver.quotas?.(context())).toEqual([{ of: 'machines', limit: 1, used: 1 }]);
    await machines.delete(key, context());
    await machines.create(request('three'), context());
  });
  it('obeys settings that another process changes', async () => {
    const { machines } = await connect();
    control.set({ latencyMs: 500 });
    await expect(machines.create(request('one'), context(30))).rejects.toMatchObject({ kind: 'timeout', maybeDone: false });
    control.resetSettings();
    expect(control.instances()).toEqual([]);
    await machines.create(request('two'), context());
  });
  it('lists what was made elsewhere, and what its console changed', async () => {
    const { machines } = await connect();
    control.add([foreignInstance('vm-foreign')]);
    control.relabel('vm-foreign', { label: 'by hand', labels: { a: 'b' } });
    const [item] = await machines.getMany(['vm-foreign'], context());
    expect(item).toMatchObject({ key: 'vm-foreign', values: { name: 'by hand', properties: { a: 'b' }, memory: 2_097_152 } });
    expect(item && 'tag' in item).toBe(false);
  });
  it('takes the effects of many processes at once, each committed before its answer', async () => {
    const count = 40;
    const script = `
      const Database = require(${JSON.stringify(createRequire(__filename).resolve('libsql'))});
      const db = new Database(process.argv[1], { timeout: 10000 });
      const add = db.prepare("INSERT INTO calls (method, count) VALUES ('other', 1) ON CONFLICT (method) DO UPDATE SET count = count + 1");
      for (let i = 0; i < ${count}; i += 1) db.transaction(() => add.run()).immediate();`;
    const children = [1, 2].map(() => spawn(process.execPath, ['-e', script, join(dataDir, 'simulator.sqlite')], { stdio: 'inherit' }));
    const ended = children.map((child) => once(child, 'exit'));
    const { machines } = await connect();
    for (let index = 0; index < count; index += 1) await machines.create(request(`t${index}`), context());
    for (const exit of ended) expect((await exit)[0]).toBe(0);
    expect(control.calls()).toEqual({ 'machines.create': count, other: 2 * count });
    expect(control.instances()).toHaveLength(count);
  });
  it('refuses nonsense in a create and makes nothing', async () => {
    const { machines } = await connect();
    const wrong = [
      { config: 'r1.medium' },
      { credential: 'key-none' },
      { networks: ['net-none'] },
      { userData: 'not base64!' },
      { userData: Buffer.alloc(16_385).toString('base64') },
    ];
    for (const more of wrong) await expect(machines.create(request('one', more), context())).rejects.toMatchObject({ kind: 'invalid' });
    expect(control.instances()).toEqual([]);
  });
  it('does not let its own images be changed', async () => {
    const { machineImages } = await connect();
    const [image] = (await machineImages?.getMany(['img-debian-12'], context())) ?? [];
    expect(Object.keys(image?.refuses ?? {}).sort()).toEqual(['delete', 'edit']);
    await expect(machineImages?.delete?.('img-debian-12', context())).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(machineImages?.rename?.('img-debian-12', { name: 'mine' }, context())).rejects.toMatchObject({ kind: 'forbidden' });
  });
  it('gives a machine that names no networks an interface in the default one, and a static address in the place of its own', async () => {
    const { machines, interfaces, addresses } = await connect();
    const { key } = await machines.create(request('one'), context());
    expect(control.things('nic')).toMatchObject([{ instance: key, net: 'net-default' }]);
    const [nic] = control.things('nic');
    const order = { token: 'ip', tag: 'ip:adr', allocation: 'static', protocol: 'IPv4', ip: '192.0.2.7' } as const;
    const fixed = await addresses?.create?.(order, context());
    await addresses?.bind?.(String(fixed?.key), { interface: String(nic?.id) }, context());
    expect(control.things('address')).toMatchObject([{ ip: '192.0.2.7', nic: nic?.id, instance: key }]);
    await interfaces?.delete?.(String(nic?.id), context());
    expect(control.things('address')).toMatchObject([{ ip: '192.0.2.7', nic: null, instance: null }]);
  });
  it('gives nics the addresses asked for, and makes nothing where one is taken or of another net', async () => {
    const { machines, addresses } = await connect();
    const networks = ['net-dmz', 'net-default'];
    await machines.create(request('one', { networks, addresses: [[], ['10.0.3.4', 'fd00:0:0::34']] }), context());
    const ids = control.things('address').map(({ id }) => id);
    const found = (await addresses?.getMany(ids, context())) ?? [];
    const shown = found.map(({ values }) => [values['ip'], values['mask'], values['allocation']]);
    expect(shown.sort()).toEqual([
      ['10.0.3.4', '255.255.0.0', 'dynamic'],
      ['10.1.0.10', '255.255.0.0', 'dynamic'],
      ['fd00:0:0::34', 'ffff:ffff:ffff:ffff::', 'dynamic'],
    ]);
    const refused = async (token: string, ip: string, kind: string, message: RegExp) =>
      expect(machines.create(request(token, { networks: ['net-default'], addresses: [[ip]] }), context())).rejects.toMatchObject({
        ...{ kind, message: expect.stringMatching(message) as string },
      });
    await refused('two', '10.0.3.4', 'conflict', /10\.0\.3\.4 is in use in net-default/);
    await refused('again', 'fd00::34', 'conflict', /fd00::34 is in use in net-default/);
    await refused('three', '10.1.3.4', 'invalid', /no address of the net net-default, which has 10\.0\.0\.0\/16/);
    await refused('four', 'here', 'invalid', /here is no IP address/);
    expect(control.instances()).toHaveLength(1);
  });
  it('makes a net with the block asked for, and gives its addresses out', async () => {
    const { networks, machines } = await connect();
    const make = (token: string, cidr: string) =>
      networks?.create?.({ token, tag: `${token}:net`, networkType: 'PRIVATE', extensions: { cidr } }, context());
    const { key } = (await make('small', '192.168.7.16/28')) ?? { key: '' };
    expect((await networks?.getMany([key], context()))?.[0]).toMatchObject({ values: { cidr: '192.168.7.16/28' } });
    for (const token of ['a', 'b', 'c', 'd', 'e']) await machines.create(request(token, { networks: [key] }), context());
    await expect(machines.create(request('f', { networks: [key] }), context())).rejects.toMatchObject({ kind: 'quota' });
    expect(control.things('address')[0]).toMatchObject({ ip: '192.168.7.26', mask: '255.255.255.240', gateway: '192.168.7.17' });
    for (const cidr of ['192.168.7.0', '192.168.7.3/28', '10.0.0.0/7', '10.0.0.0/29', 'fd00::/64', '10.0.0.0/16/2'])
      await expect(make(cidr, cidr)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining(cidr) as string });
  });
  it('mixes public and private nets only where that is set, and says so', async () => {
    const order = { token: 'mix', tag: 'mix:fwd' };
    const strict = await connect();
    const { key } = (await strict.networks?.create?.({ token: 'n', tag: 'n:net', networkType: 'PRIVATE' }, context())) ?? { key: '' };
    const networks = ['net-public', key];
    expect(strict.capabilities.types['ForwardingGroup']?.capabilities?.['MixedNetwork']).toBe(false);
    await expect(strict.forwardingGroups?.create?.({ ...order, networks }, context())).rejects.toMatchObject({ kind: 'invalid' });
    const loose = await connect({ mixedNetworks: true });
    expect(loose.capabilities.types['ForwardingGroup']?.capabilities?.['MixedNetwork']).toBe(true);
    expect(await loose.forwardingGroups?.create?.({ ...order, networks }, context())).toMatchObject({
      key: expect.stringMatching(/^router-/) as string,
    });
  });
  it('shows a volume as CAPTURING while it is copied, when it can be deleted and nothing else', async () => {
    const { volumes, volumeImages } = await connect({ delays: { create: 0, capture: 60_000, delete: 0 } });
    const { key } = (await volumes?.create?.({ token: 'v', tag: 'v:vol', capacity: 1 }, context())) ?? { key: '' };
    await volumeImages?.create?.({ token: 'c', tag: 'c:img', volume: key }, context());
    expect((await volumes?.getMany([key], context()))?.[0]?.values).toMatchObject({ state: 'CAPTURING', capacity: 1_073_741 });
    await expect(volumes?.update?.(key, { capacity: 9_000_000 }, context())).rejects.toMatchObject({ kind: 'conflict' });
    const again = volumeImages?.create?.({ token: 'd', tag: 'd:img', volume: key }, context());
    await expect(again).rejects.toMatchObject({ kind: 'conflict' });
    await volumes?.delete?.(key, context());
  });
  it('gives an account of an earlier version what is new', async () => {
    control.add([foreignInstance('vm-old')]);
    const account = new Account(join(dataDir, 'simulator.sqlite'));
    account.setNote('seeded', 'believable');
    account.close();
    const { volumeConfigs, networks, machines } = await connect();
    expect(await volumeConfigs?.getMany(['v1.small'], context())).toHaveLength(1);
    expect((await networks?.getMany(['net-default'], context()))?.[0]?.values).toMatchObject({ state: 'STARTED', mtu: 1500 });
    expect(await machines.getMany(['vm-old'], context())).toHaveLength(1);
  });
});
