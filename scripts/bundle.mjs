// Bundles the gateway, its command line and the client's (src, drivers, cli, sdk) into dist, with what they use of other packages, as
// chunks that are loaded when they are needed. docs/decisions/0042.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import { build, transform } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const TARGET = 'node20.19';

/** Packages with binaries: they are installed, and nothing else is. */
export const NATIVE = ['libsql', '@node-rs/argon2'];

/** Programs, and what each tells the loader. */
const PROGRAMS = [
  {
    entryPoints: ['src/main.ts', 'src/api/driver.ts', 'src/api/types.ts'],
    main: 'src/main.ts',
    prepare: `const serves=['serve','worker'].includes(process.argv[2]);loader.prepare({learns:serves,serves})`,
  },
  // Apart from the gateway: chunks in common would be cut for both.
  {
    entryPoints: ['cli/main.ts'],
    main: 'cli/main.ts',
    prepare: `loader.prepare({learns:process.argv.slice(2).filter((word)=>word[0]!=='-').length>1,serves:false})`,
  },
];

/**
 * Bundles into a folder, beside what else is there.
 * @returns paths of the files that became part of it, relative to the root
 */
export async function bundle(asked = join(root, 'dist')) {
  const folder = resolve(asked);
  for (const part of ['src', 'drivers', 'cli', 'sdk', 'chunks']) rmSync(join(folder, part), { recursive: true, force: true });
  const inputs = await Promise.all(PROGRAMS.map((program) => bundleProgram(program, folder)));
  copyFileSync(join(root, 'scripts', 'loader.cjs'), join(folder, 'loader.cjs'));
  return [...new Set(inputs.flat())].sort();
}

async function bundleProgram({ entryPoints, main, prepare }, folder) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: folder,
    outbase: '.',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    // Only modules can be split; V8's code of them can't be kept, that of scripts can.
    format: 'esm',
    platform: 'node',
    target: TARGET,
    mainFields: ['module', 'main'],
    external: [...NATIVE, 'pg-native'],
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'inline',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    write: false,
  });
  await Promise.all(
    outputFiles.map(async ({ path, text }) => {
      const script = await asScript(path, text);
      const isMain = path === join(folder, main.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, isMain ? loading(script.code, prepare) : script.code);
      if (dirname(path) === join(folder, 'chunks')) writeFileSync(`${path}.map`, ownPart(script.map, path));
    }),
  );
  return Object.keys(metafile.inputs);
}

/** Turns a module into a script (CommonJS), and its `import()` into a `require` that waits for its turn. */
function asScript(path, text) {
  return transform(text, {
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    supported: { 'dynamic-import': false },
    minifyWhitespace: true,
    // As modules are. On the first line: maps of what follows stay right.
    banner: '"use strict";',
    sourcemap: 'external',
    sourcesContent: false,
    sourcefile: path,
    logLevel: 'warning',
  });
}

/** Puts the loader before a program, behind its first line, which names Node. */
function loading(code, prepare) {
  const [first, ...rest] = code.split('\n');
  return [first, `{const loader=require("../loader.cjs");${prepare}}`, ...rest].join('\n');
}

/** Leaves in a map what is of our own sources, by paths from the root: of others there are three times as many. */
function ownPart(json, path) {
  const map = JSON.parse(json);
  const sources = map.sources.map((source) => relative(root, join(dirname(path), source)));
  const own = sources.map((source) => !source.startsWith('node_modules'));
  // What is left out ends what stands before it.
  const lines = decode(map.mappings).map((line) =>
    line.flatMap((segment, index) => (own[segment[1]] ? [segment] : own[line[index - 1]?.[1]] ? [[segment[0]]] : [])),
  );
  const kept = sources.map((source, index) => (own[index] ? source : ''));
  return JSON.stringify({ version: 3, file: basename(path), sources: kept, names: [], mappings: encode(lines.map(unnamed)) });
}

const unnamed = (line) => line.map((segment) => segment.slice(0, 4));

// `node scripts/bundle.mjs [FOLDER]`
if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(process.argv[2]);
