import { useState } from 'preact/hooks';
import { Buttons, Dialog, nameOf } from './parts.tsx';
import type { Item } from './reading.ts';
import { words } from './state.ts';

/** Names that somebody can be asked to type: of one line, not long, of visible characters alone. */
const TYPEABLE = /^[\p{L}\p{N}\p{P}\p{S} ]{1,60}$/u;

/** Text that has to be typed before something is deleted: its name, the end of its URI, or the number of many. */
function typedFor(items: readonly Item[]): string {
  const [first] = items;
  if (!first || items.length > 1) return String(items.length);
  const name = nameOf(first).trim();
  return TYPEABLE.test(name) ? name : first.id.replace(/^.*\//, '');
}

/** Question before something is done that destroys; what would be deleted is named once more by who deletes it. */
export function Confirm({ what, items, run, close }: { what: string; items: readonly Item[]; run: () => void; close: () => void }) {
  const text = words();
  const [typed, setTyped] = useState('');
  const wanted = what === 'delete' ? typedFor(items) : undefined;
  return (
    <Dialog title={text.really(what === 'delete' ? text.delete : what, items.map(nameOf).join(', ').slice(0, 400))} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        {wanted !== undefined && (
          <label>
            {text.typeName} <strong class="asis">{wanted}</strong>
            <input value={typed} autocomplete="off" onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
          </label>
        )}
        <Buttons
          send={what === 'delete' ? text.delete : text.confirm}
          disabled={wanted !== undefined && typed.trim() !== wanted}
          close={close}
        />
      </form>
    </Dialog>
  );
}
