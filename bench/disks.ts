import { startProcess } from './processes';
import { interleave, type Line, line, unlessFailed } from './rounds';

/** Formats of disks against a plain copy of the same bytes in memory, in a process of its own each. */

const DATA_MIB = Number(process.env.BENCH_DISKS_MIB ?? 1024);
/** Sizes of the sparse disks in GiB, and by how much a process may grow for one. */
const SPARSE = [64, 1024];
const MOST_GROWTH_MIB = 128;

const CODECS: readonly (readonly [work: string, measure: string])[] = [
  ['raw', 'raw bytes read, zeros found'],
  ['digest', 'digest of the contents'],
  ['gzip', 'gzip read'],
  ['qcow2', 'qcow2 read'],
  ['vmdk-read', 'stream-optimized VMDK read'],
  ['vmdk-write', 'stream-optimized VMDK written'],
];

interface Worked {
  seconds: number;
  grownMib: number;
}

async function work(name: string, sizeGib = 0): Promise<Worked> {
  const { said, stop } = await startProcess(
    'bench/disks-child.ts',
    [name, String(DATA_MIB), String(sizeGib)],
    /seconds ([\d.]+) grown (\d+)\./,
  );
  await stop();
  return { seconds: Number(said[1]), grownMib: Number(said[2]) / 2 ** 20 };
}

export async function measureDisks(rounds: number): Promise<Line[]> {
  const lines: Line[] = [];
  const rate = (name: string) => async () => DATA_MIB / (await work(name)).seconds;
  for (const [name, measure] of CODECS) {
    const measured = async (): Promise<Line[]> => {
      const { reference, ours } = await interleave(rounds, { reference: rate('copy'), ours: rate(name) }, false);
      return [line({ measure: `${measure}, ${DATA_MIB} MiB`, reference: 'copy in memory' }, 'MiB/s', ours, reference)];
    };
    lines.push(...(await unlessFailed(measure, measured)));
  }
  for (const size of SPARSE) lines.push(...(await unlessFailed(`sparse disk of ${size} GiB`, () => sparse(size))));
  return lines;
}

/** A sparse disk written as VMDK and read, against a disk with the same data and nothing else. */
async function sparse(sizeGib: number): Promise<Line[]> {
  const grown: number[] = [];
  const { reference, ours } = await interleave(
    1,
    {
      reference: async () => (await work('through')).seconds,
      ours: async () => {
        const { seconds, grownMib } = await work('through', sizeGib);
        grown.push(grownMib);
        return seconds;
      },
    },
    false,
  );
  const measure = `${sizeGib} GiB with ${DATA_MIB} MiB of data, VMDK written and read`;
  return [
    line({ measure, reference: 'these data alone', aim: { most: 1.5 } }, 's', ours, reference),
    line({ measure: `${measure}: growth of the process`, reference: 'bound', aim: { most: 1 } }, 'MiB', grown, [MOST_GROWTH_MIB]),
  ];
}
