import type { Disk, Extent } from '../disks/disk';
import type { Cloud } from './cloud';
import type { CallContext, Driver } from './driver';
import { Gone, ProviderError } from './errors';
import { guardCloud } from './guard';

const settings = { key: 'lab', name: 'Lab', driver: 'fake', tenants: ['acme'], discoveredTenant: 'acme', mode: 'manage' as const };

/** Guarded cloud whose images have the given contents; `signals` are those that the driver got. */
function cloudWith(extents: Disk['extents'], open?: (call: number) => Promise<void>) {
  const signals: AbortSignal[] = [];
  const logged: string[] = [];
  const driver: Driver = {
    capabilities: { settleMs: 0, types: {} },
    machineImages: {
      async *list() {
        yield await Promise.resolve([]);
      },
      getMany: () => Promise.resolve([]),
      async download(_key: string, { signal }: CallContext) {
        signals.push(signal);
        await open?.(signals.length);
        return { disk: { size: 4096, rereadable: true, extents }, version: 'v1' };
      },
    },
    check: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  const log = { warn: () => undefined, error: (message: string) => void logged.push(message) };
  const cloud = guardCloud(settings, driver, { deadlineMs: 60_000, retries: 2, firstDelayMs: 1 }, { log });
  return { cloud, signals, logged };
}

async function* given(...pieces: Extent[]): AsyncGenerator<Extent> {
  yield* await Promise.resolve(pieces);
}

const until = (more: { signal?: AbortSignal; idleMs?: number } = {}) => ({
  signal: new AbortController().signal,
  idleMs: 3_600_000,
  ...more,
});

async function read(cloud: Cloud, more = until()): Promise<Extent[]> {
  const { disk } = await cloud.download('machineImages', 'img', more);
  const seen: Extent[] = [];
  for await (const extent of disk.extents(0)) seen.push(extent);
  return seen;
}

test('what a driver gives goes through, and its signal lives on after the call', async () => {
  const pieces: Extent[] = [
    { offset: 0, data: new Uint8Array(512) },
    { offset: 1024, zeros: 3072 },
  ];
  const { cloud, signals } = cloudWith(() => given(...pieces));
  expect(await read(cloud)).toEqual(pieces);
  expect(await cloud.download('machineImages', 'img', until())).toMatchObject({ version: 'v1', disk: { size: 4096, rereadable: true } });
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
});

test('opening is tried again after failures in passing, and not after a proof', async () => {
  const passing = cloudWith(
    () => given(),
    (call) => (call < 3 ? Promise.reject(new ProviderError('unavailable', 'not now')) : Promise.resolve()),
  );
  await read(passing.cloud);
  expect(passing.signals).toHaveLength(3);
  const gone = cloudWith(
    () => given(),
    () => Promise.reject(Gone.told({ type: 'image', key: 'img' }, { code: 'NoImage', message: 'there is none' })),
  );
  await expect(read(gone.cloud)).rejects.toMatchObject({ kind: 'notFound' });
  expect(gone.signals).toHaveLength(1);
});

test('a reading that gives nothing for too long is a timeout, and the driver is told', async () => {
  async function* stalling(): AsyncGenerator<Extent> {
    yield { offset: 0, zeros: 512 };
    await new Promise(() => undefined);
  }
  const { cloud, signals } = cloudWith(stalling);
  await expect(read(cloud, until({ idleMs: 20 }))).rejects.toMatchObject({ kind: 'timeout', maybeDone: false });
  expect(signals[0]?.aborted).toBe(true);
});

test('who gives the reading up is not kept waiting by the driver', async () => {
  const stop = new AbortController();
  async function* stalling(): AsyncGenerator<Extent> {
    yield { offset: 0, zeros: 512 };
    stop.abort();
    await new Promise(() => undefined);
  }
  const { cloud, signals } = cloudWith(stalling);
  await expect(read(cloud, until({ signal: stop.signal }))).rejects.toMatchObject({ kind: 'unavailable', maybeDone: false });
  expect(signals[0]?.aborted).toBe(true);
  await expect(read(cloud, until({ signal: stop.signal }))).rejects.toThrow('was given up');
  expect(signals).toHaveLength(1);
});

test('a loop that ends early lets the driver let go', async () => {
  let left = false;
  async function* long(): AsyncGenerator<Extent> {
    try {
      yield { offset: 0, zeros: 512 };
      yield { offset: 512, zeros: 512 };
    } finally {
      left = await Promise.resolve(true);
    }
  }
  const { disk } = await cloudWith(long).cloud.download('machineImages', 'img', until());
  for await (const extent of disk.extents(0)) {
    expect(extent.offset).toBe(0);
    break;
  }
  expect(left).toBe(true);
});

test.each<[string, Extent[]]>([
  [
    'lie on one another',
    [
      { offset: 0, zeros: 1024 },
      { offset: 512, zeros: 512 },
    ],
  ],
  ['go beyond the size', [{ offset: 4000, zeros: 1024 }]],
  ['are too long', [{ offset: 0, data: new Uint8Array(2 ** 20 + 1) }]],
])('pieces that %s are no contents', async (_, pieces) => {
  await expect(read(cloudWith(() => given(...pieces)).cloud)).rejects.toMatchObject({ kind: 'unavailable', maybeDone: false });
});

test('what is no ProviderError becomes one and is logged', async () => {
  async function* broken(): AsyncGenerator<Extent> {
    yield await Promise.resolve({ offset: 0, zeros: 512 });
    throw new TypeError('slip');
  }
  const { cloud, logged } = cloudWith(broken);
  await expect(read(cloud)).rejects.toMatchObject({ name: 'ProviderError', kind: 'unavailable' });
  expect(logged).toHaveLength(1);
  await expect(cloud.download('volumeImages', 'x', until())).rejects.toMatchObject({ kind: 'unsupported' });
});
