import type { Driver, Item, UploadImage } from '../../src/clouds/driver';
import type { Disk } from '../../src/disks/disk';
import { rawBytes } from '../../src/disks/raw-stream';
import { context, marks } from './counterpart';
import { type FakeAnswer, type FakeCall, type FakeCloud, ID, startFakeCloud } from './openstack-fake';

/** Disks of other clouds that become images of OpenStack: they are raw, whatever lies in them. */

const diskOf = (data: Buffer): Disk => ({
  size: 65_536,
  rereadable: true,
  async *extents() {
    yield await Promise.resolve({ offset: 0, data });
  },
});

describe('an OpenStack image of a disk', () => {
  let cloud: FakeCloud;
  let driver: Driver;
  let made: FakeCall[];
  beforeEach(async () => {
    cloud = await startFakeCloud();
    driver = await cloud.connect();
    made = [];
    const id = ID(39);
    cloud.writes.set('POST /images', (call) => {
      made.push(call);
      return { status: 201, body: { ...(call.body as object), id, status: 'queued' } };
    });
    cloud.writes.set(`PUT /images/${id}/file`, () => ({ status: 204 }));
  });
  afterEach(() => cloud.stop());

  const upload = async (data: Buffer, more: Partial<UploadImage> = {}): Promise<unknown> => {
    const disk = diskOf(data);
    const source = { size: disk.size, withinMs: 10_000, open: () => rawBytes(disk), disk };
    return driver.machineImages?.upload?.({ ...marks('copied'), source, ...more }, context());
  };

  test.each([
    ['an operating system', Buffer.alloc(512, 'boot')],
    ['what is packed', Buffer.from('PK\x03\x04', 'latin1')],
    ['an optical disc', Buffer.concat([Buffer.alloc(32_769), Buffer.from('CD001')])],
  ])('with %s in it is raw', async (_what, data) => {
    await upload(data);
    expect(made.map(({ body }) => body)).toMatchObject([{ disk_format: 'raw', container_format: 'bare' }]);
  });

  test.each([
    ['qcow2', 'QFI\xfb'],
    ['vmdk', 'KDMV'],
    ['vmdk', '# Disk DescriptorFile'],
    ['vhdx', 'vhdxfile'],
  ])('that begins as %s does is refused: it would be taken for one', async (format, bytes) => {
    await expect(upload(Buffer.from(bytes, 'latin1'))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(`begin as a ${format} image`) as string,
    });
    expect(made).toEqual([]);
  });

  describe('and tokens', () => {
    const sent = () => cloud.calls.filter(({ method, path }) => method === 'PUT' || path.endsWith('/auth/tokens') || method === 'DELETE');
    const words = () => sent().map(({ method, service }) => `${method} ${service}`);
    const refused: FakeAnswer = {
      status: 401,
      body: { error: { code: 401, message: 'The request you have made requires authentication.' } },
    };

    test('one that is refused while Glance takes the bytes: what was made is taken back, and the next attempt has another', async () => {
      const answers = [refused, { status: 204 }];
      cloud.writes.set(`PUT /images/${ID(39)}/file`, () => answers.shift() ?? { status: 500 });
      cloud.writes.set(`DELETE /images/${ID(39)}`, () => ({ status: 204 }));
      const error = await upload(Buffer.alloc(512, 'boot')).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: 'unavailable', passing: true, maybeDone: false });
      expect(words()).toEqual(['POST identity', 'PUT image', 'POST identity', 'DELETE image']);
      expect(await upload(Buffer.alloc(512, 'boot'))).toEqual({ key: ID(39) });
      expect(words().slice(4)).toEqual(['PUT image']);
    });

    test('one that ends soon is renewed before the bytes are sent', async () => {
      let lives = 600_000;
      cloud.meddle = ({ service }, honest) => {
        if (service !== 'identity') return undefined;
        const answer = honest();
        Object.assign((answer.body as { token: object }).token, { expires_at: new Date(Date.now() + lives).toISOString() });
        lives = 3_600_000;
        return answer;
      };
      expect(await upload(Buffer.alloc(512, 'boot'))).toEqual({ key: ID(39) });
      expect(words()).toEqual(['POST identity', 'POST identity', 'PUT image']);
    });
  });

  test.each([
    ['x86_64', 'x86_64'],
    ['ARM', 'aarch64'],
  ])('of the architecture %s says so to Nova: %s', async (cpuArch, architecture) => {
    await upload(Buffer.alloc(512, 'boot'), { cpuArch });
    expect(made.map(({ body }) => body)).toMatchObject([{ architecture }]);
  });

  test.each([
    [{ hardware: 'safe' }, { hw_disk_bus: 'sata', hw_vif_model: 'e1000' }],
    [{ hardware: 'native' }, { hw_disk_bus: 'virtio', hw_vif_model: 'virtio' }],
    [{ bootMode: 'legacy-bios' }, { hw_firmware_type: 'bios' }],
    [
      { bootMode: 'uefi', secureBoot: true, guestOs: 'windows' },
      { hw_firmware_type: 'uefi', hw_machine_type: 'q35', os_secure_boot: 'required', os_type: 'windows' },
    ],
    // It starts by either: nothing has to be asked of the hosts.
    [{ bootMode: 'uefi-preferred', secureBoot: false, guestOs: 'linux' }, { os_type: 'linux' }],
    [{}, {}],
  ])('with %j asks Nova for it by its properties', async (extensions, expected) => {
    await upload(Buffer.alloc(512, 'boot'), { extensions });
    const properties = made.map(({ body }) =>
      Object.fromEntries(Object.entries(body as object).filter(([name]) => /^(?:hw|os)_/.test(name))),
    );
    expect(properties).toEqual([expected]);
  });

  test('with hardware that is no word for any is refused before anything is made', async () => {
    await expect(upload(Buffer.alloc(512), { extensions: { hardware: 'fast' } })).rejects.toMatchObject({
      ...{ kind: 'invalid', message: 'hardware is one of safe, native' },
    });
    expect(made).toEqual([]);
  });

  test.each([
    [
      { hw_firmware_type: 'uefi', os_secure_boot: 'required' },
      { bootMode: 'uefi', secureBoot: true },
    ],
    [
      { hw_firmware_type: 'bios', os_secure_boot: 'optional', os_type: 'windows' },
      { bootMode: 'legacy-bios', guestOs: 'windows' },
    ],
    [
      { os_distro: 'rocky', architecture: 'aarch64' },
      { guestOs: 'linux', cpuArch: 'ARM' },
    ],
    [{ os_distro: 'freebsd' }, {}],
  ])('that Glance shows with %j tells of itself', async (properties, expected) => {
    Object.assign(cloud.state.images?.find(({ id }) => id === ID(30)) ?? {}, { os_type: undefined, os_distro: undefined, ...properties });
    const [item] = (await driver.machineImages?.getMany([ID(30)], context())) ?? [];
    const { cpuArch, bootMode, secureBoot, guestOs } = (item as Item).values;
    expect({ cpuArch, bootMode, secureBoot, guestOs }).toEqual(
      Object.assign({ cpuArch: (item as Item).cpuArch, bootMode: undefined, secureBoot: undefined, guestOs: undefined }, expected),
    );
  });
});
