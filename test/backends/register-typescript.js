// Lets node run the project's TypeScript, compiled as the tests compile it (node --require this-file some.ts). What was compiled is
// kept by its content: a run of the tests starts hundreds of processes.
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { transformSync, version } = require('@swc/core');

const options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'commonjs' },
  swcrc: false,
  sourceMaps: 'inline',
};
const kept = join(__dirname, '../../node_modules/.cache/register-typescript');
mkdirSync(kept, { recursive: true });

function compiled(filename) {
  const source = readFileSync(filename, 'utf8');
  const key = createHash('sha256')
    .update(JSON.stringify([version, options, filename, source]))
    .digest('hex');
  const file = join(kept, `${key}.js`);
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const { code } = transformSync(source, { ...options, filename });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, code);
  renameSync(fresh, file);
  return code;
}

require.extensions['.ts'] = (module, filename) => module._compile(compiled(filename), filename);
