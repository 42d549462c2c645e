import { gatewayCatalogue } from '../model/catalogue';
import { explain } from './explain';
import { refusedWords, Rights } from './rights';
import { FOLLOWING, type Holder, type Rule } from './rule';
import { RuleBook } from './rule-book';
import { actionsOf, ruleProblems, scopeProblems } from './rule-problems';
import { ruleWarnings } from './rule-warnings';

const rule = (more: Partial<Rule>): Rule => ({ name: 'r', effect: 'allow', ...more });
const ann: Holder = { name: 'ann', tenant: 'acme', role: 'operator' };

describe('what rules leave of a role', () => {
  const onlyA = new Rights([rule({ clouds: ['a'] })]);
  const restarts = new Rights([rule({ name: 'reads', actions: ['read'] }), rule({ collections: ['machines'], actions: ['restart'] })]);
  const noDelete = new Rights([rule({ effect: 'deny', collections: ['machines'], actions: ['delete'] })]);
  const notB = new Rights([rule({ effect: 'deny', clouds: ['b'] })]);
  const images = new Rights([rule({ collections: ['machineImages'], actions: ['add'] })]);
  const token = new Rights([rule({ clouds: ['a'] })], { collections: ['machines'] });

  test.each<[string, Rights, string, string, string | null, boolean]>([
    ['one cloud', onlyA, 'start', 'machines', 'a', true],
    ['no other cloud', onlyA, 'start', 'machines', 'b', false],
    ['nor to see it', onlyA, 'read', 'machines', 'b', false],
    ['what is in no cloud, whatever clouds are allowed', onlyA, 'add', 'credentials', null, true],
    ['the cloud itself', onlyA, 'read', 'clouds', 'a', true],
    ['not the other', onlyA, 'read', 'clouds', 'b', false],
    ['an action', restarts, 'restart', 'machines', 'a', true],
    ['no other', restarts, 'delete', 'machines', 'a', false],
    ['nor that of others', restarts, 'restart', 'systems', null, false],
    ['to see all', restarts, 'read', 'volumes', 'a', true],
    ['all but what is denied', noDelete, 'start', 'machines', 'a', true],
    ['not what is denied', noDelete, 'delete', 'machines', 'a', false],
    ['to see it', noDelete, 'read', 'machines', 'a', true],
    ['nothing in a cloud that is denied', notB, 'read', 'volumes', 'b', false],
    ['the others', notB, 'delete', 'volumes', 'a', true],
    ['what is in no cloud, whatever clouds are denied', notB, 'read', 'credentials', null, true],
    ['whoever may do something to it may see it', images, 'read', 'machineImages', 'a', true],
    ['nothing else', images, 'read', 'machines', 'a', false],
    ['what follows from what it is about, unasked', images, 'read', 'jobs', null, true],
    ['and not to change that', images, 'stop', 'jobs', null, false],
    ['what both a rule and the token allow', token, 'start', 'machines', 'a', true],
    ['not what the token is not for', token, 'read', 'volumes', 'a', false],
    ['not what the rules do not allow', token, 'start', 'machines', 'b', false],
  ])('%s', (_, rights, action, collection, cloud, allowed) => {
    expect(rights.may(action, collection, cloud)).toBe(allowed);
    expect(rights.may(action, collection, cloud)).toBe(allowed);
  });

  test('they say whether anything may not be seen', () => {
    expect([onlyA, restarts, noDelete, notB, images, token].map(({ hides }) => hides)).toEqual([true, false, false, true, true, true]);
    expect(new Rights([rule({ effect: 'deny', actions: ['read'], collections: ['volumes'] })]).hides).toBe(true);
    expect(new Rights([], { actions: ['read'] }).hides).toBe(false);
  });

  test('equal ones have one key, whoever they are for, and others have others', () => {
    expect(new Rights([rule({ clouds: ['a'], users: ['ann'] })]).key).toBe(new Rights([rule({ clouds: ['a'], users: ['ben'] })]).key);
    const all = [onlyA, restarts, noDelete, notB, images, token, new Rights([], {}), new Rights([rule({ clouds: [] })])];
    expect(new Set(all.map(({ key }) => key)).size).toBe(all.length);
  });

  test('the words of a refusal name the rule', () => {
    const words = (rights: Rights, cloud: string) => refusedWords(rights.decide('delete', 'machines', cloud), ann, 'delete machines/1');
    expect(words(noDelete, 'a')).toBe("the rule 'r' does not let user 'ann' do it: delete machines/1");
    expect(words(restarts, 'a')).toBe("no rule lets user 'ann' do it: delete machines/1");
    expect(words(new Rights([], { actions: ['read'] }), 'a')).toBe("the token of user 'ann' is not for it: delete machines/1");
  });
});

