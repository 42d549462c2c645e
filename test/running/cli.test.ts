import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { basic } from '../harness/client';
import { waitUntil } from '../harness/wait';
import { CLOUDS, Folder, KEY } from './program';

const demo = (folder: Folder, ...more: string[]) => ['serve', '--port', '0', '--data', folder.data, ...more];

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

describe('serve', () => {
  it('runs the demo: on loopback, without users, and says so; its key is readable by the owner only', async () => {
    const gateway = await folder.serve(demo(folder));
    expect(gateway.base).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/cimi\/$/);
    const { status, json } = await gateway.client.get('cloudEntryPoint');
    expect({ status, json }).toMatchObject({ status: 200, json: { machines: { href: `${gateway.base}machines` } } });
    expect(gateway.logs()).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: expect.stringMatching(/no users.*user add/) as string }),
    );
    expect(statSync(join(folder.data, 'secret.key')).mode & 0o077).toBe(0);
    expect(await gateway.end()).toMatchObject({ code: 0, signal: null });
  });

  it('refuses a port that is no port, and an unknown option, in words', async () => {
    const wrong = await folder.run(['serve', '--port', 'eighty', '--data', folder.data]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/server\.port: must be a (whole )?number.*from --port/);
    expect(wrong.stderr).not.toContain('CIMI_PORT');
    const unknown = await folder.run(['serve', '--prot', '80']);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/unknown option '--prot'/);
  });

  it('refuses to listen elsewhere while there are no users, and says what to do', async () => {
    const { code, stderr } = await folder.run(demo(folder), { env: { CIMI_HOST: '0.0.0.0' } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/refusing to listen on 0\.0\.0\.0: no users are configured.*cimi-gateway user add/);
  });

  it('would listen elsewhere once there is a user', async () => {
    const added = await folder.run(['user', 'add', 'ann', '--role', 'admin', '--data', folder.data], { input: 'correct horse\n' });
    expect(added).toMatchObject({ code: 0, stdout: 'added ann (tenant default, admin)\n' });
    expect(added.stderr).toMatch(/first user.*next start/);
    // An address of documentation (RFC 5737), which no machine has: it gets as far as asking for it.
    const { code, stderr } = await folder.run(demo(folder), { env: { CIMI_HOST: '192.0.2.1' } });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/server\.host 192\.0\.2\.1 is no address of this machine: .*EADDRNOTAVAIL/)]);
  });

  it('asks everyone for a login from the next start after the first user', async () => {
    const gateway = await folder.serve(demo(folder));
    await folder.run(['user', 'add', 'ann', '--data', folder.data], { input: 'correct horse\n' });
    await gateway.end();
    const again = await folder.serve(demo(folder));
    expect((await again.client.get('machines')).status).toBe(401);
    expect((await again.client.get('machines', basic('ann', 'correct horse'))).status).toBe(200);
  });

  it('refuses a data folder that another process uses, naming it, and leaves that one alone', async () => {
    const first = await folder.serve(demo(folder));
    const { code, stderr } = await folder.run(demo(folder));
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`data folder ${folder.data} is in use by another gateway \\(process \\d+, since`));
    expect((await first.client.get('cloudEntryPoint')).status).toBe(200);
  });

  it('refuses a port in use', async () => {
    const first = await folder.serve(demo(folder));
    const { port } = new URL(first.base);
    const { code, stderr } = await folder.run(['serve', '--port', port, '--data', join(folder.path, 'other')]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/server\.port \d+ on 127\.0\.0\.1 is in use: another program.*EADDRINUSE/)]);
  });

  it('refuses one port for clients and operators, at check and at the start', async () => {
    const file = folder.configuration({ server: { port: 18080 }, admin: { host: 'localhost', port: 18080 } });
    const words = /admin\.port: is server\.port, too \(18080 on 127\.0\.0\.1\): .*must differ/;
    const [check, serve] = [await folder.run(['check', '-c', file]), await folder.run(['serve', '-c', file])];
    expect([check.code, check.stdout, serve.code, serve.stderr]).toEqual([
      1,
      expect.stringMatching(words),
      1,
      expect.stringMatching(words),
    ]);
  });

  it('needs a key, says how to get one, and makes one only when told to', async () => {
    const config = folder.write('gateway.yaml', { server: { port: 0 }, data: { dir: 'data' }, clouds: CLOUDS });
    const { code, stderr } = await folder.run(['serve', '-c', config]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no key for secrets is configured: set secrets\.key.*--make-key/);
    expect(existsSync(join(folder.data, 'secret.key'))).toBe(false);
    await (await folder.serve(['serve', '-c', config, '--make-key'])).end();
    expect(existsSync(join(folder.data, 'secret.key'))).toBe(true);
  });

  it('names host and database of a PostgreSQL that is away, and why, without the password', async () => {
    const store = { kind: 'postgres', url: 'postgres://ann:hunter22@127.0.0.1:1/cimi' };
    const { code, stderr } = await folder.run(['serve', '-c', folder.configuration({ store })]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/PostgreSQL at 127\.0\.0\.1:1, database cimi, user ann can't be used: .*ECONNREFUSED/);
    expect(stderr).not.toContain('hunter22');
  });

  it('keeps the data folder to its owner, whatever the umask, and tightens what was there', async () => {
    await (await folder.serve(demo(folder))).end();
    const simulated = join(folder.data, 'clouds', 'demo');
    for (const path of [folder.data, simulated]) chmodSync(path, 0o755);
    for (const name of ['cimi.db', 'secret.key']) chmodSync(join(folder.data, name), 0o644);
    const umask = process.umask(0);
    const gateway = await folder.serve(demo(folder)).finally(() => process.umask(umask));
    const all = readdirSync(folder.data, { recursive: true }).map((name) => join(folder.data, String(name)));
    expect(all.length).toBeGreaterThan(5);
    expect([folder.data, ...all].filter((path) => (statSync(path).mode & 0o077) !== 0)).toEqual([]);
    const told = gateway.logs().find(({ msg }) => String(msg).includes('permissions were tightened'));
    expect(told).toMatchObject({ level: 'warn', changed: expect.arrayContaining([folder.data, join(folder.data, 'cimi.db')]) as string[] });
  });

  it('leaves the rights of a folder alone that holds other things, and says so', async () => {
    chmodSync(folder.path, 0o755);
    writeFileSync(join(folder.path, 'mine.txt'), '', { mode: 0o644 });
    const gateway = await folder.serve(['serve', '--port', '0', '--data', folder.path]);
    expect([statSync(folder.path).mode & 0o777, statSync(join(folder.path, 'mine.txt')).mode & 0o777]).toEqual([0o755, 0o644]);
    expect(statSync(join(folder.path, 'cimi.db')).mode & 0o077).toBe(0);
    expect(gateway.logs()).toContainEqual(
      expect.objectContaining({ level: 'warn', trouble: expect.stringContaining('mine.txt') as string }),
    );
  });

  it('refuses another key than that of its data, in words and without showing either', async () => {
    await (await folder.serve(['serve', '-c', folder.configuration()])).end();
    const other = randomBytes(32).toString('base64');
    const { code, stderr } = await folder.run(['serve', '-c', folder.configuration({ secrets: { key: other } })]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/key/i)]);
    expect(stderr).not.toContain(other);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('takes its configuration file from CIMI_CONFIG', async () => {
    const { code, stderr } = await folder.run(['serve'], { env: { CIMI_CONFIG: folder.write('wrong.yaml', { servre: {} }) } });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/wrong\.yaml has one problem:\n {2}line 1, servre: unknown; did you mean server\?/),
    ]);
  });
});

