import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { helm } from '../backends/kubernetes';

const CONTRIB = resolve(__dirname, '../../contrib/helm');
export const CHART = join(CONTRIB, 'cimi-gateway');

/** Files of values that the chart is rendered with, by name. */
export const VALUES = {
  example: join(CONTRIB, 'example.yaml'),
  ...Object.fromEntries(['least', 'everything', 'bare'].map((name) => [name, join(__dirname, 'values', `${name}.yaml`)])),
} as Readonly<Record<'example' | 'least' | 'everything' | 'bare', string>>;

export interface EnvEntry {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: { name: string; key: string } };
}

interface Probe {
  httpGet: { path: string; port: string };
}

export interface ContainerSpec {
  name: string;
  image: string;
  args: string[];
  env: EnvEntry[];
  ports?: { name: string; containerPort: number }[];
  securityContext: object;
  resources: { requests?: object; limits?: object };
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
}

export interface PodSpec {
  containers: ContainerSpec[];
  serviceAccountName: string;
  automountServiceAccountToken: boolean;
  terminationGracePeriodSeconds: number;
  securityContext: object;
  topologySpreadConstraints?: { labelSelector?: { matchLabels: Labels } }[];
  volumes: { name: string; secret?: { secretName: string }; configMap?: { name: string }; emptyDir?: object }[];
}

export type Labels = Readonly<Record<string, string>>;

/** Object that a chart makes, as far as tests look at it. */
export interface Manifest {
  kind: string;
  metadata: { name: string; labels: Labels; annotations?: Labels };
  data?: Record<string, string>;
  spec: {
    replicas?: number;
    selector?: Labels & { matchLabels?: Labels };
    template?: { metadata: { labels: Labels; annotations: Labels }; spec: PodSpec };
    ports?: { name: string; port: number; targetPort: string }[];
    scaleTargetRef?: { name: string };
    metrics?: object[];
    [name: string]: unknown;
  };
}

/** Chart rendered with values. */
export class Rendered {
  private constructor(
    readonly text: string,
    readonly manifests: readonly Manifest[],
  ) {}

  /** @throws Error with Helm's words where the values are refused */
  static async of(...args: readonly string[]): Promise<Rendered> {
    const { code, stdout, stderr } = await helm('template', 'release', CHART, '--namespace', 'clouds', ...args);
    if (code !== 0) throw new Error(stderr);
    const manifests = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
    return new Rendered(stdout, manifests);
  }

  /** Those of a kind. */
  all(kind: string): Manifest[] {
    return this.manifests.filter((manifest) => manifest.kind === kind);
  }

  /** @param end of its name */
  one(kind: string, end = ''): Manifest {
    const [found, ...more] = this.all(kind).filter(({ metadata }) => metadata.name.endsWith(end));
    if (!found || more.length > 0) throw new Error(`there are ${found ? 'several' : 'no'} ${kind} …${end}`);
    return found;
  }

  /** Pods of Deployments, and those that stand alone, by their names. */
  pods(): { name: string; labels: Labels; spec: PodSpec }[] {
    return this.manifests.flatMap(({ kind, metadata, spec }) => {
      if (kind === 'Pod') return [{ name: metadata.name, labels: metadata.labels, spec: spec as unknown as PodSpec }];
      return spec?.template ? [{ name: metadata.name, labels: spec.template.metadata.labels, spec: spec.template.spec }] : [];
    });
  }

  /** The gateway's configuration, as YAML. */
  configuration(): string {
    return this.one('ConfigMap').data?.['gateway.yaml'] ?? '';
  }
}
