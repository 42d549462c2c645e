/** Layout of a System's parts in layers, from left to right: what connects, what is connected, what is plugged in. Pure. */

export interface Part {
  readonly id: string;
  readonly layer: number;
}

/** Connection of two parts. */
export type Link = readonly [from: string, to: string];

/** Places of the parts in rows of their layers, from 0. */
export type Rows = ReadonlyMap<string, number>;

/** Times that each layer is put in the order of its neighbours: few layers settle soon. */
const SWEEPS = 4;

/** Orders the parts of each layer so that few connections cross: each stands at the mean of those it is connected with. */
export function layered(parts: readonly Part[], links: readonly Link[]): Rows {
  const layers = [...new Set(parts.map(({ layer }) => layer))].sort((a, b) => a - b);
  const neighbours = new Map<string, string[]>(parts.map(({ id }) => [id, []]));
  for (const [from, to] of links) {
    neighbours.get(from)?.push(to);
    neighbours.get(to)?.push(from);
  }
  const rows = new Map<string, number>();
  const place = (ids: readonly string[]): void => ids.forEach((id, row) => rows.set(id, row));
  for (const layer of layers) place(parts.filter((one) => one.layer === layer).map(({ id }) => id));
  const meanOf = (id: string): number => {
    const near = (neighbours.get(id) ?? []).flatMap((each) => rows.get(each) ?? []);
    return near.length === 0 ? (rows.get(id) ?? 0) : near.reduce((sum, row) => sum + row, 0) / near.length;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const layer of sweep % 2 === 0 ? layers : layers.toReversed()) {
      const ids = parts.filter((one) => one.layer === layer).map(({ id }) => id);
      const means = new Map(ids.map((id) => [id, meanOf(id)]));
      place(ids.toSorted((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0) || (rows.get(a) ?? 0) - (rows.get(b) ?? 0)));
    }
  }
  return rows;
}
