import { createContext, type ComponentChildren } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { memberOf, placeIn, placesAround, withMember } from './body.ts';
import type { Field, Fields, Kinds } from './fields.ts';
import { Picker } from './picker.tsx';
import { words } from './state.ts';

/** Forms for any attributes, from what is known of them. */

/** Reason of a refusal, and the place of the request that is at fault. */
export interface Fault {
  at?: string | undefined;
  text: string;
}

interface Around {
  kinds: Kinds;
  fault: Fault | undefined;
  /** Cloud that was chosen: others' resources are not offered. */
  cloud?: string | undefined;
  /** Part of the form that is shown, where not all of it is. */
  part?: string;
}

const FormContext = createContext<Around | undefined>(undefined);

/** Form around fields: what they offer, and where a refusal is shown. What no field can show stands above them. */
export function FormParts({ children, ...around }: Around & { children: ComponentChildren }) {
  const { fault, part } = around;
  const [shownAt, setShownAt] = useState<string>();
  useEffect(() => {
    // The innermost field that is there and has the place in it.
    const place = placesAround(fault?.at ?? '').find((each) => document.getElementById(`f-${each}`) !== null);
    setShownAt(place);
    const field = place === undefined ? undefined : document.getElementById(`f-${place}`);
    for (let box = field?.closest('details'); box; box = box.parentElement?.closest('details')) box.open = true;
    field?.focus();
  }, [fault, part]);
  return (
    <FormContext.Provider value={{ ...around, fault: fault && { ...fault, at: shownAt } }}>
      {fault && shownAt === undefined && (
        <p class="note bad" role="alert">
          {fault.text}
        </p>
      )}
      {children}
    </FormContext.Provider>
  );
}

interface Asked<T = unknown> {
  field: Field;
  name: string;
  path: string;
  value: T;
  set: (value: unknown) => void;
}

/** Names that are asked for before the others. */
const FIRST = ['name', 'description', 'cloud'];

/** Fields of one structure: those that are needed first, the others when they are wished for. */
export function FieldList({ fields, path, value, set }: { fields: Fields; path: string; value: unknown; set: (value: unknown) => void }) {
  const text = words();
  const all = Object.entries(fields);
  // Lists, and the names of what is given by value, are not often wished for.
  const isFirst = ([name, { kind, required }]: (typeof all)[number]): boolean =>
    required === true || (kind !== 'map' && kind !== 'array' && (path === '' || !FIRST.includes(name)));
  const first = all.filter(isFirst).sort(([a], [b]) => Number(FIRST.includes(b)) - Number(FIRST.includes(a)));
  const more = all.filter((each) => !isFirst(each));
  const shown = ([name, field]: (typeof all)[number]) => (
    <FieldView
      key={name}
      field={field}
      name={name}
      path={placeIn(path, name)}
      value={memberOf(value, name)}
      set={(next) => set(withMember(value, name, next))}
    />
  );
  if (first.length === 0 || more.length < 2) return <div class="fields">{[...first, ...more].map(shown)}</div>;
  return (
    <div class="fields">
      {first.map(shown)}
      <details>
        <summary>{text.more}</summary>
        <div class="fields">{more.map(shown)}</div>
      </details>
    </div>
  );
}

/** One field, with what a refusal says of it. */
export function FieldView(asked: Asked) {
  const { fault } = useContext(FormContext) ?? {};
  const { path, field } = asked;
  const bad = fault !== undefined && fault.at === path;
  return (
    <div class="field">
      {isGroup(field) ? <Group {...asked} /> : <Line {...asked} bad={bad} />}
      <FaultNote path={path} />
    </div>
  );
}

/** Words of a refusal that names a place, where it is asked for. */
export function FaultNote({ path }: { path: string }) {
  const { fault } = useContext(FormContext) ?? {};
  if (fault?.at !== path) return null;
  return (
    <p class="note bad" id={`e-${path}`} role="alert">
      {fault.text}
    </p>
  );
}

const isGroup = ({ kind }: Field): boolean => ['map', 'ref', 'struct', 'array'].includes(kind);

