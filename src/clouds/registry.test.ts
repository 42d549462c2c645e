import { z } from 'zod';
import type { Driver, DriverModule } from './driver';
import type { CloudToConnect, ConnectedClouds } from './registry';
import { connectClouds, driverRegistry } from './registry';

const schema = z.strictObject({ region: z.string(), page: z.strictObject({ size: z.number() }).optional() });

function setUp() {
  const loaded: string[] = [];
  const connected: unknown[] = [];
  let closed = 0;
  let closing = (): Promise<void> => Promise.resolve();
  let asked = (): Promise<void> => Promise.resolve();
  const fake: DriverModule<z.infer<typeof schema>> = {
    name: 'fake',
    options: schema,
    connect(options) {
      if (options.region === 'nowhere') return Promise.reject(new Error('no such region'));
      connected.push(options);
      const driver: Driver = {
        capabilities: { settleMs: 0, types: {} },
        check: () => Promise.resolve([]),
        events: { since: (cursor) => asked().then(() => ({ events: [], cursor: cursor ?? '' })) },
        close: async () => {
          closed += 1;
          await closing();
        },
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
    hooks: { log: { warn: (message: string) => void warned.push(message), error: () => undefined } },
  };
  const warned: string[] = [];
  return {
    connect: (configs: CloudToConnect[]) => connectClouds(configs, registry, lent),
    registry,
    loaded,
    connected,
    renewed: (clouds: ConnectedClouds, one: CloudToConnect) => clouds.renewal(one, registry, lent),
    closed: () => closed,
    warned,
    when: (parts: { closing?: () => Promise<void>; asked?: () => Promise<void> }) => ({ closing = closing, asked = asked } = parts),
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

describe('a cloud that is connected anew', () => {
  it('is closed with the others at the end, also where the former connection is in use yet', async () => {
    const { connect, renewed, closed, when } = setUp();
    const clouds = await connect([config('a')]);
    let letGo = (): void => undefined;
    when({ asked: () => new Promise((resolve) => (letGo = resolve)) });
    const asking = clouds.byKey('a')?.eventsSince(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    (await renewed(clouds, config('a'))).take();
    expect(closed()).toBe(0);
    await clouds.close();
    expect(closed()).toBe(2);
    letGo();
    await asking;
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed()).toBe(2);
  });

  it('and not taken takes nothing along where it cannot be closed', async () => {
    const { connect, renewed, warned, when } = setUp();
    const clouds = await connect([config('a')]);
    const renewal = await renewed(clouds, config('a'));
    when({ closing: () => Promise.reject(new Error('stuck')) });
    await renewal.drop();
    expect(warned).toEqual(['a cloud was connected anew, and the unused connection could not be closed']);
  });
});
