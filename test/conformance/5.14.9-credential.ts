import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import type { Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf } from './kit/ingredients';
import { credentialCreate, credentialData, takes } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';

const SECRET = 'Conform1ng-Well-2';

/** Content of a Credential with a password beside it, where this provider has one. */
const withPassword = (c: Context): Content => ({
  ...(takes(c, 'Credential', 'password') ? { userName: 'ada', password: SECRET } : {}),
  ...credentialData(c),
});

const sharedCredential = (c: Context): Promise<string> =>
  c.shared('credential to read', (s) =>
    s.createUri('credentials', 'CredentialCreate', { ...credentialCreate(s), description: 'to be read' }),
  );

const sharedTemplate = (c: Context): Promise<string> =>
  c.shared('credential template to read', (s) =>
    s.createUri('credentialTemplates', 'CredentialTemplate', {
      name: freshName('template'),
      description: 'to be read',
      ...withPassword(s),
    }),
  );

/** The text of a resource, in which a secret must not be. */
async function without(c: Context, uri: string, secret: string): Promise<void> {
  const answer = (await c.get(uri)).is(200);
  assert.ok(!answer.text.includes(secret), `${uri} shows a write-only attribute`);
}

export const clauses = [
  clause('5.14.9', 'Credential Resource', [
    check(
      'is serialized as its table and pseudo-schema say',
      ['R5.14.9-02', 'R5.14.9-03'],
      { needs: { adds: ['credentials'] } },
      async (c) => assertShape(c, await c.read(await sharedCredential(c)), 'Credential'),
    ),
    check('holds what its template says, and never shows a password', ['R5.14.9-02'], { needs: { adds: ['credentials'] } }, async (c) => {
      const data = withPassword(c);
      const made = await c.create('credentials', 'CredentialCreate', { ...credentialCreate(c), credentialTemplate: data });
      for (const name of ['userName', 'key']) if (name in data) assert.equal(made.text(name), data[name]);
      await without(c, idOf(made), SECRET);
      const writes: Content = takes(c, 'Credential', 'userName') ? { userName: 'grace' } : {};
      await assertAccess(c, idOf(made), 'Credential', {}, writes);
      await without(c, idOf(made), SECRET);
    }),
  ]),

  clause('5.14.10', 'CredentialCollection Resource', [
    check('is serialized as published, its items whole', ['R5.14.10-01'], { needs: { adds: ['credentials'] } }, async (c) => {
      await sharedCredential(c);
      const collection = await c.collection('credentials');
      assert.ok(collection.items().length > 0, 'the Credential that was made is not listed');
      assertCollection(c, collection, 'CredentialCollection');
    }),
  ]),

  clause('5.14.11', 'CredentialTemplate Resource', [
    check(
      'is serialized as its table and pseudo-schema say, and never shows a password',
      ['R5.14.11-01', 'R5.14.11-02'],
      { needs: { adds: ['credentialTemplates'] } },
      async (c) => {
        const uri = await sharedTemplate(c);
        assertShape(c, await c.read(uri), 'CredentialTemplate');
        await without(c, uri, SECRET);
      },
    ),
    check(
      'a Credential is made as the template says after it was changed',
      ['R5.14.11-01'],
      { needs: { adds: ['credentials', 'credentialTemplates'] } },
      async (c) => {
        const content = { name: freshName('template'), ...withPassword(c) };
        const template = idOf(await c.create('credentialTemplates', 'CredentialTemplate', content));
        const named = takes(c, 'CredentialTemplate', 'userName');
        await assertAccess(c, template, 'CredentialTemplate', {}, named ? { userName: 'grace' } : {});
        const made = await c.create('credentials', 'CredentialCreate', { credentialTemplate: { href: template } });
        if (named) assert.equal(made.text('userName'), 'grace');
        if ('key' in content) assert.equal(made.text('key'), content.key);
      },
    ),
  ]),

  clause('5.14.12', 'CredentialTemplateCollection Resource', [
    check('is serialized as published, its items whole', ['R5.14.12-01'], { needs: { adds: ['credentialTemplates'] } }, async (c) => {
      await sharedTemplate(c);
      const collection = await c.collection('credentialTemplates');
      assert.ok(collection.items().length > 0, 'the template that was made is not listed');
      assertCollection(c, collection, 'CredentialTemplateCollection');
    }),
  ]),
];
