import { driver as module } from '../../drivers/vsphere/index';
import type { Driver, Item } from '../../src/clouds/driver';
import { describeWith } from '../backends/need';
import { vcsimAvailable, type VcsimOrder } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { context, machinesMethod, pagesOf, read } from './counterpart';
import { waitUntil } from '../harness/wait';

type HotPlug = Omit<NonNullable<VcsimOrder['hotPlug']>, 'key'>;

describeWith('vcsim', vcsimAvailable(), () => {
  describe('the size of a machine that runs', () => {
    let account: VsphereAccount;
    let driver: Driver;
    let machine: string;
    beforeAll(async () => {
      account = await startVsphere({ machines: 2, templates: 1 });
      driver = await module.connect(module.options.parse(account.options), { dataDir: '', warn: () => undefined });
      machine = (await account.machines()).find(({ template }) => !template)?.key ?? '';
    });
    afterAll(async () => {
      await driver.close();
      await account.stop();
    });
    const power = async (method: 'start' | 'stop'): Promise<void> => {
      if (method === 'start') await machinesMethod(driver, 'start')(machine, context());
      else await machinesMethod(driver, 'stop')(machine, { force: true }, context());
    };
    const resize = (config: string) => machinesMethod(driver, 'resize')(machine, { config }, context());
    const item = (): Promise<Item | undefined> => read(driver, 'machines', machine);
    const size = async (): Promise<string> => {
      const { cpu, memory } = (await item())?.values ?? {};
      return `c${String(cpu)}-m${Number(memory) / 1024}`;
    };
    /** The machine runs with 2 CPUs and 2 GiB, and allows just this. */
    const running = async (allowed: HotPlug): Promise<void> => {
      await power('stop');
      await account.sim.order({ hotPlug: { key: machine, coresPerSocket: allowed.coresPerSocket ?? 1 } });
      await resize('c2-m2048');
      await account.sim.order({ hotPlug: { key: machine, ...allowed } });
      await power('start');
      account.proxy.reset();
    };

    test('a machine that allows nothing says so while it runs, in its item and when it is asked', async () => {
      await running({});
      expect((await item())?.refuses).toEqual({ resize: expect.stringMatching(/while the machine is STOPPED/) as string });
      await expect(resize('c4-m2048')).rejects.toMatchObject({ kind: 'conflict', maybeDone: false });
      expect(account.proxy.count('ReconfigVM_Task')).toBe(0);
      await power('stop');
      expect((await item())?.refuses).toBeUndefined();
      await resize('c4-m4096');
      expect(await size()).toBe('c4-m4096');
    });

    test('more CPUs and more memory where both are allowed, with no word of what stays', async () => {
      await running({ cpuAdd: true, memoryAdd: true });
      expect((await item())?.refuses).toBeUndefined();
      const asked: string[] = [];
      account.proxy.add({ method: 'ReconfigVM_Task', when: (body) => asked.push(/<spec>.*<\/spec>/.exec(body)?.[0] ?? '') < 0 });
      await resize('c4-m2048');
      await resize('c4-m4096');
      await resize('c4-m4096');
      expect(asked).toEqual(['<spec><numCPUs>4</numCPUs></spec>', '<spec><memoryMB>4096</memoryMB></spec>']);
      expect([await size(), (await item())?.values.state]).toEqual(['c4-m4096', 'STARTED']);
    });

    test.each<[string, HotPlug, string, RegExp]>([
      ['more CPUs where only memory may grow', { memoryAdd: true }, 'c4-m2048', /no more CPUs than its 2/],
      ['more memory where only CPUs may be added', { cpuAdd: true }, 'c4-m4096', /no more memory than its 2048 MiB/],
      ['fewer CPUs', { cpuAdd: true, memoryAdd: true }, 'c1-m2048', /keeps its 2 CPUs/],
      ['less memory', { cpuAdd: true, cpuRemove: true, memoryAdd: true }, 'c2-m1024', /keeps its 2048 MiB/],
      ['part of a socket', { cpuAdd: true, coresPerSocket: 2 }, 'c3-m2048', /multiple of 2, the cores of a socket/],
      ['more memory than the limit', { memoryAdd: true, memoryLimit: 3072 }, 'c2-m4096', /at most 3072 MiB/],
      ['memory between two steps', { memoryAdd: true, memoryStep: 1024 }, 'c2-m2560', /steps of 1024 MiB: 2048 or 3072 MiB/],
    ])('%s: refused in words, and nothing is changed', async (_what, allowed, to, words) => {
      await running(allowed);
      await expect(resize(to)).rejects.toMatchObject({
        kind: 'conflict',
        maybeDone: false,
        message: expect.stringMatching(words) as string,
      });
      await expect(resize(to)).rejects.toThrow(/takes this size while it is STOPPED/);
      expect([await size(), account.proxy.count('ReconfigVM_Task')]).toEqual(['c2-m2048', 0]);
      await power('stop');
      await resize(to);
      expect(await size()).toBe(to);
    });

    test('fewer CPUs where they may be taken out, whole sockets, steps and limit kept', async () => {
      await running({ cpuAdd: true, cpuRemove: true, memoryAdd: true, memoryStep: 512, memoryLimit: 4096, coresPerSocket: 2 });
      await resize('c4-m4096');
      await resize('c2-m4096');
      expect(await size()).toBe('c2-m4096');
    });

    test.each<[string, string, (key: string) => VcsimOrder]>([
      ['c4-m2048', 'CpuHotPlugNotSupported', (key) => ({ hotPlug: { key } })],
      ['c2-m4096', 'MemoryHotPlugNotSupported', (key) => ({ hotPlug: { key } })],
      ['c2-m4096', 'InvalidPowerState', (key) => ({ machine: { key, powerState: 'suspended' } })],
    ])('what changes meanwhile: %s is refused by vCenter itself (%s)', async (to, code, change) => {
      await running({ cpuAdd: true, memoryAdd: true });
      // What was read said yes; by the time of the write it is no.
      account.proxy.add({ method: 'ReconfigVM_Task', delayMs: 1_500, times: 1 });
      const before = account.proxy.count('ReconfigVM_Task');
      const [error] = await Promise.all([
        resize(to).catch((thrown: unknown) => thrown),
        waitUntil(() => account.proxy.count('ReconfigVM_Task') > before).then(() => account.sim.order(change(machine))),
      ]);
      expect(error).toMatchObject({ kind: 'conflict', code });
      expect(await size()).toBe('c2-m2048');
    });

    test('a suspended machine takes no other size', async () => {
      await running({ cpuAdd: true, memoryAdd: true });
      await machinesMethod(driver, 'suspend')(machine, context());
      await expect(resize('c4-m2048')).rejects.toMatchObject({ kind: 'conflict', message: expect.stringMatching(/suspended/) as string });
      await power('start');
      expect(await size()).toBe('c2-m2048');
    });

    test('what says so costs a list no call more', async () => {
      await pagesOf(driver, 'machines');
      account.proxy.reset();
      await pagesOf(driver, 'machines');
      expect(account.proxy.calls()).toEqual(['RetrievePropertiesEx']);
    });
  });
});
