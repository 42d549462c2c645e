import { createHash, type X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { driver as module } from '../../drivers/vsphere/index';
import { METHODS } from '../../drivers/vsphere/methods';
import { TYPES } from '../../drivers/vsphere/types';
import { type CreateMachine, type Driver, isOngoing, type Item } from '../../src/clouds/driver';
import { HandleForgotten, type ProviderError } from '../../src/clouds/errors';
import { describeWith } from '../backends/need';
import { describeTypes, startVcsim, vcsimAvailable } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { context, dropMachine, machinesMethod, marks, pagesOf, reaches, read, ended, endedDriver } from './counterpart';

const connected = (account: VsphereAccount, more: Record<string, unknown> = {}): Promise<Driver> =>
  Promise.resolve(module.connect(module.options.parse({ ...account.options, ...more }), { dataDir: '', warn: () => undefined }));

const failure = (promise: Promise<unknown> | undefined): Promise<ProviderError> =>
  Promise.resolve(promise).then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as ProviderError,
  );

const keyOf = async (account: VsphereAccount, template: boolean): Promise<string> =>
  (await account.machines()).find((machine) => machine.template === template)?.key ?? '';

const listed = async (driver: Driver, key: string): Promise<Item | undefined> =>
  (await pagesOf(driver, 'machines')).flat().find((item) => item.key === key);

/** Words of vCenter when it has told the guest, which may do nothing. */
const SHUTDOWN =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
  '<ShutdownGuestResponse xmlns="urn:vim25"/></soapenv:Body></soapenv:Envelope>';

