import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { addressesOf, bestOf, userOf } from '../../cli/commands/ssh';
import { asCurl } from '../../cli/transports';
import { connect } from '../../sdk';
import { nodeTransport } from '../../sdk/node';
import { Client } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { PUBLIC_KEY } from '../protocol/scene';
import { Person, type Ended } from './cimi';

let gateway: TestGateway;
let ann: Person;
const DEBIAN = `--filter=name='Debian 12'`;
const bare = (text: string): string => text.replaceAll(gateway.base, 'BASE/');
const make = (name: string, ...more: string[]): Promise<Ended> =>
  ann.cimi(['machines', 'create', name, '--cpu', '1', '--memory', '1048576', '--machineImage', 'Debian 12', ...more]);
const has = (path: string): boolean => ['/bin', '/usr/bin', '/usr/local/bin'].some((folder) => existsSync(join(folder, path)));

beforeAll(async () => {
  const failures = [{ method: 'machines.restart', kind: 'conflict', message: 'the hypervisor is being updated', times: 1000 }];
  const delays = { create: 20, start: 20, stop: 20, delete: 20, capture: 20, suspend: 3_600_000 };
  gateway = await startTestGateway({ config: { clouds: { sim: simulatedCloud({ failures, delays }) } } });
  ann = new Person(gateway.base);
});

afterAll(async () => {
  await gateway.stop();
  ann.leave();
});

describe('each form of the output', () => {
  test.each([
    ['table', 'NAME        STATE       TYPE    CPU ARCH   CLOUD\nDebian 12   AVAILABLE   IMAGE   x86_64     sim\n'],
    ['name', 'BASE/machineImages/sim.img-debian-12\n'],
    ['csv', 'name,state,type,cpuArch,cloud\r\nDebian 12,AVAILABLE,IMAGE,x86_64,sim\r\n'],
    [
      'wide',
      'ID                                     NAME        CREATED                    STATE       TYPE    IMAGE LOCATION                      CLOUD   CPU ARCH   GUEST OS\n' +
        'BASE/machineImages/sim.img-debian-12   Debian 12   2024-01-15T09:30:00.000Z   AVAILABLE   IMAGE   urn:simulator:image:img-debian-12   sim   x86_64   linux\n',
    ],
  ])('-o %s', async (form, expected) => {
    const { code, out, err } = await ann.cimi(['machineImages', 'list', DEBIAN, '-o', form]);
    const narrow = (text: string): string => (form === 'wide' ? text.replace(/ {2,}/g, '   ') : text);
    expect([code, narrow(bare(out)), err]).toEqual([0, narrow(expected), '']);
  });

  test('-o json, yaml and xml are what the gateway says', async () => {
    const answer = async (accept: string): Promise<string> =>
      (await fetch(`${gateway.base}machineImages?$filter=name='Debian%2012'`, { headers: { accept } })).text();
    const json: unknown = JSON.parse(await answer('application/json'));
    expect(JSON.parse((await ann.cimi(['images', 'list', DEBIAN, '-o', 'json'])).out)).toEqual(json);
    expect(parse((await ann.cimi(['images', 'list', DEBIAN, '-o', 'yaml'])).out)).toEqual(json);
    expect((await ann.cimi(['images', 'list', DEBIAN, '-o', 'xml'])).out).toBe(`${await answer('application/xml')}\n`);
  });

  test('columns are those asked for; of forms there are no others', async () => {
    const { out } = await ann.cimi(['images', 'list', '--where', 'name=Debian 12', '--columns', 'cloud,name']);
    expect(out).toBe('CLOUD   NAME\nsim     Debian 12\n');
    expect(await ann.run('images list -o html')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('table, wide') });
  });
});

