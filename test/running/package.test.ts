import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { copyExample } from '../harness/install-gateway';
import { installPackage, removeInstalled } from './installed';

/** The package as others have it who write drivers and types for it, with the examples beside it (docs/drivers.md, docs/extending.md). */
const ROOT = resolve(__dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const BUILD_MS = 300_000;

let installed: ReturnType<typeof installPackage>;

function node(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: installed.folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const write = (name: string, text: string): void => writeFileSync(join(installed.folder, name), text);
const check = (file: string) => node([join(installed.at, 'dist/src/main.js'), 'check', '--config', file]);

beforeAll(() => {
  installed = installPackage();
}, BUILD_MS);
afterAll(() => removeInstalled(installed));

test('the program runs with a driver and types of others, which import what it exports', () => {
  const [driver, types] = [copyExample('driver-minimal', installed.folder), copyExample('types-rack', installed.folder)];
  const content = {
    data: { dir: 'data' },
    secrets: { key: '00'.repeat(32) },
    extensions: [types],
    clouds: { rack: { driver, options: { rack: 'demo' } } },
  };
  write('gateway.yaml', stringify(content));
  const { status, stdout } = check('gateway.yaml');
  expect(stdout).toMatch(/^extensions: ok \(Rack, MachineTemplate\.costCentre\)$/m);
  expect(stdout).toMatch(/^cloud rack: the rack demo: ok$/m);
  expect(status).toBe(0);
});

test('nothing else of it can be imported', () => {
  write('inside.mjs', "await import('cimi-gateway/dist/loader.cjs');");
  const { status, stderr } = node(['inside.mjs']);
  expect([status, stderr]).toEqual([1, expect.stringContaining('ERR_PACKAGE_PATH_NOT_EXPORTED')]);
});

test('drivers and types in TypeScript are checked against what it declares, with no other package', () => {
  const page = readFileSync(join(ROOT, 'docs/drivers.md'), 'utf8');
  const [, shown = ''] = /^```ts\n(.*?)^```/ms.exec(page) ?? [];
  expect(shown).toContain('DriverModule');
  const types = `
    import { integer, type TypesPackage } from 'cimi-gateway/types';
    const writable = { provider: 'optional mutable', consumer: 'optional read-write' } as const;
    export default {
      contractVersion: '1.0',
      namespace: 'http://example.com/x/1',
      types: { X: { collection: 'xs', attributes: { size: integer({ ...writable, minimum: 1 }) } } },
    } satisfies TypesPackage;`;
  const schema = `
    import { z } from 'cimi-gateway/driver';
    const options = z.strictObject({ size: z.int() });
    export const size: string = options.parse({ size: 1 }).size;`;
  const compile = (name: string, text: string) => {
    write(name, text);
    return node([TSC, '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext', name]);
  };
  expect(compile('driver.mts', shown)).toMatchObject({ status: 0, stdout: '' });
  expect(compile('types.mts', types)).toMatchObject({ status: 0, stdout: '' });
  const wrong = compile('wrong.mts', shown.replace('settleMs: 0', "settleMs: 'soon'"));
  expect([wrong.status, wrong.stdout]).toEqual([2, expect.stringMatching(/wrong\.mts.*string.*not assignable.*number/s)]);
  const untyped = compile('schema.mts', schema);
  expect([untyped.status, untyped.stdout]).toEqual([2, expect.stringMatching(/schema\.mts.*'number' is not assignable to type 'string'/)]);
});
