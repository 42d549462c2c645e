import { readFileSync } from 'node:fs';
import { interleave, median, ratioOf, show, unlessFailed, type Line, type Subject } from './rounds';

/** Curves: the same figures at several sizes of one thing, all sizes running at the same time and asked in turn. */

/** One size, ready to be measured. */
export interface Point {
  /** Words for the size. */
  size: string;
  /** Figures by what they are of; each gives ms of processor time. */
  figures: Readonly<Record<string, Subject>>;
  /** Figures that are read once, after all others, with their unit. */
  standing?: Readonly<Record<string, { unit: string; read: Subject }>>;
  close(): Promise<void>;
}

export interface Curve {
  name: string;
  /** Largest ratios that figures may have at any size. */
  aims?: Readonly<Record<string, number>>;
  points: readonly (() => Promise<Point>)[];
}

/** Measures a curve. @returns lines of every size against the smallest; what fails is told and the rest goes on */
export async function measureCurve({ name, aims = {}, points }: Curve, rounds: number): Promise<Line[]> {
  const open: Point[] = [];
  try {
    const lines: Line[] = [];
    for (const point of points) {
      lines.push(
        ...(await unlessFailed(name, async () => {
          open.push(await point());
          return [];
        })),
      );
    }
    for (const figure of Object.keys(open[0]?.figures ?? {})) {
      lines.push(...(await unlessFailed(`${name}: ${figure}`, () => compared(name, figure, aims[figure], open, rounds))));
    }
    for (const figure of Object.keys(open[0]?.standing ?? {})) {
      lines.push(...(await unlessFailed(`${name}: ${figure}`, () => stood(name, figure, open))));
    }
    return lines;
  } finally {
    for (const point of open) await point.close();
  }
}

async function compared(name: string, figure: string, aim: number | undefined, open: readonly Point[], rounds: number): Promise<Line[]> {
  const of = ({ figures }: Point): Subject => figures[figure] ?? (() => Promise.resolve(Number.NaN));
  const measured = await interleave(rounds, Object.fromEntries(open.map((point) => [point.size, of(point)])));
  const all = lines(name, figure, 'ms', open, ({ size }) => measured[size] ?? []);
  return aim === undefined ? all : all.map((line, index) => (index === 0 ? line : { ...line, aim: { most: aim } }));
}

async function stood(name: string, figure: string, open: readonly Point[]): Promise<Line[]> {
  const read = new Map<string, number[]>();
  for (const { size, standing } of open) read.set(size, [(await standing?.[figure]?.read()) ?? Number.NaN]);
  return lines(name, figure, open[0]?.standing?.[figure]?.unit ?? '', open, ({ size }) => read.get(size) ?? []);
}

function lines(name: string, figure: string, unit: string, open: readonly Point[], figuresOf: (point: Point) => readonly number[]): Line[] {
  const [smallest] = open;
  if (!smallest) return [];
  const reference = figuresOf(smallest);
  return open.map((point) => ({
    measure: `${name}: ${figure}, ${point.size}`,
    reference: smallest.size,
    figures: [show(median(reference), unit), show(median(figuresOf(point)), unit)],
    ratio: ratioOf(figuresOf(point), reference),
  }));
}

/** MiB that a process has in memory, as the kernel counts them. */
export function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;
}
