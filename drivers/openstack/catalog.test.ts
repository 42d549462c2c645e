import { type CatalogEntry, endpointOf } from './catalog';

const endpoint = (url: string, region = 'one', wanted = 'public') => ({ interface: wanted, region_id: region, url });
const CATALOG: CatalogEntry[] = [
  {
    type: 'compute',
    endpoints: [endpoint('https://nova/v2.1'), endpoint('https://nova.two/v2.1', 'two'), endpoint('http://in/v2.1', 'one', 'internal')],
  },
  { type: 'volumev2', endpoints: [endpoint('https://cinder/v2/p1')] },
  { type: 'volume', endpoints: [endpoint('https://cinder/v1/p1')] },
  { type: 'volumev3', endpoints: [endpoint('https://cinder/v3/p1')] },
  { type: 'image', endpoints: [endpoint('https://glance')] },
  { type: 'network', endpoints: [{ interface: 'public', region: 'one', url: 'https://neutron:9696/' }] },
];
const in1 = { region: 'one' };

test.each([
  ['compute', in1, { root: 'https://nova/v2.1', base: 'https://nova/v2.1' }],
  ['compute', { region: 'two' }, { root: 'https://nova.two/v2.1', base: 'https://nova.two/v2.1' }],
  ['compute', { ...in1, interface: 'internal' as const }, { root: 'http://in/v2.1', base: 'http://in/v2.1' }],
  ['volume', in1, { root: 'https://cinder/v3', base: 'https://cinder/v3/p1' }],
  ['image', {}, { root: 'https://glance/v2', base: 'https://glance/v2' }],
  ['network', in1, { root: 'https://neutron:9696/v2.0', base: 'https://neutron:9696/v2.0' }],
] as const)('%s with %j', (service, options, expected) => {
  expect(endpointOf(CATALOG, service, options, 'p1')).toEqual(expected);
});

test('an endpoint of the configuration wins, and is completed', () => {
  const at = (volume: string) => endpointOf([], 'volume', { endpoints: { volume } }, 'p1');
  expect(at('http://proxy/block/v3/')).toEqual({ root: 'http://proxy/block/v3', base: 'http://proxy/block/v3/p1' });
  expect(at('http://proxy/block')).toEqual({ root: 'http://proxy/block/v3', base: 'http://proxy/block/v3/p1' });
  expect(at('http://proxy/v3/other')).toEqual({ root: 'http://proxy/v3', base: 'http://proxy/v3/other' });
  expect(endpointOf([], 'image', { endpoints: { image: 'http://glance/v1' } }, 'p1').base).toBe('http://glance/v2');
});

test('newer names of block storage come before older ones', () => {
  const both = [...CATALOG, { type: 'block-storage', endpoints: [endpoint('https://new/v3/p1')] }];
  expect(endpointOf(both, 'volume', in1, 'p1').base).toBe('https://new/v3/p1');
});

test('what is missing is told with what there is', () => {
  const of =
    (service: 'compute' | 'network', options: object, catalog = CATALOG) =>
    () =>
      endpointOf(catalog, service, options, 'p1');
  expect(of('compute', {})).toThrow(/Several regions.*one, two/);
  expect(of('compute', { region: 'three' })).toThrow(/No compute service.*public.*in region three.*compute.*one, two/);
  expect(of('network', { interface: 'admin' })).toThrow(/admin endpoint/);
  expect(of('compute', {}, [])).toThrow(/not scoped/);
});
