import { signal } from '@preact/signals';
import { words } from './state.ts';

/** Words about what happens, on every screen. */

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly bad?: boolean;
  /** Address in the console. */
  readonly href?: string;
  /** Percentage of a Job that goes on. */
  readonly progress?: number | undefined;
}

const toasts = signal<readonly Toast[]>([]);
/** Times for which words stay, ms. */
const [WELL, BADLY] = [8_000, 20_000];
let last = 0;

/** Takes back what was said. */
export function remove(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

/** Says something that stays until it is said otherwise. @returns what it is known by */
export function tell(words: Omit<Toast, 'id'>, id = ++last): number {
  const known = toasts.value.some((each) => each.id === id);
  const said = { id, ...words };
  toasts.value = known ? toasts.value.map((each) => (each.id === id ? said : each)) : [...toasts.value, said];
  return id;
}

/** Says something for some seconds, in place of what was said under the same number. */
export function toast(text: string, { bad = false, href, id }: { bad?: boolean; href?: string; id?: number } = {}): void {
  const told = tell({ text, bad, ...(href !== undefined && { href }) }, id);
  setTimeout(() => remove(told), bad ? BADLY : WELL);
}

/** All that is said now. */
export function Toasts() {
  const text = words();
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text: said, bad, href, progress }) => (
        <div key={id} class={bad === true ? 'note bad' : ''}>
          {href === undefined || href === '' ? <span>{said}</span> : <a href={href}>{said}</a>}{' '}
          {progress !== undefined && <progress aria-label={text.progress} max={100} value={progress} />}
          <button type="button" aria-label={`${text.close}: ${said}`} onClick={() => remove(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
