import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { copyExample } from '../harness/install-gateway';

/** The gateway as it is built and installed, with the examples beside it, as docs/drivers.md and docs/extending.md have it. */
const ROOT = resolve(__dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const BUILD_MS = 300_000;

let folder: string;
let installed: string;

function node(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-package-'));
  installed = join(folder, 'node_modules/cimi-gateway');
  mkdirSync(installed, { recursive: true });
  const project = ['-p', join(ROOT, 'tsconfig.build.json')];
  const built = node([TSC, ...project, '--outDir', join(installed, 'dist'), '--tsBuildInfoFile', join(folder, '.tsbuildinfo')]);
  expect(built).toEqual({ status: 0, stdout: '', stderr: '' });
  for (const part of ['package.json', 'config']) cpSync(join(ROOT, part), join(installed, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
}, BUILD_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the program runs with a driver and types of others, which import what it exports', () => {
  const [driver, types] = [copyExample('driver-minimal', folder), copyExample('types-rack', folder)];
  const content = {
    data: { dir: 'data' },
    secrets: { key: '00'.repeat(32) },
    extensions: [types],
    clouds: { rack: { driver, options: { rack: 'demo' } } },
  };
  writeFileSync(join(folder, 'gateway.yaml'), stringify(content));
  const { status, stdout } = node([join(installed, 'dist/src/main.js'), 'check', '--config', 'gateway.yaml']);
  expect(stdout).toMatch(/^extensions: ok \(Rack, MachineTemplate\.costCentre\)$/m);
  expect(stdout).toMatch(/^cloud rack: the rack demo: ok$/m);
  expect(status).toBe(0);
});

test('nothing else of it can be imported', () => {
  writeFileSync(join(folder, 'inside.mjs'), "await import('cimi-gateway/dist/src/gateway.js');");
  const { status, stderr } = node(['inside.mjs']);
  expect([status, stderr]).toEqual([1, expect.stringContaining('ERR_PACKAGE_PATH_NOT_EXPORTED')]);
});

test('drivers and types in TypeScript are checked against what it declares', () => {
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
  const compile = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return node([TSC, '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext', name]);
  };
  expect(compile('driver.mts', shown)).toMatchObject({ status: 0, stdout: '' });
  expect(compile('types.mts', types)).toMatchObject({ status: 0, stdout: '' });
  const wrong = compile('wrong.mts', shown.replace('settleMs: 0', "settleMs: 'soon'"));
  expect([wrong.status, wrong.stdout]).toEqual([2, expect.stringMatching(/wrong\.mts.*string.*not assignable.*number/s)]);
});