test('a machine is made, shown, changed, stopped and deleted; each change is waited for', async () => {
  const made = await make('web', '--properties.team', 'blue');
  expect([made.code, made.err]).toEqual([0, '']);
  expect(made.out).toMatch(/^state +STARTED$/m);
  expect(made.out).toMatch(/^properties +\{"team":"blue"\}$/m);
  expect((await ann.run('machines stop web')).out).toMatch(/^state +STOPPED$/m);
  expect((await ann.cimi(['machine', 'edit', 'web', '--description', '42'])).out).toMatch(/^description +42$/m);
  const { out: uri } = await ann.run('machines list --where name=web -o name');
  expect((await ann.cimi(['machines', 'show', uri.trim(), '--columns', 'name,state', '-o', 'csv'])).out).toBe(
    'name,state\r\nweb,STOPPED\r\n',
  );
  expect((await ann.cimi(['machines', 'snapshot', 'web', '--name', 'before'])).code).toBe(0);
  expect((await ann.run('images list --where name=before -o csv')).out).toContain('before,AVAILABLE,SNAPSHOT');
  expect(await ann.run('machines delete web')).toEqual({ code: 0, out: '', err: '' });
  expect(await ann.run('machines show web')).toMatchObject({
    code: 3,
    out: '',
    err: expect.stringMatching(/^cimi: there is nothing in machines .*web\n$/),
  });
});

test('a Job that fails ends the wait with 1 and its words; without --wait the Job is shown, and waited for later', async () => {
  await make('failing');
  const ended = await ann.run('machines restart failing');
  expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^cimi: .*the hypervisor is being updated.*\n$/) });
  const { code, out } = await ann.run('machines stop failing --no-wait -o json');
  const job = JSON.parse(out) as { id: string; resourceURI: string };
  expect([code, job.resourceURI]).toEqual([0, 'http://schemas.dmtf.org/cimi/1/Job']);
  expect((await ann.run(`jobs wait ${job.id}`)).out).toMatch(/^state +SUCCESS$/m);
});

test('a name that two have is an error that lists both', async () => {
  await make('twin');
  await make('twin');
  const { code, err } = await ann.run('machines stop twin');
  const { out } = await ann.run('machines list --where name=twin -o name');
  const ids = out.trim().split('\n');
  expect([code, ids.length]).toEqual([2, 2]);
  for (const id of ids) expect(err).toContain(id);
});

test('exit codes: 2 for what is asked wrongly, 3 for what is not there, 4 for what is refused, 5 for nobody', async () => {
  await make('codes');
  const ends = await Promise.all([
    ann.run('frobs list'),
    ann.run('machines frob codes'),
    ann.run('machines stop nobody'),
    ann.run('machines start codes'),
    ann.cimi(['machines', 'list', '--filter', 'foo bar']),
    ann.run('machines list --url http://127.0.0.1:1 --no-wait --dry-run'),
    ann.run('credentials create x --password secret'),
  ]);
  expect(ends.map(({ code }) => code)).toEqual([2, 2, 3, 4, 4, 5, 2]);
  for (const { out, err } of ends) expect([out, err]).toEqual(['', expect.stringMatching(/^cimi: [^\n]+\n$/)]);
  // The gateway's log knows it by that id.
  expect(ends[3]?.err).toMatch(/STARTED.* \(request [-0-9a-f]{36}\)\n$/);
  expect(ends[6]?.err).not.toContain('secret ');
});

