import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Script } from 'node:vm';
import * as driver from '../../src/api/driver';
import * as types from '../../src/api/types';

const ROOT = resolve(__dirname, '../..');
const FACES: Readonly<Record<string, object>> = { driver, types };

/**
 * Installs the sources of the gateway in a folder as the package `cimi-gateway`, so that packages there import what they would of
 * the built one. (test/running/package.test.ts does the same with the built one.)
 */
export function installGateway(folder: string): void {
  const at = join(folder, 'node_modules', 'cimi-gateway');
  mkdirSync(at, { recursive: true });
  const exports = Object.fromEntries(Object.keys(FACES).map((face) => [`./${face}`, `./${face}.mjs`]));
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: 'cimi-gateway', exports }));
  for (const [face, names] of Object.entries(FACES)) {
    const lines = [
      "import { createRequire } from 'node:module';",
      'const require = createRequire(import.meta.url);',
      `require(${JSON.stringify(join(ROOT, 'test/backends/register-typescript.js'))});`,
      `export const { ${Object.keys(names).join(', ')} } = require(${JSON.stringify(join(ROOT, 'src/api', `${face}.ts`))});`,
    ];
    writeFileSync(join(at, `${face}.mjs`), lines.join('\n'));
  }
}

/** Copies one of the examples into a folder, as a stranger has it. @returns the file that a configuration names */
export function copyExample(name: string, folder: string): string {
  cpSync(join(ROOT, 'examples', name), join(folder, name), { recursive: true });
  return `./${name}/index.mjs`;
}

/**
 * Loads a module at once, by Node itself: what a driver offers has to be known before its tests are named. The process of the
 * main context is asked for that, since the one that tests see loads by the test runner, which requires no ES modules.
 */
export function requireModule<T>(file: string): T {
  const node = new Script('process').runInThisContext() as NodeJS.Process;
  return node.getBuiltinModule('node:module').createRequire(file)(file) as T;
}
