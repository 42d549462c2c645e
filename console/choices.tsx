import { useState } from 'preact/hooks';
import { FaultNote } from './form.tsx';
import { ItemCells, nameOf, Problem } from './parts.tsx';
import { usePolled } from './poll.ts';
import { pageOf, type Window } from './reading.ts';
import { words } from './state.ts';
import { Table } from './table.tsx';

/** Number of resources that are offered at once. */
const SIZE = 500;

/** Table of which one resource is chosen, or many. @param place what a refusal calls it */
export function Choices({
  path,
  label,
  place,
  cloud,
  columns,
  many = false,
  chosen,
  choose,
}: {
  path: string;
  label: string;
  place: string;
  cloud: string | undefined;
  columns: readonly string[];
  many?: boolean;
  chosen: readonly string[];
  choose: (hrefs: readonly string[]) => void;
}) {
  const text = words();
  const [typed, setTyped] = useState('');
  const { value, problem } = usePolled<Window>(
    `choices ${path} ${cloud ?? ''}`,
    (last, signal) =>
      pageOf(path, { ...(cloud !== undefined && { filter: `cloud='${cloud}'` }), first: 1, last: SIZE, unless: last?.etag, signal }),
    () => false,
  );
  const wanted = typed.trim().toLowerCase();
  const shown = (value?.items ?? []).filter(
    (item) => chosen.includes(item.id) || nameOf(item).toLowerCase().includes(wanted) || item.id.toLowerCase().includes(wanted),
  );
  const toggle = (id: string): readonly string[] => (chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  return (
    <fieldset id={`f-${place}`} tabIndex={-1}>
      <legend>{label}</legend>
      <FaultNote path={place} />
      <Problem text={problem} />
      {value && value.unavailable.length > 0 && <p class="note">{text.stale(value.unavailable.join('; '))}</p>}
      <label>
        {text.filter} <input value={typed} onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
      </label>
      {value?.items.length === 0 && <p>{text.nothing}</p>}
      <div class="choices">
        <Table label={label} head={[text.choose, text.name, ...columns]}>
          {shown.map((item) => (
            <tr key={item.id}>
              <td>
                <input
                  type={many ? 'checkbox' : 'radio'}
                  name={place}
                  aria-label={`${text.choose} ${nameOf(item)} ${item.id.replace(/^.*\//, '')}`}
                  checked={chosen.includes(item.id)}
                  onChange={() => choose(many ? toggle(item.id) : [item.id])}
                />
              </td>
              <ItemCells item={item} columns={columns} linked={false} />
            </tr>
          ))}
        </Table>
      </div>
    </fieldset>
  );
}
