import { useState } from 'preact/hooks';
import { nameOf } from './parts.tsx';
import { usePolled } from './poll.ts';
import { filterOf, pageOf, type Window } from './reading.ts';
import { words } from './state.ts';

/** Number of resources that are offered at once; others are found by their name or URI. */
const SIZE = 200;
const OTHER = ' ';
const LONGEST = 80;

const short = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** Choice of one resource of a collection. @param path its collection; absent where only a URI can be said */
export function Picker({
  path,
  label,
  cloud,
  href,
  set,
  id,
}: {
  path: string | undefined;
  label: string;
  cloud?: string | undefined;
  href: string | undefined;
  set: (href: string | undefined) => void;
  id: string;
}) {
  const text = words();
  const [typed, setTyped] = useState('');
  const [other, setOther] = useState(path === undefined);
  const { value } = usePolled<Window>(
    `pick ${path ?? ''} ${typed}`,
    async (last, signal) =>
      path === undefined ? undefined : pageOf(path, { filter: filterOf(typed), first: 1, last: SIZE, unless: last?.etag, signal }),
    () => false,
  );
  const fits = (value?.items ?? []).filter((item) => cloud === undefined || item['cloud'] === undefined || item['cloud'] === cloud);
  const isThere = href === undefined || fits.some((item) => item.id === href);
  return (
    <div class="bar">
      {path !== undefined && (
        <label>
          {label}
          <select
            id={id}
            value={other ? OTHER : (href ?? '')}
            onChange={({ currentTarget }) => {
              setOther(currentTarget.value === OTHER);
              set([OTHER, ''].includes(currentTarget.value) ? undefined : currentTarget.value);
            }}
          >
            <option value="">–</option>
            {!isThere && !other && <option value={href}>{short(href)}</option>}
            {fits.map((item) => (
              <option key={item.id} value={item.id}>
                {short(nameOf(item))} · {item.id.replace(/^.*\//, '')}
              </option>
            ))}
            <option value={OTHER}>{text.other}</option>
          </select>
        </label>
      )}
      {other && (
        <label>
          {path === undefined ? label : `${label} (URI)`}
          <input value={href ?? ''} onInput={({ currentTarget }) => set(currentTarget.value === '' ? undefined : currentTarget.value)} />
        </label>
      )}
      {(value?.count ?? 0) > SIZE || typed !== '' ? (
        <label>
          {text.find(String(SIZE))}
          <input value={typed} onChange={({ currentTarget }) => setTyped(currentTarget.value)} />
        </label>
      ) : null}
    </div>
  );
}
