import type { Driver, MachineImages, UploadImage, UploadSource } from '../../../src/clouds/driver';
import type { Bench, Counterpart } from '../counterpart';
import { context, type Ended, marks, pagesOf, read, toTheEnd, until } from '../counterpart';
import { waitUntil, eventually } from '../../harness/wait';

type Group = 'machineImages' | 'volumeImages';
type Methods = { [M in 'upload' | 'find' | 'delete']: Ended<NonNullable<MachineImages[M]>> };

/** Bytes of a raw image: a boot sector with one Linux partition and its signature, and what differs from any other. */
export const BYTES = Buffer.alloc(3 * 65_536, 'contract');
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

function sourceOf(bytes: () => AsyncIterable<Uint8Array>): UploadSource {
  return { size: BYTES.length, withinMs: 60_000, open: bytes };
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < BYTES.length; at += 65_536) yield BYTES.subarray(at, at + 65_536);
}

async function* broken(seen: () => Promise<void>): AsyncGenerator<Uint8Array> {
  yield BYTES.subarray(0, 65_536);
  await seen();
  throw new Error('the source broke off');
}

export async function drop(driver: Driver, group: Group, key: string): Promise<void> {
  const methods = methodsOf(driver, group);
  await methods.delete(key, context());
  await until(driver, group, key, (item) => item === undefined);
}

async function uploads({ driver }: Counterpart, group: Group, size: number | undefined): Promise<void> {
  const { upload, find } = methodsOf(driver, group);
  const naming = driver[group]?.holds?.({ name: 'uploaded', description: 'from elsewhere' }) ?? {};
  const source = { ...sourceOf(pieces), size };
  const request: UploadImage = { ...marks('upload'), ...naming, source, ...bootable(group) };
  const { key } = await upload(request, context());
  const item = await until(driver, group, key, (seen) => seen?.values['state'] === 'AVAILABLE');
  expect(item).toMatchObject({ values: { ...naming, ...bootable(group) }, tag: request.tag });
  if (group === 'machineImages') expect(item?.values['type']).toBe('IMAGE');
  expect((await find(request, context())).map((found) => found.key)).toEqual([key]);
  expect((await pagesOf(driver, group)).flat().filter((each) => each.key === key)).toHaveLength(1);
  await drop(driver, group, key);
}

const bootable = (group: Group): { bootable?: boolean } => (group === 'volumeImages' ? { bootable: true } : {});

/** A source that breaks off: the call fails, and sooner or later nothing of it is left. */
async function breaks({ driver }: Counterpart, group: Group): Promise<void> {
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
  await waitUntil(async () => (await left()).length === 0);
}

/** Tests that what a process leaves that dies in the middle is found by its tag and can be deleted. */
async function abandoned({ driver }: Counterpart, group: Group): Promise<void> {
  const { upload, find } = methodsOf(driver, group);
  const request = marks('abandoned');
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const source = sourceOf(() => broken(() => held));
  const ended = upload({ ...request, source }, context()).then(
    () => 'made',
    () => 'failed',
  );
  const half = await eventually(async () => (await find(request, context()))[0]);
  expect(half.values['state']).toBe('CREATING');
  expect(await read(driver, group, half.key)).toMatchObject({ tag: request.tag });
  await drop(driver, group, half.key);
  release();
  expect(await ended).toBe('failed');
  expect((await find(request, context())).filter((item) => item.values['state'] !== 'DELETING')).toEqual([]);
}

/** Images made of bytes. */
export function uploadTests(bench: Bench): void {
  for (const group of ['machineImages', 'volumeImages'] as const) {
    const test = (title: string, run: typeof breaks) =>
      bench.test(`${group}: ${title}`, [`${group}.upload`, `${group}.delete`], (counterpart) => run(counterpart, group));
    test('what is uploaded becomes available, under its marks', (counterpart) => uploads(counterpart, group, BYTES.length));
    test('the same of an unknown size', (counterpart) => uploads(counterpart, group, undefined));
    test('an upload whose source breaks off leaves nothing', breaks);
    test('half an upload is found by its tag and can be deleted', abandoned);
  }
}
