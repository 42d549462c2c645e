import type { Driver, MachineImages, UploadImage, UploadSource } from '../../../src/clouds/driver';
import type { Bench, Counterpart, UploadGroup as Group } from '../counterpart';
import { context, type Ended, marks, pagesOf, read, toTheEnd, until } from '../counterpart';

const GROUPS: readonly Group[] = ['machineImages', 'volumeImages'];
type Methods = { [M in 'upload' | 'find' | 'delete']: Ended<NonNullable<MachineImages[M]>> };

/** Bytes of a raw image: a boot sector with one Linux partition and its signature, and what differs from any other. */
const BYTES = Buffer.alloc(3 * 65_536, 'contract');
BYTES.fill(0, 446, 510);
BYTES.writeUInt8(0x83, 446 + 4);
BYTES.writeUInt32LE(1, 446 + 8);
BYTES.writeUInt32LE(383, 446 + 12);
BYTES.writeUInt16LE(0xaa55, 510);

function methodsOf(driver: Driver, group: Group): Methods {
  const owner = driver[group];
  if (!owner?.upload || !owner.find || !owner.delete) throw new Error(`${group}.upload is not offered with find and delete`);
  return {
    upload: toTheEnd(driver, owner, owner.upload.bind(owner) as MachineImages['upload']),
    find: owner.find.bind(owner),
    delete: toTheEnd(driver, owner, owner.delete.bind(owner) as MachineImages['delete']),
  };
}

function sourceOf(bytes: () => AsyncIterable<Uint8Array>, size?: number): UploadSource {
  return { ...(size === undefined ? {} : { size }), withinMs: 60_000, open: bytes };
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < BYTES.length; at += 65_536) yield BYTES.subarray(at, at + 65_536);
}

async function* broken(seen: () => Promise<void>): AsyncGenerator<Uint8Array> {
  yield BYTES.subarray(0, 65_536);
  await seen();
  throw new Error('the source broke off');
}

async function drop(driver: Driver, group: Group, key: string, patienceMs: number): Promise<void> {
  const methods = methodsOf(driver, group);
  await methods.delete(key, context());
  await until(driver, group, key, (item) => item === undefined, patienceMs);
}

async function uploads({ driver }: Counterpart, group: Group, patienceMs: number): Promise<void> {
  const { upload, find } = methodsOf(driver, group);
  for (const size of [BYTES.length, undefined]) {
    const naming = driver[group]?.holds?.({ name: 'uploaded', description: 'from elsewhere' }) ?? {};
    const request: UploadImage = { ...marks('upload'), ...naming, source: sourceOf(pieces, size), ...bootable(group) };
    const { key } = await upload(request, context());
    const item = await until(driver, group, key, (seen) => seen?.values['state'] === 'AVAILABLE', patienceMs);
    expect(item).toMatchObject({ values: { ...naming, ...bootable(group) }, tag: request.tag });
    if (group === 'machineImages') expect(item?.values['type']).toBe('IMAGE');
    expect((await find(request, context())).map((found) => found.key)).toEqual([key]);
    expect((await pagesOf(driver, group)).flat().filter((each) => each.key === key)).toHaveLength(1);
    await drop(driver, group, key, patienceMs);
  }
}

const bootable = (group: Group): { bootable?: boolean } => (group === 'volumeImages' ? { bootable: true } : {});

/** A source that breaks off: the call fails, and sooner or later nothing of it is left. */
async function breaks({ driver }: Counterpart, group: Group, patienceMs: number): Promise<void> {
  const { upload, find } = methodsOf(driver, group);
  const request = marks('broken');
  const states: unknown[] = [];
  const source = sourceOf(() =>
    broken(async () => {
      states.push(...(await find(request, context())).map((item) => item.values['state']));
    }),
  );
  await expect(upload({ ...request, source }, context())).rejects.toThrow();
  // It may not show yet, but where it shows it is not yet there.
  expect(states.filter((state) => state !== 'CREATING')).toEqual([]);
  const left = async () => (await find(request, context())).filter((item) => item.values['state'] !== 'DELETING');
  const end = Date.now() + patienceMs;
  while ((await left()).length > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(await left()).toEqual([]);
}

/** What a process leaves that dies in the middle is found by its tag and can be deleted. */
async function abandoned({ driver }: Counterpart, group: Group, patienceMs: number): Promise<void> {
  const { upload, find } = methodsOf(driver, group);
  const request = marks('abandoned');
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const source = sourceOf(() => broken(() => held));
  const ended = upload({ ...request, source }, context()).then(
    () => 'made',
    () => 'failed',
  );
  const end = Date.now() + patienceMs;
  let [half] = await find(request, context());
  while (!half && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    [half] = await find(request, context());
  }
  expect(half?.values['state']).toBe('CREATING');
  expect(await read(driver, group, String(half?.key))).toMatchObject({ tag: request.tag });
  await drop(driver, group, String(half?.key), patienceMs);
  release();
  expect(await ended).toBe('failed');
  expect((await find(request, context())).filter((item) => item.values['state'] !== 'DELETING')).toEqual([]);
}

/** Images made of bytes. */
export function uploadTests(bench: Bench): void {
  const { patienceMs } = bench;
  bench.test('images are taken as bytes where that is tested, and only there', async ({ driver }) => {
    expect(GROUPS.filter((group) => driver[group]?.upload !== undefined)).toEqual(GROUPS.filter((group) => bench.uploads.includes(group)));
  });
  for (const group of bench.uploads) {
    bench.test(`${group}: what is uploaded becomes available, under its marks, with and without a known size`, (counterpart) =>
      uploads(counterpart, group, patienceMs),
    );
    bench.test(`${group}: an upload whose source breaks off leaves nothing`, (counterpart) => breaks(counterpart, group, patienceMs));
    bench.test(`${group}: half an upload is found by its tag and can be deleted`, (counterpart) =>
      abandoned(counterpart, group, patienceMs),
    );
  }
}