test('an interrupt leaves the Job running, and says how to go on', async () => {
  await make('sleepy');
  const { child, said, ended } = ann.start('cimi', ['machines', 'suspend', 'sleepy', '--debug']);
  await eventually(() => (/GET[^\n]*\/jobs\//.test(said.err) ? true : undefined));
  child.kill('SIGINT');
  const { code, err } = await ended;
  const [, uri = ''] = /the Job goes on; wait for it with: cimi jobs wait (\S+)/.exec(err) ?? [];
  expect(code).toBe(130);
  expect((await ann.cimi(['jobs', 'show', uri, '--columns', 'state'])).out).toBe('state   RUNNING\n');
  expect((await ann.cimi(['jobs', 'stop', uri, '--no-wait'])).code).toBeLessThan(5);
});

test('--dry-run shows a change and sends none, --debug tells requests; neither shows a secret', async () => {
  const file = join(ann.home, 'credential.yaml');
  writeFileSync(file, 'credentialTemplate:\n  userName: ann\n  password: geheim\n');
  const { code, out } = await ann.cimi(['credentials', 'create', 'mine', '--file', file, '--dry-run', '--debug'], {
    env: { CIMI_TOKEN: 'cimi_token' },
  });
  expect([code, out]).toEqual([0, expect.stringMatching(/^curl -X POST .*"password":"\*\*\*".*\/cimi\/credentials'\n$/)]);
  expect(out).not.toMatch(/geheim|cimi_token/);
  expect((await ann.run('credentials list --where name=mine -o name')).out).toBe('');
  expect((await ann.cimi(['systems', 'list', '--debug'], { env: { CIMI_TOKEN: 'cimi_token' } })).err).not.toContain('cimi_token');
  expect(asCurl({ method: 'POST', url: 'http://a', headers: { Authorization: 'Basic x' }, body: `{"a":"it's"}` })).toBe(
    `curl -X POST -H 'Authorization: ***' -d '{"a":"it'\\''s"}' 'http://a'`,
  );
});

test('a type is explained as the provider does', async () => {
  expect((await ann.run('explain machine.state')).out).toMatch(/^Machine\.state\nCREATING \| STARTING \| /);
  expect((await ann.run('explain machines')).out).toMatch(/^ {2}restart +Stops the Machine, if it is running, and starts it\.$/m);
  expect(await ann.run('explain frob')).toMatchObject({ code: 3, out: '' });
});

test('any request goes with api, as it came', async () => {
  const answer = await (await fetch(`${gateway.base}machineConfigs`)).text();
  expect((await ann.run('api GET machineConfigs')).out).toBe(answer);
  expect(await ann.run('api GET machines/nothing')).toMatchObject({ code: 3, out: '' });
});

test('a login is kept for its owner alone, and taken from then on', async () => {
  const env = { CIMI_URL: undefined, XDG_CONFIG_HOME: join(ann.home, 'xdg') };
  expect(await ann.cimi(['login', gateway.base, '--profile', 'here'], { env, input: '\n' })).toMatchObject({ code: 0, out: '' });
  const file = join(env.XDG_CONFIG_HOME, 'cimi', 'config.yaml');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await ann.cimi(['profile'], { env })).out).toMatch(/^\* +here +http/m);
  expect((await ann.cimi(['machineImages', 'list', DEBIAN, '-o', 'name'], { env })).code).toBe(0);
  expect(await ann.cimi(['machines', 'list', '--profile', 'there'], { env })).toMatchObject({
    code: 2,
    err: expect.stringContaining('here'),
  });
  // YAML of one's own, with its secret elsewhere.
  writeFileSync(join(ann.home, 'token'), 'cimi_token\n');
  writeFileSync(file, `current: here\nprofiles:\n  here:\n    url: ${gateway.base}\n    tokenFile: ${join(ann.home, 'token')}\n`, {
    mode: 0o600,
  });
  expect((await ann.cimi(['systems', 'list', '-o', 'name'], { env })).err).not.toContain('cimi_token');
  expect((await ann.cimi(['profile', 'delete', 'here'], { env })).code).toBe(0);
  expect(readFileSync(file, 'utf8')).not.toContain('here');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '{}', { mode: 0o644 });
  const { chmodSync } = await import('node:fs');
  chmodSync(file, 0o644);
  expect(await ann.cimi(['machines', 'list'], { env })).toMatchObject({ code: 2, err: expect.stringContaining('chmod 600') });
});

test('what describes the provider is kept, and asked for by its ETag', async () => {
  await ann.run('systems list');
  const { err } = await ann.run('systems list --debug');
  expect(err).toMatch(/resourceMetadata'\n< 304 /);
});

test('whatever is asked for lies below /cimi/ (console.md, 10.4)', async () => {
  const commands = ['machines list', 'machines show nobody', 'jobs list -o json', 'explain machine', 'events', 'top', 'api GET machines'];
  const said = await Promise.all(commands.map((line) => ann.run(`${line} --debug`)));
  const uris = said.flatMap(({ err }) => [...err.matchAll(/^> curl .*'(http[^']*)/gm)].map(([, uri = '']) => uri));
  expect(uris.length).toBeGreaterThan(commands.length);
  expect(uris.filter((uri) => !uri.startsWith(gateway.base))).toEqual([]);
});

test('changes are told as they come', async () => {
  const { child, said, ended } = ann.start('cimi', ['watch', 'machines', '--where', 'name=watched', '-o', 'json']);
  await make('watched');
  const line = await eventually(() => said.out.split('\n').find((text) => text.includes('"STARTED"')));
  expect(JSON.parse(line)).toMatchObject({ item: { name: 'watched', state: 'STARTED' } });
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
});

test('events and Meters are shown', async () => {
  await make('metered');
  const told = await ann.run('events --limit 5 -o json');
  expect(
    told.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { resourceURI: string }).resourceURI),
  ).toEqual(Array.from({ length: 5 }, () => 'http://schemas.dmtf.org/cimi/1/Event'));
  expect((await ann.run('top')).out).toMatch(/^TARGET +ASPECT +VALUE +UNITS +TIMESTAMP\n$/);
});

