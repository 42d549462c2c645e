import type { UploadPoint } from '../../src/clouds/driver';
import type { Extent } from '../../src/disks/disk';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { context, marks } from './counterpart';
import { BLOCK, DisksKit, GIB, read, sourceOfDisk, type Group } from './ec2-disks-kit';
import { Ec2Bench } from './ec2-kit';

/** Uploads to EC2 that keep how far they are, and fail in passing. */

describeWith('moto', motoAvailable(), () => {
  let bench: Ec2Bench;
  let kit: DisksKit;
  beforeAll(async () => {
    bench = await Ec2Bench.start();
    kit = new DisksKit(bench);
  });
  afterAll(() => bench.stop());
  afterEach(() => kit.nothingLeft());

  const rule: DisksKit['rule'] = (...given) => kit.rule(...given);
  const drop: DisksKit['drop'] = (...given) => kit.drop(...given);
  const open: DisksKit['open'] = (...given) => kit.open(...given);
  const BLOCKS = 40;
  const DONE = 25;
  const many = sourceOfDisk({
    size: GIB,
    rereadable: true,
    async *extents(from) {
      for (let index = Math.floor(from / BLOCK); index < BLOCKS; index++) {
        yield await Promise.resolve({ offset: index * BLOCK, data: Buffer.alloc(BLOCK, 1 + index) });
      }
    },
  });
  /** Uploads until EBS takes nothing more, or does not answer. */
  const begun = async (group: Group, given: Parameters<typeof rule>[0]) => {
    const driver = await bench.connect({ patienceMs: 1 });
    const points: UploadPoint[] = [];
    const keep = (point: UploadPoint) => Promise.resolve(void points.push(point));
    const request = { ...marks('kept'), source: { ...many, keep } };
    rule(given);
    await expect(driver[group]?.upload?.(request, context())).rejects.toMatchObject({
      kind: expect.stringMatching(/unavailable|timeout/) as string,
    });
    kit.asBefore();
    await driver.close();
    return { request, points, resume: points.at(-1) };
  };
  const refusing = () => {
    let calls = 0;
    return { action: 'PutSnapshotBlock', when: () => ++calls > DONE, fail: { code: 'InternalServerException', status: 500 } };
  };
  const counts = () => ['StartSnapshot', 'PutSnapshotBlock'].map((action) => bench.account.proxy.count(action));
  const expectWhole = async (group: Group, key: string) => {
    const blocks = await read(await open(group, key));
    expect(blocks.map(([offset, data]) => [offset / BLOCK, data[0]])).toEqual(Array.from({ length: BLOCKS }, (_, i) => [i, 1 + i]));
  };

  test.each(['machineImages', 'volumeImages'] as const)(
    '%s: goes on with what was begun, and sends no more than what was under way again',
    async (group) => {
      const { request, points, resume } = await begun(group, refusing());
      const [left] = (await bench.driver[group]?.find?.(request, context())) ?? [];
      expect(left).toMatchObject({ key: resume?.key, values: { state: 'CREATING' } });
      expect(points.map(({ offset }) => offset)).toEqual([...points.map(({ offset }) => offset)].sort((a, b) => a - b));
      expect(JSON.stringify(resume).length).toBeLessThan(400);
      const [starts = 0, puts = 0] = counts();
      const made = await bench.driver[group]?.upload?.({ ...request, source: { ...request.source, resume } }, context());
      const key = (made as { key: string }).key;
      const [startsAfter, putsAfter = 0] = counts();
      expect(startsAfter).toBe(starts);
      expect(putsAfter - puts).toBe(BLOCKS - (resume?.offset ?? 0) / BLOCK);
      // Eight are under way; where one of them lags, the others get on.
      expect(putsAfter - puts).toBeLessThanOrEqual(BLOCKS - DONE + 16);
      await expectWhole(group, key);
      await drop(group, key);
    },
  );

  test.each(['the source breaks off', 'the point can not be kept'])('what EBS has stays, and is kept at once, where %s', async (what) => {
    const ended = new Error(what);
    async function* broken(from: number): AsyncGenerator<Extent> {
      for await (const extent of many.disk?.extents(from) ?? []) {
        if (extent.offset === DONE * BLOCK) throw ended;
        yield extent;
      }
    }
    const atOnce: number[] = [];
    const keep = ({ offset }: UploadPoint, now = false): Promise<void> => {
      if (now) atOnce.push(offset / BLOCK);
      // As where another worker has the Job.
      return what.startsWith('the point') ? Promise.reject(ended) : Promise.resolve();
    };
    const disk = { size: GIB, rereadable: true, extents: broken };
    const request = { ...marks('broken'), source: { ...sourceOfDisk(disk), keep } };
    await expect(bench.driver.volumeImages?.upload?.(request, context())).rejects.toThrow(what);
    // All but what was under way, or nothing that is sent after a point was refused.
    expect(atOnce.at(-1)).toBeGreaterThanOrEqual(what.startsWith('the source') ? DONE - 8 : 1);
    const [left] = (await bench.driver.volumeImages?.find?.(request, context())) ?? [];
    expect(left).toMatchObject({ values: { state: 'CREATING' } });
    await drop('volumeImages', left?.key ?? '');
  });

  test('begins anew where what was begun is gone, or somebody else’s', async () => {
    const { request, resume } = await begun('volumeImages', refusing());
    await drop('volumeImages', resume?.key ?? '');
    const made = await bench.driver.volumeImages?.upload?.({ ...request, source: { ...request.source, resume } }, context());
    const key = (made as { key: string }).key;
    expect(key).not.toBe(resume?.key);
    await expectWhole('volumeImages', key);
    await drop('volumeImages', key);
  });

  test('is completed once where the answer to that was lost', async () => {
    const { request, resume } = await begun('machineImages', { action: 'CompleteSnapshot', times: 1, drop: 'after' });
    expect(resume?.offset).toBe(GIB);
    const [starts, puts] = counts();
    const made = await bench.driver.machineImages?.upload?.({ ...request, source: { ...request.source, resume } }, context());
    expect(counts()).toEqual([starts, puts]);
    await expectWhole('machineImages', (made as { key: string }).key);
    await drop('machineImages', (made as { key: string }).key);
  });
});
