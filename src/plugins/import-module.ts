import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import { packageFolder } from '../config/build';
import { isRecord } from '../config/problems';

/** Exports of a module, by name. */
export type Exports = Readonly<Record<string, unknown>>;

/** A module that a configuration names and that can't be imported; `missing`: there is no such file or package. */
export class ImportError extends Error {
  constructor(
    message: string,
    readonly missing: boolean,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'ImportError';
  }
}

/**
 * Imports the module that a configuration names.
 * @param name a path relative to the folder (`./my-driver.mjs`), an absolute one, or the name of a package that is installed in
 * the folder, in one above it, or beside the gateway
 * @throws ImportError in words that go after the module's name
 */
export async function importModule(name: string, folder: string): Promise<Exports> {
  const { specifier, importer } = isPath(name) ? fileOf(resolve(folder, name)) : packageOf(name, [folder, packageFolder()]);
  try {
    return await importFrom(specifier, importer);
  } catch (error) {
    throw new ImportError(`can't be loaded: ${isRecord(error) ? String(error['message']) : String(error)}`, false, error);
  }
}

/** Module to import, and a file from which its name leads there. */
interface Place {
  specifier: string;
  importer: string;
}

function isPath(name: string): boolean {
  return /^(\.{1,2}[/\\]|\/|[A-Za-z]:[/\\])/.test(name);
}

function fileOf(file: string): Place {
  if (!existsSync(file)) throw new ImportError(`can't be loaded: there is no file ${file}`, true);
  return { specifier: pathToFileURL(file).href, importer: file };
}

/** @param folders each is looked into with those above it, the first one first */
function packageOf(name: string, folders: readonly string[]): Place {
  const installed = join('node_modules', ...name.split('/').slice(0, name.startsWith('@') ? 2 : 1));
  const found = folders.find((folder) => andAbove(folder).some((above) => existsSync(join(above, installed))));
  if (found === undefined) throw new ImportError(`can't be loaded: no package of this name is installed in ${folders.join(' or ')}`, true);
  return { specifier: name, importer: join(found, 'cimi-gateway.js') };
}

function andAbove(folder: string): string[] {
  return folder === dirname(folder) ? [folder] : [folder, ...andAbove(dirname(folder))];
}

/**
 * The `import()` of ECMAScript modules, as if it stood in the file `importer`. A script of its own, because compilers make a
 * `require` of the one that they find in these sources.
 */
function importFrom(specifier: string, importer: string): Promise<Exports> {
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const script = new Script('(specifier) => import(specifier)', { filename: importer, importModuleDynamically });
  return (script.runInThisContext() as (specifier: string) => Promise<Exports>)(specifier);
}