describeWith('vcsim', vcsimAvailable(), () => {
  describe('the API as declared by hand', () => {
    /** Stand for many types of the API at once. */
    const INVENTED = ['MethodFault'];

    test('every type and method is the API’s, its members too and in the API’s order', async () => {
      const declared: Record<string, readonly string[]> = Object.fromEntries([
        ...Object.entries(TYPES).map(([name, members]) => [name, Object.keys(members)] as const),
        ...Object.entries(METHODS).map(([name, { takes }]) => [name, ['_this', ...Object.keys(takes)]] as const),
      ]);
      for (const name of INVENTED) delete declared[name];
      const api = await describeTypes(Object.keys(declared));
      for (const [name, members] of Object.entries(declared)) {
        const own = (api[name] ?? []).map((member) => member.name);
        expect([name, own.filter((member) => members.includes(member))]).toEqual([name, members]);
      }
    });
  });

  describe('one small vCenter', () => {
    let account: VsphereAccount;
    let driver: Driver;
    let template: string;
    let machine: string;
    beforeAll(async () => {
      account = await startVsphere({ machines: 3, templates: 1, datastores: 2 });
      driver = await connected(account);
      template = await keyOf(account, true);
      machine = await keyOf(account, false);
    });
    afterAll(async () => {
      await driver.close();
      await account.stop();
    });
    afterEach(async () => {
      account.proxy.reset();
      await account.sim.order({ clear: true });
    });
    const create = (more: Partial<CreateMachine> = {}) =>
      machinesMethod(driver, 'create')({ ...marks(), config: 'c1-m1024', image: template, ...more }, context());

    test('a session that vCenter has ended is opened again, once for all calls in flight', async () => {
      await pagesOf(driver, 'machines');
      await account.endSessions();
      account.proxy.reset();
      const counts = await Promise.all([1, 2, 3].map(async () => (await pagesOf(driver, 'machines')).flat().length));
      expect(counts).toEqual([2, 2, 2]);
      expect(account.proxy.count('Login')).toBe(1);
      await account.endSessions();
      expect(await read(driver, 'machines', machine)).toBeDefined();
      expect(account.proxy.count('Login')).toBe(2);
    });

    test('a refused login says so and neither password nor user', async () => {
      const other = await connected(account, { password: 'hunter2-wrong' });
      const error = await failure(pagesOf(other, 'machines'));
      expect(error).toMatchObject({ kind: 'auth', maybeDone: false });
      expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain('hunter2');
      const [finding, ...rest] = await other.check(context());
      expect(finding).toMatchObject({ ok: false, message: expect.stringMatching(/username and password/) as string });
      expect([rest, JSON.stringify(finding).includes('hunter2')]).toEqual([[], false]);
      await other.close();
    });

    test.each([
      ['InsufficientHostCapacityFault', 'quota'],
      ['NoCompatibleHost', 'unavailable'],
      ['FileLocked', 'unavailable'],
    ])('what the simulator is told to fail with (%s) crosses as %s and is not repeated', async (fault, kind) => {
      await account.sim.order({ fault: { method: 'PowerOnVM_Task', fault } });
      account.proxy.reset();
      const error = await failure(machinesMethod(driver, 'start')(machine, context()));
      expect(error).toMatchObject({ kind, code: fault, message: expect.stringContaining(fault) as string });
      expect(account.proxy.count('PowerOnVM_Task')).toBe(1);
    });

    test('a long task is answered by a handle, and told how far it is, by one call each time', async () => {
      await account.sim.order({ eachTask: 1500 });
      account.proxy.reset();
      const begun = await driver.machines?.suspend?.(machine, context());
      expect(begun).toMatchObject({ ongoing: { op: 'machines.suspend' }, message: expect.stringMatching(/task-\d+/) as string });
      if (!isOngoing(begun)) throw new Error('it has ended');
      account.proxy.reset();
      expect(await driver.poll?.(begun.ongoing, context())).toMatchObject({ ongoing: begun.ongoing });
      expect(account.proxy.calls()).toEqual(['RetrievePropertiesEx']);
      // Another process, which knows no more than the handle.
      const other = await connected(account);
      expect(await ended(other, begun)).toBeUndefined();
      await reaches(other, machine, 'SUSPENDED');
      await account.sim.order({ clear: true });
      await machinesMethod(other, 'start')(machine, context());
      await other.close();
    });

    test('a task that vCenter no longer knows is forgotten, one that failed tells why', async () => {
      const handle = { op: 'machines.suspend', args: { key: machine }, ended: {}, stage: 'SuspendVM_Task', task: 'task-999999' };
      await expect(driver.poll?.(handle, context())).rejects.toBeInstanceOf(HandleForgotten);
      await account.sim.order({ eachTask: 300 });
      const refused = await driver.machines?.create?.({ ...marks(), config: 'c1-m1024', image: template, name: 'x' }, context());
      account.proxy.add({ method: 'PowerOnVM_Task', fault: 'InsufficientMemoryResourcesFault' });
      expect(isOngoing(refused)).toBe(true);
      const error = await failure(ended(driver, refused));
      expect(error).toMatchObject({ kind: 'quota', code: 'InsufficientMemoryResourcesFault' });
      const left = (await account.machines()).find(({ name }) => name.startsWith('x-'));
      await account.sim.order({ clear: true });
      account.proxy.reset();
      await dropMachine({ driver } as never, left?.key ?? '');
    });

    test('a guest that does not shut down is given up after the operator’s patience, with what to do', async () => {
      const other = await connected(account, { guestPatienceMs: 1000 });
      account.proxy.add({ method: 'ShutdownGuest', answer: { status: 200, body: SHUTDOWN } });
      const error = await failure(machinesMethod(other, 'stop')(machine, {}, context()));
      expect(error).toMatchObject({
        kind: 'conflict',
        message: expect.stringMatching(/not shut down within 1 s.*stop it with force/) as string,
      });
      await other.close();
    });

    test('a copy whose answer was lost is found while it goes on, and its twin is refused by name', async () => {
      await account.sim.order({ eachTask: 1200 });
      const request = { ...marks(), config: 'c1-m1024', image: template };
      const since = Date.now();
      account.proxy.add({ method: 'CloneVM_Task', drop: 'after', times: 1 });
      expect(await failure(machinesMethod(driver, 'create')(request, context()))).toMatchObject({ kind: 'timeout', maybeDone: true });
      const { key } = await machinesMethod(driver, 'create')(request, { ...context(), repeated: { since } });
      expect((await machinesMethod(driver, 'find')(request, context())).map((item) => item.key)).toEqual([key]);
      await account.sim.order({ clear: true });
      await dropMachine({ driver } as never, key);
      expect(await account.leftovers()).toEqual([]);
    });

    test('a reset and a restore whose answers were lost are not done again', async () => {
      const { key } = await create();
      const image =
        (await endedDriver(driver).machineImages?.capture?.({ ...marks(), machine: key, type: 'SNAPSHOT' }, context()))?.key ?? '';
      await account.sim.order({ eachTask: 600 });
      const since = Date.now();
      const again = { ...context(), repeated: { since } };
      account.proxy.add({ method: 'ResetVM_Task', drop: 'after', times: 1 });
      expect(await failure(machinesMethod(driver, 'restart')(key, { force: true }, context()))).toMatchObject({ maybeDone: true });
      await machinesMethod(driver, 'restart')(key, { force: true }, again);
      account.proxy.add({ method: 'RevertToSnapshot_Task', drop: 'after', times: 1 });
      expect(await failure(machinesMethod(driver, 'restore')(key, { ...marks(), image }, context()))).toMatchObject({ maybeDone: true });
      await machinesMethod(driver, 'restore')(key, { ...marks(), image }, again);
      expect([account.proxy.count('ResetVM_Task'), account.proxy.count('RevertToSnapshot_Task')]).toEqual([1, 1]);
      await account.sim.order({ clear: true });
      await dropMachine({ driver } as never, key);
    });

    test.each(['disconnected', 'inaccessible', 'invalid', 'orphaned'])(
      'a machine that is %s is listed in ERROR, with words',
      async (state) => {
        await account.sim.order({ machine: { key: machine, connectionState: state } });
        const item = await listed(driver, machine);
        expect(item).toMatchObject({ values: { state: 'ERROR' }, refuses: { start: expect.stringContaining(state) as string } });
        expect(item?.refuses).not.toHaveProperty('delete');
        expect(item?.unmappedState).toBeUndefined();
        await account.sim.order({ machine: { key: machine, connectionState: 'connected' } });
        expect((await listed(driver, machine))?.values.state).toBe('STARTED');
      },
    );

    test('a template that runs is an image in ERROR and no machine', async () => {
      await account.sim.order({ machine: { key: template, powerState: 'poweredOn' } });
      const image = await read(driver, 'machineImages', template);
      expect(image).toMatchObject({
        values: { state: 'ERROR', type: 'IMAGE' },
        refuses: { delete: expect.stringContaining('powered on') as string },
      });
      expect(await listed(driver, template)).toBeUndefined();
      await account.sim.order({ machine: { key: template, powerState: 'poweredOff' } });
      await machinesMethod(driver, 'delete')(template, context());
      expect((await read(driver, 'machineImages', template))?.values.state).toBe('AVAILABLE');
    });

    test('names with slashes and letters of any script, here and from elsewhere', async () => {
      await account.sim.order({ machine: { key: machine, name: 'db%2fprod 日本 é' } });
      expect((await listed(driver, machine))?.values.name).toBe('db/prod 日本 é');
      const { key } = await create({ name: 'a <é> 漢字' });
      expect((await read(driver, 'machines', key))?.values.name).toBe('a <é> 漢字');
      // The simulator cannot create files of a name with an escape in it; it can rename.
      await endedDriver(driver).machines?.rename?.(key, { name: 'a/b\\c%d <é>' }, context());
      expect((await read(driver, 'machines', key))?.values.name).toBe('a/b\\c%d <é>');
      const inventory = (await account.machines()).find((each) => each.key === key)?.name ?? '';
      expect(inventory).toMatch(/^a%2fb%5cc%25d &lt;é&gt;-\w{12}$/);
      await dropMachine({ driver } as never, key);
    });

    test('without VMware Tools only force stops and restarts a machine, and the refusal says so', async () => {
      await account.sim.order({ machine: { key: machine, tools: 'guestToolsNotRunning' } });
      for (const method of ['stop', 'restart'] as const) {
        const error = await failure(machinesMethod(driver, method)(machine, {}, context()));
        expect(error).toMatchObject({ kind: 'conflict', message: expect.stringMatching(/VMware Tools.*force/) as string });
      }
      await machinesMethod(driver, 'restart')(machine, { force: true }, context());
      expect((await listed(driver, machine))?.values.state).toBe('STARTED');
    });

    test('user data and public key go into the guest info; a copy gets its own or none', async () => {
      const userData = Buffer.from('#cloud-config\n').toString('base64');
      const { key } = await create({ userData, credential: 'ssh-ed25519 AAAA me@here' });
      const extra = (await account.read(['config.extraConfig'])).find((text) => text.includes(`>${key}<`)) ?? '';
      const value = (name: string) => new RegExp(`<key>${name}</key><value[^>]*>([^<]*)<`).exec(extra)?.[1];
      expect(value('guestinfo.userdata')).toBe(userData);
      expect(value('guestinfo.userdata.encoding')).toBe('base64');
      const metadata = JSON.parse(Buffer.from(value('guestinfo.metadata') ?? '', 'base64').toString()) as object;
      expect(metadata).toMatchObject({ 'public-keys-data': 'ssh-ed25519 AAAA me@here' });
      await dropMachine({ driver } as never, key);
    });

    test('disks of a configuration: the copy’s first grows to it, a further one is new; a linked clone refuses', async () => {
      const { key } = await create({ config: 'c1-m1024-d20480-d1024' });
      const devices = (await account.read(['config.hardware.device'])).find((text) => text.includes(`>${key}<`)) ?? '';
      const sizes = [...devices.matchAll(/<capacityInKB>(\d+)</g)].map(([, kb]) => Number(kb) / 1024);
      expect(sizes).toEqual([20480, 1024]);
      await dropMachine({ driver } as never, key);
      const error = await failure(create({ extensions: { linkedClone: true } }));
      expect(error).toMatchObject({ kind: 'invalid', message: expect.stringContaining('snapshot') as string });
    });

    test('a machine is copied from another’s snapshot; a snapshot of another machine restores nothing', async () => {
      const { key } = await create();
      const capture = { ...marks(), machine: key, type: 'SNAPSHOT' as const, name: 'before' };
      const snapshot = await endedDriver(driver).machineImages?.capture?.(capture, context());
      const copy = await create({ image: snapshot?.key ?? '' });
      const error = await failure(machinesMethod(driver, 'restore')(copy.key, { ...marks(), image: snapshot?.key ?? '' }, context()));
      expect(error).toMatchObject({ kind: 'invalid', message: expect.stringContaining('another machine') as string });
      for (const each of [copy.key, key]) await dropMachine({ driver } as never, each);
      expect(await read(driver, 'machineImages', snapshot?.key ?? '')).toBeUndefined();
    });

    test('a machine made from nothing is started, also where its create ended in between', async () => {
      const own = await connected(account, { network: 'DC0_DVPG0' });
      const request = { ...marks(), config: 'c1-m512-d1024', image: 'blank', name: 'from nothing' };
      account.proxy.add({ method: 'PowerOnVM_Task', drop: 'before', times: 1 });
      const error = await failure(machinesMethod(own, 'create')(request, context()));
      expect(error).toMatchObject({ kind: 'timeout', maybeDone: true });
      const [found, ...others] = await machinesMethod(own, 'find')(request, context());
      expect([others, found?.unfinished]).toEqual([[], true]);
      const again = { ...context(), repeated: { since: Date.now() } };
      expect(await machinesMethod(own, 'create')(request, again)).toEqual({ key: found?.key });
      await reaches(own, found?.key ?? '', 'STARTED');
      await dropMachine({ driver: own } as never, found?.key ?? '');
      expect(await account.leftovers()).toEqual([]);
      await own.close();
    });
  });

  describe('a large vCenter', () => {
    let account: VsphereAccount;
    let driver: Driver;
    beforeAll(async () => {
      account = await startVsphere({ datacenters: 2, clusters: 2, machines: 250, templates: 1, datastores: 2 });
      driver = await connected(account, { pageSize: 500 });
    });
    afterAll(async () => {
      await driver.close();
      await account.stop();
    });

    test('1,000 machines in two calls, whatever their datacenter', async () => {
      await pagesOf(driver, 'machines');
      account.proxy.reset();
      const items = (await pagesOf(driver, 'machines')).flat();
      expect(new Set(items.map(({ key }) => key)).size).toBe(999);
      expect(account.proxy.calls()).toEqual(['RetrievePropertiesEx', 'ContinueRetrievePropertiesEx']);
      expect(new Set(items.map(({ values }) => String(values.name).slice(0, 3)))).toEqual(new Set(['DC0', 'DC1']));
    });

    test('where nothing decides, the candidates are named and nothing is made', async () => {
      const image = await keyOf(account, true);
      const request = (more: Partial<CreateMachine>) => ({ ...marks(), config: 'c1-m1024', image, ...more });
      const refused = async (more: Partial<CreateMachine>, words: RegExp): Promise<void> => {
        const error = await failure(machinesMethod(driver, 'create')(request(more), context()));
        expect([error.kind, error.maybeDone, words.test(error.message) ? 'said' : error.message]).toEqual(['invalid', false, 'said']);
      };
      await refused({}, /which cluster.*'DC0_C0', 'DC0_C1'$/);
      await refused({ image: 'blank' }, /which cluster.*'DC0_C0', 'DC0_C1', 'DC1_C0', 'DC1_C1'/);
      await refused({ extensions: { cluster: 'DC0_C0', datastore: 'none' } }, /no usable datastore 'none'.*'LocalDS_0', 'LocalDS_1'/);
      await refused({ extensions: { cluster: 'none' } }, /no cluster 'none'/);
      await refused({ extensions: { datacenter: 'DC9' } }, /no datacenter 'DC9'.*'DC0', 'DC1'/);
      await refused({ extensions: { cluster: 'DC0_C0', folder: 'none' } }, /no folder 'none'/);
      await refused({ extensions: { resourcePool: 'Resources' } }, /cluster/);
      await refused({ extensions: { cluster: 'DC0_C0' }, networks: ['network-9999'] }, /network-9999.*'DC0_DVPG0'/);
      expect(await account.leftovers()).toEqual([]);
      // In the other datacenter there is none of the source's networks.
      await refused({ extensions: { cluster: 'DC1_C0' } }, /which network.*'DC1_DVPG0'/);
      // The simulator plugs a copy into its source's networks before it changes them, so only a new machine goes there.
      const elsewhere = { image: 'blank', extensions: { cluster: 'DC1_C0', network: 'DC1_DVPG0' } };
      for (const more of [{ extensions: { cluster: 'DC0_C1' } }, elsewhere]) {
        const { key } = await machinesMethod(driver, 'create')(request(more), context());
        await dropMachine({ driver } as never, key);
      }
      expect(await account.leftovers()).toEqual([]);
    });
  });

  describe('TLS', () => {
    test('by thumbprint, by authority, or not at all; a wrong one is refused before anything is sent', async () => {
      // It ends with this file, whatever fails here.
      const sim = await startVcsim({ machines: 1, templates: 0, tls: true });
      const pem = await certificate(sim.url);
      const fingerprint = (hash: string) =>
        createHash(hash)
          .update(pem.raw)
          .digest('hex')
          .toUpperCase()
          .replace(/..(?!$)/g, '$&:');
      const base = { url: sim.url, username: sim.username, password: sim.password };
      const tried = async (more: Record<string, unknown>): Promise<number | ProviderError> => {
        const driver = await module.connect(module.options.parse({ ...base, ...more }), { dataDir: '', warn: () => undefined });
        try {
          return (await pagesOf(driver, 'machines')).flat().length;
        } catch (error) {
          return error as ProviderError;
        } finally {
          await driver.close();
        }
      };
      expect(await tried({ insecure: true })).toBe(1);
      expect(await tried({ thumbprint: fingerprint('sha256') })).toBe(1);
      expect(await tried({ thumbprint: fingerprint('sha1').toLowerCase() })).toBe(1);
      expect(await tried({ ca: pem.toString() })).toBe(1);
      const wrong = fingerprint('sha256').replace(/^../, (byte) => (byte === '00' ? '01' : '00'));
      expect(await tried({ thumbprint: wrong })).toMatchObject({ kind: 'unavailable', code: 'THUMBPRINT_MISMATCH', maybeDone: false });
      expect(await tried({})).toMatchObject({ kind: 'unavailable', maybeDone: false });
    });
  });
});

/** The certificate that a server shows. */
function certificate(url: string): Promise<X509Certificate> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      const shown = socket.getPeerX509Certificate();
      socket.destroy();
      if (shown) resolve(shown);
      else reject(new Error('no certificate'));
    });
    socket.on('error', reject);
  });
}