function Line({ field, name, path, value, set, bad }: Asked & { bad: boolean }) {
  const text = words();
  const id = `f-${path}`;
  const input = {
    id,
    name: path,
    'aria-required': field.required === true,
    'aria-invalid': bad,
    ...(bad && { 'aria-describedby': `e-${path}` }),
  };
  const shown = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const given = (typed: string): void => set(typed === '' ? undefined : typed);
  return (
    <>
      <label for={id}>
        {name}
        {field.unit !== undefined && <span class="soft"> ({field.unit})</span>}
        {field.required === true && <span class="soft"> – {text.needed}</span>}
      </label>
      {field.kind === 'boolean' ? (
        <select
          {...input}
          value={value === undefined ? '' : String(value)}
          onChange={({ currentTarget }) => set(currentTarget.value === '' ? undefined : currentTarget.value === 'true')}
        >
          <option value="" />
          <option value="true">true</option>
          <option value="false">false</option>
        </select>
      ) : field.values && field.open !== true ? (
        <select {...input} value={shown} onChange={({ currentTarget }) => given(currentTarget.value)}>
          <option value="" />
          {field.values.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      ) : field.kind === 'any' ? (
        <AnyInput {...input} value={value} set={set} />
      ) : field.long === true || field.kind === 'bytes' ? (
        <textarea
          {...input}
          rows={3}
          value={shown}
          placeholder={HINTS[field.kind]}
          onInput={({ currentTarget }) => given(currentTarget.value)}
        />
      ) : field.kind === 'integer' ? (
        <input
          {...input}
          type="number"
          step={1}
          min={field.low}
          max={field.high}
          value={shown}
          onInput={({ currentTarget }) => set(currentTarget.value === '' ? undefined : Number(currentTarget.value))}
        />
      ) : field.secret === true ? (
        <input
          {...input}
          type="password"
          autocomplete="new-password"
          value={shown}
          onInput={({ currentTarget }) => given(currentTarget.value)}
        />
      ) : (
        <>
          <input
            {...input}
            autocomplete="off"
            placeholder={HINTS[field.kind]}
            value={shown}
            list={field.values && `l-${path}`}
            onInput={({ currentTarget }) => given(currentTarget.value)}
          />
          {field.values && (
            <datalist id={`l-${path}`}>
              {field.values.map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
          )}
        </>
      )}
    </>
  );
}

const HINTS: Readonly<Partial<Record<Field['kind'], string>>> = {
  dateTime: '2026-12-31T12:00:00Z',
  duration: 'PT5M',
  bytes: '7373682d …',
};

/** Value of any form: JSON, or a text. */
function AnyInput({ value, set, ...input }: { value: unknown; set: (value: unknown) => void; id: string; name: string }) {
  const [typed, setTyped] = useState(value === undefined ? '' : JSON.stringify(value));
  const change = (text: string): void => {
    setTyped(text);
    try {
      set(JSON.parse(text));
    } catch {
      set(text === '' ? undefined : text);
    }
  };
  return <textarea {...input} rows={2} placeholder="JSON" value={typed} onInput={({ currentTarget }) => change(currentTarget.value)} />;
}

function Group(asked: Asked) {
  const { field, name, path } = asked;
  const text = words();
  return (
    <fieldset id={`f-${path}`} tabIndex={-1}>
      <legend>
        {name}
        {field.required === true && <span class="soft"> – {text.needed}</span>}
      </legend>
      {field.kind === 'map' ? (
        <MapField {...asked} />
      ) : field.kind === 'ref' ? (
        <ReferenceField {...asked} />
      ) : field.kind === 'array' ? (
        <ListField {...asked} />
      ) : (
        <FieldList {...asked} fields={field.fields ?? {}} />
      )}
    </fieldset>
  );
}

/** Texts by keys of one's own. */
function MapField({ name, value, set }: Asked) {
  const text = words();
  const [rows, setRows] = useState<readonly (readonly [string, string])[]>(Object.entries((value ?? {}) as Record<string, string>));
  const change = (next: typeof rows): void => {
    setRows(next);
    const named = next.filter(([key]) => key !== '');
    set(named.length === 0 ? undefined : Object.fromEntries(named));
  };
  const put = (at: number, row: readonly [string, string]): void => change(rows.map((each, index) => (index === at ? row : each)));
  return (
    <>
      {rows.map(([key, each], index) => (
        <div class="bar" key={index}>
          <label>
            {text.key}
            <input value={key} onInput={({ currentTarget }) => put(index, [currentTarget.value, each])} />
          </label>
          <label>
            {text.value}
            <input value={each} onInput={({ currentTarget }) => put(index, [key, currentTarget.value])} />
          </label>
          <button
            type="button"
            aria-label={`${text.remove}: ${key || index + 1}`}
            onClick={() => change(rows.filter((_, at) => at !== index))}
          >
            {text.remove}
          </button>
        </div>
      ))}
      <button type="button" aria-label={`${text.add}: ${name}`} onClick={() => change([...rows, ['', '']])}>
        {text.add}
      </button>
    </>
  );
}

function ListField({ field, name, path, value, set }: Asked) {
  const text = words();
  const items = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const item = field.item ?? { kind: 'any' };
  return (
    <>
      {items.map((each, index) => (
        <div class="item" key={index}>
          <FieldView
            field={item}
            name={`${name} ${index + 1}`}
            path={placeIn(path, index)}
            value={each}
            set={(next) => set(items.map((former, at) => (at === index ? next : former)))}
          />
          <button
            type="button"
            aria-label={`${text.remove}: ${name} ${index + 1}`}
            onClick={() => set(items.length === 1 ? undefined : items.filter((_, at) => at !== index))}
          >
            {text.remove}
          </button>
        </div>
      ))}
      <button type="button" aria-label={`${text.add}: ${name}`} onClick={() => set([...items, isGroup(item) ? {} : ''])}>
        {text.add}
      </button>
    </>
  );
}

/** Reference to what is there, or its values; both together are a reference with overrides (4.2.1.1). */
function ReferenceField({ field, path, value, set }: Asked) {
  const text = words();
  const { kinds, cloud } = useContext(FormContext) ?? {};
  const { to, types = [], fields = {} } = field;
  const [open, setOpen] = useState(false);
  const [type, setType] = useState(types[0]);
  const at = to === undefined ? undefined : kinds?.pathOf(to);
  const href = memberOf(value, 'href');
  return (
    <>
      <Picker
        path={at}
        label={to ?? 'URI'}
        cloud={cloud}
        href={typeof href === 'string' ? href : undefined}
        set={(next) => set(withMember(value, 'href', next))}
        id={`p-${path}`}
      />
      {Object.keys(fields).length > 0 && <FieldList fields={fields} path={path} value={value} set={set} />}
      {type !== undefined && (
        <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
          <summary>{text.byValue}</summary>
          {types.length > 1 && (
            <label>
              {text.type}
              <select value={type} onChange={({ currentTarget }) => setType(currentTarget.value)}>
                {types.map((each) => (
                  <option key={each} value={each}>
                    {each}
                  </option>
                ))}
              </select>
            </label>
          )}
          {open && kinds && <FieldList fields={kinds.fieldsOf(type)} path={path} value={value} set={set} />}
        </details>
      )}
    </>
  );
}