describe('whom rules are for', () => {
  const narrowed = (more: Partial<Rule>, holder: Holder): boolean => new RuleBook([rule(more)]).rightsOf(holder) !== undefined;

  test.each<[Partial<Rule>, boolean]>([
    [{}, true],
    [{ roles: ['operator'] }, true],
    [{ roles: ['reader'] }, false],
    [{ users: ['ann'] }, true],
    [{ users: ['ben'] }, false],
    [{ tenants: ['acme'] }, true],
    [{ tenants: ['globex'] }, false],
    [{ groups: ['team'] }, true],
    [{ groups: ['others'] }, false],
    [{ users: ['ann'], groups: ['others'] }, false],
    [{ users: ['ann'], roles: ['operator'], tenants: ['acme'], groups: ['x', 'team'] }, true],
  ])('all that a rule names: %j', (more, expected) => {
    expect(narrowed(more, { ...ann, groups: ['team'] })).toBe(expected);
  });

  test('who has no groups is in none', () => expect(narrowed({ groups: ['team'] }, ann)).toBe(false));

  test('a token of a lower role does not escape the rules for its user', () => {
    const lowered: Holder = { ...ann, role: 'reader', userRole: 'operator' };
    expect(narrowed({ roles: ['operator'] }, lowered)).toBe(true);
    expect(narrowed({ roles: ['reader'] }, lowered)).toBe(false);
  });

  test('other rules count from the moment on that they are there', () => {
    const book = new RuleBook();
    expect(book.rightsOf(ann)).toBeUndefined();
    book.renew([rule({ clouds: ['a'], groups: ['team'] }), rule({ name: 'two', users: ['ann'] })]);
    expect(book.groups).toEqual(new Set(['team']));
    expect(book.rightsOf(ann)?.rules.map(({ name }) => name)).toEqual(['two']);
    expect(book.rightsOf({ ...ann, groups: ['team'] })?.rules).toHaveLength(2);
    expect(book.rightsOf(ann)).toBe(book.rightsOf({ ...ann }));
    book.renew([]);
    expect(book.rightsOf(ann)).toBeUndefined();
    expect(book.rightsOf({ ...ann, scope: { actions: ['read'] } })?.may('delete', 'machines', 'a')).toBe(false);
  });
});

describe('names in rules', () => {
  const known = { catalogue: gatewayCatalogue(), clouds: ['a', 'b'] };

  test('what names nothing is said, with what there is', () => {
    const problems = ruleProblems(
      [
        rule({ collections: ['machine'], clouds: ['c'] }),
        rule({ collections: ['machines'], actions: ['restart', 'import', 'reboot'] }),
        rule({ name: 'x', collections: ['systems', 'machines'], actions: ['import', 'capture'] }),
      ],
      known,
    );
    expect(problems.map(({ path }) => path)).toEqual([
      '[0].collections[0]',
      '[0].clouds[0]',
      '[1].name',
      '[1].actions[1]',
      '[1].actions[2]',
    ]);
    expect(problems[0]?.message).toMatch(/^there is no collection 'machine'; there are .*machines/);
    expect(problems[1]?.message).toBe("there is no cloud 'c'; there are a, b");
    expect(problems[4]?.message).toMatch(/^there is no action 'reboot' of machines; there are add, .*delete.*start/);
    expect(scopeProblems({ collections: ['machineImages'], actions: ['add'] }, known)).toEqual([]);
  });

  test('what follows from other things is in the catalogue', () => {
    const paths = ['CloudEntryPoint', 'Cloud', 'ResourceMetadata', 'Job'].map((type) => known.catalogue.pathOf(type));
    expect(paths).toEqual(FOLLOWING);
    expect(actionsOf(known.catalogue, 'jobs')).toContain('stop');
  });
});

