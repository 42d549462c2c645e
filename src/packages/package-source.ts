import { createHash } from 'node:crypto';
import type { Fetcher } from '../fetch/fetcher';
import { isProblem } from '../fetch/fetcher';
import { FetchBroken, type FetchProblem } from '../fetch/problem';
import type { Version } from '../fetch/section';
import { StepFailure } from '../jobs/workflow';
import { shown } from '../model/shown';
import { fetchFailure } from '../operations/image-upload';
import type { PackedDisk, PackedPart } from '../operations/packed-disk';
import { verifyCertificate, type Signer } from '../ovf/certificate';
import { OvfError, quoted } from '../ovf/error';
import { locationOf } from '../ovf/file-names';
import { readManifest, type Digest } from '../ovf/manifest';
import { MAX_TEXT_BYTES, openOva, type Ova, type OvaText } from '../ovf/ova';
import type { Package, PackageFile } from '../ovf/package';
import { partNames, partSize } from '../ovf/references';
import { isTar } from '../ovf/tar';
import type { ResourcePath } from '../store/store';
import { FetchedBytes } from './fetched-bytes';

/** Package that is being imported, wherever it lies. */
export interface PackageSource {
  /** The descriptor's bytes. */
  readonly descriptor: Uint8Array;
  /**
   * Finds the package's other files, and reads its manifest.
   * @param given what the descriptor says
   * @throws StepFailure where a file that is there cannot be read, or the descriptor is not the one that the manifest tells of
   */
  files(given: Package): Promise<PackageFiles>;
}

/** Files of a package, as a source has them. */
export interface PackageFiles {
  /** Words for what is to be known of how far the package was compared with what its maker says of it. */
  readonly warnings: readonly string[];
  /** Tells how a nested Job gets the bytes of a file of the References. @throws OvfError or StepFailure where they are not */
  contents(file: PackageFile): FileContents;
  /** Paths of what the package's contents are of, by their ids; absent for packages of elsewhere. */
  readonly origins?: Readonly<Record<string, ResourcePath>>;
}

/** Way by which a nested Job gets the bytes of a file, or the disk that is in it. */
export type FileContents = FetchedContents | CopiedContents;

/** Bytes that are fetched. */
interface FetchedContents {
  /** URL that they are fetched from, as far as the parts say no other. */
  readonly location: string;
  /** Files in which the bytes lie, in their order. */
  readonly packed: Required<Pick<PackedDisk, 'parts'>> & Pick<PackedDisk, 'of'>;
}

/** Disk that an image in a cloud holds. */
interface CopiedContents {
  readonly from: { cloud: string; key: string; path: ResourcePath };
  /** Resource whose contents they are; absent: the image itself. */
  readonly of?: ResourcePath | undefined;
  /** Bytes of the Volume whose contents it has, where these were told anew since the export. */
  readonly capacity?: number | undefined;
  /** True where it was captured while its machine ran. */
  readonly running?: boolean | undefined;
}

/** Statuses by which servers say that there is no such file; stores of objects say so by 403. */
const ABSENT: readonly number[] = [403, 404, 410];
const GZIP = Buffer.from([0x1f, 0x8b]);

interface Asking {
  fetcher: Fetcher;
  /** URL that the import names. */
  source: string;
  signal: AbortSignal;
}

/**
 * Opens the package that a URL names: an archive, or a descriptor with its files beside it or at URLs of their own. The bytes tell which.
 * @throws StepFailure where it cannot be had, ProviderError where the fetching was stopped
 */
export async function openPackage(asking: Asking): Promise<PackageSource> {
  const bytes = new FetchedBytes(asking.fetcher, asking.source, asking.signal);
  try {
    const head = await bytes.peek(512);
    if (head.subarray(0, 2).equals(GZIP)) throw new StepFailure('source: is packed by gzip: unpack it');
    if (isTar(head)) return archive(asking, bytes, await refusing(() => openOva(bytes)));
    const descriptor = await bytes.take(MAX_TEXT_BYTES + 1);
    if (descriptor.length > MAX_TEXT_BYTES)
      throw new StepFailure(`source: more than the ${MAX_TEXT_BYTES} bytes that a descriptor may have`);
    return folder(asking, descriptor);
  } finally {
    await bytes.close();
  }
}

/** Package of which each file has a URL of its own. */
function folder(asking: Asking, descriptor: Uint8Array): PackageSource {
  return {
    descriptor,
    async files() {
      const beside = await manifestBeside(asking, descriptor);
      return {
        warnings: toldBy(beside),
        contents: (file) => contentsOf(asking, beside?.digests, file, (name) => ({ uri: urlOf(asking.source, name) })),
      };
    },
  };
}

/** Package in one archive. */
function archive(asking: Asking, bytes: FetchedBytes, ova: Ova): PackageSource {
  const { name, descriptor } = ova;
  return {
    descriptor,
    async files(given) {
      try {
        const { manifest, certificate, files } = await refusing(() => ova.parts(given));
        const inside = manifest && refusing(() => signedBy(manifest, certificate?.bytes));
        if (inside) compare(inside.digests, name, descriptor);
        const { version } = bytes;
        return {
          warnings: toldBy(inside),
          contents: (file) =>
            contentsOf(
              asking,
              inside?.digests,
              file,
              (part) => {
                const { offset, size } = files.get(part) ?? { offset: 0, size: 0 };
                return { from: offset, size };
              },
              version,
            ),
        };
      } finally {
        await bytes.close();
      }
    },
  };
}

