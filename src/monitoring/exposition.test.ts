import { exposition, type Reading } from './exposition';

const reading = (more: Partial<Reading>): Reading => ({
  cloud: 'demo',
  resource: 'machines/1',
  type: 'Machine',
  aspect: 'cpu',
  value: 12.5,
  age: 60,
  staleAfter: 900,
  ...more,
});
const series = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('the exposition for Prometheus', () => {
  it('gives percent as a ratio and bytes as they are', () => {
    const text = exposition([reading({}), reading({ aspect: 'memory', value: 1_073_741_824 })], [], []);
    expect(series(text)).toEqual([
      'cimi_machine_cpu_ratio{cloud="demo",resource="machines/1"} 0.125',
      'cimi_machine_memory_bytes{cloud="demo",resource="machines/1"} 1073741824',
      'cimi_meter_sample_age_seconds{cloud="demo",resource="machines/1",aspect="cpu"} 60',
      'cimi_meter_sample_age_seconds{cloud="demo",resource="machines/1",aspect="memory"} 60',
    ]);
    expect(text).toContain('# TYPE cimi_machine_cpu_ratio gauge\n');
  });

  it('names the directions of a Volume by what is done to it', () => {
    const volume = { type: 'Volume', resource: 'volumes/1', value: 5 };
    const text = exposition([reading({ ...volume, aspect: 'inputBandwidth' }), reading({ ...volume, aspect: 'outputBandwidth' })], [], []);
    expect(text).toContain('cimi_volume_write_bytes_per_second{');
    expect(text).toContain('cimi_volume_read_bytes_per_second{');
    expect(exposition([reading({ type: 'NetworkPort', aspect: 'inputBandwidth' })], [], [])).toContain(
      'cimi_network_port_network_receive_bytes_per_second{',
    );
  });

  it('leaves out a value that is too old, and says how old it is', () => {
    expect(series(exposition([reading({ age: 901 })], [], []))).toEqual([
      'cimi_meter_sample_age_seconds{cloud="demo",resource="machines/1",aspect="cpu"} 901',
    ]);
  });

  it('has each series once: the youngest sample of several Meters', () => {
    const text = exposition([reading({ age: 300, value: 1 }), reading({ age: 60, value: 2 }), reading({ age: 90, value: 3 })], [], []);
    expect(series(text)).toEqual([
      'cimi_machine_cpu_ratio{cloud="demo",resource="machines/1"} 0.02',
      'cimi_meter_sample_age_seconds{cloud="demo",resource="machines/1",aspect="cpu"} 60',
    ]);
  });

  it('keeps names out of the measured series, and any name in its place', () => {
    const named = { cloud: 'demo', resource: 'machines/1', type: 'Machine', name: 'a"b\\c\nd\ud800' };
    const text = exposition(
      [],
      [named],
      [
        { cloud: 'demo', up: true },
        { cloud: 'other', up: false },
      ],
    );
    expect(series(text)).toEqual([
      'cimi_cloud_up{cloud="demo"} 1',
      'cimi_cloud_up{cloud="other"} 0',
      'cimi_resource_info{cloud="demo",resource="machines/1",type="Machine",name="a\\"b\\\\c\\nd\ufffd"} 1',
    ]);
  });

  it('has no gauge for an aspect that it does not know', () => {
    expect(
      series(exposition([reading({ aspect: 'https://example.org/aspect/temperature' }), reading({ aspect: 'constructor' })], [], [])),
    ).toHaveLength(2);
  });
});
