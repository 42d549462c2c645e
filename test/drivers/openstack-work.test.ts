import { type CallContext, type Driver, type WorkHandle, isOngoing, type Outcome } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { type FakeAnswer, type FakeCall, type FakeCloud, ID, startFakeCloud } from './openstack-fake';

/** Work that takes the services longer than any call: it is begun once, told by handles, and goes on in whichever process. */

const context = (repeated?: { since: number }): CallContext => ({ signal: AbortSignal.timeout(10_000), ...(repeated ? { repeated } : {}) });
type Doc = Record<string, unknown>;
const lost = () => ({ since: Date.now() - 1000 });
const during = (task: string): FakeAnswer => ({
  status: 409,
  body: { conflictingRequest: { code: 409, message: `Cannot 'x' instance ${ID(1)} while it is in task_state ${task}` } },
});

describe('work under way', () => {
  let cloud: FakeCloud;
  let driver: Driver;
  beforeEach(async () => {
    cloud = await startFakeCloud();
    driver = await cloud.connect();
  });
  afterEach(() => cloud.stop());

  const thing = (listing: string, id: string): Doc => cloud.state[listing]?.find((each) => each['id'] === id) ?? {};
  const asked = (method: string, path: RegExp) => cloud.calls.filter((call) => call.method === method && path.test(call.path));
  const does = (call: string, answer: (call: FakeCall) => FakeAnswer) => cloud.writes.set(call, answer);
  const accepted =
    (effect: (call: FakeCall) => void, body?: unknown, status = 202) =>
    (call: FakeCall): FakeAnswer => {
      effect(call);
      return { status, ...(body === undefined ? {} : { body }) };
    };
  /** The handle of an outcome, as a Job remembers it. */
  const handle = (outcome: Outcome<unknown>): WorkHandle => {
    if (!isOngoing(outcome)) throw new Error(`not under way: ${JSON.stringify(outcome)}`);
    return JSON.parse(JSON.stringify(outcome.ongoing)) as WorkHandle;
  };
  const poll = (on: WorkHandle, by = driver) => by.poll?.(on, context()) ?? Promise.reject(new Error('no poll'));

  describe('a change of size', () => {
    const one = () => thing('servers', ID(1));
    const flavor = { vcpus: 1, ram: 512, disk: 20, ephemeral: 0, swap: 0, original_name: 'f2' };
    const path = `POST /servers/${ID(1)}/action`;
    const actions = () => asked('POST', /\/action$/).map(({ body }) => Object.keys(body as Doc)[0]);
    beforeEach(() => {
      Object.assign(one(), { status: 'SHUTOFF' });
      does(
        path,
        accepted(({ body }) => {
          if ('resize' in (body as Doc)) Object.assign(one(), { status: 'RESIZE', 'OS-EXT-STS:task_state': 'resize_migrating' });
          else Object.assign(one(), { status: 'SHUTOFF' });
        }),
      );
    });
    const copied = () => Object.assign(one(), { status: 'VERIFY_RESIZE', 'OS-EXT-STS:task_state': null, flavor });
    const resize = (by = driver, repeated?: { since: number }) => by.machines?.resize?.(ID(1), { config: '2' }, context(repeated));

    test('goes on as long as Nova copies, is confirmed, and asked for once, also by a process that knows nothing', async () => {
      let on = handle(await resize());
      for (let n = 0; n < 5; n += 1) on = handle(await poll(on));
      const other = await cloud.connect();
      on = handle(await resize(other, lost()));
      copied();
      on = handle(await poll(on, other));
      expect(await poll(on, other)).toBeUndefined();
      expect(actions()).toEqual(['resize', 'confirmResize']);
      expect(await resize()).toBeUndefined();
    });

    test('that was left unconfirmed is confirmed when the same size is asked for again; another size is refused', async () => {
      copied();
      expect(await poll(handle(await resize()))).toBeUndefined();
      expect(actions()).toEqual(['confirmResize']);
      Object.assign(one(), { status: 'VERIFY_RESIZE' });
      await expect(driver.machines?.resize?.(ID(1), { config: '1' }, context())).rejects.toMatchObject({ kind: 'conflict', lasting: true });
    });

    test('that waits for its confirmation is asked for by what the machine’s item says, until somebody takes it back', async () => {
      const shown = async () => (await driver.machines?.getMany([ID(1)], context()))?.[0];
      expect(await shown()).not.toHaveProperty('unconfirmedSize');
      copied();
      const item = await shown();
      expect(item).toMatchObject({ values: { cpu: 1, memory: 512 * 1024 } });
      const config = (item as { unconfirmedSize?: string } | undefined)?.unconfirmedSize ?? '';
      expect(await poll(handle(await driver.machines?.resize?.(ID(1), { config }, context())))).toBeUndefined();
      expect(actions()).toEqual(['confirmResize']);
      expect(await shown()).not.toHaveProperty('unconfirmedSize');
      Object.assign(one(), { flavor: { ...flavor, original_name: 'f1' } });
      await expect(driver.machines?.resize?.(ID(1), { config }, context())).rejects.toMatchObject({ kind: 'conflict', lasting: true });
      expect(actions()).toEqual(['confirmResize']);
    });

    test('ends at once with Nova’s reason where Nova gave it up', async () => {
      const on = handle(await resize());
      Object.assign(one(), { status: 'SHUTOFF', 'OS-EXT-STS:task_state': null });
      const failed = {
        instanceActions: [{ action: 'resize', start_time: new Date().toISOString().slice(0, 19), message: 'No valid host was found' }],
      };
      does(`GET /servers/${ID(1)}/os-instance-actions`, () => ({ status: 200, body: failed }));
      await expect(poll(on)).rejects.toMatchObject({ lasting: true, message: expect.stringMatching(/No valid host/) as string });
      // A lost answer is not asked for twice either.
      await expect(resize(driver, lost())).rejects.toMatchObject({
        lasting: true,
        message: expect.stringMatching(/No valid host/) as string,
      });
      expect(actions()).toEqual(['resize']);
    });

    test('of a server in ERROR fails with its fault', async () => {
      const on = handle(await resize());
      Object.assign(one(), { status: 'ERROR', 'OS-EXT-STS:task_state': null, fault: { code: 500, message: 'disk is full' } });
      await expect(poll(on)).rejects.toMatchObject({ lasting: true, message: expect.stringMatching(/disk is full/) as string });
    });
  });

  describe('an attachment', () => {
    const volume = () => thing('volumes', ID(42));
    const at = `POST /servers/${ID(1)}/os-volume_attachments`;
    const own = { machine: ID(1), volume: ID(42), token: 'token-7', tag: 'tag-7' };
    beforeEach(() => {
      does(`PUT /volumes/${ID(42)}/metadata`, (call) => {
        Object.assign(volume(), call.body);
        return { status: 200, body: call.body };
      });
      does(
        at,
        accepted(() => Object.assign(volume(), { status: 'attaching' }), { volumeAttachment: { volumeId: ID(42) } }, 200),
      );
    });
    const attach = (repeated?: { since: number }) => driver.attachments?.create?.(own, context(repeated));
    const inUse = () => Object.assign(volume(), { status: 'in-use', attachments: [{ server_id: ID(1), device: '/dev/vdc' }] });

    test('is begun once, is unfinished meanwhile, and done when Cinder tells of it', async () => {
      let on = handle(await attach());
      expect(await driver.attachments?.find?.(own, context())).toMatchObject([{ token: own.token, unfinished: true }]);
      await poll(on);
      on = handle(await attach(lost()));
      inUse();
      expect(await poll(on)).toEqual({ key: `${ID(1)}:${ID(42)}` });
      expect(asked('POST', /os-volume_attachments$/)).toHaveLength(1);
    });

    test('ends with Nova’s reason where the volume is free again', async () => {
      const on = handle(await attach());
      Object.assign(volume(), { status: 'available' });
      does(`GET /servers/${ID(1)}/os-instance-actions`, () => ({
        status: 200,
        body: { instanceActions: [{ action: 'attach_volume', message: 'no free slot' }] },
      }));
      await expect(poll(on)).rejects.toMatchObject({
        lasting: true,
        message: expect.stringMatching(/available\): no free slot/) as string,
      });
    });

    test('is taken off once: waited for while it is still being made, and told when Nova gives it up', async () => {
      await attach();
      const key = `${ID(1)}:${ID(42)}`;
      let on = handle(await driver.attachments?.delete?.(key, context()));
      expect(asked('DELETE', /os-volume_attachments/)).toHaveLength(0);
      inUse();
      does(
        `DELETE /servers/${ID(1)}/os-volume_attachments/${ID(42)}`,
        accepted(() => Object.assign(volume(), { status: 'detaching' })),
      );
      on = handle(await poll(on));
      on = handle(await poll(on));
      expect(asked('DELETE', /os-volume_attachments/)).toHaveLength(1);
      inUse();
      await expect(poll(on)).rejects.toMatchObject({ lasting: true, message: expect.stringMatching(/did not detach/) as string });
      Object.assign(volume(), { status: 'available', attachments: [] });
      expect(await poll(on)).toBeUndefined();
      expect(volume()['metadata']).toEqual({});
      expect(await driver.attachments?.getMany([key], context())).toEqual([expect.any(Gone)]);
    });
  });

  test('a snapshot made past the gateway has no properties (5.2) but those that a Consumer then gives it', async () => {
    const image = thing('images', ID(30));
    const others = { 'cimi:id': 'tag-5', 'cimi:token': 'token-5', 'cimi:machine': ID(9), 'cimi:p:team': 'blue' };
    Object.assign(image, others, { instance_uuid: ID(1), os_distro: 'debian' });
    const properties = async () => {
      const [item] = (await driver.machineImages?.getMany([ID(30)], context())) ?? [];
      return item instanceof Gone ? item : item?.values['properties'];
    };
    expect(await properties()).toBeUndefined();
    does(`PATCH /images/${ID(30)}`, ({ body }) => {
      for (const { op, path, value } of body as { op: string; path: string; value?: unknown }[]) {
        const name = path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
        if (op === 'remove') delete image[name];
        else image[name] = value;
      }
      return { status: 200, body: image };
    });
    await driver.machineImages?.rename?.(ID(30), { name: 'n', properties: { team: 'red' } }, context());
    expect(await properties()).toEqual({ team: 'red' });
    expect(Object.keys(image).filter((name) => name.startsWith('cimi:'))).toEqual(['cimi:p:team']);
    expect(image['os_distro']).toBe('debian');
  });

  test('a volume grows by a handle, and says why it did not', async () => {
    const volume = thing('volumes', ID(42));
    does(
      `POST /volumes/${ID(42)}/action`,
      accepted(() => Object.assign(volume, { status: 'extending' })),
    );
    const grow = () => driver.volumes?.update?.(ID(42), { capacity: 8_000_000 }, context());
    let on = handle(await grow());
    on = handle(await poll(on));
    expect(handle(await grow())).toMatchObject({ asked: false });
    Object.assign(volume, { status: 'available', size: 8 });
    expect(await poll(on)).toBeUndefined();
    expect(asked('POST', /\/action$/)).toHaveLength(1);
    Object.assign(volume, { status: 'error_extending', size: 3 });
    const messages = [{ resource_uuid: ID(42), created_at: '2026-11-29T10:00:00', user_message: 'extend volume: backend is full' }];
    does('GET /messages', () => ({ status: 200, body: { messages } }));
    await expect(poll(on)).rejects.toMatchObject({ lasting: true, message: expect.stringMatching(/backend is full/) as string });
  });

  test('an interface goes when Nova has unplugged its port, not under its hands', async () => {
    const port = thing('ports', ID(70));
    Object.assign(port, { tags: ['cimi:nic-owned'] });
    does(
      `DELETE /servers/${ID(1)}/os-interface/${ID(70)}`,
      accepted(() => undefined),
    );
    let on = handle(await driver.interfaces?.delete?.(ID(70), context()));
    for (let n = 0; n < 3; n += 1) on = handle(await poll(on));
    expect(asked('DELETE', /\/ports\//)).toHaveLength(0);
    Object.assign(port, { device_id: '', device_owner: '' });
    expect(await poll(on)).toBeUndefined();
    expect(asked('DELETE', /os-interface/)).toHaveLength(1);
    expect(asked('DELETE', /\/ports\//)).toHaveLength(1);
  });

  test('the ports made for a machine go after it, and not before', async () => {
    Object.assign(thing('ports', ID(70)), { tags: [`cimi-nic-of-${ID(1)}`] });
    const one = thing('servers', ID(1));
    does(
      `DELETE /servers/${ID(1)}`,
      accepted(() => Object.assign(one, { 'OS-EXT-STS:task_state': 'deleting' }), undefined, 204),
    );
    const on = handle(await driver.machines?.delete?.(ID(1), context()));
    expect(handle(await poll(on))).toEqual(on);
    expect(asked('DELETE', /\/ports\//)).toHaveLength(0);
    cloud.state['servers'] = [];
    expect(await poll(on)).toBeUndefined();
    expect(asked('DELETE', /\/ports\//)).toHaveLength(1);
  });

  test('what Nova refuses because it is busy passes; what it refuses for good is told at once', async () => {
    does(`POST /servers/${ID(1)}/action`, () => during('powering-on'));
    const refused: unknown = await driver.machines?.stop?.(ID(1), {}, context()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProviderError);
    expect(refused).toMatchObject({ passing: true, maybeDone: false, message: expect.stringMatching(/task_state powering-on/) as string });
    does(`POST /servers/${ID(1)}/action`, () => ({
      status: 409,
      body: { conflictingRequest: { code: 409, message: `Instance ${ID(1)} is locked` } },
    }));
    await expect(driver.machines?.stop?.(ID(1), {}, context())).rejects.toMatchObject({ kind: 'conflict', passing: false });
  });

  test('a network passes while the server in it is being deleted, and is refused while one lives in it', async () => {
    const deleting = () => driver.networks?.delete?.(ID(60), context());
    await expect(deleting()).rejects.toMatchObject({ kind: 'conflict', passing: false });
    for (const id of [ID(1), ID(2)]) Object.assign(thing('servers', id), { 'OS-EXT-STS:task_state': 'deleting' });
    await expect(deleting()).rejects.toMatchObject({ passing: true, message: expect.stringMatching(/is being deleted/) as string });
    cloud.state['ports'] = [];
    does(`DELETE /networks/${ID(60)}`, () => ({
      status: 409,
      body: { NeutronError: { type: 'NetworkInUse', message: 'in use', detail: '' } },
    }));
    await expect(deleting()).rejects.toMatchObject({ passing: true });
  });

  test('a volume passes while its snapshots are being deleted', async () => {
    const message = 'Invalid volume: Volume status must be available or error and must not have snapshots';
    does(`DELETE /volumes/${ID(40)}`, () => ({ status: 400, body: { badRequest: { code: 400, message } } }));
    const deleting = () => driver.volumes?.delete?.(ID(40), context());
    await expect(deleting()).rejects.toMatchObject({ kind: 'conflict', passing: false });
    for (const each of cloud.state['snapshots'] ?? []) each['status'] = 'deleting';
    await expect(deleting()).rejects.toMatchObject({
      passing: true,
      message: expect.stringMatching(/snapshots are being deleted/) as string,
    });
  });

  test('a handle of another release is forgotten, not taken for the end', async () => {
    await expect(poll({ work: 'weave' })).rejects.toMatchObject({ name: 'HandleForgotten', maybeDone: true });
  });

  test('a restore and a restart that were begun by a lost call are not begun again', async () => {
    const one = thing('servers', ID(1));
    const actions = (action: string) => ({ instanceActions: [{ action, start_time: new Date().toISOString().slice(0, 19) }] });
    does(`GET /servers/${ID(1)}/os-instance-actions`, () => ({ status: 200, body: actions('reboot') }));
    await driver.machines?.restart?.(ID(1), {}, context(lost()));
    Object.assign(one, { metadata: { 'cimi:restore': 'token-9' }, status: 'REBUILD', 'OS-EXT-STS:task_state': 'rebuilding' });
    await driver.machines?.restore?.(ID(1), { token: 'token-9', tag: 't', image: ID(30) }, context(lost()));
    expect(asked('POST', /./).filter(({ service }) => service === 'compute')).toEqual([]);
  });
});
