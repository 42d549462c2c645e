import { OvfError, quoted } from './error';
import { checkFileName, foldedName } from './file-names';
import { readManifest } from './manifest';
import type { Package, PackageFile } from './package';
import { partNames, partSize } from './references';
import { TarReader, type ArchiveBytes, type TarEntry } from './tar';

/** Beginning of an archive: its descriptor, which tells what the rest has to be. */
export interface Ova {
  /** Name of the descriptor. */
  readonly name: string;
  readonly descriptor: Uint8Array;
  /**
   * Finds all else, once.
   * @param described what the descriptor says
   * @throws OvfError for entries that are no plain files, are there twice, belong to no file of the package or have another size than
   *   it; for an archive that ends in the middle; for files that are missing at the end
   */
  parts(described: Package): Promise<OvaParts>;
}

/** Small file of an archive. */
export interface OvaText {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Entries of an archive beside its descriptor. */
export interface OvaParts {
  readonly manifest?: OvaText;
  readonly certificate?: OvaText;
  /** Places of files, and of their chunks, by name. */
  readonly files: ReadonlyMap<string, Pick<TarEntry, 'offset' | 'size'>>;
}

/** Longest descriptor, manifest or certificate, bytes. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/**
 * Opens an OVA, a tar of a package. Nothing is unpacked: names only tell which file of the package is meant, contents are passed over.
 * @throws OvfError for what is no tar, and for a descriptor that is not the first. What reading the bytes throws comes out as it is.
 */
export async function openOva(bytes: ArchiveBytes): Promise<Ova> {
  const tar = new TarReader(bytes);
  const first = await plainFile(tar);
  if (!first || !/\.ovf$/i.test(first.name))
    throw new OvfError('the archive', `begins with ${quoted(first?.name ?? '')}; the descriptor (NAME.ovf) has to be the first`);
  const descriptor = await tar.text(MAX_TEXT_BYTES);
  return { name: first.name, descriptor, parts: (described) => findParts(tar, first.name, described) };
}

/** The next entry. @throws OvfError for one that is no plain file, or has no name that a file of a package has */
async function plainFile(tar: TarReader): Promise<TarEntry | undefined> {
  const entry = await tar.next();
  if (!entry) return undefined;
  // `tar -cf x.ova ./*` writes names so.
  const name = entry.name.replace(/^\.\//, '');
  const place = `the entry ${quoted(name)}`;
  if (entry.type !== 'file') throw new OvfError(place, `is of the type ${entry.type}; a package holds plain files only`);
  checkFileName(name, place);
  return { ...entry, name };
}

async function findParts(tar: TarReader, descriptor: string, described: Package): Promise<OvaParts> {
  const awaited = awaitedParts(described);
  const base = descriptor.replace(/\.ovf$/i, '');
  const texts = new Map<string, 'manifest' | 'certificate'>([
    [`${base}.mf`, 'manifest'],
    [`${base}.cert`, 'certificate'],
  ]);
  const found: { manifest?: OvaText; certificate?: OvaText } = {};
  const files = new Map<string, TarEntry>();
  let others: ReadonlySet<string> = new Set();
  const seen = new Set([foldedName(descriptor)]);
  for (let entry = await plainFile(tar); entry; entry = await plainFile(tar)) {
    const { name, size } = entry;
    if (seen.has(foldedName(name))) throw new OvfError(`the entry ${quoted(name)}`, 'is there twice');
    seen.add(foldedName(name));
    const kind = texts.get(name);
    if (kind !== undefined) {
      const bytes = await tar.text(MAX_TEXT_BYTES);
      if (kind === 'manifest') others = new Set(readManifest(bytes).keys());
      found[kind] = { name, bytes };
    } else if (awaited.has(name)) {
      const told = awaited.get(name);
      if (told !== undefined && told !== size)
        throw new OvfError(`the entry ${quoted(name)}`, `has ${size} bytes; the descriptor says ${told}`);
      awaited.delete(name);
      files.set(name, entry);
    } else if (!others.has(name)) {
      throw new OvfError(`the entry ${quoted(name)}`, 'is no file of the package: neither the descriptor nor the manifest names it');
    }
  }
  const [missing] = awaited.keys();
  if (missing !== undefined) throw new OvfError(`the file ${quoted(missing)}`, 'is not in the archive');
  return { ...found, files };
}

/** Sizes of files that have to come, where they are told, by the names of their entries. */
function awaitedParts({ files }: Package): Map<string, number | undefined> {
  const inside: PackageFile[] = files.filter(({ location }) => location.name !== undefined);
  return new Map(inside.flatMap((file) => partNames(file).map((name, chunk) => [name, partSize(file, chunk)] as const)));
}
