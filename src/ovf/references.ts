import { OvfError, quoted } from './error';
import { foldedName, locationOf } from './file-names';
import { MOST_FILES } from './limits';
import type { PackageFile } from './package';
import { atMost, attribute, count, neededAttribute, once } from './values';
import { childrenOf, childOf, placeOf, refuse } from './xml';
import type { Element } from './xml';

const MAX_CHUNKS = 10_000;

/** Reads the References of an envelope. @throws OvfError */
export function readFiles(envelope: Element): PackageFile[] {
  const references = childOf(envelope, 'References');
  if (!references) refuse(envelope, 'has no References');
  const elements = childrenOf(references, 'File');
  atMost(references, elements.length, MOST_FILES, 'files');
  const ids = new Set<string>();
  const names = new Set<string>();
  let chunks = 0;
  return elements.map((element) => {
    const file = readFile(element);
    once(ids, element, file.id, 'the file id');
    chunks += file.chunkSize === undefined ? 0 : partNames(file).length;
    if (chunks > MAX_CHUNKS) refuse(references, `has files in more than ${MAX_CHUNKS} chunks together`);
    const { name, url } = file.location;
    once(names, element, name === undefined ? url : foldedName(name), 'the file');
    return file;
  });
}

function readFile(element: Element): PackageFile {
  const id = neededAttribute(element, 'id');
  const location = locationOf(neededAttribute(element, 'href'), placeOf(element));
  // A size below zero stands where a writer does not know it.
  const size = /^-\d+$/.test(attribute(element, 'size') ?? '') ? undefined : count(element, 'size');
  const compression = attribute(element, 'compression')?.toLowerCase() ?? 'identity';
  if (compression !== 'gzip' && compression !== 'identity')
    refuse(element, `is compressed by ${quoted(compression)}; gzip and identity are read`);
  const chunkSize = count(element, 'chunkSize');
  if (chunkSize !== undefined) {
    if (chunkSize === 0) refuse(element, 'has chunks of no bytes');
    if (size === undefined) refuse(element, 'lies in chunks, and its size is not told');
    if (size / chunkSize > MAX_CHUNKS) refuse(element, `lies in more than ${MAX_CHUNKS} chunks`);
    if (location.url !== undefined) refuse(element, 'lies in chunks at a URL of its own, which is not read');
  }
  return { id, location, size, gzip: compression === 'gzip', chunkSize };
}

/**
 * Names of the files in which a file of a package lies: its own, or those of its chunks (`NAME.000000000` and on).
 * @throws OvfError for a file that lies at a URL
 */
export function partNames({ id, location, size, chunkSize }: PackageFile): string[] {
  if (location.name === undefined) throw new OvfError(`the file ${quoted(id)}`, 'lies at a URL of its own');
  const { name } = location;
  if (chunkSize === undefined || size === undefined) return [name];
  const chunks = Math.max(1, Math.ceil(size / chunkSize));
  return Array.from({ length: chunks }, (_, index) => `${name}.${String(index).padStart(9, '0')}`);
}

/** Bytes of a file, or of one of its chunks, where they are told. */
export function partSize({ size, chunkSize }: PackageFile, chunk: number): number | undefined {
  return size === undefined || chunkSize === undefined ? size : Math.min(chunkSize, size - chunk * chunkSize);
}
