import { Ajv2020 } from 'ajv/dist/2020';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { secretKey, type Config } from './config';
import { configJsonSchema } from './json-schema';
import { cloudOptions, loadConfig } from './load';
import { ConfigError } from './problems';
import { redact } from './redact';

const root = join(__dirname, '../..');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cimi-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Env = Record<string, string>;
async function load(yaml: string, env: Env = {}): Promise<Config> {
  await writeFile(join(folder, 'gateway.yaml'), yaml);
  return loadConfig({ file: 'gateway.yaml', env, cwd: folder });
}
async function refused(yaml: string, env: Env = {}): Promise<ConfigError> {
  const outcome = await load(yaml, env).catch((error: unknown) => error);
  if (outcome instanceof ConfigError) return outcome;
  throw new Error(`accepted: ${JSON.stringify(outcome)}`);
}
const lines = (error: ConfigError): string[] =>
  error.message
    .split('\n')
    .slice(1)
    .map((line) => line.trim());

describe('good configurations', () => {
  it('without a file is the demo, with its state below the working directory', async () => {
    const config = await loadConfig({ env: {}, cwd: folder });
    expect(Object.keys(config.clouds)).toEqual(['demo']);
    expect(config.clouds['demo']).toMatchObject({
      key: 'demo',
      driver: 'simulator',
      tenants: ['default'],
      discoveredTenant: 'default',
      mode: 'manage',
    });
    expect(config.server).toMatchObject({ host: '127.0.0.1', port: 8080 });
    expect(config.data.dir).toBe(join(folder, '.cimi-data'));
    expect(config.source.file).toBeUndefined();
  });

  it('takes an empty file, and sections without content, as all defaults', async () => {
    const empty = await load('');
    const sections = await load('server:\nlog:\nclouds:\n');
    expect({ ...sections, source: null }).toEqual({ ...empty, source: null });
    expect(empty).toMatchObject({
      clouds: {},
      store: { kind: 'sqlite' },
      queue: { kind: 'embedded', prefix: 'cimi' },
      jobs: { graceMs: 300 },
      lists: { maxItems: 100_000, maxBytes: 67_108_864, cacheMs: 2000 },
      retention: { eventDays: 90, eventsPerTenant: 100_000, goneDays: 365, idDays: 3650 },
      server: { limits: { bodyBytes: 1_048_576 } },
      worker: { inProcess: true },
    });
  });

  it('fills in references, converting to what the schema wants', async () => {
    await mkdir(join(folder, 'secrets'));
    await writeFile(join(folder, 'secrets/key'), `${'ab'.repeat(32)}\n`);
    await writeFile(join(folder, 'secrets/digits'), '12345');
    const config = await load(
      `
server: { port: '\${PORT}', publicUrl: 'https://\${NAME:-localhost}/' }
secrets: { key: { $file: secrets/key } }
worker: { inProcess: "\${IN:-false}" }
clouds:
  one:
    name: $\${literal}
    driver: \${DRIVER:-simulator}
    options: { password: { $file: 'secrets/\${WHICH}' }, list: ['\${NAME:-x}'] }
`,
      { PORT: '9000', NAME: '', WHICH: 'digits' },
    );
    expect(config.server).toMatchObject({ port: 9000, publicUrl: 'https://localhost' });
    expect(secretKey(config)).toEqual(Buffer.alloc(32, 0xab));
    expect(config.worker.inProcess).toBe(false);
    expect(config.clouds['one']).toMatchObject({ name: '${literal}', driver: 'simulator', options: { password: '12345', list: ['x'] } });
  });

  it('lets the environment go before the file, and the file before given defaults', async () => {
    await writeFile(join(folder, 'gateway.yaml'), 'server: { port: 1, host: ::1 }\ndata: { dir: state }');
    const env = { CIMI_PORT: '2', CIMI_LOG_LEVEL: 'debug', CIMI_PUBLIC_URL: 'http://h:1', CIMI_HOST: '' };
    const defaults = { server: { port: 3, host: 'x', shutdownMs: 5 }, jobs: { graceMs: 7 } };
    const config = await loadConfig({ file: join(folder, 'gateway.yaml'), env, cwd: '/', defaults });
    expect(config.server).toMatchObject({ port: 2, host: '::1', publicUrl: 'http://h:1', shutdownMs: 5 });
    expect(config).toMatchObject({ log: { level: 'debug' }, jobs: { graceMs: 7 }, data: { dir: join(folder, 'state') } });
    const moved = await loadConfig({ file: join(folder, 'gateway.yaml'), env: { CIMI_DATA: 'd' }, cwd: '/tmp' });
    expect(moved.data.dir).toBe('/tmp/d');
    expect(defaults.server.port).toBe(3);
  });

  it('takes keys in base64 too', async () => {
    const config = await load(`secrets: { key: ${Buffer.alloc(32, 7).toString('base64')} }`);
    expect(secretKey(config)).toEqual(Buffer.alloc(32, 7));
    expect(secretKey(await load(''))).toBeUndefined();
  });
});