describe('what happened to a resource', () => {
  const lines = (out: string): Record<string, unknown>[] =>
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('its events and its Jobs by their time, also the Job that made it, and the words of one that failed', async () => {
    await make('logged');
    await ann.run('machines stop logged');
    await ann.run('machines start logged');
    await ann.run('machines restart logged');
    const { code, out, err } = await ann.run('machines logs logged');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^TIMESTAMP +WHAT +OUTCOME +MESSAGE +JOB\n/);
    const told = lines((await ann.run('machines logs logged -o json')).out);
    const time = (one: Record<string, unknown>): string => String(one.timestamp ?? one.timeOfStatusChange);
    expect(told.map(time)).toEqual(told.map(time).sort());
    const jobs = told.filter(({ resourceURI }) => String(resourceURI).endsWith('/Job'));
    expect(jobs.map(({ action, state }) => [String(action).split('/').at(-1), state])).toEqual([
      ['add', 'SUCCESS'],
      ['stop', 'SUCCESS'],
      ['start', 'SUCCESS'],
      ['restart', 'FAILED'],
    ]);
    expect(out).toMatch(/ Job restart +FAILED +.*the hypervisor is being updated/);
    const { id: uri } = JSON.parse((await ann.run('machines show logged -o json')).out) as { id: string };
    const events = told.filter(({ resourceURI }) => String(resourceURI).endsWith('/Event'));
    expect(new Set(events.map(({ about }) => (about as { href: string }).href))).toEqual(new Set([uri]));
    expect(out).toMatch(/ model create +Success /);
    expect(out).toMatch(/ state STOPPED +/);
    expect(lines((await ann.run('machines logs logged --limit 2 -o json')).out)).toEqual(told.slice(-2));
  });

  test('with --follow also what happens from then on, each once', async () => {
    await make('tailed');
    const { child, said, ended } = ann.start('cimi', ['machines', 'logs', 'tailed', '--follow', '-o', 'json']);
    await eventually(() => (said.out.includes('"Success"') ? true : undefined));
    await ann.run('machines stop tailed');
    await eventually(() => (/action\/stop"[^\n]*"SUCCESS"|"SUCCESS"[^\n]*action\/stop"/.test(said.out) ? true : undefined));
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    const events = lines(said.out).filter(({ resourceURI }) => String(resourceURI).endsWith('/Event'));
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  test('asked wrongly, and of nobody', async () => {
    const ends = [await ann.run('machines logs'), await ann.run('machines logs tailed -o xml'), await ann.run('machines logs nobody')];
    expect(ends.map(({ code, out }) => [code, out])).toEqual([
      [2, ''],
      [2, ''],
      [3, ''],
    ]);
    expect(ends[1]?.err).toBe('cimi: logs are told as table, csv or json\n');
  });
});

test('a reader that has seen enough is no reason to complain', async () => {
  const { code, out, err } = await ann.start('bash', ['-c', 'set -o pipefail; cimi machineConfigs list | head -1']).ended;
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^NAME/);
});

