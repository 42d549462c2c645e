import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ENVIRONMENT } from '../../src/config/load';
import { isSecretName } from '../../src/config/redact';
import { chartsAvailable, helm, installCharts, kubeconform, serviceMonitorTrouble } from '../backends/kubernetes';
import { describeWith } from '../backends/need';
import { CHART, Rendered, VALUES, type Labels } from './rendered';

/** The chart in contrib/helm: what it makes, and what it refuses. */

const INSTALL_MS = 600_000;
/** Oldest and newest Kubernetes that it is held against; the oldest is that of Chart.yaml. */
const KUBERNETES = ['1.25.0', '1.37.0'];
const LEAST = ['--values', VALUES.least];

describeWith('Helm and kubeconform', chartsAvailable(), () => {
  let rendered: Record<keyof typeof VALUES, Rendered>;
  const each = Object.keys(VALUES) as (keyof typeof VALUES)[];
  beforeAll(async () => {
    await installCharts();
    const made = await Promise.all(each.map(async (name) => [name, await Rendered.of('--values', VALUES[name])] as const));
    rendered = Object.fromEntries(made) as typeof rendered;
  }, INSTALL_MS);

  describe.each(each)('with the values %s', (name) => {
    it('finds Helm nothing to complain of', async () => {
      const { code, stdout } = await helm('lint', '--strict', CHART, '--values', VALUES[name]);
      expect([code, stdout.match(/\[(WARNING|ERROR)\].*/g)]).toEqual([0, null]);
    });

    it.each(KUBERNETES)('is what Kubernetes %s takes, to the last name', async (version) => {
      const found = await kubeconform(rendered[name].text, version);
      const ours = found.filter(({ kind }) => kind !== 'ServiceMonitor');
      expect(ours.length).toBe(rendered[name].manifests.filter(({ kind }) => kind !== 'ServiceMonitor').length);
      expect(ours.filter(({ status }) => status !== 'statusValid')).toEqual([]);
    });

    it('lets no container write but where it must, be root, or gain a right', () => {
      const pods = rendered[name].pods();
      expect(pods).toHaveLength(3);
      for (const { spec } of pods) {
        expect(spec).toMatchObject({ automountServiceAccountToken: false });
        expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } });
        for (const container of spec.containers) {
          expect(container.securityContext).toEqual({
            ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          });
          expect(container.resources).toMatchObject({
            requests: { cpu: expect.anything() as unknown },
            limits: { memory: expect.anything() as unknown },
          });
          const writable = container.volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath);
          expect(writable).toEqual(['/data', '/tmp']);
          const given = spec.volumes.map((volume) => volume.name).sort();
          expect(container.volumeMounts.map((mount) => mount.name).sort()).toEqual(given);
        }
        expect(spec.volumes.filter(({ name: of }) => ['data', 'tmp'].includes(of)).map(({ emptyDir }) => emptyDir)).toEqual([{}, {}]);
      }
    });

    it('has every secret by reference, and none of its own', () => {
      expect(rendered[name].all('Secret')).toEqual([]);
      for (const { spec } of rendered[name].pods())
        for (const { env } of spec.containers)
          for (const { name: variable, value, valueFrom } of env) {
            if (valueFrom)
              expect(valueFrom.secretKeyRef).toEqual({ name: expect.any(String) as string, key: expect.any(String) as string });
            else expect([variable, value]).toEqual([expect.stringMatching(/^CIMI_(CONFIG|DATA)$/), expect.stringMatching(/^\//)]);
          }
      const open = [...secretsIn(parse(rendered[name].configuration()))];
      expect(open).toEqual([]);
    });

    it('reads each file from a Secret that is mounted there', () => {
      const files = [...rendered[name].configuration().matchAll(/\$file: (\S+)/g)].map(([, file = '']) => file);
      expect(files.length).toBeGreaterThan(3);
      for (const { spec } of rendered[name].pods()) {
        const secrets = new Set(spec.volumes.filter(({ secret }) => secret).map((volume) => volume.name));
        const places = spec.containers.flatMap(({ volumeMounts }) => volumeMounts.filter((mount) => secrets.has(mount.name)));
        expect(files.filter((file) => !places.some(({ mountPath }) => file.startsWith(`${mountPath}/`)))).toEqual([]);
      }
    });

    it('selects by labels that just its own pods have', () => {
      const pods = rendered[name].pods();
      const selected = (labels: Labels = {}) =>
        pods.filter((pod) => Object.entries(labels).every(([key, value]) => pod.labels[key] === value)).map((pod) => pod.name);
      for (const deployment of rendered[name].all('Deployment')) {
        expect(selected(deployment.spec.selector?.matchLabels)).toEqual([deployment.metadata.name]);
        for (const { labelSelector } of deployment.spec.template?.spec.topologySpreadConstraints ?? [])
          if (labelSelector) expect(selected(labelSelector.matchLabels)).toEqual([deployment.metadata.name]);
      }
      for (const budget of rendered[name].all('PodDisruptionBudget'))
        expect(selected(budget.spec.selector?.matchLabels)).toEqual([budget.metadata.name]);
      for (const service of rendered[name].all('Service')) {
        const behind = pods.filter((pod) => selected(service.spec.selector).includes(pod.name));
        const open = service.spec.ports?.map(({ targetPort }) => targetPort);
        const answering = behind.filter(({ spec }) =>
          spec.containers.some(({ ports }) => ports?.some((port) => open?.includes(port.name))),
        );
        const roles = answering.map(({ name: of }) => of.split('-').at(-1));
        expect(roles.sort()).toEqual(service.metadata.name.endsWith('-admin') ? ['gateway', 'worker'] : ['gateway']);
      }
      for (const { spec } of rendered[name].all('HorizontalPodAutoscaler')) {
        expect(rendered[name].one('Deployment', spec.scaleTargetRef?.name).spec.replicas).toBeUndefined();
      }
    });

    it('kills no process before it has had its time to end', () => {
      const { server } = parse(rendered[name].configuration()) as { server: { retireMs: number; shutdownMs: number } };
      for (const { spec } of rendered[name].all('Deployment')) {
        const grace = spec.template?.spec.terminationGracePeriodSeconds ?? 0;
        expect(grace * 1000).toBeGreaterThanOrEqual(server.retireMs + server.shutdownMs + 15_000);
      }
    });
  });

  it('sets no variable that the program does not know', () => {
    const variables = rendered.least.pods().flatMap(({ spec }) => spec.containers.flatMap(({ env }) => env.map(({ name }) => name)));
    expect(['CIMI_CONFIG', ...Object.keys(ENVIRONMENT)]).toEqual(expect.arrayContaining(variables));
  });

  it('makes new processes for another configuration, and for nothing else', async () => {
    const sum = async (...more: string[]) => {
      const deployments = (await Rendered.of(...LEAST, ...more)).all('Deployment');
      return deployments.map(({ spec }) => spec.template?.metadata.annotations['checksum/config']);
    };
    const [first, second] = await sum();
    expect(first).toBe(second);
    expect(await sum('--set', 'worker.replicas=7')).toEqual([first, first]);
    const other = await sum('--set', 'config.log.level=debug');
    expect(other[0]).not.toBe(first);
  });

  it('scales workers by metrics that the gateway tells', () => {
    const { spec } = rendered.everything.one('HorizontalPodAutoscaler', '-worker');
    expect(spec.metrics).toEqual([
      { type: 'External', external: { metric: { name: 'cimi_jobs_oldest_seconds' }, target: { type: 'Value', value: '30' } } },
      { type: 'External', external: { metric: { name: 'cimi_jobs_waiting' }, target: { type: 'Value', value: '200' } } },
    ]);
    expect(rendered.least.all('HorizontalPodAutoscaler')).toEqual([]);
  });

  it('has Prometheus read every gateway and worker, with the token, as one job', async () => {
    const monitor = rendered.everything.one('ServiceMonitor');
    expect(await serviceMonitorTrouble(monitor)).toBe('');
    expect(monitor.spec).toEqual({
      jobLabel: 'app.kubernetes.io/name',
      podTargetLabels: ['app.kubernetes.io/component'],
      namespaceSelector: { matchNames: ['clouds'] },
      selector: expect.objectContaining({ matchLabels: expect.any(Object) as unknown }) as unknown,
      endpoints: [{ port: 'admin', path: '/metrics', interval: '10s', authorization: { credentials: { name: 'all.of-it', key: 'm' } } }],
    });
    const wanted = monitor.spec.selector?.matchLabels ?? {};
    const services = rendered.everything
      .all('Service')
      .filter(({ metadata }) => Object.entries(wanted).every(([key, value]) => metadata.labels[key] === value));
    expect(services.map(({ metadata }) => metadata.name)).toEqual(['quite-another-admin']);
    expect(await serviceMonitorTrouble({ ...monitor, spec: { ...monitor.spec, endpoints: [{ port: 1 }] } })).toContain('must be string');
  });

  it('pins the image by its digest where that is said', () => {
    const images = (one: Rendered) => new Set(one.pods().flatMap(({ spec }) => spec.containers.map(({ image }) => image)));
    expect([...images(rendered.everything)]).toEqual([`registry.test/cimi@sha256:${'a'.repeat(64)}`]);
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
    expect([...images(rendered.least)]).toEqual([`cimi-gateway:${version}`]);
  });

  it.each([
    ['config.clouds.a.options.password=hunter2', 'config.clouds.a.options.password is a secret'],
    ['config.clouds.a.options.applicationCredentialSecret=x', 'applicationCredentialSecret is a secret'],
    ['config.webhooks[0].secret=x', 'config.webhooks.0.secret is a secret'],
    ['config.clouds.a.options.proxy=http://me:hunter2@proxy:3128', 'config.clouds.a.options.proxy has a password'],
    ['config.store.url=postgres://a:b@c/d', 'store/url'],
    ['config.secrets.key=abc', 'config/secrets'],
    ['config.server.port=9000', 'server/port'],
    ['workers.replicas=2', "'workers' not allowed"],
    ['image.digest=latest', 'image/digest'],
    ['secretEnv[0].name=CIMI_DATA,secretEnv[0].secret=a,secretEnv[0].entry=b', 'secretEnv/0/name'],
    ['publicUrl=', 'publicUrl is needed'],
    ['secret.name=', 'secret.name is needed'],
    ['ingress.enabled=true', 'ingress.host is needed'],
  ])('refuses %s in words', async (value, words) => {
    await expect(Rendered.of(...LEAST, '--set', value)).rejects.toThrow(words);
  });

  it.each(['config.clouds.a.options.password=${PASSWORD}', 'config.clouds.a.options.password.$file=/run/secrets/a/b'])(
    'takes %s, which is a reference',
    async (value) => {
      expect((await Rendered.of(...LEAST, '--set', value)).configuration()).toContain('password');
    },
  );
});

/** Places of a configuration at which a secret stands itself. */
function* secretsIn(value: unknown, path = ''): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const here = `${path}/${key}`;
    if (typeof inner === 'string' && !inner.includes('${') && !key.startsWith('$') && (isSecretName(key) || /:\/\/[^/]*@/.test(inner)))
      yield here;
    yield* secretsIn(inner, here);
  }
}
