// Goes first in the built programs (scripts/bundle.mjs copies it to dist): V8's compiled code is kept beside the program, and stack
// traces name sources. docs/decisions/0042.
const { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { basename, dirname, join, sep } = require('node:path');
const { Script } = require('node:vm');
const { crc32 } = require('node:zlib');

const CHUNKS = join(__dirname, 'chunks') + sep;
/** Bytes of the sum behind kept code: V8 runs what is damaged as it is. */
const SUM_BYTES = 4;
/** A program that serves is started, and has compiled what that takes, when it has loaded nothing more for so long. */
const SETTLED_MS = 3_000;

/**
 * Loads the rest of a program, whose first file calls this before anything else.
 * @param learns whether this run does what the program is for: then what it has compiled is kept
 * @param serves whether it stays
 */
function prepare({ learns, serves }) {
  nameSources();
  // While everything that is made stays (a start), V8 would make its space for what is young sixteen times as large, and never less again.
  if (serves) growYoung(1);
  let timer;
  const settled = () => {
    save();
    growYoung(2);
  };
  const save = keepCompiled(learns, serves ? 'serving' : 'running', () => {
    clearTimeout(timer);
    if (serves) timer = setTimeout(settled, SETTLED_MS).unref();
  });
  process.once('exit', save);
}

/** Sets how fast V8's space for what is young grows. Its module takes a short command a tenth of its time. */
function growYoung(factor) {
  require('node:v8').setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}

/**
 * Takes compiled code from `chunks/cache`, whose writers can change the program itself, too.
 * @param use which of the programs, whose flags of V8 are not the same: V8 takes no code that was made with others
 * @returns what writes the code that was not there; it goes without where the folder can't be written
 */
function keepCompiled(learns, use, loaded) {
  const folder = join(CHUNKS, 'cache', `${process.arch}-${process.versions.v8}-${use}`);
  const fresh = new Map();
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (content, file, ...rest) {
    if (!file.startsWith(CHUNKS)) return compile.call(this, content, file, ...rest);
    // A chunk has the digest of its content in its name.
    const kept = join(folder, basename(file));
    const cachedData = whole(contentOf(kept));
    const script = new Script(Module.wrap(content), { filename: file, ...(cachedData && { cachedData }) });
    if (learns && crc32 && (!cachedData || script.cachedDataRejected)) fresh.set(kept, script);
    loaded();
    const run = script.runInThisContext();
    return run.call(this.exports, this.exports, Module.createRequire(file), this, file, dirname(file));
  };
  return () => {
    const scripts = [...fresh];
    fresh.clear();
    try {
      if (scripts.length === 0) return;
      // Whoever may read the program may read this, whatever the program keeps to its owner.
      const { mode } = statSync(CHUNKS);
      mkdirSync(folder, { recursive: true });
      for (const made of [dirname(folder), folder]) chmodSync(made, mode);
      for (const [kept, script] of scripts) {
        const written = `${kept}.${process.pid}`;
        writeFileSync(written, summed(script.createCachedData()), { flush: true });
        chmodSync(written, mode & 0o666);
        renameSync(written, kept);
      }
    } catch {
      // Read-only, as an image is, or another's: it starts a little slower and nothing else.
    }
  };
}

/** Compiled code with its sum behind it. */
function summed(code) {
  const sum = Buffer.alloc(SUM_BYTES);
  sum.writeUInt32BE(crc32(code));
  return Buffer.concat([code, sum]);
}

/** Compiled code of a file whose sum is right; none where this Node cannot tell (before 20.15). */
function whole(kept) {
  if (!crc32 || !kept || kept.length < SUM_BYTES) return undefined;
  const code = kept.subarray(0, -SUM_BYTES);
  return kept.readUInt32BE(code.length) === crc32(code) ? code : undefined;
}

function contentOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Makes stack traces name sources, by maps that are read with the first trace: Node's own way reads them all at each start. */
function nameSources() {
  const maps = new Map();
  const mapOf = (file) => {
    if (!maps.has(file)) {
      const text = contentOf(`${file}.map`);
      maps.set(file, text && new Module.SourceMap(JSON.parse(text.toString())));
    }
    return maps.get(file);
  };
  const placed = (site) => {
    const shown = String(site);
    const file = site.getFileName();
    if (!file?.startsWith(CHUNKS)) return shown;
    const [line, column] = [site.getLineNumber(), site.getColumnNumber()];
    const { originalSource, originalLine, originalColumn } = mapOf(file)?.findEntry(line - 1, column - 1) ?? {};
    if (!originalSource) return shown;
    return shown.replace(`${file}:${line}:${column}`, `${originalSource}:${originalLine + 1}:${originalColumn + 1}`);
  };
  Error.prepareStackTrace = (error, sites) => [headOf(error), ...sites.map((site) => `    at ${placed(site)}`)].join('\n');
}

function headOf(error) {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    // An error whose own words throw.
    return 'Error';
  }
}

module.exports = { prepare };
