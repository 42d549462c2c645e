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
const TURN = 250;
const TURN_BYTES = 256 * 1024;
/** Bytes after which a slice ends: where one item has changed, the slices of all others stay. */
const SLICE_BYTES = 16 * 1024;

/** Digests of the parts of slices, in their order. */
const digestsOf = new WeakMap<Uint8Array, string>();

/**
 * Compiles a writer of every type in the catalogue.
 * @returns a writer whose `collection` answers one buffer for each 16 KiB, and gives way to other work after 250 items (or 256 KiB).
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
    async collection(document, { base, maxBytes = Infinity, former = [] }) {
      const slices = new Slices(maxBytes, former);
      let some = false;
      for await (const page of pagesOf(document.items)) {
        for (const one of page) {
          const part = one instanceof WrittenItem ? one : item(one, base);
          if (!some) slices.frame(writer.open(document, base, true));
          // What parts items stands before each: the first goes without.
          const isLong = slices.add(part, some ? 0 : writer.separator.length);
          some = true;
          if (isLong || overdue()) await giveWay();
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
  /** Digests of the parts of the slice that is being filled, and of all before it. */
  private digests = '';
  private before = '';
  /** Bytes of the same. */
  private open = 0;
  private closed = 0;
  /** Items, and bytes, since others had their turn. */
  private items = 0;
  private bytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly former: readonly Uint8Array[],
  ) {}

  /** Adds what stands before or after all items. */
  frame(text: string): void {
    this.put(written(text), 0);
  }

  /** @param from bytes that are left out @returns whether so much was written that others should have their turn */
  add(item: WrittenItem, from: number): boolean {
    this.put(item, from);
    this.items += 1;
    this.bytes += item.bytes.byteLength;
    if (this.open >= SLICE_BYTES) this.cut();
    if (this.items < TURN && this.bytes < TURN_BYTES) return false;
    this.items = 0;
    this.bytes = 0;
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
    return { body: this.done, digest: digestOf(this.before) };
  }

  private cut(): void {
    this.closed += this.open;
    if (this.closed > this.maxBytes) throw new TooManyBytes(this.maxBytes);
    if (this.parts.length > 0) this.done.push(this.slice());
    this.before += this.digests;
    this.parts = [];
    this.digests = '';
    this.open = 0;
  }

  /** Takes the slice that stood here before, where it is of the same parts. */
  private slice(): Uint8Array {
    const before = this.former[this.done.length];
    if (before && digestsOf.get(before) === this.digests) return before;
    const slice = Buffer.concat(this.parts, this.open);
    digestsOf.set(slice, this.digests);
    return slice;
  }
}
