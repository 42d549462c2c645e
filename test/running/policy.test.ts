import { CLOUDS, Folder } from './program';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

const POLICIES = [
  { name: 'bob-sees', users: ['bob'], actions: ['read'] },
  { name: 'bob-restarts', users: ['bob'], collections: ['machines'], actions: ['restart'] },
  { name: 'team-a', groups: ['team-a'], clouds: ['sim'] },
];
const corp = {
  issuer: 'https://login.example.org',
  audience: ['cimi'],
  grants: [{ group: 'team-a', role: 'operator', tenant: 'default' }],
};

it('explains what somebody may and by which rule, and finds wrong names', async () => {
  const access = { required: true, policies: POLICIES, oidc: { corp } };
  const config = folder.configuration({ access, clouds: { ...CLOUDS, far: CLOUDS.sim } });
  await folder.run(['user', 'add', 'bob', '-c', config], { input: 'correct horse\n' });
  const explain = async (...more: string[]) => {
    const { code, stdout, stderr } = await folder.run(['policy', 'explain', '--collection', 'machines', ...more, '-c', config]);
    return [code, stdout.trim() || stderr.trim()];
  };
  expect(await explain('--user', 'bob', '--cloud', 'sim', '--action', 'restart')).toEqual([
    0,
    "bob (operator of default) may restart machines in cloud 'sim': the rule 'bob-restarts' allows it",
  ]);
  expect(await explain('--user', 'bob', '--cloud', 'sim', '--action', 'delete')).toEqual([
    1,
    "bob (operator of default) may not delete machines in cloud 'sim': none of the rules for who it is allows it (bob-sees, bob-restarts)",
  ]);
  const [code, text] = await explain('--user', 'corp:ann', '--group', 'team-a', '--cloud', 'far', '--action', 'read', '--json');
  expect([code, JSON.parse(String(text))]).toEqual([1, expect.objectContaining({ allowed: false, by: 'no rule', rules: ['team-a'] })]);
  const token = await folder.run(['token', 'add', 'bob', '--name', 'reads', '--collections', 'volumes', '--actions', 'read', '-c', config]);
  expect(token.stdout).toMatch(/^cimi_/);
  expect(await explain('--user', 'bob', '--token', 'reads', '--cloud', 'sim', '--action', 'restart')).toEqual([
    1,
    "bob (operator of default) may not restart machines in cloud 'sim': the token is not for it",
  ]);
  const wider = await folder.run(['token', 'add', 'bob', '--collections', 'machines', '--actions', 'delete', '-c', config]);
  expect([wider.code, wider.stderr]).toEqual([1, expect.stringMatching(/bob .*a token can not be for more than its owner/)]);
  expect(await explain('--user', 'nobody', '--action', 'read')).toEqual([1, expect.stringMatching(/there is no user nobody/)]);
  expect(await explain('--user', 'bob', '--action', 'reboot')).toEqual([
    1,
    expect.stringMatching(/there is no action 'reboot' of machines; there are/),
  ]);
  const wrong = folder.configuration({ access: { required: true, policies: [{ name: 'x', collections: ['machine'] }] } });
  for (const command of [['policy', 'check'], ['check'], ['serve']]) {
    const { code: ended, stdout, stderr } = await folder.run([...command, '-c', wrong]);
    expect([command, ended, stdout + stderr]).toEqual([
      command,
      1,
      expect.stringMatching(/access\.policies\[0\]\.collections\[0\]: there is no collection 'machine'/),
    ]);
  }
}, 120_000);

it('warns of rules for users, groups and issuers that there are not, and starts', async () => {
  const policies = [
    { name: 'slip', effect: 'deny', users: ['bbo', 'bob'], actions: ['delete'] },
    { name: 'issued', users: ['crop:ann'] },
    { name: 'team', groups: ['team-a'] },
    { name: 'readers', users: ['bob'], roles: ['reader'] },
  ];
  const config = folder.configuration({ access: { required: true, policies } });
  await folder.run(['user', 'add', 'bob', '-c', config], { input: 'correct horse\n' });
  const warnings = [
    "access.policies[0].users[0]: there is no user 'bbo' yet",
    "access.policies[1].users[0]: there is no issuer 'crop' in access.oidc; there are none",
    'access.policies[2].groups: only an issuer says groups, and none is configured (access.oidc): the rule is for nobody',
    'access.policies[3].users[0]: bob is operator of default: the rule is not for it',
  ];
  const checked = await folder.run(['policy', 'check', '-c', config]);
  expect([checked.code, checked.stdout.trim().split('\n')]).toEqual([0, ['4 rules: ok', ...warnings.map((one) => `warning: ${one}`)]]);
  const all = await folder.run(['check', '-c', config]);
  expect(all.code).toBe(0);
  for (const one of warnings) expect(all.stdout).toContain(`access.policies, warning: ok (${one})`);
  const program = await folder.serve(['serve', '-c', config]);
  expect(program.stdout).toContain(JSON.stringify(warnings));
  await program.end('SIGTERM');
  await folder.run(['user', 'add', 'bbo', '-c', config], { input: 'correct horse\n' });
  expect((await folder.run(['policy', 'check', '-c', config])).stdout).not.toContain('bbo');
  const empty = await folder.run(['policy', 'check', '-c', config, '--data', 'elsewhere']);
  expect([empty.code, empty.stdout]).toEqual([0, expect.stringMatching(/warning: users are not looked at: there is no store at /)]);
}, 120_000);
