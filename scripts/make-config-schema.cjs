// Writes config/schema.json from src/config/schema.ts; a test fails while it is not current.
const fs = require('node:fs');
const path = require('node:path');
const swc = require('@swc/core');

// Node 20 reads no TypeScript by itself; requires without extension find .ts through this, too.
require.extensions['.ts'] = (module, filename) => {
  const { code } = swc.transformFileSync(filename, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
    module: { type: 'commonjs' },
  });
  module._compile(code, filename);
};

async function main() {
  const { configJsonSchema } = require('../src/config/json-schema.ts');
  const target = path.join(__dirname, '../config/schema.json');
  const prettier = await import('prettier');
  const options = await prettier.resolveConfig(target);
  fs.writeFileSync(target, await prettier.format(JSON.stringify(configJsonSchema()), { ...options, filepath: target }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
