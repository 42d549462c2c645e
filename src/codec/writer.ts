import type { Catalogue } from '../model/catalogue';
import { giveWay, overdue } from '../model/turns';
import { TooManyBytes, type CollectionDocument, type Document, type Format, type Writer } from './codec';
import { jsonWriter } from './json-writer';
import { codecPlanOf } from './planner';
import { xmlWriter } from './xml-writer';

/** Items, and characters, that are written before others have their turn. */
const SLICE = 250;
const SLICE_LENGTH = 256 * 1024;

/**
 * Compiles a writer of every type in the catalogue.
 * @returns a writer whose `collection` answers one buffer for each 250 items (or 256 KiB) and gives way to other work between them.
 * @throws Error from its methods for a type that the catalogue does not declare.
 */
export function createWriter(catalogue: Catalogue, format: Format): Writer {
  const plan = codecPlanOf(catalogue);
  const writer = format === 'json' ? jsonWriter(plan) : xmlWriter(plan);
  const textOf = (item: Document, base: string): string =>
    item.fragment ? (item.fragment.text ??= writer.item(item, base)) : writer.item(item, base);
  return {
    format,
    mediaType: `application/${format}`,
    document: (document, { base }) => Buffer.from(writer.document(document, base)),
    async collection(document, { base, maxBytes = Infinity }) {
      const slices = new Slices(maxBytes);
      let some = false;
      for await (const page of pagesOf(document.items)) {
        for (const item of page) {
          const text = textOf(item, base);
          const isFull = slices.add(some ? writer.separator + text : writer.open(document, base, true) + text);
          some = true;
          if (isFull || overdue()) await giveWay();
        }
      }
      return slices.end((some ? '' : writer.open(document, base, false)) + writer.close(document, base, some));
    },
  };
}

function pagesOf(items: CollectionDocument['items']): AsyncIterable<readonly Document[]> | Iterable<readonly Document[]> {
  return Symbol.asyncIterator in items ? items : [items];
}

/** Output in buffers of bounded length. */
class Slices {
  private readonly done: Buffer[] = [];
  private text = '';
  private items = 0;
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** @returns whether a slice is full, so that others should have their turn */
  add(text: string): boolean {
    this.text += text;
    this.items += 1;
    if (this.items < SLICE && this.text.length < SLICE_LENGTH) return false;
    this.cut();
    return true;
  }

  end(text: string): Buffer[] {
    this.text += text;
    this.cut();
    return this.done;
  }

  private cut(): void {
    const slice = Buffer.from(this.text);
    this.bytes += slice.byteLength;
    if (this.bytes > this.maxBytes) throw new TooManyBytes(this.maxBytes);
    this.done.push(slice);
    this.text = '';
    this.items = 0;
  }
}