describe('worker', () => {
  it('needs a database that processes can share, and a queue', async () => {
    const alone = await folder.run(['worker', '-c', folder.configuration()]);
    expect([alone.code, alone.stderr]).toEqual([1, expect.stringMatching(/store\.kind postgres/)]);
    const store = { kind: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none' };
    const unheard = await folder.run(['worker', '-c', folder.configuration({ store })]);
    expect([unheard.code, unheard.stderr]).toEqual([1, expect.stringMatching(/queue\.kind redis/)]);
  });
});

test('--version tells version, commit and Node; the log and the metrics tell the same', async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
  const env = { CIMI_COMMIT: 'c0ffee'.repeat(7).slice(0, 40) };
  const { code, stdout } = await folder.run(['--version'], { env });
  expect([code, stdout]).toEqual([0, `cimi-gateway ${version} (c0ffeec0ffee), Node ${process.version}\n`]);
  const gateway = await folder.serve(demo(folder), { env });
  expect(gateway.logs()).toContainEqual(expect.objectContaining({ msg: 'starting', version, commit: 'c0ffeec0ffee' }));
  const metrics = await (await fetch(new URL('/metrics', gateway.base))).text();
  expect(metrics).toContain(`cimi_build_info{version="${version}",commit="c0ffeec0ffee",node="${process.version}"} 1`);
});

