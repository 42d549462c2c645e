import { layered, type Link } from './graph-layout.ts';
import { nameOf, Problem, Reference, State } from './parts.tsx';
import { usePolled } from './poll.ts';
import type { Item } from './reading.ts';
import { addressOf, cimi, words } from './state.ts';
import { Table } from './table.tsx';

/** Graph of a System: its machines, volumes, networks and inner Systems, and how they hang together; a table says the same. */

interface Node {
  id: string;
  kind: string;
  item: Item;
  layer: number;
}

interface Graph {
  nodes: readonly Node[];
  links: readonly Link[];
}

/** Components that are shown, with the layer of each and the attribute of an entry that leads to it. */
const KINDS: readonly (readonly [collection: string, reference: string, layer: number])[] = [
  ['networks', 'network', 0],
  ['systems', 'system', 0],
  ['machines', 'machine', 1],
  ['volumes', 'volume', 2],
];
/** Parts of machines that connect them with others. */
const CONNECTING: readonly (readonly [collection: string, reference: string])[] = [
  ['networkInterfaces', 'network'],
  ['volumes', 'volume'],
];
const EXPANDED = [
  ...KINDS.map(([collection, reference]) => `${collection}/${reference}`),
  ...CONNECTING.map(([collection]) => `machines/machine/${collection}`),
].join(',');

/** Lists of a collection that are none of its items. */
const NO_ITEMS = ['operations', 'unavailableClouds'];

/** Items of a collection that stands expanded in its owner. */
function itemsOf(collection: unknown): readonly Record<string, unknown>[] {
  const [, items = []] =
    Object.entries((collection ?? {}) as object).find(([name, each]) => Array.isArray(each) && !NO_ITEMS.includes(name)) ?? [];
  return items as readonly Record<string, unknown>[];
}

const hrefOf = (value: unknown): string => {
  const { href, id } = (value ?? {}) as { href?: string; id?: string };
  return id ?? href ?? '';
};

/** Makes the graph of a System that was read with all that is in it. */
export function graphOf(system: Readonly<Record<string, unknown>>): Graph {
  const nodes = KINDS.flatMap(([collection, kind, layer]) =>
    itemsOf(system[collection]).flatMap((entry): Node[] => {
      const item = entry[kind] as Item | undefined;
      const id = hrefOf(item);
      return id === '' ? [] : [{ id, kind, layer, item: { ...item, id } }];
    }),
  );
  const known = new Map(nodes.map((node) => [node.id, node]));
  const links: Link[] = [];
  for (const { id, item, kind } of [...nodes]) {
    if (kind !== 'machine') continue;
    for (const [collection, other] of CONNECTING) {
      for (const part of itemsOf(item[collection])) {
        const to = hrefOf(part[other]);
        if (to === '') continue;
        // What a machine is connected with belongs into the graph, though it may be no component.
        if (!known.has(to)) {
          const node = { id: to, kind: other, layer: other === 'network' ? 0 : 2, item: { id: to } };
          known.set(to, node);
          nodes.push(node);
        }
        links.push([id, to]);
      }
    }
  }
  return { nodes, links };
}

/** Most parts that are drawn: more are in the table alone. */
const DRAWN = 120;
const [WIDTH, HEIGHT, COLUMN, ROW] = [190, 44, 270, 60];

/** Parts of a System, drawn and as a table. */
export function SystemGraph({ item }: { item: Item }) {
  const text = words();
  const { value, problem } = usePolled<{ etag: string | undefined; graph: Graph }>(
    `graph ${item.id}`,
    async (last, signal) => {
      const headers = { 'If-None-Match': last?.etag };
      const answer = await cimi.value?.send({ url: item.id, query: { $expand: EXPANDED }, headers, signal });
      return answer?.values && { etag: answer.header('ETag'), graph: graphOf(answer.values) };
    },
    () => false,
  );
  if (!value) return <Problem text={problem} />;
  const { nodes, links } = value.graph;
  const named = new Map(nodes.map((node) => [node.id, nameOf(node.item)]));
  const neighbours = (id: string): readonly string[] => [
    ...new Set(links.flatMap(([from, to]) => (from === id ? [to] : to === id ? [from] : []))),
  ];
  if (nodes.length === 0) return null;
  return (
    <section aria-labelledby="graph">
      <h2 id="graph">{text.graph}</h2>
      <Problem text={problem} />
      {nodes.length <= DRAWN && <Drawing nodes={nodes} links={links} label={text.graph} />}
      <Table label={text.connected} head={[text.name, text.type, text.state, text.connected]}>
        {nodes.map(({ id, kind, item: part }) => (
          <tr key={id}>
            <th scope="row">
              <Reference href={id}>{named.get(id)}</Reference>
            </th>
            <td>{kind}</td>
            <td>
              <State state={part['state']} />
            </td>
            <td>
              {neighbours(id)
                .map((each) => named.get(each))
                .join(', ')}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

const LONGEST = 17;
const shortened = (words: string): string => (words.length > LONGEST ? `${[...words].slice(0, LONGEST - 1).join('')}…` : words);

/** Drawing, of which each part is a link: its kind is a shape and a word, its state a word. */
function Drawing({ nodes, links, label }: Graph & { label: string }) {
  const rows = layered(nodes, links);
  const placeOf = ({ id, layer }: Node): { x: number; y: number } => ({ x: 4 + layer * COLUMN, y: 4 + (rows.get(id) ?? 0) * ROW });
  const places = new Map(nodes.map((node) => [node.id, placeOf(node)]));
  const height = 8 + HEIGHT + Math.max(...[...rows.values()]) * ROW;
  const width = 8 + WIDTH + Math.max(...nodes.map(({ layer }) => layer)) * COLUMN;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <svg class="graph" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        {links.map(([from, to], index) => {
          const ends = [places.get(from), places.get(to)];
          const [left, right] = ends.toSorted((a, b) => (a?.x ?? 0) - (b?.x ?? 0));
          if (!left || !right) return null;
          const middle = HEIGHT / 2;
          const [x1, x2] = [left.x + WIDTH, right.x];
          const [y1, y2] = [left.y + middle, right.y + middle];
          return <path key={index} d={`M${x1} ${y1} C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`} />;
        })}
        {nodes.map((node) => {
          const { x, y } = placeOf(node);
          const state = String(node.item['state'] ?? '');
          const name = shortened(nameOf(node.item));
          return (
            <a key={node.id} href={addressOf(node.id)}>
              <rect class={node.kind} x={x} y={y} width={WIDTH} height={HEIGHT} rx={node.kind === 'machine' ? 4 : HEIGHT / 2} />
              <text x={x + 16} y={y + 18} class="name">
                {name}
              </text>
              <text x={x + 16} y={y + 35}>
                {` ${node.kind} ${state}`}
              </text>
            </a>
          );
        })}
      </svg>
    </div>
  );
}
