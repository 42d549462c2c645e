import { basename } from 'node:path';
import { create, gate, item, keys, marks, setUp } from '../../test/clouds/guard-kit';
import { ProviderError } from './errors';
import { passing, settled, stopClock } from '../../test/harness/wait';

afterEach(() => void jest.useRealTimers());

describe('cache', () => {
  it('keeps answers for the configured age, and tells when they were made', async () => {
    const { cloud, machines } = setUp({ cacheMs: 60 });
    stopClock();
    const first = await cloud.list('machines');
    expect(first.at).toBe(Date.now());
    expect((await cloud.list('machines')).at).toBe(first.at);
    expect((await cloud.get('machines', 'a')).at).toBe(first.at);
    expect(machines.calls).toHaveLength(2);
    await passing(61);
    expect((await cloud.list('machines')).at).toBeGreaterThan(first.at);
    expect(machines.calls).toHaveLength(4);
  });
  it.each([3_600_000, -3_600_000])('keeps them for that age, however the machine’s clock is set meanwhile (%i ms)', async (set) => {
    const { cloud, machines } = setUp({ cacheMs: 60 });
    stopClock();
    await cloud.list('machines');
    jest.setSystemTime(Date.now() + set);
    await cloud.list('machines');
    expect(machines.calls).toHaveLength(2);
    await passing(61);
    await cloud.list('machines');
    expect(machines.calls).toHaveLength(4);
  });
  it('answers anew where a younger answer is asked for', async () => {
    const { cloud, machines } = setUp();
    await cloud.get('machines', 'a');
    await cloud.get('machines', 'a');
    expect(machines.calls).toHaveLength(1);
    await cloud.get('machines', 'a', { maxAgeMs: 0 });
    expect(machines.calls).toHaveLength(2);
  });
  it('forgets a group’s answers at a write, also at one that failed', async () => {
    const { cloud, machines } = setUp();
    await keys(cloud);
    await cloud.write('machines', 'create', create);
    expect(await keys(cloud)).toContain('new');
    machines.items.set('other', item('other'));
    machines.failures = [new ProviderError('timeout', 'lost')];
    await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ kind: 'timeout' });
    expect(await keys(cloud)).toContain('other');
  });
  it('is not filled by a read that began before a write or during it', async () => {
    const { cloud, machines } = setUp();
    const { wait, open } = gate();
    machines.gate = wait;
    const before = keys(cloud);
    const readBefore = cloud.get('machines', 'new');
    await settled();
    const write = cloud.write('machines', 'create', create);
    await settled();
    const during = keys(cloud);
    await settled();
    expect(machines.calls.filter((call) => call === 'list@0')).toHaveLength(2);
    open();
    await Promise.all([before, readBefore, write, during]);
    machines.calls = [];
    expect(await keys(cloud)).toContain('new');
    expect((await cloud.get('machines', 'new')).value?.key).toBe('new');
    expect(machines.calls).toEqual(['list@0', 'list@2']);
  });
  describe('after a write to one item', () => {
    const stopped = (key: string) => item(key, { values: { name: key, state: 'STOPPED' } });
    const states = async ({ cloud }: ReturnType<typeof setUp>) =>
      (await cloud.list('machines')).value.map(({ key, values }) => `${key} ${String(values.state)}`);
    const stop = async ({ cloud, machines }: ReturnType<typeof setUp>, key: string) => {
      machines.items.set(key, stopped(key));
      await cloud.write('machines', 'stop', key, { force: false });
    };

    it('reads that item, and lists the others as they are known', async () => {
      const scene = setUp();
      stopClock();
      const { at } = await scene.cloud.list('machines');
      await scene.cloud.get('machines', 'a');
      await stop(scene, 'b');
      scene.machines.calls = [];
      expect(await states(scene)).toEqual(['a STARTED', 'b STOPPED', 'c STARTED']);
      expect((await scene.cloud.list('machines')).at).toBe(at);
      await scene.cloud.get('machines', 'a');
      expect(scene.machines.calls).toEqual(['getMany(b)']);
    });
    it('lists no more what is proven gone', async () => {
      const scene = setUp();
      await keys(scene.cloud);
      await stop(scene, 'b');
      scene.machines.items.delete('b');
      expect(await keys(scene.cloud)).toEqual(['a', 'c']);
    });
    it.each([
      ['refuses to read it', ({ machines }: ReturnType<typeof setUp>) => void machines.failures.push(new ProviderError('forbidden', 'no'))],
      ['says nothing of it', ({ machines }: ReturnType<typeof setUp>) => void machines.silent.add('b')],
    ])('lists all of them anew where the provider %s', async (_what, trouble) => {
      const scene = setUp();
      await keys(scene.cloud);
      await stop(scene, 'b');
      scene.machines.items.set('d', item('d'));
      trouble(scene);
      expect(await states(scene)).toEqual(['a STARTED', 'b STOPPED', 'c STARTED', 'd STARTED']);
    });
    it('does not list it as a read showed it that began before', async () => {
      const scene = setUp();
      await keys(scene.cloud);
      await stop(scene, 'b');
      const { wait, open } = gate();
      scene.machines.gate = wait;
      const before = states(scene);
      await settled();
      scene.machines.items.set('c', stopped('c'));
      const write = scene.cloud.write('machines', 'stop', 'c', { force: false });
      await settled();
      open();
      await Promise.all([before, write]);
      expect(await states(scene)).toEqual(['a STARTED', 'b STOPPED', 'c STOPPED']);
    });
    it('lists all of them anew where many were written to', async () => {
      const scene = setUp();
      for (let n = 0; n < 101; n += 1) scene.machines.items.set(`many-${n}`, item(`many-${n}`));
      await keys(scene.cloud);
      for (let n = 0; n < 101; n += 1) await stop(scene, `many-${n}`);
      scene.machines.calls = [];
      expect((await states(scene)).filter((each) => each.endsWith('STOPPED'))).toHaveLength(101);
      expect(scene.machines.calls[0]).toBe('list@0');
      expect(scene.machines.calls.filter((call) => call.startsWith('getMany'))).toEqual([]);
    });
  });
  it('does not bring back from a list what a read by key, asked for before it and answered meanwhile, saw as gone', async () => {
    const { cloud, machines } = setUp();
    stopClock();
    const [single, list] = [gate(), gate()];
    machines.gate = single.wait;
    const alone = cloud.get('machines', 'b');
    await passing(1);
    machines.gate = list.wait;
    const all = keys(cloud);
    await passing(1);
    machines.items.delete('b');
    single.open();
    expect((await alone).value).toBeUndefined();
    list.open();
    await all;
    expect(await keys(cloud)).toEqual(['a', 'c']);
    expect((await cloud.get('machines', 'b')).value).toBeUndefined();
  });
  it('keeps the later of two lists, whichever ends last', async () => {
    const { cloud, machines } = setUp();
    stopClock();
    const { wait, open } = gate();
    machines.gate = wait;
    const slow = keys(cloud);
    await passing(1);
    machines.items.delete('a');
    machines.gate = () => Promise.resolve();
    expect((await cloud.list('machines', { maxAgeMs: 0 })).value.map(({ key }) => key)).toEqual(['b', 'c']);
    open();
    await slow;
    expect(await keys(cloud)).toEqual(['b', 'c']);
  });
  it('holds configurations by the hour, and those that were retired by key', async () => {
    const { cloud, configs } = setUp({ cacheMs: 0 });
    await cloud.list('machineConfigs');
    await cloud.list('machineConfigs');
    expect(configs.calls).toEqual(['list@0', 'list@2']);
    configs.items.delete('b');
    expect((await cloud.list('machineConfigs', { maxAgeMs: 0 })).value.map(({ key }) => key)).toEqual(['a', 'c']);
    expect((await cloud.get('machineConfigs', 'b')).value?.key).toBe('b');
    expect((await cloud.get('machineConfigs', 'never')).value).toBeUndefined();
  });
  it('is never asked for a tag, and tags are compared exactly', async () => {
    const { cloud, machines } = setUp();
    machines.items.set('x', item('x', { tag: 'a:b' })).set('y', item('y', { tag: 'a:bc' }));
    await keys(cloud);
    expect((await cloud.find('machines', marks)).map(({ key }) => key)).toEqual(['x']);
    expect((await cloud.find('machines', marks)).map(({ key }) => key)).toEqual(['x']);
    expect(machines.calls.filter((call) => call === 'find')).toHaveLength(2);
  });
});

