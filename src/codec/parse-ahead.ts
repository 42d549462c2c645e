import { giveWay, overdue } from '../model/turns';
import { BodyError, type Format } from './codec';
import { decodeText, DEFAULT_LIMITS, parsedJson, parseJson, scanned, type Limits } from './json-text';
import { parsedXml, parseXml, type XmlElement } from './xml-text';

/** Values of bodies that were parsed before somebody reads them, or what is wrong with them. */
const ahead = new WeakMap<Uint8Array, { json: unknown } | { xml: XmlElement } | { wrong: BodyError }>();

/**
 * Parses a body in pieces, letting others go first between them; a reader that is handed the same body finds it parsed,
 * and says what is wrong with it.
 * @param whose work it is: a tenant
 */
export async function parseAhead(body: Uint8Array, format: Format, limits: Partial<Limits>, whose: string): Promise<void> {
  const all: Limits = { ...DEFAULT_LIMITS, ...limits };
  try {
    const text = decodeText(body);
    if (format === 'xml') {
      ahead.set(body, { xml: await inPieces(parsedXml(text, all), whose) });
      return;
    }
    await inPieces(scanned(text, all), whose);
    await giveWay(whose);
    ahead.set(body, { json: parsedJson(text) });
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    ahead.set(body, { wrong: error });
  }
}

async function inPieces<T>(pieces: Generator<void, T>, whose: string): Promise<T> {
  for (;;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
    if (overdue()) await giveWay(whose);
  }
}

/** The JSON of a body. @throws BodyError */
export function jsonOf(body: Uint8Array, limits: Limits): unknown {
  const found = known(body);
  return found && 'json' in found ? found.json : parseJson(decodeText(body), limits);
}

/** The root element of a body. @throws BodyError */
export function xmlOf(body: Uint8Array, limits: Limits): XmlElement {
  const found = known(body);
  return found && 'xml' in found ? found.xml : parseXml(decodeText(body), limits);
}

function known(body: Uint8Array): { json: unknown } | { xml: XmlElement } | undefined {
  const found = ahead.get(body);
  if (found && 'wrong' in found) throw found.wrong;
  return found;
}
