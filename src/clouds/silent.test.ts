import { create, gate, keys, setUp } from '../../test/clouds/guard-kit';
import { passing, settled, stopClock } from '../../test/harness/wait';
import { ProviderError } from './errors';

/** A cloud that has been silent for long enough, with a clock that stands still. */
async function silenced() {
  const made = setUp({ retries: 0, cacheMs: 0, shutAfterMs: 10_000, deadlineMs: 60_000, concurrency: 2 });
  const { cloud, machines } = made;
  stopClock();
  const lose = () => expect(cloud.list('machines')).rejects.toMatchObject({ message: 'no route' });
  const lost = () => new ProviderError('unavailable', 'no route');
  machines.failures = [lost(), lost(), lost()];
  await lose();
  await passing(10_000);
  await lose();
  await lose();
  machines.calls = [];
  return { ...made, lost };
}

afterEach(() => void jest.useRealTimers());

const REFUSED = { kind: 'unavailable', maybeDone: false, message: expect.stringMatching(/lab does not answer.*no route/) as string };

it('refuses calls to a silent cloud without sending them, says until when, and tells the operator', async () => {
  const { cloud, machines, logged } = await silenced();
  await expect(cloud.list('machines')).rejects.toMatchObject({ ...REFUSED, retryAfterMs: 5_000 });
  await expect(cloud.get('machines', 'a')).rejects.toMatchObject(REFUSED);
  await expect(cloud.list('machineConfigs')).rejects.toMatchObject(REFUSED);
  await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject(REFUSED);
  expect(machines.calls).toEqual([]);
  expect(cloud.health()).toMatchObject({ state: 'DOWN', reason: 'no route' });
  expect(logged).toContainEqual(expect.stringContaining('calls to a cloud are refused until it answers again'));
});

it('an answer after a pause lets everything through again', async () => {
  const { cloud, machines } = await silenced();
  await passing(5_000);
  expect(await keys(cloud)).toEqual(['a', 'b', 'c']);
  await cloud.write('machines', 'create', create);
  expect(machines.calls.at(-1)).toBe('create');
  expect(cloud.health().state).toBe('UP');
});

it('who comes after a pause waits a second at most for a cloud that is still silent; a late answer opens the way all the same', async () => {
  const { cloud, machines } = await silenced();
  const late = gate();
  machines.gate = late.wait;
  await passing(5_000);
  const probe = expect(cloud.get('machines', 'a')).rejects.toMatchObject(REFUSED);
  await settled();
  expect(machines.running).toBe(1);
  await expect(cloud.get('machines', 'b')).rejects.toMatchObject(REFUSED);
  await passing(1_000);
  await probe;
  late.open();
  await settled();
  machines.gate = () => Promise.resolve();
  expect((await cloud.get('machines', 'b')).value?.key).toBe('b');
});

it('a write that comes first after a pause is sent, and waited for', async () => {
  const { cloud, machines, lost } = await silenced();
  await passing(5_000);
  machines.failures = [lost()];
  await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ message: 'no route' });
  await expect(cloud.write('machines', 'create', create)).rejects.toMatchObject({ ...REFUSED, retryAfterMs: 10_000 });
  expect(machines.calls).toEqual(['create']);
});

it('calls that stand in line when a cloud falls silent are refused, not sent one after the other', async () => {
  const { cloud, machines } = setUp({ retries: 0, cacheMs: 0, shutAfterMs: 1, deadlineMs: 1_000, concurrency: 3 });
  stopClock();
  machines.gate = () => new Promise(() => undefined);
  const all = Array.from({ length: 20 }, (_, index) => cloud.write('machines', 'start', String(index)).catch((error: Error) => error.name));
  await passing(1_000);
  await passing(1_000);
  // Two took the places of the first two before the third made it three in a row.
  expect(await Promise.all(all)).toEqual([...Array(5).fill('ProviderError'), ...Array(15).fill('SilentCloud')] as string[]);
  expect(machines.calls).toHaveLength(5);
});

it('a read costs one deadline at most, whatever may be tried again', async () => {
  const { cloud, machines } = setUp({ retries: 4, deadlineMs: 1_000 });
  stopClock();
  machines.gate = () => new Promise(() => undefined);
  const list = expect(cloud.list('machines')).rejects.toMatchObject({ kind: 'timeout' });
  await passing(60_000);
  await list;
  expect(machines.calls).toHaveLength(1);
});
