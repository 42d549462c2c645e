import { createReader } from '../reader/reader';
import type { Rights } from '../rights/rights';
import { narrowedProtocol, type Protocol } from './context';
import { Encodings } from './encodings';
import { Views } from './views';

/** Sides that are kept at once; the longest unused gives way. */
const MOST = 64;

/** The gateway as somebody sees it. */
export interface Side {
  protocol: Protocol;
  views: Views;
}

/**
 * The gateway from each side: for those whose rights are the same there is one, with caches of its own, so that nothing that was put together
 * for other rights gets into an answer.
 */
export class Sides {
  private readonly encodings = new Encodings();
  private readonly whole: Side;
  private readonly narrowed = new Map<string, Side>();

  constructor(private readonly protocol: Protocol) {
    this.whole = sideOf(protocol, this.encodings);
  }

  /** @param rights undefined for those whom no rule narrows */
  of(rights: Rights | undefined): Side {
    if (!rights) return this.whole;
    const side = this.narrowed.get(rights.key) ?? sideOf(narrowedProtocol(this.protocol, rights), this.encodings);
    this.narrowed.delete(rights.key);
    this.narrowed.set(rights.key, side);
    const [eldest] = this.narrowed.keys();
    if (this.narrowed.size > MOST && eldest !== undefined) this.narrowed.delete(eldest);
    return side;
  }
}

function sideOf(protocol: Protocol, encodings: Encodings): Side {
  return { protocol, views: new Views(protocol, createReader(protocol), encodings) };
}
