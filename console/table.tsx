import type { ComponentChildren } from 'preact';

/** Table with a head, which scrolls by itself where it is wider than the page. @param head texts, or parts with a key */
export function Table({ label, head, children }: { label: string; head: readonly ComponentChildren[]; children: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            {head.map((each, index) => (
              <th key={index} scope="col">
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