describe('user and token', () => {
  it('a role is changed by a command; a tenant that no cloud serves is refused by name', async () => {
    const config = folder.configuration();
    const command = (...args: string[]) => folder.run([...args, '-c', config], { input: 'correct horse\n' });
    expect(await command('user', 'add', 'ann', '--tenant', 'nowhere')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no cloud is configured for a tenant nowhere; there are default: choose/) as string,
    });
    expect(await command('user', 'add', 'ann')).toMatchObject({ code: 0 });
    expect(await command('user', 'role', 'ann', 'reader')).toMatchObject({ code: 0, stdout: 'ann is reader now\n' });
    expect(JSON.parse((await command('user', 'list')).stdout)).toMatchObject({ name: 'ann', role: 'reader', password: true });
    expect(await command('user', 'role', 'bob', 'reader')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no user bob/) as string,
    });
    expect(await command('user', 'role', 'ann', 'king')).toMatchObject({ code: 1, stderr: expect.stringMatching(/roles are/) as string });
  });

  it('change who may log in while the gateway runs; passwords come by standard input', async () => {
    const config = folder.configuration();
    const gateway = await folder.serve(['serve', '-c', config], { env: { CIMI_LOG_LEVEL: 'debug' } });
    const command = (args: string[], input?: string) => folder.run([...args, '-c', config], input === undefined ? {} : { input });
    const status = async (headers: Record<string, string>) => (await gateway.client.get('machines', headers)).status;
    const noticed = async (headers: Record<string, string>, wanted: number) => {
      await waitUntil(async () => (await status(headers)) === wanted);
      return status(headers);
    };
    expect(await status({})).toBe(401);

    expect(await command(['user', 'add', 'ann', '--role', 'operator'], 'correct horse\n')).toMatchObject({ code: 0 });
    expect(await status(basic('ann', 'correct horse'))).toBe(200);
    expect(await status(basic('ann', 'wrong horse'))).toBe(401);

    const added = await command(['token', 'add', 'ann', '--expires', '2099-01-01T00:00:00Z']);
    const token = added.stdout.trim();
    const [, id = ''] = /token (\S+) of ann/.exec(added.stderr) ?? [];
    expect(await status({ authorization: `Bearer ${token}` })).toBe(200);

    const listed = await command(['user', 'list']);
    expect(JSON.parse(listed.stdout)).toMatchObject({ name: 'ann', tenant: 'default', role: 'operator', password: true, tokens: [{ id }] });
    expect(listed.stdout).not.toMatch(/argon2|cimi_/);

    const named = await command(['token', 'add', 'ann', '--name', 'ci', '--role', 'reader']);
    expect(await status({ authorization: `Bearer ${named.stdout.trim()}` })).toBe(200);
    const own = (await command(['token', 'list', 'ann'])).stdout.trim().split('\n');
    expect(own.map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({ id, name: null, role: null, expires: '2099-01-01T00:00:00.000Z', used: expect.stringMatching(/^20/) }),
      expect.objectContaining({ name: 'ci', role: 'reader', expires: null, used: expect.stringMatching(/^20/) }),
    ]);
    for (const line of own) expect(line).not.toMatch(/cimi_|hash/);
    expect(await command(['token', 'revoke', id])).toMatchObject({ code: 0 });
    expect(await noticed({ authorization: `Bearer ${token}` }, 401)).toBe(401);
    expect(await command(['user', 'passwd', 'ann'], 'battery staple\n')).toMatchObject({ code: 0 });
    expect(await noticed(basic('ann', 'correct horse'), 401)).toBe(401);
    expect(await status(basic('ann', 'battery staple'))).toBe(200);
    expect(await command(['user', 'remove', 'ann'])).toMatchObject({ code: 0 });
    expect(await noticed(basic('ann', 'battery staple'), 401)).toBe(401);

    await gateway.end();
    for (const secret of ['correct horse', 'battery staple', 'wrong horse', token, KEY, basic('ann', 'correct horse').authorization])
      expect(gateway.stdout + gateway.stderr).not.toContain(secret);
  });

  it.each([
    [['user', 'add', 'ann'], 'short\n', /too short: at least 8/],
    [['user', 'add', 'ann', '--role', 'king'], 'correct horse\n', /roles are reader, operator, admin/],
    [['user', 'add', 'a/b'], 'correct horse\n', /not a valid user name/],
    [['user', 'passwd', 'nobody'], 'correct horse\n', /no user nobody/],
    [['user', 'remove', 'nobody'], '', /no user nobody/],
    [['token', 'add', 'nobody'], '', /no user nobody/],
    [['token', 'revoke', 'none'], '', /no token none/],
    [['token', 'list', 'nobody'], '', /no user nobody/],
    [['token', 'add', 'ann', '--role', 'root'], '', /roles are reader, operator, admin/],
  ])('%j is refused in words', async (args, input, words) => {
    const { code, stderr } = await folder.run([...args, '--data', folder.data], { input });
    expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('check', () => {
  const checked = (text: string, env: Record<string, string> = {}) =>
    folder.run(['check', '-c', folder.write('gateway.yaml', text)], { env });

  it('says of each part that it is well', async () => {
    const { code, stdout, stderr } = await checked(
      `secrets: { key: ${KEY} }\nclouds: { one: { driver: simulator }, two: { driver: simulator } }\n`,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/configuration: .*gateway\.yaml: ok\nkey for secrets: ok\nstore: SQLite in .*: ok\nqueue: embedded: ok\n/);
    expect(stdout).toMatch(/cloud one: .*: ok\ncloud two: .*: ok\n$/);
    expect(existsSync(join(folder.path, '.cimi-data', 'cimi.db'))).toBe(false);
  });

  it('says that a key is missing, and ends with 1', async () => {
    const { code, stdout } = await checked('clouds: {}\n');
    expect([code, stdout]).toEqual([1, expect.stringMatching(/key for secrets: WRONG \(.*secrets\.key.*\)\n[^]*1 finding to fix\n$/)]);
  });

  it('says that servers are not there', async () => {
    const servers =
      'store: { kind: postgres, url: "postgres://ann:hunter22@127.0.0.1:1/cimi" }\nqueue: { kind: redis, url: "redis://:hunter22@127.0.0.1:1" }\n';
    const { code, stdout, stderr } = await checked(`secrets: { key: ${KEY} }\n${servers}`);
    expect(code).toBe(1);
    expect(stdout).toMatch(/store: PostgreSQL: WRONG \(.*ECONNREFUSED.*\)\nqueue: Redis: WRONG \(.*ECONNREFUSED.*\)\n2 findings to fix/);
    expect(stdout + stderr).not.toContain('hunter22');
  });

  it('does what serve does: refuses another key than that of the data, and an address that serve refuses', async () => {
    await (await folder.serve(['serve', '-c', folder.configuration()])).end();
    const other = randomBytes(32).toString('base64');
    const wrong = await folder.run([
      'check',
      '-c',
      folder.configuration({ secrets: { key: other }, access: {}, server: { host: '0.0.0.0' } }),
    ]);
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(/store: SQLite in .*: WRONG \(the data was encrypted with key \w+, but key \w+ is configured/);
    expect(wrong.stdout + wrong.stderr).not.toContain(other);
    const right = await folder.run(['check', '-c', folder.configuration({ access: {}, server: { host: '0.0.0.0' } })]);
    expect([right.code, right.stdout]).toEqual([
      1,
      expect.stringMatching(/store: SQLite in .*: ok\nlistening on 0\.0\.0\.0: WRONG \(refusing to listen.*no users/),
    ]);
    expect((await folder.run(['check', '-c', folder.configuration()])).code).toBe(0);
  });

  it('goes on to the next cloud after one with wrong options, and masks what is secret in all of them', async () => {
    const text = `
secrets: { key: ${KEY} }
clouds:
  one: { driver: simulator, options: { pagesize: 3 } }
  two: { driver: openstack, options: { authUrl: "http://ann:HUSH%21url@127.0.0.1:1/v3", username: ann, password: HUSHpassword, proxy: none, projectName: p } }
  three: { driver: simulater }
  four: { driver: vsphere, options: { url: "https://127.0.0.1:1", username: ann, password: 123456789 } }
  five: { driver: simulator, images: { debian-12: default, nowhere: 'No*' } }
  six: { driver: simulator, images: { debian-99: default } }
`;
    const { code, stdout, stderr } = await checked(text);
    expect(code).toBe(1);
    expect(stdout).toMatch(/cloud one: configuration: WRONG \(line 4, clouds\.one\.options\.pagesize: unknown; did you mean .*pageSize/);
    expect(stdout).toMatch(/cloud two: .*WRONG/);
    expect(stdout).toMatch(/cloud three: configuration: WRONG \(line 6, clouds\.three\.driver: there is no driver "simulater"/);
    expect(stdout).toMatch(/cloud four: configuration: WRONG \(line 7, clouds\.four\.options\.password: must be text/);
    expect(stdout).toMatch(/cloud five: .*: ok\n/);
    expect(stdout).toContain('cloud five: the image debian-12: ok (Debian 12, img-debian-12)\n');
    expect(stdout).toContain('cloud five: the image nowhere: WRONG (there is none with name No*)\n');
    expect(stdout).toMatch(/cloud six: .*WRONG \(.*images\.debian-99: the driver simulator knows no image of that name by itself/);
    expect(stdout + stderr).not.toMatch(/HUSH|123456789/);
  });

  it('ends quietly when its reader goes', async () => {
    const file = folder.write('gateway.yaml', `secrets: { key: ${KEY} }\nclouds: { one: { driver: simulator } }\n`);
    const program = folder.start(['check', '-c', file]);
    program.closeOutput();
    expect(await program.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  it.each([
    ['an unknown key', 'server:\n  prot: 80\n', /line 2, server\.prot: unknown; did you mean server\.port\?/],
    ['no YAML', 'server:\n  port: [80\n', /gateway\.yaml has .*problems?:\n {2}line \d+, column \d+/],
    [
      'an unset variable',
      'store: { kind: postgres, url: "${NOWHERE_URL}" }\n',
      /line 1, store\.url: the environment variable NOWHERE_URL is not set/,
    ],
    ['a wrong kind of value', 'worker:\n  concurrency: many\n', /line 2, worker\.concurrency: must be a (whole )?number, not "many"/],
  ])('names %s by its path, with the line and what was meant', async (_, text, words) => {
    const { code, stderr } = await checked(`${text}`);
    expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    [
      'an unknown driver',
      'clouds:\n  one:\n    driver: simulater\n',
      /line 3, clouds\.one\.driver: there is no driver "simulater"; .*did you mean simulator\?/,
    ],
    [
      'a wrong option of a driver',
      'clouds:\n  one:\n    driver: simulator\n    options:\n      pagesize: 3\n',
      /line 5, clouds\.one\.options\.pagesize: unknown; did you mean clouds\.one\.options\.pageSize\?/,
    ],
    [
      'a missing option of a driver',
      'clouds:\n  one:\n    driver: ec2\n    options:\n      pageSize: 10\n',
      /line 4, clouds\.one\.options\.region: is missing/,
    ],
  ])('names %s by its path, too, beside what else was found', async (_, text, words) => {
    const { code, stdout, stderr } = await checked(text);
    expect([code, stderr, stdout]).toEqual([1, '', expect.stringMatching(words)]);
  });

  it('reads numbers of driver options from the environment', async () => {
    const text = `secrets: { key: ${KEY} }\nclouds: { one: { driver: simulator, options: { pageSize: "\${PAGE}" } } }\n`;
    expect(await checked(text, { PAGE: '7' })).toMatchObject({ code: 0 });
    const wrong = await checked(text, { PAGE: 'seven' });
    expect(wrong.stdout).toMatch(/clouds\.one\.options\.pageSize: must be .*number.*\(from \$\{PAGE\}\)/);
    expect(wrong.stdout).not.toContain('seven');
  });
});
