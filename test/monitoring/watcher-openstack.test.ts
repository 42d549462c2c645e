import { type FakeAnswer, type FakeCloud, ID, startFakeCloud } from '../drivers/openstack-fake';
import { comesTrue, waitUntil } from '../harness/wait';
import { Watching } from './watching';

/** The watcher over OpenStack, and Nova's log of what somebody looks at. Over the real services these take minutes to begin. */

let cloud: FakeCloud;
let watching: Watching;
beforeEach(async () => {
  cloud = await startFakeCloud();
  watching = await Watching.start({ driver: 'openstack', options: cloud.options });
});
afterEach(async () => {
  await watching.stop();
  await cloud.stop();
});

const turn = (status: string, power: number): object =>
  Object.assign(cloud.state.servers?.[0] ?? {}, {
    ...{ status, 'OS-EXT-STS:vm_state': status.toLowerCase(), 'OS-EXT-STS:power_state': power },
  });
const lists = (): number => cloud.calls.filter(({ path }) => path === '/servers/detail').length;
const rounds = async (): Promise<void> => {
  const before = lists();
  await waitUntil(() => lists() >= before + 6);
};
/** Lets Nova's log of the first server be this. */
const logged = (...instanceActions: object[]): void => {
  cloud.meddle = ({ path }): FakeAnswer | undefined =>
    path === `/servers/${ID(1)}/os-instance-actions` ? { status: 200, body: { instanceActions } } : undefined;
};
const entry = (action: string, at: number, more: object = {}): object => ({
  ...{ action, instance_uuid: ID(1), request_id: `req-${action}`, user_id: 'ann', project_id: 'p', message: null },
  ...{ start_time: new Date(at).toISOString().slice(0, -1) },
  ...more,
});
const MACHINE = `machines/it.${ID(1)}`;
const asked = (): number => cloud.calls.filter(({ path }) => path.endsWith('/os-instance-actions')).length;

test('a server that is stopped behind the back is told once, with the state before; a restart tells nothing', async () => {
  const log = await watching.logOf(MACHINE);
  turn('SHUTOFF', 4);
  await comesTrue(async () => expect(await watching.told(log)).toEqual(['state STARTED STOPPED']));
  await rounds();
  await watching.restart();
  await rounds();
  expect(await watching.told(log)).toEqual(['state STARTED STOPPED']);
});

test('Nova’s log of a server is in the events of its Machine, without what the watcher has told', async () => {
  const log = await watching.logOf(MACHINE);
  const now = Date.now();
  turn('SHUTOFF', 4);
  await waitUntil(async () =>
    (await watching.store.events({ tenant: 'default', resource: MACHINE, limit: 9 })).some(({ content }) => content.state),
  );
  expect(asked()).toBe(0);
  const failed = entry('resize', now - 60_000, { message: 'No valid host was found.' });
  logged(entry('stop', now), failed, entry('rebuild', now - 120_000), entry('create', now - 180_000));
  const all = ['model create', 'model update', 'alarm resize', 'state STARTED STOPPED'];
  expect(await watching.told(log)).toEqual(all);
  expect(await watching.told(log)).toEqual(all);
  expect(asked()).toBe(1);
  const [, rebuild, resize] = await watching.events(log);
  expect(rebuild).toMatchObject({ content: { change: 'update', detail: 'rebuild: Nova: rebuild by the user ann' } });
  expect(resize).toMatchObject({
    ...{ severity: 'high', timestamp: new Date(now - 60_000).toISOString() },
    content: { code: 'resize', detail: 'Nova: resize by the user ann failed: No valid host was found.' },
  });
  await watching.restart();
  await rounds();
  expect(await watching.told(log)).toEqual(all);
});

test('a state that Nova’s log tells first is not told again by the watcher, whose next one follows it', async () => {
  const log = await watching.logOf(MACHINE);
  // Between two looks: the watcher does not see these.
  const now = Date.now();
  logged(entry('start', now - 1_000), entry('stop', now - 2_000, { request_id: 'req-first' }));
  await rounds();
  expect((await watching.told(log)).at(-1)).toBe('state STOPPED STARTED');
  await rounds();
  turn('PAUSED', 3);
  await comesTrue(async () => expect((await watching.told(log)).slice(-2)).toEqual(['state STOPPED STARTED', 'state STARTED PAUSED']));
});

test('the events of a Machine are read whatever Nova says to that', async () => {
  const log = await watching.logOf(MACHINE);
  turn('SHUTOFF', 4);
  await waitUntil(async () =>
    (await watching.store.events({ tenant: 'default', resource: MACHINE, limit: 9 })).some(({ content }) => content.state),
  );
  cloud.meddle = ({ path }) =>
    path.endsWith('/os-instance-actions') ? { status: 403, body: { forbidden: { code: 403, message: 'no' } } } : undefined;
  expect(await watching.told(log)).toEqual(['state STARTED STOPPED']);
  expect(asked()).toBe(1);
});
