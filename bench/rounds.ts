/** Runs interleaved (A B A B …), since this machine's speed drifts: only what ran next to each other is compared. */

/** Line of the result. */
export interface Line {
  measure: string;
  /** Name of what it is compared with. */
  reference: string;
  /** The reference's figure and ours, with their unit. */
  figures: readonly [reference: string, ours: string];
  ratio: number | 'exact';
  /** `least` for rates (ours / reference), `most` for times. Absent: told for information only. */
  aim?: { least: number } | { most: number };
  note?: string;
  /** The reason why there is no figure. */
  failed?: string;
}

export type Subject = () => Promise<number>;

/**
 * Runs each subject once per round, in turn; before that once unmeasured, for who is still warming up.
 * @returns figures by subject, in order of the rounds
 */
export async function interleave<N extends string>(
  rounds: number,
  subjects: Record<N, Subject>,
  warm = true,
): Promise<Record<N, number[]>> {
  const names = Object.keys(subjects) as N[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<N, number[]>;
  for (const name of warm ? names : []) await subjects[name]();
  for (let round = 0; round < rounds; round++) {
    for (const name of names) figures[name].push(await subjects[name]());
  }
  return figures;
}

export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5);
}

/** @param q 0 to 1 */
export function quantile(figures: readonly number[], q: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Median of the ratios within each round: drift between rounds falls out. */
export function ratioOf(ours: readonly number[], reference: readonly number[]): number {
  return median(ours.map((figure, round) => figure / (reference[round] ?? Number.NaN)));
}

/** Whole numbers for large figures, some digits for small ones. */
export function show(figure: number, unit: string): string {
  const digits = figure >= 100 ? 0 : figure >= 10 ? 1 : 2;
  return `${figure.toFixed(digits)} ${unit}`;
}

/** A line from the figures of one interleaved run; what is shown are the medians. */
export function line(
  words: Pick<Line, 'measure' | 'reference' | 'aim' | 'note'>,
  unit: string,
  ours: readonly number[],
  reference: readonly number[],
): Line {
  return { ...words, figures: [show(median(reference), unit), show(median(ours), unit)], ratio: ratioOf(ours, reference) };
}

/** A line about a count that has one right value. */
export function exactly(measure: string, right: number, counted: number): Line {
  return { measure, reference: 'exactly', figures: [String(right), String(counted)], ratio: 'exact' };
}

/**
 * Measures, and where that fails keeps what else was measured.
 * @param name what the line that tells of the failure is about
 */
export async function unlessFailed(name: string, measure: () => Promise<Line[]>): Promise<Line[]> {
  try {
    return await measure();
  } catch (error) {
    console.error(error);
    const [failed = ''] = String(error instanceof Error ? error.message : error).split('\n');
    return [{ measure: name, reference: '–', figures: ['', '–'], ratio: Number.NaN, failed }];
  }
}

/** Verdict on a line: its aim met or missed, a failure, or nothing where it has no aim. */
export function verdict({ aim, ratio, figures, failed }: Line): string {
  if (failed !== undefined) return `FAILED: ${failed}`;
  if (ratio === 'exact') return figures[0] === figures[1] ? 'met' : 'MISSED';
  if (!aim) return '';
  if ('least' in aim) return ratio >= aim.least ? 'met' : 'MISSED';
  return ratio <= aim.most ? 'met' : 'MISSED';
}

function aimText({ aim, ratio }: Line): string {
  if (ratio === 'exact') return 'exact';
  if (!aim) return '–';
  return 'least' in aim ? `≥ ${aim.least}` : `≤ ${aim.most}`;
}

/** The result as a markdown table. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map((each) => {
    const { measure, reference, figures, ratio, note } = each;
    return `| ${measure} | ${reference} ${figures[0]} | ${figures[1]} | ${typeof ratio === 'number' && Number.isFinite(ratio) ? ratio.toFixed(2) : '–'} | ${aimText(each)} | ${verdict(each)}${note ? ` ${note}` : ''} |`;
  });
  return ['| measure | reference | ours | ratio | aim | verdict |', '|---|---|---|---|---|---|', ...rows].join('\n');
}
