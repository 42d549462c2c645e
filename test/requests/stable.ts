import type { Format } from './recorder';

/** Most lines of a text that are shown. */
const MOST = 45;

/** Makes of a message one that is the same in every run: places, ids, times and what chance chose get steady words, bodies lines. */
export function stableText(message: string, base: string, names: ReadonlyMap<string, string>, format: Format): string {
  const at = message.indexOf('\n\n');
  const [head, body] = at < 0 ? [message, ''] : [message.slice(0, at), message.slice(at + 2)];
  const whole = body === '' ? head : `${head}\n\n${format === 'json' ? jsonLines(body) : xmlLines(body)}`;
  const named = [...names].reduce(
    (text, [id, name]) => text.replaceAll(id, name),
    whole.replaceAll(new URL(base).origin, 'https://cimi.example.org'),
  );
  const steady = named
    .replace(/\b[0-9a-z]{26}\b/g, 'ID')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UUID')
    .replace(/\b([a-z]+)-[0-9a-f]{12}\b/g, '$1-ID')
    .replace(/\/samples\/\d+/g, '/samples/1796126400')
    .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-12-01T12:00:00.000Z')
    .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, '02:00:00:00:00:01')
    .replace(/^ETag: .*$/m, 'ETag: "…"');
  const lines = steady.split('\n');
  return lines.length <= MOST ? steady : [...lines.slice(0, MOST), `… and ${lines.length - MOST} lines more`].join('\n');
}

function jsonLines(body: string): string {
  return JSON.stringify(JSON.parse(body), undefined, 2);
}

/** Breaks XML into a line for each element. */
function xmlLines(body: string): string {
  let depth = 0;
  return body
    .replace(/>\s*</g, '>\n<')
    .split('\n')
    .map((line) => {
      if (line.startsWith('</')) depth -= 1;
      const shown = '  '.repeat(Math.max(0, depth)) + line;
      if (/^<[A-Za-z][^>]*[^/]>$|^<[A-Za-z]>$/.test(line)) depth += 1;
      return shown;
    })
    .join('\n');
}
