import { useState } from 'preact/hooks';
import { ASKED, operate, operationsOf, SINGLE } from './changes.ts';
import { Confirm } from './confirm.tsx';
import { CreateDialog } from './create.tsx';
import { words } from './state.ts';
import { PackageDialog } from './packages.tsx';
import { isChanging, ItemCells, nameOf, Problem, Title } from './parts.tsx';
import { usePolled } from './poll.ts';
import { filterOf, pageOf, type Item, type Window } from './reading.ts';
import { Table } from './table.tsx';

const SIZE = 100;

/** Columns beside the name, by collection; the first plain attributes of any other. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  machines: ['state', 'cloud', 'cpu', 'memory', 'cpuArch', 'created'],
  volumes: ['state', 'cloud', 'capacity', 'type', 'created'],
  networks: ['state', 'cloud', 'networkType', 'created'],
  machineImages: ['state', 'cloud', 'type', 'created'],
  systems: ['state', 'created'],
};
const HIDDEN = ['id', 'resourceURI', 'name', 'operations', 'properties', 'description', 'updated'];

function columnsOf(path: string, items: readonly Item[]): readonly string[] {
  const known = COLUMNS[path.replace(/^.*\//, '')];
  if (known) return known;
  const names = items
    .slice(0, 20)
    .flatMap((item) => Object.keys(item).filter((name) => !HIDDEN.includes(name) && typeof item[name] !== 'object'));
  return [...new Set(names)].slice(0, 6);
}

/** Window of a collection, with a filter, and what can be done with those that are selected. */
export function List({ path, query }: { path: string; query: URLSearchParams }) {
  const text = words();
  const filter = query.get('filter') ?? '';
  const first = Number(query.get('first') ?? 1);
  const [typed, setTyped] = useState(filter);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<string>();
  const [making, setMaking] = useState(false);
  const [importing, setImporting] = useState(false);
  const { value, problem, again } = usePolled<Window>(
    `${path} ${filter} ${first}`,
    (last, signal) => pageOf(path, { filter: filterOf(filter), first, last: first + SIZE - 1, unless: last?.etag, signal }),
    ({ items }) => items.some(({ state }) => isChanging(state)),
  );
  const items = value?.items ?? [];
  const chosen = items.filter(({ id }) => selected.has(id));
  const columns = columnsOf(path, items);
  const go = (to: Record<string, string | number>): void => {
    const next = new URLSearchParams({
      ...(filter !== '' && { filter }),
      ...Object.fromEntries(Object.entries(to).map(([k, v]) => [k, String(v)])),
    });
    location.hash = `/c/${path}?${next.toString()}`;
  };
  const toggle = (id: string): void => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    setSelected(next);
  };
  const common = [...new Set(chosen.flatMap(({ operations }) => operationsOf(operations)))].filter((name) => !SINGLE.includes(name));
  const run = (name: string): void => {
    setAsked(undefined);
    for (const { id, operations } of chosen) if (operationsOf(operations).includes(name)) void operate(id, name, again);
  };
  return (
    <>
      <Title text={path} />
      <Problem text={problem} />
      {value && value.unavailable.length > 0 && (
        <p class="note" role="status">
          {text.stale(value.unavailable.join('; '))}
        </p>
      )}
      <form
        class="bar"
        onSubmit={(event) => {
          event.preventDefault();
          go({ filter: typed });
        }}
      >
        <label>
          {text.filter}
          <input value={typed} placeholder={text.filterHint} size={40} onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
        </label>
        <button type="submit">{text.apply}</button>
      </form>
      <div class="bar" role="group" aria-label={text.action}>
        {value?.canAdd === true && (
          <button type="button" onClick={() => (path === 'machines' ? (location.hash = '/new/machines') : setMaking(true))}>
            {text.create(path)}
          </button>
        )}
        {value?.canImport === true && (
          <button type="button" onClick={() => setImporting(true)}>
            {text.import}
          </button>
        )}
        <span>{text.selected(chosen.length)}</span>
        {common.map((name) => (
          <button key={name} type="button" onClick={() => (ASKED.includes(name) ? setAsked(name) : run(name))}>
            {name === 'delete' ? text.delete : name}
          </button>
        ))}
      </div>
      {value && items.length === 0 && <p>{text.nothing}</p>}
      <Table
        label={path}
        head={[
          <input
            key="all"
            type="checkbox"
            aria-label={text.selectAll}
            checked={items.length > 0 && chosen.length === items.length}
            onChange={({ currentTarget }) => setSelected(new Set(currentTarget.checked ? items.map(({ id }) => id) : []))}
          />,
          text.name,
          ...columns,
        ]}
      >
        {items.map((item) => (
          <tr key={item.id}>
            <td>
              <input
                type="checkbox"
                aria-label={`${text.select} ${nameOf(item)}`}
                checked={selected.has(item.id)}
                onChange={() => toggle(item.id)}
              />
            </td>
            <ItemCells item={item} columns={columns} />
          </tr>
        ))}
      </Table>
      {value?.count !== undefined && value.count > 0 && (
        <div class="bar">
          <button type="button" disabled={first <= 1} onClick={() => go({ first: Math.max(1, first - SIZE) })}>
            {text.previous}
          </button>
          <span>{text.window(String(first), String(first + items.length - 1), String(value.count))}</span>
          <button type="button" disabled={first + SIZE > value.count} onClick={() => go({ first: first + SIZE })}>
            {text.next}
          </button>
        </div>
      )}
      {asked !== undefined && <Confirm what={asked} items={chosen} run={() => run(asked)} close={() => setAsked(undefined)} />}
      {importing && <PackageDialog path={path} close={() => setImporting(false)} done={again} />}
      {making && <CreateDialog path={path} close={() => setMaking(false)} done={again} />}
    </>
  );
}
