import type { Format } from './codec';

const FORMATS: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'text/json': 'json',
  'application/xml': 'xml',
  'text/xml': 'xml',
};

interface Range {
  type: string;
  quality: number;
}

/**
 * The format of an answer (4.1.4, 4.1.6.5): `$format` wins over Accept, without regard to case; JSON where the client does not care.
 * A `$format` that names nothing known is ignored like any query parameter that is not supported (4.1.6).
 * @returns undefined when the client takes neither format (406).
 */
export function negotiate(accept: string | undefined, format: string | undefined): Format | undefined {
  const named = formatNamed(format);
  if (named) return named;
  const ranges = parse(accept ?? '');
  if (ranges.length === 0) return 'json';
  const json = qualityOf('json', ranges);
  const xml = qualityOf('xml', ranges);
  if (json.quality === 0 && xml.quality === 0) return undefined;
  if (json.quality !== xml.quality) return json.quality > xml.quality ? 'json' : 'xml';
  // Of equals the one that the client named itself, and then the first.
  return xml.rank > json.rank || (xml.rank === json.rank && xml.place < json.place) ? 'xml' : 'json';
}

/** Media type of a stream of events, as the HTML standard has it (Server-sent events). */
export const EVENT_STREAM = 'text/event-stream';

/**
 * Tells whether a client would rather have a stream of events than a representation: its Accept names that, not by a range alone, and
 * likes nothing better. `$format` wins over Accept here, too.
 */
export function prefersStream(accept: string | undefined, format: string | undefined): boolean {
  if (formatNamed(format)) return false;
  const ranges = parse(accept ?? '');
  const place = ranges.findIndex(({ type }) => type === EVENT_STREAM);
  const quality = ranges[place]?.quality ?? 0;
  if (quality === 0) return false;
  return (['json', 'xml'] as const).every((other) => {
    const { quality: others, rank, place: at } = qualityOf(other, ranges);
    return others < quality || (others === quality && (rank < 3 || at > place));
  });
}

/**
 * The format of a request body by its Content-Type.
 * @returns undefined for other media types and other charsets than UTF-8 (415).
 */
export function formatOf(contentType: string | undefined): Format | undefined {
  const [type, ...parameters] = (contentType ?? '').split(';').map((part) => part.trim());
  const charset = parameters.map((part) => /^charset\s*=\s*"?([^"]*)"?$/i.exec(part)?.[1]?.trim()).find((value) => value !== undefined);
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) return undefined;
  return formatOfType((type ?? '').toLowerCase());
}

/** The format that a `$format` names. */
function formatNamed(format: string | undefined): Format | undefined {
  const wanted = format?.trim().toLowerCase() ?? '';
  return wanted === 'json' || wanted === 'xml' ? wanted : formatOfType(wanted);
}

function formatOfType(type: string): Format | undefined {
  if (Object.hasOwn(FORMATS, type)) return FORMATS[type];
  return /^application\/[a-z0-9!#$&^_.-]+\+(json|xml)$/.exec(type)?.[1] as Format | undefined;
}

function parse(accept: string): Range[] {
  return accept
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [type, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const q = parameters.map((piece) => /^q\s*=\s*([\d.]+)$/.exec(piece)?.[1]).find((value) => value !== undefined);
      const quality = Number(q);
      return { type: type ?? '', quality: Number.isFinite(quality) ? Math.min(1, quality) : 1 };
    });
}

/** Returns the quality that the most specific range gives a format: rank 3 the type itself, 2 `type/*`, 1 any. */
function qualityOf(format: Format, ranges: readonly Range[]): { quality: number; rank: number; place: number } {
  let best = { quality: 0, rank: 0, place: Infinity };
  ranges.forEach(({ type, quality }, place) => {
    const rank =
      formatOfType(type) === format ? 3 : type === 'application/*' || type === 'text/*' ? 2 : type === '*/*' || type === '*' ? 1 : 0;
    if (rank > best.rank || (rank === best.rank && rank > 0 && quality > best.quality)) best = { quality, rank, place };
  });
  return best;
}
