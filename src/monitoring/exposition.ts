/** Prometheus' text of what Meters measure: gauges in base units, without timestamps of their own. */

/** Newest sample of a recording Meter. */
export interface Reading {
  cloud: string;
  /** Path and type of the measured resource. */
  resource: string;
  type: string;
  /** Name of the aspect, or the URI of one that is not the standard's. */
  aspect: string;
  /** Value in the aspect's unit. */
  value: number;
  /** Age of the sample, in s. */
  age: number;
  /** Age above which the value is not shown any more, in s. */
  staleAfter: number;
}

/** Name of a measured resource. */
export interface Named {
  cloud: string;
  resource: string;
  type: string;
  name: string;
}

/** Clouds as their watchers last saw them. */
export interface Seen {
  cloud: string;
  up: boolean;
}

interface Gauge {
  suffix: string;
  help: string;
  /** Factor from the aspect's unit to the base unit. */
  factor?: number;
}

/** Gauges of the standard's aspects (Table 53), where a type does not have its own. */
const GAUGES: Readonly<Record<string, Gauge>> = {
  cpu: { suffix: 'cpu_ratio', help: 'CPU in use, from 0 to 1', factor: 0.01 },
  memory: { suffix: 'memory_bytes', help: 'Memory in use, in bytes' },
  disk: { suffix: 'disk_bytes', help: 'Disk in use, in bytes' },
  bandwidth: { suffix: 'network_bytes_per_second', help: 'Network traffic, in bytes per second' },
  inputBandwidth: { suffix: 'network_receive_bytes_per_second', help: 'Network traffic received, in bytes per second' },
  outputBandwidth: { suffix: 'network_transmit_bytes_per_second', help: 'Network traffic sent, in bytes per second' },
};

/** Gauges of Volumes, whose bandwidth is no network's. */
const OF_VOLUMES: Readonly<Record<string, Gauge>> = {
  inputBandwidth: { suffix: 'write_bytes_per_second', help: 'Bytes written, per second' },
  outputBandwidth: { suffix: 'read_bytes_per_second', help: 'Bytes read, per second' },
};

/** Content type of Prometheus' text format. */
export const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8';

/** Writes the newest samples, each series once: of several Meters of one resource and aspect, the youngest sample. */
export function exposition(readings: readonly Reading[], names: readonly Named[], clouds: readonly Seen[]): string {
  const families = new Map<string, { help: string; series: Map<string, { age: number; value: number }> }>();
  const put = (name: string, help: string, labels: Readonly<Record<string, string>>, value: number, age = 0): void => {
    const family = families.get(name) ?? { help, series: new Map<string, { age: number; value: number }>() };
    families.set(name, family);
    const key = labelled(labels);
    const before = family.series.get(key);
    if (!before || before.age > age) family.series.set(key, { age, value });
  };
  for (const { cloud, up } of clouds) put('cimi_cloud_up', '1 while the cloud answers its watcher, else 0.', { cloud }, up ? 1 : 0);
  for (const { cloud, resource, type, name } of names)
    put('cimi_resource_info', 'Name and type of a resource with Meters: always 1.', { cloud, resource, type, name }, 1);
  for (const { cloud, resource, type, aspect, value, age, staleAfter } of readings) {
    const help = 'Age of the newest sample of a recording Meter, in seconds.';
    put('cimi_meter_sample_age_seconds', help, { cloud, resource, aspect }, Math.max(0, age), age);
    const gauge = gaugeOf(type, aspect);
    if (gauge && age <= staleAfter)
      put(`cimi_${snake(type)}_${gauge.suffix}`, `${gauge.help}: newest sample.`, { cloud, resource }, value * (gauge.factor ?? 1), age);
  }
  return [...families]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { help, series }]) => [
      `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`,
      ...[...series].map(([labels, { value }]) => `${name}{${labels}} ${decimal(value)}\n`),
    ])
    .join('');
}

function gaugeOf(type: string, aspect: string): Gauge | undefined {
  if (type === 'Volume' && Object.hasOwn(OF_VOLUMES, aspect)) return OF_VOLUMES[aspect];
  return Object.hasOwn(GAUGES, aspect) ? GAUGES[aspect] : undefined;
}

function labelled(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

/** A label's value as the text format wants it: well-formed Unicode, on one line. */
function escaped(value: string): string {
  return Buffer.from(value)
    .toString()
    .replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** A number without the noise of a factor. */
function decimal(value: number): string {
  return String(Number(value.toPrecision(12)));
}

function snake(type: string): string {
  return type.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
