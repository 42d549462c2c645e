// Runs a program of this project as register-typescript.js does, and starts it in half the time (node --require this-file some.ts): what
// an earlier start of it loaded is kept in one file, with V8's code for it. What was touched since is loaded as ever, and kept anew.
const { createHash } = require('node:crypto');
const { mkdirSync, openSync, readSync, renameSync, statSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, join, resolve, sep } = require('node:path');
const { Script, constants } = require('node:vm');
const { isMainThread } = require('node:worker_threads');
require('./register-typescript.js');

const root = resolve(__dirname, '../..');
const folder = join(root, 'node_modules/.cache/packed-typescript');
/** ms after which a program that loads no more files is taken to have started. */
const QUIET_MS = 500;
/** ms in which a file system may give two versions of a file one time. */
const SAME_TIME_MS = 2_000;
/** Bytes of the length of the table of contents, which stands before it. */
const PREFIX = 4;
/** Place of the hash of V8's flags in its code. */
const FLAGS = 12;
/** The flags of the start: of what a program tells V8 later its code does not depend. */
const flags = new Script('').createCachedData().subarray(FLAGS, FLAGS + 4);

/** Says by what one sees that a file was touched, or that something came to a folder or went. */
function signOf(path) {
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** True for what is there and was not touched while this process read it. */
const isSettled = (path) => (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? Infinity) < performance.timeOrigin - SAME_TIME_MS;

/** True for the project's own files and what is installed; a module that a test writes for one gateway is kept for none. */
const isKept = (filename) => filename.startsWith(root + sep) || filename.includes(`${sep}node_modules${sep}`);

/** Where a request leads, by folder: this depends on what lies in the project's own folders, and on what was installed. */
const requestKey = (request, parent) => `${dirname(parent.filename)}\0${request}`;
const ownFolders = (filenames) =>
  new Set(filenames.filter((name) => name.startsWith(root + sep) && !name.includes('node_modules')).map((name) => dirname(name)));

/** Reads bytes of a file. */
function bytesAt(file, position, length) {
  const bytes = Buffer.allocUnsafe(length);
  readSync(file, bytes, 0, length, position);
  return bytes;
}

/** Opens what was kept; there may be nothing, or nothing that still holds. */
function open(pack) {
  const nothing = { resolved: {}, scripts: {} };
  try {
    const file = openSync(pack, 'r');
    const length = bytesAt(file, 0, PREFIX).readUInt32LE();
    const { folders, resolved, scripts } = JSON.parse(bytesAt(file, PREFIX, length).toString());
    if (Object.entries(folders).some(([path, sign]) => signOf(path) !== sign)) return nothing;
    return { resolved, scripts, read: (position, size) => bytesAt(file, PREFIX + length + position, size) };
  } catch (error) {
    if (error.code === 'ENOENT') return nothing;
    throw error;
  }
}

/** Keeps what was loaded, for the next start. */
function keep(pack, loaded, resolved) {
  const settled = [...loaded].filter(([filename]) => isSettled(filename));
  const witnesses = [__filename, join(root, 'package.json'), join(root, 'node_modules/.package-lock.json')];
  const folders = {};
  for (const path of [...witnesses, ...ownFolders([...loaded.keys()])]) {
    if (!isSettled(path)) return;
    folders[path] = signOf(path);
  }
  const scripts = {};
  const pieces = [];
  let position = 0;
  for (const [filename, { source, script }] of settled) {
    const narrow = Buffer.from(source, 'latin1');
    const encoding = narrow.toString('latin1') === source ? 'latin1' : 'utf16le';
    const text = encoding === 'latin1' ? narrow : Buffer.from(source, encoding);
    const code = script.createCachedData();
    code.set(flags, FLAGS);
    scripts[filename] = { sign: signOf(filename), position, text: text.length, encoding, code: code.length };
    pieces.push(text, code);
    position += text.length + code.length;
  }
  const contents = Buffer.from(JSON.stringify({ folders, resolved, scripts }));
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32LE(contents.length);
  const fresh = `${pack}.${process.pid}`;
  writeFileSync(fresh, Buffer.concat([prefix, contents, ...pieces]));
  renameSync(fresh, pack);
}

/** Runs the script of a module's file, as node's loader does. */
function run(script, module, filename) {
  const require = (request) => module.require(request);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return script.runInThisContext().call(module.exports, module.exports, require, module, filename, dirname(filename));
}

function start(program) {
  const name = createHash('sha256').update(JSON.stringify([program, process.version, process.arch]));
  const pack = join(folder, `${name.digest('hex')}.pack`);
  const { resolved, scripts, read } = open(pack);
  const loaded = new Map();

  const resolveFilename = Module._resolveFilename;
  Module._resolveFilename = (request, parent, isMain, options) => {
    if (!parent?.filename || options || !isKept(parent.filename)) return resolveFilename(request, parent, isMain, options);
    return (resolved[requestKey(request, parent)] ??= resolveFilename(request, parent, isMain));
  };

  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const runSource = (source, module, filename, cachedData) => {
    const script = new Script(source, { filename, cachedData, importModuleDynamically });
    loaded.set(filename, { source, script });
    return run(script, module, filename);
  };
  for (const extension of ['.js', '.ts']) {
    const load = Module._extensions[extension];
    Module._extensions[extension] = (module, filename) => {
      const script = scripts[filename];
      if (script?.sign !== signOf(filename)) return load(module, filename);
      const bytes = read(script.position, script.text + script.code);
      return runSource(bytes.toString(script.encoding, 0, script.text), module, filename, bytes.subarray(script.text));
    };
  }

  let quiet;
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (content, filename, format, ...more) {
    if (!/\.[jt]s$/.test(filename) || format === 'module' || !isKept(filename))
      return compile.call(this, content, filename, format, ...more);
    clearTimeout(quiet);
    quiet = setTimeout(() => keep(pack, loaded, resolved), QUIET_MS).unref();
    // Maps to the sources are as long as the code.
    const code = content.replace(/^#!.*/, '').replace(/\n\/\/# sourceMappingURL=data:\S+\s*$/, '\n');
    return runSource(Module.wrap(code), this, filename);
  };
}

if (isMainThread) {
  mkdirSync(folder, { recursive: true });
  start(resolve(process.argv[1]));
}