describe('completion', () => {
  const script = `source <(cimi completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cimi; printf '%s\\n' "\${COMPREPLY[@]}"`;
  test.each([
    [['cimi', 'machineI'], ['machineImages']],
    [
      ['cimi', 'machines', 're'],
      ['restart', 'restore'],
    ],
    [['cimi', 'images', 'show', 'Debian 12 '], ['Debian 12 (ARM)']],
    [['cimi', 'machines', 'create', 'x', '--mem'], ['--memory']],
    [['cimi', 'completion', 'f'], ['fish']],
  ])('in bash: %j', async (words, expected) => {
    const { out, err } = await ann.start('bash', ['-c', script, 'bash', ...words]).ended;
    expect([out.trim().split('\n'), err]).toEqual([expected, '']);
  });

  for (const shell of ['bash', 'zsh', 'fish'].filter(has))
    test(`the script for ${shell} is one`, async () => {
      const file = join(ann.home, `completion.${shell}`);
      writeFileSync(file, (await ann.run(`completion ${shell}`)).out);
      expect(await ann.start(shell, ['-n', file]).ended).toEqual({ code: 0, out: '', err: '' });
    });

  test('there is none for other shells', async () => {
    expect(await ann.run('completion tcsh')).toMatchObject({ code: 2, err: expect.stringContaining('bash, zsh, fish') });
  });
});

test('README’s commands make a key, a machine with it, and log in by the system’s ssh', async () => {
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
  const block = /```sh\n(cimi credentials create .*?)\n```/s.exec(readme)?.[1] ?? '';
  mkdirSync(join(ann.home, '.ssh'));
  writeFileSync(join(ann.home, '.ssh/id_ed25519.pub'), `${PUBLIC_KEY}\n`);
  writeFileSync(join(ann.home, 'bin/ssh'), '#!/bin/sh\necho "ssh: $*"\nexit 7\n', { mode: 0o755 });
  const { code, out, err } = await ann.start('bash', ['-ec', block]).ended;
  const { json } = await new Client(gateway.base).get('addresses');
  const ips = (json.addresses as unknown as { ip: string }[]).map(({ ip }) => ip);
  const [, ip] = /^ssh: -- (\S+)$/m.exec(out) ?? [];
  // The end of ssh is the end of the command.
  expect([code, err, ips.includes(ip ?? '')]).toEqual([7, '', true]);
  expect(out).toContain(PUBLIC_KEY);
  const shown = await ann.cimi(['machines', 'ssh', 'web-1', '--user', 'me', 'uname', '-a']);
  expect(shown).toMatchObject({ code: 2, err: expect.stringContaining('-a') });
  expect((await ann.cimi(['machines', 'ssh', 'web-1', '--user', 'me', '--', 'uname', '-a'])).out).toBe(`ssh: -- me@${ip} uname -a\n`);
  expect((await ann.cimi(['machines', 'ssh', 'web-1', '--dry-run'])).out).toBe(`ssh -- ${ip}\n`);
  expect(await ann.cimi(['machines', 'ssh', 'nobody'])).toMatchObject({ code: 3, out: '' });
  // What the provider is, the machine's URI, and all of its addresses by one request.
  const { err: told } = await ann.cimi(['machines', 'ssh', 'web-1', '--debug']);
  expect(told.match(/^> curl/gm)).toHaveLength(4);
  // A provider that knows no paths ignores them (4.1.6.4): each link is followed.
  const plain = nodeTransport();
  const cimi = await connect(gateway.base, { transport: (request) => plain({ ...request, url: request.url.replace(/\?.expand=.*/, '') }) });
  const [machine] = await cimi.machines.all({ filter: (f) => f.name.eq('web-1') });
  expect((await addressesOf(cimi, machine?.id ?? '')).addresses).toEqual([ip]);
});

test('a shell on a machine is by its public address, else a private one, as the user of its image', () => {
  expect(bestOf(['10.0.0.4', '203.0.113.9', '192.168.1.1'])).toBe('203.0.113.9');
  expect(bestOf(['fe80::1', '10.0.0.4', '2001:db8::1'])).toBe('2001:db8::1');
  expect(bestOf(['-oProxyCommand=x', '10.0.0.4'])).toBe('10.0.0.4');
  expect(bestOf([])).toBeUndefined();
  expect([userOf({ properties: { 'ssh-user': 'me' }, name: 'debian' }), userOf({ name: 'my Debian' }), userOf({})]).toEqual([
    'me',
    'debian',
    undefined,
  ]);
});
