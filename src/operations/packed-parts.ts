import { createHash } from 'node:crypto';
import { DiskError } from '../disks/error';
import { isProblem, NO_BYTES, type Fetcher, type Opened } from '../fetch/fetcher';
import { FetchBroken, type FetchProblem } from '../fetch/problem';
import { shown } from '../model/shown';
import type { PackedDisk, PackedPart } from './packed-disk';
import { anySignal } from '../model/any-signal';

interface Asking {
  fetcher: Fetcher;
  /** URI of the parts that say none. */
  uri: string;
  signal: AbortSignal;
}

/**
 * Opens the parts of a packed disk as one: each has the size and the digest that were told of it, or the bytes throw and name it.
 * A disk that tells no parts is what its URI names.
 */
export async function openParts(asking: Asking, { parts, of }: PackedDisk): Promise<Opened | FetchProblem> {
  const { fetcher, uri, signal } = asking;
  const [first, ...others] = parts ?? [];
  if (!first) return fetcher.open(uri, { signal });
  const opened = await openPart(asking, first, of);
  if (isProblem(opened)) return opened;
  // The time that one download may take holds for all of them together.
  const deadline = AbortSignal.timeout(opened.withinMs);
  const within = { ...asking, signal: anySignal(signal, deadline) };
  let current = opened;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield* checked(current, first as PackedPart);
    for (const part of others) {
      const next = await openPart(within, part, of);
      if (isProblem(next)) throw new FetchBroken(deadline.aborted ? late(part) : next);
      current = next;
      yield* checked(current, part);
    }
  }
  return { withinMs: opened.withinMs, version: opened.version, sections: opened.sections, bytes, close: () => current.close() };
}

async function openPart({ fetcher, uri, signal }: Asking, part: PackedPart, of: PackedDisk['of']): Promise<Opened | FetchProblem> {
  const { from, size } = part;
  if (size === 0) return NO_BYTES;
  const section = from === undefined ? {} : { section: { from, ...(size === undefined ? {} : { size }), ...(of ? { of } : {}) } };
  const opened = await fetcher.open(part.uri ?? uri, { signal, ...section });
  if (isProblem(opened)) return named(part, opened);
  if (size === undefined || opened.size === undefined || opened.size === size) return opened;
  opened.close();
  return named(part, { kind: 'answer', message: `has ${opened.size} bytes, where the package says ${size}` });
}

/** Refusal of a part's bytes, which names it. */
class PartError extends DiskError {}

/** Words for a refusal of a packed disk's bytes, with the file that they are of. */
export function refusalOf(error: DiskError, { parts: [first] = [] }: PackedDisk): string {
  return error instanceof PartError || !first ? error.message : `the file '${shown(first.name.replace(/\.\d{9}$/, ''))}': ${error.message}`;
}

/** The bytes of a part. @throws FetchBroken, DiskError where they are not those that were told of */
async function* checked(opened: Opened, part: PackedPart): AsyncGenerator<Uint8Array> {
  const { size, digest } = part;
  const hash = digest && createHash(digest.algorithm);
  let seen = 0;
  try {
    for await (const chunk of opened.bytes()) {
      seen += chunk.byteLength;
      if (size !== undefined && seen > size) throw wrong(part, `has more than the ${size} bytes that the package says`);
      hash?.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof FetchBroken ? new FetchBroken(named(part, error.problem)) : error;
  } finally {
    opened.close();
  }
  if (size !== undefined && seen < size) throw wrong(part, `has ${seen} bytes, where the package says ${size}`);
  const found = hash?.digest('hex');
  if (found !== digest?.hex.toLowerCase())
    throw wrong(part, `its ${digest?.algorithm ?? ''} is ${found ?? ''}, where the manifest says ${digest?.hex ?? ''}`);
}

const fileOf = ({ name }: PackedPart): string => `the file '${shown(name)}'`;
const named = (part: PackedPart, problem: FetchProblem): FetchProblem => ({ ...problem, message: `${fileOf(part)}: ${problem.message}` });
const wrong = (part: PackedPart, why: string): DiskError => new PartError('malformed', `${fileOf(part)}: ${why}`);
const late = (part: PackedPart): FetchProblem => ({ kind: 'timeout', message: `${fileOf(part)}: fetching took too long` });
