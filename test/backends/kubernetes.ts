import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { goTool } from './go-program';
import type { Availability } from './need';
import { npmPackages } from './npm-package';
import { pythonPackage } from './python-package';

const FOLDER = join(__dirname, '..', '..', '.backends');
const HELM = goTool('helm', 'helm.sh/helm/v4/cmd/helm');
const KUBECONFORM = goTool('kubeconform', 'github.com/yannh/kubeconform/cmd/kubeconform');
/** Package with the schemas of every Kubernetes, which kubeconform else takes from GitHub. */
const SCHEMAS = pythonPackage('kubernetes-validate', '1.37.0');
/** Schemas of what Prometheus' operator adds. */
const OPERATOR = npmPackages('prometheus-operator-models', ['@kubernetes-models/prometheus-operator@6.0.0']);

/** Tells whether charts can be rendered and checked here; needs go, and python3 with venv. */
export function chartsAvailable(): Availability {
  const go = HELM.available();
  return go === true ? SCHEMAS.available() : go;
}

/** Installs Helm, kubeconform and the schemas, unless they are there. */
export async function installCharts(): Promise<void> {
  for (const part of [HELM, KUBECONFORM, SCHEMAS, OPERATOR]) await part.install();
}

/** Answer of a program: its exit code, and all that it said. */
export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(program: string, args: readonly string[], input?: string): Promise<Said> {
  const running = promisify(execFile)(program, args, { maxBuffer: 2 ** 26 });
  if (input !== undefined) running.child.stdin?.end(input);
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number | string; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}

/** Runs Helm. */
export const helm = (...args: readonly string[]): Promise<Said> => run(HELM.path(), args);

/** Makes a folder with the schemas of a Kubernetes, of which each finds the definitions beside it. @returns its path */
async function schemasOf(version: string): Promise<string> {
  const folder = join(FOLDER, `kubernetes-schemas-${version}`);
  if (existsSync(folder)) return folder;
  const { stdout: site } = await run(SCHEMAS.python, ['-c', 'import sysconfig; print(sysconfig.get_paths()["purelib"], end="")']);
  const from = join(site, 'kubernetes_validate', 'kubernetes-json-schema', `v${version}-local-strict`);
  const made = mkdtempSync(`${folder}.`);
  for (const name of readdirSync(from)) {
    const schema = JSON.parse(readFileSync(join(from, name), 'utf8')) as { $id?: string };
    // Where it says that it is from, nothing is asked.
    delete schema.$id;
    writeFileSync(join(made, name), JSON.stringify(schema).replaceAll('"/api/_definitions.json', '"_definitions.json'));
  }
  try {
    renameSync(made, folder);
  } catch (error) {
    // Another process was quicker.
    rmSync(made, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Result of kubeconform for one manifest. */
export interface Conformity {
  kind: string;
  name: string;
  status: string;
  msg: string;
}

/**
 * Holds manifests against Kubernetes' own schemas, in which nothing is allowed that they do not name.
 * @param version of Kubernetes (1.37.0)
 * @returns an entry for each manifest
 */
export async function kubeconform(manifests: string, version: string): Promise<Conformity[]> {
  const location = `${await schemasOf(version)}/{{.ResourceKind}}{{.KindSuffix}}.json`;
  const args = ['-strict', '-verbose', '-output', 'json', '-kubernetes-version', version, '-schema-location', location, '-'];
  const { stdout, stderr } = await run(KUBECONFORM.path(), args, manifests);
  if (stdout === '') throw new Error(`kubeconform said nothing: ${stderr}`);
  return (JSON.parse(stdout) as { resources: Conformity[] }).resources;
}

/** Holds a ServiceMonitor against the schema of Prometheus' operator. @returns what is wrong with it, or nothing */
export async function serviceMonitorTrouble(monitor: object): Promise<string> {
  const script = `
    import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
    import { text } from 'node:stream/consumers';
    new ServiceMonitor(JSON.parse(await text(process.stdin))).validate();`;
  const running = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd: OPERATOR.folder });
  running.child.stdin?.end(JSON.stringify(monitor));
  return running.then(
    () => '',
    (error: unknown) => String((error as { stderr?: unknown }).stderr ?? error),
  );
}