test('an operators’ port that others can reach wants the token of the metrics', async () => {
  const from = async (text: string) => {
    await writeFile(join(folder, 'gateway.yaml'), text);
    return loadConfig({ file: 'gateway.yaml', env: {}, cwd: folder });
  };
  await expect(from('admin: { host: 0.0.0.0, port: 1 }')).rejects.toThrow(/line 1, admin\.host: .*needs access\.metricsToken/);
  const { admin } = await from(`admin: { host: 0.0.0.0, port: 1 }\naccess: { metricsToken: ${'x'.repeat(32)} }`);
  expect(admin).toEqual({ host: '0.0.0.0', port: 1 });
  expect((await from('admin: { host: "::1" }')).admin).toEqual({ host: '::1' });
});

describe('bad configurations', () => {
  it('names every problem at once, with path, line and the nearest key', async () => {
    const error = await refused(`
server:
  prot: 8080
  host: ''
  limits: { bodybytes: 5 }
loglevel: debug
port: 1
log: { level: verbos }
store: { kind: postgres }
queue: { kind: rediss }
clouds:
  Bad_Key: { driver: simulator }
  two: { tenants: [a, b], mode: mange, driver: simulator }
  three: { tenants: [a, b], driver: simulator }
  four: { options: [] }
  five: { driver: simulator, discoveredTenant: other, guard: { retries: 1.5, cacheMs: -1 } }
defaultCloud: six
`);
    expect(lines(error)).toEqual([
      'line 3, server.prot: unknown; did you mean server.port?',
      'line 4, server.host: must not be empty',
      'line 5, server.limits.bodybytes: unknown; did you mean server.limits.bodyBytes?',
      expect.stringMatching(/^line 6, loglevel: unknown; known here are server, /),
      'line 7, port: unknown here; did you mean server.port or admin.port?',
      expect.stringMatching(/^line 8, log.level: must be one of fatal, .*, not "verbos"$/),
      'line 9, store.url: is missing; kind postgres needs it',
      'line 10, queue.kind: must be one of embedded, redis, not "rediss"; did you mean redis?',
      expect.stringMatching(/^line 12, clouds.Bad_Key: must be a key of 1 to 32 lower-case letters/),
      'line 13, clouds.two.mode: must be one of manage, observe, not "mange"; did you mean manage?',
      'line 14, clouds.three.discoveredTenant: is missing; with several tenants it must be one of a, b',
      'line 15, clouds.four.driver: is missing',
      'line 15, clouds.four.options: must be a section (key: value), not a list',
      'line 16, clouds.five.guard.cacheMs: must be at least 0, not -1',
      'line 16, clouds.five.guard.retries: must be a whole number, not 1.5',
      'line 17, defaultCloud: must be one of the configured clouds: Bad_Key, two, three, four, five',
    ]);
    expect(error.problems).toHaveLength(16);
  });

  it.each([
    ['server: { port: 70000 }', 'server.port: must be at most 65535, not 70000'],
    ['server: { port: "80" }', 'server.port: must be a number, not "80"'],
    ['server: 5', 'server: must be a section (key: value), not 5'],
    ['server: { publicUrl: "ftp://x" }', 'server.publicUrl: must be a URL that begins with http:// or https://, not "ftp://x"'],
    ['server: { publicUrl: nonsense }', 'server.publicUrl: must be a URL that begins with http:// or https://, not "nonsense"'],
    ['server: { publicUrl: "https://u:p@x/" }', 'server.publicUrl: must have no user, query or fragment'],
    ['store: { url: "postgres://x" }', 'store.url: is not used by kind sqlite; did you mean kind: postgres?'],
    ['store: { kind: postgres, url: "mysql://u:hush@x" }', 'store.url: must begin with postgres://, not "mysql://…@x"'],
    ['store: { kind: postgres, url: "postgres://u:12#hush@h/d" }', /line 1, store\.url: is no URL: .*# must be written as %23/],
    ['store: { kind: postgres, url: "mysql://u:12#hush@x" }', /line 1, store\.url: must begin with postgres:/],
    ['queue: { kind: redis, url: "redis://:12#hush@h/0" }', /line 1, queue\.url: is no URL: .*# must be written as %23/],
    ['queue: { kind: redis }', 'queue.url: is missing; kind redis needs it'],
    ['queue: { url: "redis://x" }', 'queue.url: is not used by kind embedded; did you mean kind: redis?'],
    ['secrets: { key: short }', 'secrets.key: must be 32 bytes in base64 (44 characters) or hexadecimal (64 digits)'],
    ['secrets: { key: 5 }', 'secrets.key: must be text'],
    ['access: { required: maybe }', 'access.required: must be true or false, not "maybe"'],
    ['clouds: { a: { driver: d, tenants: [] } }', 'clouds.a.tenants: must have at least one entry'],
    ['clouds: { a: { driver: d, tenants: ["x y"] } }', /clouds\.a\.tenants\[0\]: must be 1 to 63 letters/],
    ['clouds: { a: { driver: d, tenants: [x, x], discoveredTenant: x } }', 'clouds.a.tenants: names a tenant twice'],
    ['clouds: { a: { driver: d, discoveredTenant: x } }', "clouds.a.discoveredTenant: must be one of the cloud's tenants: default"],
    ['clouds: { a: { driver: d, gaurd: {} } }', 'clouds.a.gaurd: unknown; did you mean clouds.a.guard?'],
    ['tenants: [a]\nclouds: { a: { driver: d } }', 'clouds.a.tenants: "default" is not among tenants'],
    ['clouds: { a: { driver: d } }\nmove: { prices: { b: { egressPerGiB: 1 } } }', 'move.prices.b: is no configured cloud; there are: a'],
    [
      'clouds: { a: { driver: d } }\nwebhooks: [{ name: w, url: "https://x.example", tenant: b, secret: "012345678901234567890123" }]',
      'line 2, webhooks[0].tenant: there is no tenant b; there are default',
    ],
    [
      'clouds: { a: { driver: d, tenants: [b] } }\nwebhooks: [{ name: w, url: "https://x.example", secret: "012345678901234567890123" }]',
      'line 2, webhooks[0].tenant: there is no tenant default; there are b',
    ],
    [
      'clouds: { a: { driver: d } }\nquotas: { tenants: { b: { jobs: 1 } } }',
      'line 2, quotas.tenants.b: there is no tenant b; there are default',
    ],
    ['tracing: { headers: { x-team: 12345678 } }', 'tracing.headers.x-team: must be text'],
    ['secrets: { key: { $file: key }, otherKeys: [12345678] }', /secrets\.otherKeys\[0\]: must be text$/m],
    [
      'clouds: { a: { driver: d, guard: { cacheMs: "-----BEGIN PRIVATE KEY-----MIGH" } } }',
      'clouds.a.guard.cacheMs: must be a number, not another kind of PEM',
    ],
    [
      'server: { tls: { cert: "-----BEGIN PRIVATE KEY-----MIGH", key: x } }',
      /server\.tls\.cert: must be certificates in PEM, not another kind of PEM$/m,
    ],
    ['defaultCloud: x', 'defaultCloud: must be a configured cloud, and there is none'],
    [
      'clouds: { a: { driver: d } }\nmove: { bytesPerSecond: { b: 1048576 } }',
      'line 2, move.bytesPerSecond.b: is no configured cloud; there are: a',
    ],
    ['server:\n  port: ${NONE}', 'line 2, server.port: the environment variable NONE is not set'],
    [
      'server: { host: "${a b}" }',
      'server.host: "${a b}" is not a valid reference: write ${NAME}, ${NAME:-default}, or $${ for a literal ${',
    ],
    ['server: { host: "${OPEN" }', /server\.host: "\$\{OPEN" is not a valid reference/],
    ['secrets: { key: { $file: nowhere } }', /secrets\.key: the file .*nowhere can't be read: it does not exist/],
    ['data:\n  dir: "state\\0"', 'line 2, data.dir: holds a NUL character, which nothing takes'],
    ['secrets: { key: { $command: [printf, "a\\\\0b"] } }', 'secrets.key: holds a NUL character, which nothing takes'],
    ['secrets: { key: { $file: "\\0" } }', 'secrets.key: holds a NUL character, which nothing takes'],
    ['secrets: { key: { $file: . } }', /secrets\.key: .* is not a file/],
    ['secrets: { key: { $file: a, more: b } }', /secrets\.key: a reference to a file is written \{ \$file: path \}/],
    ['secrets: { key: { $file: [a] } }', /secrets\.key: a reference to a file is written/],
    ['secrets: { key: { $file: "${NONE}" } }', 'secrets.key: the environment variable NONE is not set'],
    ['server: { port: 1, port: 2 }', 'line 1, column 20: a key stands twice in one section'],
    ['server:\n  port: [1', /line 2, column \d+: .+/],
    ['server:\n\tport: 1', /line 2, column \d+: .*[Tt]ab/],
    ['port: !secret x', /Unresolved tag$/],
    ['port: !hush', /line 1, column 7: Unresolved tag$/],
    ['port: *hush', /Unresolved alias/],
    ['port: "a\\hush"', /line 1, column \d+: Invalid escape sequence$/],
    ['port: "hush" hush', /line 1, column \d+: /],
    ['port: |hush\n  a', /line 1, column \d+: /],
    ['- a', 'line 1: the file must be made of sections (server:, clouds:, …)'],
    ['just text', 'line 1: the file must be made of sections (server:, clouds:, …)'],
    ['a: 1\n---\nb: 2', /multiple documents/],
    ['__proto__: { x: 1 }', '__proto__ is not allowed as a key'],
    ['x: &x [*x]', /x: is nested deeper than 32 levels|unknown/],
    [`a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]`, /[Ee]xcessive alias/],
  ])('%s', async (yaml, expected) => {
    const error = await refused(yaml);
    if (typeof expected === 'string')
      expect(
        error.problems.length === 1
          ? lines(error)[0]?.replace(/^line \d+, (?!column)/, (line) => (expected.startsWith('line') ? line : ''))
          : lines(error),
      ).toBe(expected);
    else expect(error.message).toMatch(expected);
    expect(error.message).not.toContain('hush');
  });

  it('names the environment variable that is wrong, and never its value where it is a reference', async () => {
    expect(lines(await refused('', { CIMI_PORT: 'eighty' }))).toEqual(['server.port: must be a number (from CIMI_PORT)']);
    expect(lines(await refused('server: { port: "${P}" }', { P: 'hunter2' }))).toEqual([
      'line 1, server.port: must be a number (from ${P})',
    ]);
    await writeFile(join(folder, 'key'), 'hunter2');
    expect(lines(await refused('secrets: { key: { $file: key } }'))).toEqual([
      'line 1, secrets.key: must be 32 bytes in base64 (44 characters) or hexadecimal (64 digits) (from $file: key)',
    ]);
    await writeFile(join(folder, 'key'), Buffer.from([0xff, 0xfe]));
    expect((await refused('secrets: { key: { $file: key } }')).message).toMatch(/not UTF-8/);
    await writeFile(join(folder, 'key'), 'x'.repeat(70_000));
    expect((await refused('secrets: { key: { $file: key } }')).message).toMatch(/larger than 65536 bytes/);
  });

  it('says that the file itself is missing or too large', async () => {
    await expect(loadConfig({ file: 'none.yaml', env: {}, cwd: folder })).rejects.toThrow(/none\.yaml can't be read: it does not exist/);
    expect((await refused(`# ${'x'.repeat(1024 * 1024)}`)).message).toMatch(/larger than 1048576/);
  });
});

describe('portable names', () => {
  const cloud = (names: string) => `clouds:\n  sim:\n    driver: simulator\n${names}`;

  it('are patterns, default, ids or more; sizes are names or figures', async () => {
    const config = await load(
      cloud(
        '    images: { debian-12: default, ubuntu-24.04: "Ubuntu*", a: { id: x }, b: { name: "*", properties: { os_version: "12" } } }\n' +
          '    sizes: { small: s1, big: { cpu: 2, memory: 4194304, disk: 10 } }\n',
      ),
    );
    expect(config.clouds['sim']).toMatchObject({
      images: { 'debian-12': 'default', a: { id: 'x' } },
      sizes: { small: 's1', big: { cpu: 2, memory: 4_194_304, disk: 10 } },
    });
  });

  it('that cannot be are told in words', async () => {
    const error = await refused(
      cloud(
        '    images: { a: { id: x, name: y }, b: { architecture: ARM }, Debian: x, 0123456789abcdefghjkmnpqrs: x, sim.x: y }\n' +
          '    sizes: { small: { cpu: 1 } }\n',
      ),
    );
    const text = lines(error).join('\n');
    expect(text).toMatch(/clouds\.sim\.images\.a\b.*must be 'default', a pattern of the image's name/);
    expect(text).toMatch(/clouds\.sim\.images\.b\b.*must be 'default'/);
    expect(text).toMatch(/clouds\.sim\.images\.Debian\b.*must be a name of 1 to 63 lower-case letters/);
    expect(text).toMatch(/images\.0123456789abcdefghjkmnpqrs\b.*must be a name/);
    expect(text).toMatch(/begins with the key of the cloud sim and a dot/);
    expect(text).toMatch(/clouds\.sim\.sizes\.small\b.*must be a size of the cloud's own/);
  });
});

describe('options of a driver', () => {
  const schema = z.strictObject({ region: z.string(), port: z.int().optional(), keys: z.strictObject({ secret: z.string() }).optional() });

  it('are checked by its schema, with references converted', async () => {
    const config = await load('clouds: { a: { driver: ec2, options: { region: x, port: "${P:-5}" } } }');
    expect(cloudOptions(config, 'a', schema)).toEqual({ region: 'x', port: 5 });
  });

  it('are refused with path, line and nearest key', async () => {
    const config = await load('clouds:\n  a:\n    driver: ec2\n    options:\n      regoin: x\n      keys: { secert: y }');
    const check = (): unknown => cloudOptions(config, 'a', schema);
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(/line 5, clouds\.a\.options\.regoin: unknown; did you mean clouds\.a\.options\.region\?/);
    expect(check).toThrow(/line 6, clouds\.a\.options\.keys\.secert: unknown; did you mean clouds\.a\.options\.keys\.secret\?/);
    expect(check).toThrow(/clouds\.a\.options\.region: is missing/);
  });
});

describe('redact', () => {
  it('shows where references come from and hides secrets', async () => {
    await writeFile(join(folder, 'pw'), 'HUSH-file');
    const config = await load(
      `
server: { port: "\${PORT}" }
secrets: { key: ${'ab'.repeat(32)}, otherKeys: [${'abcd'.repeat(16)}] }
store: { kind: postgres, url: "postgres://u:HUSH%2Fp%40ss@h/db?sslpassword=HUSH" }
queue: { kind: redis, url: "redis://:\${RP:-HUSH-default}@h" }
access: { oidc: { corp: { issuer: https://i.example, audience: [a], grants: [{ role: reader, tenant: default }], console: { clientId: ci, clientSecret: HUSH } } } }
clouds:
  a:
    driver: ec2
    options: { region: eu, accessKeyId: AKID, secretAccessKey: HUSH, token: [HUSH], password: { $file: pw }, note: { $file: pw }, user: { password: HUSH, name: me } }
`,
      { PORT: '81', CIMI_LOG_LEVEL: 'warn' },
    );
    const shown = redact(config);
    expect(JSON.stringify(shown)).not.toMatch(/HUSH|abab/);
    expect(shown).toMatchObject({
      server: { port: '${PORT}', host: '127.0.0.1' },
      log: { level: 'warn' },
      secrets: { key: '(secret)' },
      store: { url: 'postgres://u:***@h/db?sslpassword=***' },
      queue: { url: 'redis://:***@h' },
      access: { oidc: { corp: { console: { clientId: 'ci', clientSecret: '(secret)' } } } },
      clouds: {
        a: {
          key: 'a',
          options: { region: 'eu', accessKeyId: 'AKID', secretAccessKey: '(secret)', note: '$file: pw', user: { name: 'me' } },
        },
      },
    });
    expect(shown).not.toHaveProperty('source');
  });
});

describe('shipped files', () => {
  it('config/schema.json is current (node scripts/make-config-schema.cjs)', async () => {
    expect(JSON.parse(await readFile(join(root, 'config/schema.json'), 'utf8'))).toEqual(configJsonSchema());
  });

  it('config/schema.json takes drivers and types of others, with options of any kind', async () => {
    const schema = JSON.parse(await readFile(join(root, 'config/schema.json'), 'utf8')) as object;
    const valid = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    const clouds = { x: { driver: '@scope/cimi-driver-x', options: { region: 'a', login: { password: { $file: 'p' } } } } };
    expect(valid({ clouds, extensions: ['./my-types.mjs', '@scope/cimi-types-x'] })).toBe(true);
    expect(valid({ clouds, extensions: './my-types.mjs' })).toBe(false);
    expect(valid({ clouds: { x: { driver: 1 } } })).toBe(false);
  });

  it('the annotated reference shows the defaults and names every option', async () => {
    const file = join(root, 'config/cimi-gateway.yaml');
    const reference = await loadConfig({ file, env: {}, cwd: folder });
    const demo = await loadConfig({ env: {}, cwd: folder });
    expect({ ...reference, source: null }).toEqual({ ...demo, source: null, defaultCloud: undefined });
    const text = await readFile(file, 'utf8');
    for (const key of keysOf(configJsonSchema())) expect(text).toMatch(new RegExp(`^ *(# *)?${key}:`, 'm'));
  });

  it('every option is described', () => {
    const undescribed = (schema: unknown, path: string): string[] =>
      Object.entries((schema as { properties?: Record<string, { description?: string }> }).properties ?? {}).flatMap(([key, inner]) => [
        ...(inner.description === undefined ? [`${path}.${key}`] : []),
        ...undescribed(inner, `${path}.${key}`),
        ...undescribed((inner as { additionalProperties?: unknown }).additionalProperties ?? {}, `${path}.${key}.<key>`),
      ]);
    expect(undescribed(configJsonSchema(), '')).toEqual([]);
  });
});

function keysOf(schema: unknown): string[] {
  const { properties = {}, additionalProperties } = schema as { properties?: Record<string, unknown>; additionalProperties?: unknown };
  const below = additionalProperties ? keysOf(additionalProperties) : [];
  return [...Object.entries(properties).flatMap(([key, inner]) => [key, ...keysOf(inner)]), ...below];
}
