import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { CONFIG_ORDER } from '../../drivers/vsphere/import-spec';
import type { DownloadedImage, Driver, UploadImage } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { digestOf } from '../../src/disks/content-digest';
import type { Disk, Extent } from '../../src/disks/disk';
import { rawBytes } from '../../src/disks/raw-stream';
import { vmdkBytes } from '../../src/disks/vmdk-writer';
import { describeWith } from '../backends/need';
import { bootSector, qemuAvailable, saidByDisk } from '../backends/qemu';
import { describeTypes, vcsimAvailable } from '../backends/vcsim';
import { comesTrue, eventually } from '../harness/wait';
import { context, marks, read } from './counterpart';
import { connect, vcenter } from './vsphere-kit';

const MIB = 2 ** 20;
const SIZE = 8 * MIB;

/** Bytes that do not compress, so that they take their time on the wire; the same for the same seed. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = seed; at < length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

const NOISE = noise(7, MIB);
const MESSAGE = 'read back from vSphere';
const pieces: readonly Extent[] = [
  { offset: 0, data: bootSector(MESSAGE) },
  { offset: 3 * MIB, data: NOISE },
  { offset: 6 * MIB + 512, data: NOISE.subarray(0, 1536) },
];

/** @param then what happens behind the pieces: a source may break off, or wait for something */
function diskOf(then: () => Promise<void> = () => Promise.resolve(), of: readonly Extent[] = pieces, size = SIZE): Disk {
  return {
    size,
    rereadable: false,
    async *extents() {
      for (const piece of of) yield await Promise.resolve(piece);
      await then();
    },
  };
}

async function wholeOf(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

const failure = (promise: Promise<unknown>): Promise<ProviderError> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as ProviderError,
  );

