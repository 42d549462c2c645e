import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Catalogue } from '../model/catalogue';
import type { Format, Writer } from './codec';
import { jsonWriter } from './json-writer';
import { planOf } from './planner';
import { xmlWriter } from './xml-writer';

const SLICE = 250;

/**
 * Compiles a writer of every type in the catalogue.
 * @returns a writer whose `collection` answers one buffer for each 250 items and gives way to other work between them.
 * @throws Error from its methods for a type that the catalogue does not declare.
 */
export function createWriter(catalogue: Catalogue, format: Format): Writer {
  const plan = planOf(catalogue);
  const writer = format === 'json' ? jsonWriter(plan) : xmlWriter(plan);
  return {
    format,
    mediaType: `application/${format}`,
    document: (document, { base }) => Buffer.from(writer.document(document, base)),
    async collection(document, { base }) {
      const slices: Uint8Array[] = [];
      let text = writer.open(document, base);
      for (let from = 0; from < document.items.length; from += SLICE) {
        if (from > 0) {
          slices.push(Buffer.from(text));
          text = writer.separator;
          await nextTurn();
        }
        text += document.items
          .slice(from, from + SLICE)
          .map((item) => writer.item(item, base))
          .join(writer.separator);
      }
      slices.push(Buffer.from(text + writer.close(document, base)));
      return slices;
    },
  };
}