describe('explanations', () => {
  const rules = [rule({ name: 'team-a', clouds: ['a'], users: ['ann'] }), rule({ name: 'no-delete', effect: 'deny', actions: ['delete'] })];
  const asked = (action: string, cloud: string | null, who: Holder = ann) => explain(rules, { who, action, collection: 'machines', cloud });

  test('name the rule, the role, that there is none, or the token', () => {
    expect(asked('start', 'a')).toMatchObject({ allowed: true, by: 'rule', rule: 'team-a', rules: ['team-a', 'no-delete'] });
    expect(asked('start', 'b')).toMatchObject({ allowed: false, by: 'no rule' });
    expect(asked('delete', 'a')).toMatchObject({ allowed: false, by: 'rule', rule: 'no-delete' });
    expect(asked('start', 'b', { ...ann, name: 'ben' })).toMatchObject({ allowed: true, by: 'role', rules: ['no-delete'] });
    expect(asked('start', 'a', { ...ann, role: 'reader' })).toMatchObject({ allowed: false, by: 'role' });
    expect(asked('start', 'a', { ...ann, scope: { actions: ['stop'] } })).toMatchObject({ allowed: false, by: 'token' });
    expect(explain([], { who: ann, action: 'add', collection: 'machines', cloud: 'a' })).toMatchObject({ allowed: true, by: 'role' });
  });

  test('name the cloud, where it is not for the tenant, or only observed', () => {
    const about = (action: string, facts: { tenants: string[]; mode: string }) =>
      explain([], { who: ann, action, collection: 'machines', cloud: 'a' }, facts);
    expect(about('read', { tenants: ['globex'], mode: 'manage' })).toMatchObject({ allowed: false, by: 'cloud' });
    expect(about('start', { tenants: ['acme'], mode: 'observe' })).toMatchObject({ allowed: false, by: 'cloud' });
    expect(about('read', { tenants: ['acme'], mode: 'observe' })).toMatchObject({ allowed: true, by: 'role' });
  });

  test('say it in words', () => {
    expect(asked('start', 'b').words).toBe(
      "ann (operator of acme) may not start machines in cloud 'b': none of the rules for who it is allows it (team-a, no-delete)",
    );
    expect(asked('start', 'a').words).toBe("ann (operator of acme) may start machines in cloud 'a': the rule 'team-a' allows it");
  });
});

test('names that nobody knows are told, and what only an issuer can know is not', () => {
  const users = [{ name: 'ann', tenant: 'acme', role: 'operator' }];
  const whom = (more: object, people: Partial<Parameters<typeof ruleWarnings>[1]> = {}) =>
    ruleWarnings([{ name: 'x', effect: 'deny', ...more }], { users, issuers: ['corp'], ...people }).map(
      ({ path, message }) => `${path}: ${message}`,
    );
  expect(whom({ users: ['ann', 'corp:anybody'] })).toEqual([]);
  expect(whom({ groups: ['team'], users: ['corp:ann'] })).toEqual([]);
  expect(whom({ tenants: ['acme'], roles: ['operator'], users: ['ann'] })).toEqual([]);
  expect(whom({ users: ['ann', 'bob'] })).toEqual(["[0].users[1]: there is no user 'bob' yet"]);
  expect(whom({ users: ['bob'] }, { users: undefined })).toEqual([]);
  expect(whom({ users: ['ann'], tenants: ['other'] })).toEqual(['[0].users[0]: ann is operator of acme: the rule is not for it']);
  expect(whom({ users: ['ann'], groups: ['team'] })).toEqual([
    expect.stringMatching(/^\[0\]\.users\[0\]: ann would be a user of the gateway/),
  ]);
  expect(whom({ users: ['other:ann'] })).toEqual(["[0].users[0]: there is no issuer 'other' in access.oidc; there are corp"]);
  expect(whom({ groups: ['team'] }, { issuers: [] })).toEqual([expect.stringMatching(/^\[0\]\.groups: only an issuer says groups/)]);
});
