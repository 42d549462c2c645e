import { z } from 'zod';
import type { Driver, DriverModule } from './driver';
import type { CloudToConnect } from './registry';
import { connectClouds, driverRegistry } from './registry';

const schema = z.strictObject({ region: z.string(), page: z.strictObject({ size: z.number() }).optional() });

function setUp() {
  const loaded: string[] = [];
  const connected: unknown[] = [];
  let closed = 0;
  const fake: DriverModule<z.infer<typeof schema>> = {
    name: 'fake',
    options: schema,
    connect(options) {
      if (options.region === 'nowhere') return Promise.reject(new Error('no such region'));
      connected.push(options);
      const driver: Driver = {
        capabilities: { settleMs: 0, types: {} },
        check: () => Promise.resolve([]),
        close: async () => void (closed += 1),
      };
      return Promise.resolve(driver);
    },
  };
  const load = (name: string) => () => {
    loaded.push(name);
    return Promise.resolve(fake as DriverModule);
  };
  const registry = driverRegistry({ fake: load('fake'), other: load('other') });
  const lent = {
    environment: () => ({ dataDir: '/nonexistent', warn: () => undefined }),
    hooks: { log: { warn: () => undefined, error: () => undefined } },
  };
  return {
    connect: (configs: CloudToConnect[]) => connectClouds(configs, registry, lent),
    registry,
    loaded,
    connected,
    closed: () => closed,
  };
}

const config = (key: string, more: Partial<CloudToConnect> = {}): CloudToConnect => ({
  ...{ key, name: key, driver: 'fake', tenants: ['acme'], discoveredTenant: 'acme', mode: 'manage', options: { region: 'here' } },
  ...more,
});

describe('connectClouds', () => {
  it('connects in the order of the configuration, loading only what is named', async () => {
    const { connect, loaded, connected, closed } = setUp();
    const clouds = await connect([config('b'), config('a', { tenants: ['acme', 'umbrella'] })]);
    expect(clouds.all().map(({ key }) => key)).toEqual(['b', 'a']);
    expect(clouds.byKey('a')?.name).toBe('a');
    expect(clouds.byKey('c')).toBeUndefined();
    expect(clouds.forTenant('umbrella').map(({ key }) => key)).toEqual(['a']);
    expect(clouds.forTenant('nobody')).toEqual([]);
    expect([loaded, connected]).toEqual([
      ['fake', 'fake'],
      [{ region: 'here' }, { region: 'here' }],
    ]);
    await clouds.close();
    expect(closed()).toBe(2);
  });
  it.each([
    ['an unknown driver', config('a', { driver: 'nimbus' }), /no driver "nimbus".*fake, other/],
    ['an inherited name', config('a', { driver: 'toString' }), /no driver "toString"/],
    [
      'a wrong option, by its path',
      config('a', { options: { region: 'here', page: { size: 'big' } } }),
      /Cloud "a": options\.page\.size: /,
    ],
    ['an unknown option', config('a', { options: { region: 'here', regoin: 1 } }), /Cloud "a": options: .*regoin/],
    ['missing options', config('a', { options: undefined }), /Cloud "a": options\.region: /],
    ['a driver that cannot start', config('a', { options: { region: 'nowhere' } }), /Cloud "a": no such region/],
    ['a bad key', config('A'), /"A" is not a valid cloud key/],
    ['a key used twice', config('z'), /Two clouds have the key "z"/],
  ])('refuses %s and closes what it had connected', async (_, wrong, words) => {
    const { connect, closed } = setUp();
    await expect(connect([config('z'), wrong])).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(words) as string,
    });
    expect(closed()).toBe(1);
  });
});
