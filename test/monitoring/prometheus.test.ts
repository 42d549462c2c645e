import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ASPECT_UNITS } from '../../src/clouds/monitoring';
import { createMetrics } from '../../src/http/metrics';
import { standardCatalogue } from '../../src/model/catalogue';
import { exposition } from '../../src/monitoring/exposition';
import { describeWith } from '../backends/need';
import { installPromtool, promtool, promtoolAvailable } from '../backends/promtool';

/** Files that operators copy: Prometheus' configuration and rules, and Grafana's dashboards. */

const CONFIG = join(__dirname, '..', '..', 'config');
const RULES = join(CONFIG, 'prometheus', 'alerts.yaml');
const dashboards = readdirSync(join(CONFIG, 'grafana')).map((name) => ({
  name,
  text: readFileSync(join(CONFIG, 'grafana', name), 'utf8'),
}));

interface Dashboard {
  uid: string;
  title: string;
  templating: { list: { name: string; query: string | { query: string } }[] };
  panels: { id: number; title: string; gridPos: Record<'x' | 'y' | 'w' | 'h', number>; targets: { refId: string; expr: string }[] }[];
}
const read = (text: string): Dashboard => JSON.parse(text) as Dashboard;
const expressionsOf = (text: string): string[] => read(text).panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

/** Everything that a gateway can tell: of Meters, every type and aspect. */
function everyReading(): string {
  const types = standardCatalogue().resources.filter(({ attributes }) => attributes.meters !== undefined);
  const readings = types.flatMap(({ name: type }) =>
    Object.keys(ASPECT_UNITS).map((aspect) => ({ cloud: 'demo', resource: `x/${type}`, type, aspect, value: 1, age: 60, staleAfter: 900 })),
  );
  const named = { cloud: 'demo', resource: 'machines/1', type: 'Machine', name: 'a "name"' };
  return exposition(readings, [named], [{ cloud: 'demo', up: true }]);
}

/** Names of all series: those of histograms with their endings, and what every Prometheus has. */
async function seriesNames(): Promise<Set<string>> {
  const metrics = createMetrics({ build: { version: '1', node: '20' } });
  metrics.watchQueue(() => undefined);
  metrics.watchRequests(() => 0);
  const own = await metrics.registry.getMetricsAsJSON();
  const told = [...everyReading().matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  const names = [...own.flatMap(({ name }) => [name, `${name}_bucket`, `${name}_count`, `${name}_sum`]), ...told];
  return new Set([...names, 'up']);
}

/** Names in an expression that are metrics: what stands before `{` or `[`, or begins with one of our prefixes. */
function metricsIn(expression: string): string[] {
  return [...expression.matchAll(/\b((?:cimi|nodejs|process)_\w+|up(?=\{))/g)].map(([, name = '']) => name);
}

describe('what Prometheus and Grafana are given', () => {
  it('asks for nothing that a gateway does not tell', async () => {
    const known = await seriesNames();
    const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: { expr: string }[] }[] };
    const rules = groups.flatMap((group) => group.rules.map(({ expr }) => expr));
    const asked = [...rules, ...dashboards.flatMap(({ text }) => expressionsOf(text))].flatMap(metricsIn);
    expect(asked.length).toBeGreaterThan(40);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  it('shows everything that the program tells of itself', async () => {
    const metrics = createMetrics({ build: { version: '1', node: '20' }, process: false });
    metrics.watchQueue(() => undefined);
    metrics.watchRequests(() => 0);
    const own = (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name);
    const shown = dashboards.flatMap(({ text }) => expressionsOf(text)).flatMap(metricsIn);
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((name) => !shown.some((one) => one.replace(/_(bucket|count|sum)$/, '') === name))).toEqual([]);
  });

  it('has every process scraped: gateways, and workers at their own ports', () => {
    const { scrape_configs: jobs } = parse(readFileSync(join(CONFIG, 'prometheus', 'prometheus.yaml'), 'utf8')) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[]; labels?: { component: string } }[] }[];
    };
    const program = jobs.find(({ job_name: name }) => name === 'cimi-gateway');
    const production = parse(readFileSync(join(CONFIG, 'production.yaml'), 'utf8')) as { admin: { port: number } };
    expect(program?.static_configs.map(({ targets, labels }) => [labels?.component, targets])).toEqual([
      ['gateway', ['127.0.0.1:8080']],
      ['worker', [`127.0.0.1:${production.admin.port}`]],
    ]);
  });

  it.each(dashboards)('$name: panels have ids of their own and do not lie upon each other', ({ text }) => {
    const { panels, uid, title, templating } = read(text);
    expect(uid).toMatch(/^cimi-[a-z]+$/);
    expect(title).not.toBe('');
    expect(templating.list[0]).toMatchObject({ name: 'datasource', query: 'prometheus' });
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)}/${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  });

  it.each(dashboards)('$name: its variables are all that its panels use', ({ text }) => {
    const used = new Set(expressionsOf(text).flatMap((expr) => [...expr.matchAll(/\$(\w+)/g)].map(([, name = '']) => name)));
    used.delete('__rate_interval');
    const { templating } = read(text);
    expect([...used].sort()).toEqual(
      templating.list
        .map(({ name }) => name)
        .filter((name) => name !== 'datasource')
        .sort(),
    );
  });
});

describeWith('promtool', promtoolAvailable(), () => {
  let folder = '';
  beforeAll(async () => {
    await installPromtool();
    folder = mkdtempSync(join(tmpdir(), 'cimi-promtool-'));
  });
  afterAll(() => existsSync(folder) && rmSync(folder, { recursive: true }));

  it('accepts the configuration and the rules', async () => {
    const configuration = join(CONFIG, 'prometheus', 'prometheus.yaml');
    expect(await promtool(['check', 'config', '--syntax-only', configuration])).toMatchObject({ code: 0 });
    expect(await promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULES])).toMatchObject({ code: 0 });
  });

  it('sees the alerts fire where they should, and nowhere else', async () => {
    expect(await promtool(['test', 'rules', join(__dirname, 'alerts-test.yaml')])).toMatchObject({ code: 0 });
  });

  it.each(dashboards)('reads the expressions of $name', async ({ text }) => {
    const rules = expressionsOf(text).map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replace(/\$\w+/g, 'some'),
    }));
    const file = join(folder, 'panels.yaml');
    writeFileSync(file, stringify({ groups: [{ name: 'panels', rules }] }));
    expect(await promtool(['check', 'rules', '--lint=none', file])).toMatchObject({ code: 0 });
  });

  it('accepts what Meters measure, of every type and aspect', async () => {
    expect(await promtool(['check', 'metrics'], everyReading())).toEqual({ code: 0, said: '' });
  });
});
