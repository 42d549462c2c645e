import { hash } from 'node:crypto';
import type { Catalogue } from '../model/catalogue';
import { giveWay, overdue } from '../model/turns';
import {
  TooManyBytes,
  WrittenItem,
  type CollectionDocument,
  type CollectionItem,
  type Document,
  type Format,
  type WrittenCollection,
  type Writer,
} from './codec';
import { jsonWriter } from './json-writer';
import { codecPlanOf } from './planner';
import { xmlWriter } from './xml-writer';

/** Items, and bytes, that are written before others have their turn. */
const SLICE = 250;
const SLICE_BYTES = 256 * 1024;

/**
 * Compiles a writer of every type in the catalogue.
 * @returns a writer whose `collection` answers one buffer for each 250 items (or 256 KiB) and gives way to other work between them.
 * @throws Error from its methods for a type that the catalogue does not declare.
 */
export function createWriter(catalogue: Catalogue, format: Format): Writer {
  const plan = codecPlanOf(catalogue);
  const writer = format === 'json' ? jsonWriter(plan) : xmlWriter(plan);
  const item = (document: Document, base: string): WrittenItem => written(writer.separator + writer.item(document, base));
  return {
    format,
    mediaType: `application/${format}`,
    document: (document, { base }) => Buffer.from(writer.document(document, base)),
    item: (document, { base }) => item(document, base),
    async collection(document, { base, maxBytes = Infinity }) {
      const slices = new Slices(maxBytes);
      let some = false;
      for await (const page of pagesOf(document.items)) {
        for (const one of page) {
          const part = one instanceof WrittenItem ? one : item(one, base);
          if (!some) slices.frame(writer.open(document, base, true));
          // What parts items stands before each: the first goes without.
          const isFull = slices.add(part, some ? 0 : writer.separator.length);
          some = true;
          if (isFull || overdue()) await giveWay();
        }
      }
      if (!some) slices.frame(writer.open(document, base, false));
      slices.frame(writer.close(document, base, some));
      return slices.end();
    },
  };
}

function written(text: string): WrittenItem {
  const bytes = Buffer.from(text);
  return new WrittenItem(bytes, digestOf(bytes));
}

const digestOf = (data: Uint8Array | string): string => hash('sha1', data, 'base64url');

function pagesOf(items: CollectionDocument['items']): AsyncIterable<readonly CollectionItem[]> | Iterable<readonly CollectionItem[]> {
  return Symbol.asyncIterator in items ? items : [items];
}

/** Output in buffers of bounded length. */
class Slices {
  private readonly done: Uint8Array[] = [];
  private parts: Uint8Array[] = [];
  private digests = '';
  private items = 0;
  /** Bytes of the slice that is being filled, and of all before it. */
  private open = 0;
  private closed = 0;

  constructor(private readonly maxBytes: number) {}

  /** Adds what stands before or after all items. */
  frame(text: string): void {
    this.put(written(text), 0);
  }

  /** @param from bytes that are left out @returns whether a slice is full, so that others should have their turn */
  add(item: WrittenItem, from: number): boolean {
    this.put(item, from);
    this.items += 1;
    if (this.items < SLICE && this.open < SLICE_BYTES) return false;
    this.cut();
    return true;
  }

  private put({ bytes, digest }: WrittenItem, from: number): void {
    const part = from === 0 ? bytes : bytes.subarray(from);
    this.parts.push(part);
    this.digests += digest;
    this.open += part.byteLength;
  }

  end(): WrittenCollection {
    this.cut();
    // Digests are all of one length: equal ones in a row are of equal parts in a row.
    return { body: this.done, digest: digestOf(this.digests) };
  }

  private cut(): void {
    this.closed += this.open;
    if (this.closed > this.maxBytes) throw new TooManyBytes(this.maxBytes);
    if (this.parts.length > 0) this.done.push(Buffer.concat(this.parts, this.open));
    this.parts = [];
    this.items = 0;
    this.open = 0;
  }
}