/** Images that go to a vCenter and come from it, by leases. Each test leaves neither machines nor leases. */
describeWith('vcsim', vcsimAvailable(), () => {
  const vc = vcenter({ machines: 2, templates: 1 }, { network: 'DC0_DVPG0' });
  const images = (driver: Driver = vc.driver) => driver.machineImages as Required<NonNullable<Driver['machineImages']>>;
  const order = (nfc: { seconds?: number; breakAfter?: number; holdAfter?: number; star?: boolean }) => vc.account.sim.order({ nfc });
  const leases = async () => (await vc.account.sim.order({ leases: true })).keys ?? [];

  const requestOf = (disk: Disk, more: Partial<UploadImage> = {}): UploadImage => ({
    ...marks('sent'),
    source: { size: disk.size, withinMs: 60_000, open: () => rawBytes(disk), disk },
    ...more,
  });
  async function upload(disk: Disk, more: Partial<UploadImage> = {}, own = context()): Promise<string> {
    const made = await images().upload(requestOf(disk, more), own);
    if ('ongoing' in made) throw new Error('an upload waits to its end');
    return made.key;
  }
  /** The next report is refused for want of a session; in a new one vCenter knows no lease of the old one. */
  const sessionEnds = (): void => void vc.account.proxy.add({ method: 'HttpNfcLeaseProgress', fault: 'NotAuthenticated', times: 1 });
  const drop = (key: string) => vc.ended.machineImages?.delete?.(key, context());
  const download = (key: string, own = context()): Promise<DownloadedImage> => images().download(key, own);

  describe('an upload', () => {
    test('makes a template with one disk and one card, with marks, whose disk is what was sent; vCenter has its SHA-1', async () => {
      let manifest = '';
      vc.account.proxy.add({ method: 'HttpNfcLeaseGetManifest', times: 1, rewrite: (xml) => (manifest = xml) });
      const request = requestOf(diskOf(), {
        name: 'golden',
        description: 'from elsewhere',
        extensions: { bootMode: 'uefi', secureBoot: true },
      });
      const made = await images().upload(request, context());
      const key = 'ongoing' in made ? '' : made.key;
      expect(await read(vc.driver, 'machineImages', key)).toMatchObject({
        values: {
          ...{ name: 'golden', description: 'from elsewhere', state: 'AVAILABLE', type: 'IMAGE' },
          ...{ cpuArch: 'x86_64', bootMode: 'uefi', secureBoot: true, guestOs: 'linux' },
        },
        ...{ tag: request.tag, token: request.token },
      });
      const file = await wholeOf(vmdkBytes(diskOf()));
      expect(manifest).toContain(`<sha1>${createHash('sha1').update(file).digest('hex')}</sha1>`);
      expect(manifest).toContain(`<size>${file.length}</size>`);
      const [seen = ''] = (await vc.account.read(['config.hardware.device', 'config.firmware', 'config.guestId', 'name'])).filter((one) =>
        one.includes(`>${key}<`),
      );
      const devices = [...seen.matchAll(/:type="Virtual(Disk|E1000e|LsiLogicController)"/g)].map(([, type]) => type);
      expect(devices.sort()).toEqual(['Disk', 'E1000e', 'LsiLogicController']);
      expect(seen).toContain(`<capacityInKB>${SIZE / 1024}</capacityInKB>`);
      expect(seen).toContain('>otherLinux64Guest<');
      const { disk } = await download(key);
      expect(await digestOf(disk)).toBe(await digestOf(diskOf()));
      await drop(key);
    });

    test.each([
      [{ hardware: 'native' }, ['ParaVirtualSCSIController', 'VirtualVmxnet3'], 'legacy-bios', 'linux'],
      [{ hardware: 'safe', guestOs: 'linux', bootMode: 'uefi-preferred' }, ['VirtualE1000e', 'VirtualLsiLogicController'], 'uefi', 'linux'],
      // Windows has a driver for LSI's serial controller, and none for the parallel one.
      [{ guestOs: 'windows' }, ['VirtualE1000e', 'VirtualLsiLogicSASController'], 'legacy-bios', 'windows'],
    ])('%j is what its template is made of', async (extensions, devices, bootMode, guestOs) => {
      const key = await upload(diskOf(), { extensions });
      expect((await read(vc.driver, 'machineImages', key))?.values).toMatchObject({ bootMode, guestOs });
      const [seen = ''] = (await vc.account.read(['config.hardware.device'])).filter((one) => one.includes(`>${key}<`));
      const models = [...seen.matchAll(/:type="((?:Virtual|Para)\w*(?:E1000e?|Vmxnet3|SCSIController|LsiLogic\w*))"/g)].map(
        ([, type]) => type,
      );
      expect(models.sort()).toEqual(devices);
      await drop(key);
    });

    test('takes what a URL gives: raw, also not in whole MiB, and stream-optimized VMDK, packed or not', async () => {
      const short = diskOf(undefined, [{ offset: 0, data: NOISE.subarray(0, 65_536) }], MIB + 512);
      const grown = await digestOf({ ...short, size: 2 * MIB });
      const raw = await wholeOf(rawBytes(short));
      const vmdk = await wholeOf(vmdkBytes(short));
      for (const [bytes, size] of [
        [raw, raw.length],
        [vmdk, vmdk.length],
        [gzipSync(vmdk), undefined],
      ] as const) {
        async function* open(): AsyncGenerator<Uint8Array> {
          for (let at = 0; at < bytes.length; at += 65_536) yield await Promise.resolve(bytes.subarray(at, at + 65_536));
        }
        const made = await images().upload({ ...marks('url'), source: { size, withinMs: 60_000, open } }, context());
        const key = 'ongoing' in made ? '' : made.key;
        const { disk } = await download(key);
        expect([disk.size, await digestOf(disk)]).toEqual([2 * MIB, grown]);
        await drop(key);
      }
    });

    test.each([
      ['raw of a size that nobody tells', Buffer.alloc(1024, 'raw'), undefined, /no Content-Length/],
      ['qcow2', Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(1020)]), 1024, /qcow2/],
      ['a page', Buffer.from('<html><body>not found</body></html>'), 35, /HTML/],
      ['nothing', Buffer.alloc(0), 0, /no bytes/],
    ])('of %s is refused in words, before anything is made', async (_what, bytes, size, words) => {
      async function* open(): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(bytes);
      }
      const request = { ...marks('refused'), source: { size, withinMs: 60_000, open } };
      expect(await failure(Promise.resolve(images().upload(request, context())))).toMatchObject({
        kind: 'invalid',
        message: expect.stringMatching(words) as string,
      });
      expect(vc.account.proxy.count('ImportVApp')).toBe(0);
    });

    test('shows as CREATING while it goes on, as an image and not as a machine', async () => {
      const own = marks('showing');
      let shown: unknown;
      const key = await upload(
        diskOf(async () => {
          const [found] = await images().find(own, context());
          const [machine] = (await vc.driver.machines?.getMany([found?.key ?? ''], context())) ?? [];
          shown = { state: found?.values.state, unfinished: found?.unfinished, machine: machine instanceof ProviderError };
        }),
        own,
      );
      expect(shown).toEqual({ state: 'CREATING', unfinished: true, machine: true });
      await drop(key);
    });

    test('a lease is kept alive by a timer, however slow the source is, and ends without one', async () => {
      await order({ seconds: 1 });
      const counted = () => vc.account.proxy.count('HttpNfcLeaseProgress');
      const key = await upload(diskOf(() => eventually(() => (counted() >= 6 ? true : undefined)).then(() => undefined)));
      await drop(key);
      vc.account.proxy.add({ method: 'HttpNfcLeaseProgress', drop: 'before' });
      const left = async () => eventually(async () => ((await leases()).length === 0 ? true : undefined));
      const error = await failure(upload(diskOf(() => left().then(() => undefined))));
      expect(error).toBeInstanceOf(ProviderError);
      expect(error.passing).toBe(true);
    });

    test('one that vCenter ends is given up at once, with its words', async () => {
      await order({ seconds: 1 });
      await vc.account.sim.order({ fault: { method: 'HttpNfcLeaseProgress', fault: 'InvalidState' } });
      const error = await failure(upload(diskOf(() => new Promise(() => undefined))));
      expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('ended the lease') as string });
    });

    test('one whose session ends in the middle: what vCenter knows no more is told, and begun again it is whole', async () => {
      await order({ seconds: 1 });
      const own = marks('begun again');
      expect(await images().find(own, context())).toEqual([]);
      const logins = vc.account.proxy.count('Login');
      sessionEnds();
      const error = await failure(
        upload(
          diskOf(() => new Promise(() => undefined)),
          own,
        ),
      );
      expect(error).toMatchObject({ kind: 'unavailable', passing: true, message: expect.stringContaining('ended the lease') as string });
      expect(vc.account.proxy.count('Login')).toBe(logins + 1);
      await comesTrue(async () => expect(await leases()).toEqual([]));
      vc.account.proxy.reset();
      const key = await upload(diskOf(), own);
      expect((await images().find(own, context())).map((item) => item.key)).toEqual([key]);
      await drop(key);
    });

    test('a lease that takes its time is waited for; one that fails says why', async () => {
      await vc.account.sim.order({ taskDelay: { importVAppLRO: 400, ImportVAppLRO: 400 } });
      await drop(await upload(diskOf()));
      await vc.account.sim.order({ clear: true });
      const own = marks('twice');
      const key = await upload(diskOf(), own);
      expect(await failure(upload(diskOf(), own))).toMatchObject({
        ...{ kind: 'unavailable', code: 'DuplicateName', maybeDone: true },
        message: expect.stringContaining('still there') as string,
      });
      await drop(key);
    });

    test.each([
      ['the connection breaks in the middle', { breakAfter: 200_000 }, /127\.0\.0\.1:\d+, as vCenter told/],
      ['the disk goes to the host that was asked', { star: true, breakAfter: 200_000 }, /127\.0\.0\.1:\d+, as vCenter told/],
    ])('%s: the error names the host, and nothing stays', async (_what, nfc, words) => {
      await order(nfc);
      const error = await failure(upload(diskOf()));
      expect(error).toMatchObject({ message: expect.stringMatching(words) as string });
      expect(error.passing).toBe(true);
    });

    test.each([
      ['counts other bytes', 'HttpNfcLeaseGetManifest', (xml: string) => xml.replace(/<sha1>\w{4}/, '<sha1>0000'), /SHA-1/],
      ['makes two disks', 'RetrievePropertiesEx', (xml: string) => xml.replace(/<deviceUrl>.*?<\/deviceUrl>/s, '$&$&'), /2 disks of one/],
    ])('where vCenter %s, nothing stays', async (_what, method, rewrite, words) => {
      vc.account.proxy.add({ method, rewrite });
      expect(await failure(upload(diskOf()))).toMatchObject({ message: expect.stringMatching(words) as string });
    });

    test.each(['CreateImportSpec', 'ImportVApp', 'HttpNfcLeaseComplete', 'MarkAsTemplate'])(
      '%s is refused: it fails with vCenter’s fault, and nothing stays',
      async (method) => {
        await vc.account.sim.order({ fault: { method, fault: 'NoPermission', times: 1 } });
        expect(await failure(upload(diskOf()))).toMatchObject({ kind: 'forbidden', code: 'NoPermission' });
        await comesTrue(async () => expect(await vc.account.leftovers()).toEqual([]));
      },
    );

    test('a stop ends it where it stands still, and takes it back', async () => {
      await order({ holdAfter: 100_000 });
      const stop = new AbortController();
      const failed = failure(upload(diskOf(), {}, { signal: stop.signal }));
      await eventually(async () => ((await leases()).length > 0 ? true : undefined));
      stop.abort();
      expect(await failed).toBeInstanceOf(ProviderError);
    });

    test('what a process left that died is kept by vCenter until its lease ends, and then deleted', async () => {
      await order({ seconds: 2, holdAfter: 100_000 });
      const other = await connect(vc.account, { network: 'DC0_DVPG0' });
      const own = marks('died');
      const stop = new AbortController();
      vc.account.proxy.add({ method: 'HttpNfcLeaseAbort', drop: 'before' });
      vc.account.proxy.add({ method: 'HttpNfcLeaseProgress', drop: 'before' });
      const failed = failure(Promise.resolve(images(other).upload(requestOf(diskOf(), own), { signal: stop.signal })));
      const half = await eventually(async () => (await images().find(own, context()))[0]);
      stop.abort();
      await failed;
      const refused = await failure(Promise.resolve(drop(half.key)));
      expect(refused).toMatchObject({ code: 'TaskInProgress' });
      expect(refused.passing).toBe(true);
      await comesTrue(async () => expect(await images().find(own, context())).toEqual([]));
      await other.close();
    });
  });

  describe('a download', () => {
    const reading = async ({ disk }: DownloadedImage, each: (offset: number) => void = () => undefined): Promise<void> => {
      for await (const { offset } of disk.extents(0)) each(offset);
    };

    test('gives the disk of any template, once, by one lease', async () => {
      const { disk } = await download(vc.template);
      expect(vc.account.proxy.count('ExportVm')).toBe(0);
      await reading({ disk }, (offset) => expect(offset).toBe('nothing but zeros'));
      expect(vc.account.proxy.count('ExportVm')).toBe(1);
      expect([disk.rereadable, disk.size]).toEqual([false, 10 * 2 ** 30]);
      expect(() => disk.extents(0)).toThrow(RangeError);
    });

    test('and of a snapshot of a machine that was made of an image, while it runs', async () => {
      const image = await upload(diskOf());
      const request = { ...marks('copy'), config: 'c1-m1024', image };
      const machine = await vc.ended.machines?.create?.(request, context());
      const taken = await vc.ended.machineImages?.capture?.(
        { ...marks('taken'), machine: machine?.key ?? '', type: 'SNAPSHOT' },
        context(),
      );
      const { disk } = await download(taken?.key ?? '');
      expect(await digestOf(disk)).toBe(await digestOf(diskOf()));
      await drop(taken?.key ?? '');
      await vc.ended.machines?.delete?.(machine?.key ?? '', context());
      await drop(image);
    });

    test('that breaks off, is given up or is too slow for its lease ends with an error, and no lease stays', async () => {
      const key = await upload(diskOf());
      await order({ breakAfter: 200_000 });
      expect(await failure(download(key).then((image) => reading(image)))).toMatchObject({
        message: expect.stringMatching(/127\.0\.0\.1:\d+, as vCenter told/) as string,
      });
      await order({});
      for await (const { offset } of (await download(key)).disk.extents(0)) if (offset >= 0) break;
      expect(await leases()).toEqual([]);
      await order({ holdAfter: 200_000 });
      const stop = new AbortController();
      const failed = failure(download(key, { signal: stop.signal }).then((image) => reading(image)));
      await eventually(async () => ((await leases()).length > 0 ? true : undefined));
      stop.abort();
      expect(await failed).toBeInstanceOf(ProviderError);
      await order({ seconds: 1, holdAfter: 200_000 });
      vc.account.proxy.add({ method: 'HttpNfcLeaseProgress', fault: 'Timedout' });
      expect(await failure(download(key).then((image) => reading(image)))).toMatchObject({
        message: expect.stringContaining('ended the lease') as string,
      });
      await order({});
      await drop(key);
    });

    test('whose session ends in the middle ends with an error that passes, and read again it is whole', async () => {
      const key = await upload(diskOf());
      await order({ seconds: 1, holdAfter: 200_000 });
      sessionEnds();
      const error = await failure(download(key).then((image) => reading(image)));
      expect(error).toMatchObject({ kind: 'unavailable', passing: true, message: expect.stringContaining('ended the lease') as string });
      await comesTrue(async () => expect(await leases()).toEqual([]));
      vc.account.proxy.reset();
      await order({});
      expect(await digestOf((await download(key)).disk)).toBe(await digestOf(diskOf()));
      await drop(key);
    });

    test.each([
      ['of a machine', async () => (await vc.account.machines()).find(({ template }) => !template)?.key ?? '', 'notFound', /no template/],
      ['of what stands for nothing', () => Promise.resolve('blank'), 'conflict', /nothing to read/],
    ])('%s is refused', async (_what, key, kind, words) => {
      expect(await failure(download(await key()))).toMatchObject({ kind, message: expect.stringMatching(words) as string });
    });

    test.each([
      [
        'encrypted',
        /encrypted/,
        '<propSet><name>config.keyId</name><val xsi:type="CryptoKeyId"><keyId>k</keyId></val></propSet></objects>',
      ],
      ['without a disk', /has no disk/, undefined],
    ])('of a template that is %s is refused in words', async (_what, words, added) => {
      const rewrite = (xml: string) =>
        added === undefined ? xml.replaceAll('"VirtualDisk"', '"VirtualFloppy"') : xml.replaceAll('</objects>', added);
      vc.account.proxy.add({ method: 'RetrievePropertiesEx', rewrite });
      expect(await failure(download(vc.template))).toMatchObject({ kind: 'conflict', message: expect.stringMatching(words) as string });
    });
  });

  test('the members of a machine’s configuration are known in the API’s order', async () => {
    const { VirtualMachineConfigSpec: members = [] } = await describeTypes(['VirtualMachineConfigSpec']);
    expect(members.slice(0, CONFIG_ORDER.length).map(({ name }) => name)).toEqual(CONFIG_ORDER);
  });

  describeWith('qemu', qemuAvailable(), () => {
    test('what came back boots', async () => {
      const key = await upload(diskOf());
      expect(await saidByDisk((await download(key)).disk, MESSAGE)).toContain(MESSAGE);
      await drop(key);
    });
  });
});
