import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Item } from './reading.ts';
import { addressOf, language, words } from './state.ts';

/** Small parts that screens are made of. What clouds say is text, never markup. */

const GOOD = ['STARTED', 'AVAILABLE', 'UP', 'SUCCESS', 'READY', 'CREATED'];
const BAD = ['ERROR', 'FAILED', 'DOWN'];
const CHANGING = /ING$|^QUEUED$/;

/** Tells whether a state will be another one soon. */
export function isChanging(state: unknown): boolean {
  return typeof state === 'string' && CHANGING.test(state);
}

/** State in words, and by colour beside them. */
export function State({ state }: { state: unknown }) {
  const text = String(state ?? '');
  const tone = BAD.includes(text) ? 'bad' : CHANGING.test(text) || text === 'DEGRADED' ? 'warn' : GOOD.includes(text) ? 'good' : '';
  return <span class={`state ${tone}`}>{text}</span>;
}

/** Time in the reader's zone, the exact one beside it. */
export function Time({ at }: { at: unknown }) {
  if (typeof at !== 'string') return null;
  const time = new Date(at);
  const shown = Number.isNaN(time.getTime()) ? at : time.toLocaleString(language.value, { dateStyle: 'medium', timeStyle: 'medium' });
  return (
    <time dateTime={at} title={at}>
      {shown}
    </time>
  );
}

/** Units of the standard's numbers, by attribute: KiB of 1024 and kB of 1000 bytes both occur (5.14.1). */
const UNITS: Readonly<Record<string, readonly [unit: string, base: number, step: number]>> = {
  memory: ['KiB', 1024, 1024],
  capacity: ['kB', 1000, 1000],
};
const PREFIXES = ['k', 'M', 'G', 'T'];

/** Makes a number readable in its unit. @param name of the attribute that it is a value of */
export function readable(name: string, value: number): string {
  const unit = UNITS[name];
  if (!unit) return value.toLocaleString(language.value);
  const [, base, step] = unit;
  let [scaled, index] = [value, 0];
  while (scaled >= step && index < PREFIXES.length - 1) [scaled, index] = [scaled / step, index + 1];
  const prefix = base === 1024 ? `${(PREFIXES[index] ?? '').toUpperCase()}iB` : `${PREFIXES[index] ?? ''}B`;
  return `${scaled.toLocaleString(language.value, { maximumFractionDigits: 2 })} ${prefix}`;
}

const LONGEST = 400;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Any value as it came: references of the gateway's own as links, all else as text. */
export function Value({ name, value }: { name: string; value: unknown }) {
  if (value === null || value === undefined) return null;
  if (name === 'state') return <State state={value} />;
  if (typeof value === 'number') {
    const exact = UNITS[name] ? `${value} ${UNITS[name][0]}` : String(value);
    return <span title={exact}>{readable(name, value)}</span>;
  }
  if (typeof value === 'string') {
    if (TIME.test(value)) return <Time at={value} />;
    return (
      <span title={value.length > LONGEST ? value.slice(0, 4_000) : undefined}>
        {value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value}
      </span>
    );
  }
  if (typeof value !== 'object') return <span>{String(value)}</span>;
  if (Array.isArray(value))
    return (
      <>
        {value.slice(0, 50).map((each, index) => (
          <div key={index}>
            <Value name={name} value={each} />
          </div>
        ))}
      </>
    );
  const { href, ...more } = value as { href?: unknown };
  const link = typeof href === 'string' ? <Reference href={href} /> : null;
  const others = Object.entries(more);
  if (others.length === 0) return link;
  return (
    <>
      {link}
      {others.map(([key, each]) => (
        <div key={key}>
          <span class="soft">{key}: </span>
          <Value name={key} value={each} />
        </div>
      ))}
    </>
  );
}

/** Link to what is below the gateway's base; anything else stays text. */
export function Reference({ href, children }: { href: string; children?: ComponentChildren }) {
  const address = addressOf(href);
  return address === '' ? <span>{href}</span> : <a href={address}>{children ?? decodeURIComponent(href.replace(/^.*\/cimi\//, ''))}</a>;
}

/** Reason of a failure, in the gateway's words. */
export function Problem({ text }: { text: string | undefined }) {
  return text === undefined ? null : (
    <p class="note bad" role="alert">
      {text}
    </p>
  );
}

/** Question in a dialog of the browser's own, which keeps the focus. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () =>
      queueMicrotask(() => {
        // One that is taken away leaves the focus nowhere.
        if (before instanceof HTMLElement && document.activeElement === document.body) before.focus();
      });
  }, []);
  return (
    <dialog ref={box} onClose={close} aria-labelledby="dialog-title">
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

/** First heading of a screen. */
export function Title({ text }: { text: string }) {
  useEffect(() => {
    document.title = `${text} · ${words().title}`;
  }, [text]);
  return <h1>{text}</h1>;
}

/** Name of a resource, or the last part of its URI where it has none. */
export function nameOf({ id, name }: Item): string {
  return typeof name === 'string' && name !== '' ? name : id.replace(/^.*\//, '');
}

/** A form that the console checks and sends itself. */
export function Form({ submit, children }: { submit: () => Promise<void>; children: ComponentChildren }) {
  return (
    <form
      class="create"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {children}
    </form>
  );
}

/** Buttons below a form: one that sends it, one that leaves it, and others. @param before others that stand first */
export function Buttons({
  send,
  disabled = false,
  close,
  before,
  children,
}: {
  send: string;
  disabled?: boolean;
  close?: () => void;
  before?: ComponentChildren;
  children?: ComponentChildren;
}) {
  return (
    <div class="bar">
      {before}
      <button type="submit" disabled={disabled}>
        {send}
      </button>
      {close && (
        <button type="button" onClick={close}>
          {words().cancel}
        </button>
      )}
      {children}
    </div>
  );
}

/** Cells of a resource in a table: its name, and attributes. @param linked false: the name leads nowhere */
export function ItemCells({ item, columns, linked = true }: { item: Item; columns: readonly string[]; linked?: boolean }) {
  return (
    <>
      <th scope="row">{linked ? <Reference href={item.id}>{nameOf(item)}</Reference> : nameOf(item)}</th>
      {columns.map((name) => (
        <td key={name} class="long">
          <Value name={name} value={item[name]} />
        </td>
      ))}
    </>
  );
}