/** Does work with a package; what that is refused for ends the Job, in its words. */
export function refusing<T>(work: () => T): T {
  try {
    const result = work();
    return (result instanceof Promise ? result.catch(refused) : result) as T;
  } catch (error) {
    return refused(error);
  }
}

function refused(error: unknown): never {
  throw error instanceof OvfError ? new StepFailure(`source: ${error.message}`) : error;
}

/** Bytes of a small file; a problem where the other side says that there is no such file. */
async function fetched({ fetcher, signal }: Asking, source: string): Promise<Buffer | FetchProblem> {
  const opened = await fetcher.open(source, { signal });
  if (isProblem(opened)) {
    if (ABSENT.includes(opened.status ?? 0)) return opened;
    throw fetchFailure(opened, 'source');
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of opened.bytes()) {
      length += part.length;
      parts.push(part);
      if (length > MAX_TEXT_BYTES) throw new StepFailure(`source: more than the ${MAX_TEXT_BYTES} bytes that a manifest may have`);
    }
  } catch (error) {
    throw error instanceof FetchBroken ? fetchFailure(error.problem, 'source') : error;
  } finally {
    opened.close();
  }
  return Buffer.concat(parts);
}

interface Signed {
  digests: ReadonlyMap<string, Digest>;
  signer?: Signer;
}

/** Reads a manifest, and the certificate that signs it. @throws OvfError for a signature that is not the manifest's */
function signedBy({ name, bytes }: OvaText, certificate: Uint8Array | undefined): Signed {
  const digests = readManifest(bytes);
  return certificate ? { digests, signer: verifyCertificate(certificate, bytes, name) } : { digests };
}

function toldBy(manifest: Signed | undefined): string[] {
  if (!manifest) return ['the package has no manifest: no digest was compared'];
  const { signer } = manifest;
  return signer ? [`signed by ${shown(signer.subject)}, whose certificate was held against no authority`] : [];
}

/** The manifest that lies beside the descriptor, by names of files, and its certificate; undefined where there is none. */
async function manifestBeside(asking: Asking, descriptor: Uint8Array): Promise<Signed | undefined> {
  const url = new URL(asking.source);
  if (!/\.ovf$/i.test(url.pathname)) return undefined;
  const beside = (ending: string): Promise<Buffer | FetchProblem> => {
    const there = new URL(url);
    there.pathname = url.pathname.replace(/\.ovf$/i, ending);
    return fetched(asking, there.href);
  };
  const bytes = await beside('.mf');
  if (isProblem(bytes)) return undefined;
  const certificate = await beside('.cert');
  const { name = '' } = refusing(() => locationOf(url.pathname.split('/').at(-1) ?? '', 'source'));
  const manifest = { name: name.replace(/\.ovf$/i, '.mf'), bytes };
  const signed = refusing(() => signedBy(manifest, isProblem(certificate) ? undefined : certificate));
  compare(signed.digests, name, descriptor);
  return signed;
}

/** @throws StepFailure where the descriptor is not the one that the manifest tells of */
function compare(manifest: ReadonlyMap<string, Digest>, name: string, descriptor: Uint8Array): void {
  const told = manifest.get(name);
  if (!told) throw new StepFailure(`source: the manifest does not name the descriptor '${shown(name)}'`);
  const found = createHash(told.algorithm).update(descriptor).digest('hex');
  if (found !== told.hex)
    throw new StepFailure(`source: the descriptor's ${told.algorithm} is ${found}, where the manifest says ${told.hex}`);
}

const urlOf = (source: string, name: string): string => new URL(encodeURIComponent(name), source).href;

/**
 * Contents of a file whose parts lie where `placed` says, by their names.
 * @throws OvfError for a part that the manifest does not name: it may be another than the one that was packed
 */
function contentsOf(
  { fetcher, source }: Asking,
  manifest: ReadonlyMap<string, Digest> | undefined,
  file: PackageFile,
  placed: (name: string) => Partial<PackedPart>,
  of?: Version,
): FileContents {
  const { id, location, size } = file;
  const url = location.url ?? urlOf(source, location.name);
  const problem = fetcher.check(url);
  if (problem) throw fetchFailure(problem, `the file '${shown(id)}'`);
  if (location.url !== undefined) return { location: url, packed: { parts: [{ name: id, ...(size === undefined ? {} : { size }) }] } };
  const parts = partNames(file).map((name, chunk): PackedPart => {
    const digest = manifest?.get(name);
    if (manifest && !digest) throw new OvfError(`the file ${quoted(name)}`, 'is not named by the manifest');
    const told = partSize(file, chunk);
    return { name, ...(told === undefined ? {} : { size: told }), ...placed(name), ...(digest ? { digest } : {}) };
  });
  return of ? { location: source, packed: { parts, of } } : { location: url, packed: { parts } };
}
