import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import { type Content, list } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, makeMachine } from './kit/ingredients';
import { addressNetwork, addressTemplate, association, makeAddress, makeNetwork, removed, sharedNetwork, targets } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';
import { hrefOf } from './kit/value';

const needs = { adds: ['addresses', 'networks'] };
const ALWAYS = ['ip', 'allocation', 'protocol', 'network'];

const sharedAddress = (c: Context): Promise<string> =>
  c.shared('address to read', async (s) => idOf(await makeAddress(s, await addressNetwork(s), { description: 'to be read' })));

const sharedTemplate = (c: Context): Promise<string> =>
  c.shared('address template to read', async (s) => {
    const described = { name: freshName('address-template'), description: 'to be read', properties: { Owner: 'conformance' } };
    return s.createUri('addressTemplates', 'AddressTemplate', { ...described, ...addressTemplate(await addressNetwork(s)) });
  });

export const clauses = [
  clause('5.16.13', 'Address Resource', [
    check('is serialized as its table and pseudo-schema say', ['R5.16.13-05', 'R5.16.13-06'], { needs }, async (c) => {
      const address = await c.read(await sharedAddress(c));
      assertShape(c, address, 'Address', ALWAYS);
      assert.equal(address.text('allocation'), 'static');
      assert.equal(c.session.absolute(hrefOf(address, 'network')), c.session.absolute(await addressNetwork(c)));
      assert.equal(address.has('resource'), false, 'nothing uses it');
    }),
    check('what a Consumer may only read of an Address is left as it is', ['R5.16.13-05'], { needs }, async (c) => {
      const network = await addressNetwork(c);
      const address = idOf(await makeAddress(c, network));
      await assertAccess(c, address, 'Address', { resource: { href: network } });
      const edit = c.offered(await c.read(address), 'edit');
      await c.done(await c.put(edit, 'Address', { allocation: 'dynamic' }, { query: { $select: 'allocation' } }));
      assert.equal((await c.read(address)).text('allocation'), 'static', 'a static Address stays one (D014)');
    }),
    check(
      'an Address made by the provider is kept once its allocation is static',
      ['R5.16.13-04', 'R5.16.13-01'],
      { needs: { adds: ['machines', 'networks'], collections: ['addresses'] } },
      async (c) => {
        const network = { href: await sharedNetwork(c) };
        const machine = await makeMachine(c, {}, { networkInterfaces: list('networkInterface', [{ network }]) });
        const [at] = (await c.follow(machine, 'networkInterfaces')).items();
        assert.ok(at);
        const [address = ''] = await targets(c, at, 'addresses', 'address');
        const dynamic = await c.read(address);
        const edit = c.operation(dynamic, 'edit') ?? c.skip('Addresses are not changed here');
        const answer = await c.put(edit, 'Address', { allocation: 'static' }, { query: { $select: 'allocation' } });
        if (answer.status >= 400) c.skip(`allocation is not changed here: ${answer.said()}`);
        await c.done(answer);
        c.deletes(address);
        if ((await c.read(address)).text('allocation') !== 'static') c.skip('allocation is not changed here');
        const item = await association(c, at, 'addresses', 'address', address);
        if (c.operation(item, 'delete')) await removed(c, idOf(item));
        await removed(c, idOf(machine));
        assert.equal((await c.read(address)).has('resource'), false);
      },
    ),
  ]),

  clause('5.16.14', 'AddressCollection Resource', [
    check('is serialized as published, its items whole', ['R5.16.14-01'], { needs }, async (c) => {
      await sharedAddress(c);
      const collection = await c.collection('addresses');
      assert.ok(collection.items().length > 0, 'the Address that was made is not listed');
      assertCollection(c, collection, 'AddressCollection', ALWAYS);
    }),
  ]),

  clause('5.16.15', 'AddressTemplate Resource', [
    check(
      'is serialized as its table and pseudo-schema say, and holds what was given',
      ['R5.16.15-01', 'R5.16.15-02'],
      { needs: { adds: ['addressTemplates', 'networks'] } },
      async (c) => {
        const template = await c.read(await sharedTemplate(c));
        assertShape(c, template, 'AddressTemplate', ['allocation', 'protocol', 'network']);
        assert.deepEqual([template.text('allocation'), template.text('protocol')], ['static', 'IPv4']);
        assert.equal(c.session.absolute(hrefOf(template, 'network')), c.session.absolute(await addressNetwork(c)));
      },
    ),
    check(
      'a template is changed, and Addresses are made as it says then',
      ['R5.16.15-01'],
      { needs: { adds: ['addressTemplates', 'addresses', 'networks'] } },
      async (c) => {
        const network = await addressNetwork(c, async () => idOf(await makeNetwork(c)));
        const taken = (await makeAddress(c, network)).text('ip');
        const content: Content = { name: freshName('address-template'), ip: taken, ...addressTemplate(network) };
        const template = idOf(await c.create('addressTemplates', 'AddressTemplate', content));
        const free = await makeAddress(c, network);
        const other = free.text('ip') ?? '';
        await removed(c, idOf(free));
        await c.fails(async () => c.post(await c.addUri('addresses'), 'AddressCreate', { addressTemplate: { href: template } }));
        await assertAccess(c, template, 'AddressTemplate', {}, { ip: other });
        const made = await c.create('addresses', 'AddressCreate', { addressTemplate: { href: template } });
        assert.equal(made.text('ip'), other);
      },
    ),
  ]),

  clause('5.16.16', 'AddressTemplateCollection Resource', [
    check(
      'is serialized as published, its items whole',
      ['R5.16.16-01'],
      { needs: { adds: ['addressTemplates', 'networks'] } },
      async (c) => {
        await sharedTemplate(c);
        const collection = await c.collection('addressTemplates');
        assert.ok(collection.items().length > 0, 'the template that was made is not listed');
        assertCollection(c, collection, 'AddressTemplateCollection');
      },
    ),
  ]),
];