describe('what is offered', () => {
  it('is what the driver has', async () => {
    const { cloud } = setUp();
    expect([cloud.has('machines'), cloud.has('networks')]).toEqual([true, false]);
    expect([cloud.offers('machines', 'create'), cloud.offers('machines', 'pause'), cloud.offers('networks', 'list')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([cloud.offers('machines', 'constructor'), cloud.offers('machines', 'holds')]).toEqual([false, false]);
    await expect(cloud.write('machines', 'pause', 'a')).rejects.toMatchObject({ kind: 'unsupported' });
    await expect(cloud.list('networks')).rejects.toMatchObject({ kind: 'unsupported' });
    expect(cloud.holds('machines', { name: 'n', description: 'd' })).toEqual({ name: 'n' });
    expect(cloud.holds('machineConfigs', { name: 'n' })).toEqual({});
  });
  it('is reads only where the cloud is observed', async () => {
    const { cloud, machines } = setUp({}, 'observe');
    expect([cloud.offers('machines', 'create'), cloud.offers('machines', 'stop'), cloud.offers('machines', 'list')]).toEqual([
      false,
      false,
      true,
    ]);
    await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining('observe') as string,
    });
    expect(machines.calls).toEqual([]);
    expect(await keys(cloud)).toEqual(['a', 'b', 'c']);
  });
});

describe('what a driver should not do', () => {
  it('is turned into a ProviderError and logged with its stack', async () => {
    const { cloud, machines, logged } = setUp({ retries: 0 });
    const bug = new TypeError('x is not a function');
    machines.failures = [bug];
    const error = await cloud.write('machines', 'create', create).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'unavailable', maybeDone: true, cause: bug });
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(basename(__filename));
    expect(await cloud.check()).toEqual([expect.objectContaining({ ok: false, message: 'no check today' })]);
  });
  it('is counted and named once where a state is unknown', async () => {
    const { cloud, machines, logged, unmapped } = setUp();
    machines.items.set('d', item('d', { unmappedState: 'levitating' }));
    await keys(cloud, 0);
    await keys(cloud, 0);
    expect(unmapped).toEqual(['levitating', 'levitating']);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('levitating');
  });
});
