import type { Driver, MachineImages, UploadImage } from '../../../src/clouds/driver';
import { ProviderError } from '../../../src/clouds/errors';
import type { Disk, Extent } from '../../../src/disks/disk';
import { rawBytes } from '../../../src/disks/raw-stream';
import { waitUntil } from '../../harness/wait';
import type { Bench, Counterpart } from '../counterpart';
import { context, marks, toTheEnd, until } from '../counterpart';
import { BYTES, drop } from './uploads';

type Group = 'machineImages' | 'volumeImages';

/** Disk with two pieces of data, and zeros between and behind them, of which some are told and some left out. */
const SIZE = 2 ** 20;
const SECOND = 768 * 1024;
const WHOLE = Buffer.alloc(SIZE);
WHOLE.set(BYTES);
WHOLE.set(BYTES, SECOND);

const sparse = (extents: () => AsyncIterable<Extent> = pieces): Disk => ({
  size: SIZE,
  allocated: 2 * BYTES.length,
  rereadable: true,
  extents,
});

/** Disk with two pieces of data, which can be read again. */
export const SPARSE: Disk = sparse();

async function* pieces(): AsyncGenerator<Extent> {
  for (const start of [0, SECOND])
    for (let at = 0; at < BYTES.length; at += 65_536)
      yield await Promise.resolve({ offset: start + at, data: BYTES.subarray(at, at + 65_536) });
  yield { offset: SECOND + BYTES.length, zeros: 4096 };
}

function methodsOf(driver: Driver, group: Group) {
  const owner = driver[group];
  if (!owner?.upload || !owner.download || !owner.find) throw new Error(`${group} is not offered with upload, download and find`);
  return {
    upload: toTheEnd(driver, owner, owner.upload.bind(owner) as MachineImages['upload']),
    download: owner.download.bind(owner),
    find: owner.find.bind(owner),
  };
}

/** Uploads a disk, and waits until it is there. @returns its key */
export async function uploaded(driver: Driver, group: Group, disk: Disk): Promise<string> {
  const source = { size: disk.size, withinMs: 60_000, open: () => rawBytes(disk), disk };
  const request: UploadImage = { ...marks('download'), source, ...(group === 'volumeImages' ? { bootable: false } : {}) };
  const { key } = await methodsOf(driver, group).upload(request, context());
  await until(driver, group, key, (seen) => seen?.values['state'] === 'AVAILABLE');
  return key;
}

/** Contents from an offset on, written over zeros. */
export async function readFrom(disk: Disk, from: number): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.size - from);
  let at = from;
  for await (const extent of disk.extents(from)) {
    expect(extent.offset).toBeGreaterThanOrEqual(at);
    if ('data' in extent) bytes.set(extent.data, extent.offset - from);
    at = extent.offset + ('data' in extent ? extent.data.byteLength : extent.zeros);
  }
  expect(at).toBeLessThanOrEqual(disk.size);
  return bytes;
}

/** Compares contents with those that were uploaded: a cloud may give more room, which is zeros. */
export function expectContents(bytes: Buffer, from: number): void {
  expect(bytes.length).toBeGreaterThanOrEqual(SIZE - from);
  const grown = Buffer.alloc(bytes.length);
  grown.set(WHOLE.subarray(from));
  expect(bytes.equals(grown)).toBe(true);
}

async function roundTrip({ driver }: Counterpart, group: Group): Promise<void> {
  const key = await uploaded(driver, group, sparse());
  const signal = new AbortController();
  try {
    const { disk, version } = await methodsOf(driver, group).download(key, { signal: signal.signal });
    expectContents(await readFrom(disk, 0), 0);
    if (disk.rereadable) for (const from of [512, 65_536 + 512, SECOND]) expectContents(await readFrom(disk, from), from);
    const again = await methodsOf(driver, group).download(key, { signal: signal.signal });
    expect(again.version).toBe(version);
    if (disk.allocated !== undefined) expect(disk.allocated).toBeGreaterThanOrEqual(WHOLE.filter((byte) => byte !== 0).length);
  } finally {
    signal.abort();
    await drop(driver, group, key);
  }
}

async function gone({ driver }: Counterpart, group: Group): Promise<void> {
  const key = await uploaded(driver, group, sparse());
  await drop(driver, group, key);
  const opened = methodsOf(driver, group).download(key, context());
  await expect(opened.then(({ disk }) => readFrom(disk, 0))).rejects.toMatchObject({ kind: 'notFound' });
}

/** Contents that are given up while they are read: the reading ends with an error of the contract, and the image stays. */
async function givenUp({ driver }: Counterpart, group: Group): Promise<void> {
  const key = await uploaded(driver, group, sparse());
  try {
    const stop = new AbortController();
    const { disk } = await methodsOf(driver, group).download(key, { signal: stop.signal });
    const reading = async () => {
      for await (const { offset } of disk.extents(0)) if (offset >= 0) stop.abort();
    };
    const error: unknown = await reading().catch((thrown: unknown) => thrown);
    // All of it may have been on its way already.
    expect(error === undefined || error instanceof ProviderError).toBe(true);
    await until(driver, group, key, (seen) => seen?.values['state'] === 'AVAILABLE');
  } finally {
    await drop(driver, group, key);
  }
}

async function brokenDisk({ driver }: Counterpart, group: Group): Promise<void> {
  async function* broken(): AsyncGenerator<Extent> {
    yield await Promise.resolve({ offset: 0, data: BYTES.subarray(0, 65_536) });
    throw new Error('the source broke off');
  }
  const request = marks('broken-disk');
  const disk = sparse(broken);
  const source = { size: disk.size, withinMs: 60_000, open: () => rawBytes(disk), disk };
  const { upload, find } = methodsOf(driver, group);
  await expect(upload({ ...request, source }, context())).rejects.toBeInstanceOf(ProviderError);
  await waitUntil(async () => (await find(request, context())).every((item) => item.values['state'] === 'DELETING'));
}

/** Images whose contents are given out again. */
export function downloadTests(bench: Bench): void {
  for (const group of ['machineImages', 'volumeImages'] as const) {
    const test = (title: string, run: typeof roundTrip) =>
      bench.test(`${group}: ${title}`, [`${group}.upload`, `${group}.download`, `${group}.delete`], (counterpart) =>
        run(counterpart, group),
      );
    test('what is uploaded is downloaded, from any offset where it can be read again', roundTrip);
    test('the contents of what is gone are gone', gone);
    test('a download that is given up ends, and changes nothing', givenUp);
    test('an upload of a disk that breaks off leaves nothing', brokenDisk);
  }
}
