import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import { list } from './kit/body';
import { check, clause } from './kit/define';
import { freshName, idOf } from './kit/ingredients';
import { associate, groupWithNetwork, JOINING, makeGroup, makeNetwork, mixNetworks, removed, sharedNetwork, targets } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';

const needs = { adds: ['forwardingGroups', 'networks'] };

const networks = (...uris: string[]) => ({
  networks: list(
    'network',
    uris.map((href) => ({ href })),
  ),
});

export const clauses = [
  clause('5.16.17', 'ForwardingGroup Resource', [
    check(
      'a group and its Networks are serialized as their tables and pseudo-schemas say',
      ['R5.16.17-03', 'R5.16.17-04', 'R5.16.18-01', 'R5.16.1-02'],
      { needs },
      async (c) => {
        const { group, network } = await groupWithNetwork(c, { description: 'conformance', properties: { Owner: 'conformance' } });
        assertShape(c, group, 'ForwardingGroup', ['networks']);
        assertCollection(c, await c.collection('forwardingGroups'), 'ForwardingGroupCollection', ['networks']);
        assert.ok((await c.items('forwardingGroups')).some((each) => idOf(each) === idOf(group)));
        assertCollection(c, await c.follow(group, 'networks'), 'ForwardingGroupNetworkCollection', ['network']);
        assert.deepEqual(await targets(c, group, 'networks', 'network'), [network]);
        const member = (await c.read(network)).href('forwardingGroup');
        if (member !== undefined) assert.equal(c.session.absolute(member), c.session.absolute(idOf(group)));
      },
    ),
    check(
      'Networks are added to a group and removed, and survive it',
      ['R5.16.17-03', 'R5.16.1-02'],
      { needs: { ...needs, actions: JOINING } },
      async (c) => {
        const { group, network: first } = await groupWithNetwork(c);
        const second = c.session.absolute(idOf(await makeNetwork(c)));
        const item = await associate(c, group, 'networks', 'ForwardingGroupNetwork', { network: { href: second } });
        assert.deepEqual((await targets(c, group, 'networks', 'network')).sort(), [first, second].sort());
        await removed(c, idOf(item));
        assert.deepEqual(await targets(c, group, 'networks', 'network'), [first]);
        assert.equal((await c.read(second)).has('forwardingGroup'), false);
        await removed(c, idOf(group));
        assert.equal((await c.read(first)).has('forwardingGroup'), false, 'the Network survives its group, in none');
      },
    ),
    check('a Consumer changes what describes a group', ['R5.16.17-03'], { needs: { adds: ['forwardingGroups'] } }, async (c) => {
      const group = await makeGroup(c, {});
      await assertAccess(c, idOf(group), 'ForwardingGroup', {});
    }),
    check(
      'Networks of two types share a group only where MixedNetwork is announced',
      ['R5.16.1-01', 'R5.16.17-01'],
      { needs },
      async (c) => {
        const answer = await mixNetworks(c);
        await c.owned(answer);
        await (c.can('ForwardingGroup/MixedNetwork') ? c.done(answer) : c.fails(answer));
      },
    ),
  ]),

  clause('5.16.18', 'ForwardingGroupCollection Resource', [
    check('is serialized as published, its items whole', ['R5.16.18-01'], { needs: { collections: ['forwardingGroups'] } }, async (c) => {
      if (c.operation(await c.collection('forwardingGroups'), 'add') && c.entry.has('networks')) await groupWithNetwork(c);
      const collection = await c.collection('forwardingGroups');
      if (collection.items().length === 0) c.skip('there are no ForwardingGroups');
      assertCollection(c, collection, 'ForwardingGroupCollection', ['networks']);
    }),
  ]),

  clause('5.16.19', 'ForwardingGroupTemplate Resource', [
    check(
      'is serialized as its table and pseudo-schema say, and holds what was given',
      ['R5.16.19-01', 'R5.16.19-02'],
      { needs: { adds: ['forwardingGroupTemplates', 'networks'] } },
      async (c) => {
        const network = c.session.absolute(await sharedNetwork(c));
        const content = { name: freshName('group-template'), description: 'conformance', ...networks(network) };
        const template = await c.create('forwardingGroupTemplates', 'ForwardingGroupTemplate', content);
        assertShape(c, template, 'ForwardingGroupTemplate', [c.format === 'json' ? 'networks' : 'network']);
        const given = template.list('networks', 'network').map((each) => c.session.absolute(each.text('href') ?? ''));
        assert.deepEqual(given, [network]);
      },
    ),
    check(
      'groups are made as a template says',
      ['R5.16.19-01'],
      { needs: { adds: ['forwardingGroupTemplates', 'forwardingGroups', 'networks'], actions: JOINING } },
      async (c) => {
        const network = c.session.absolute(idOf(await makeNetwork(c)));
        const content = { name: freshName('group-template'), ...networks(network) };
        const template = await c.create('forwardingGroupTemplates', 'ForwardingGroupTemplate', content);
        const group = await c.create('forwardingGroups', 'ForwardingGroupCreate', { forwardingGroupTemplate: { href: idOf(template) } });
        assert.deepEqual(await targets(c, group, 'networks', 'network'), [network]);
      },
    ),
    check(
      'a Consumer changes the Networks of a template',
      ['R5.16.19-01'],
      { needs: { adds: ['forwardingGroupTemplates', 'networks'] } },
      async (c) => {
        const network = idOf(await makeNetwork(c));
        const made = await c.create('forwardingGroupTemplates', 'ForwardingGroupTemplate', { name: freshName('group-template') });
        await assertAccess(c, idOf(made), 'ForwardingGroupTemplate', {}, networks(network));
        const after = (await c.read(idOf(made))).list('networks', 'network').map((each) => each.text('href'));
        assert.deepEqual(after, [network]);
      },
    ),
  ]),

  clause('5.16.20', 'ForwardingGroupTemplateCollection Resource', [
    check(
      'is serialized as published, its items whole',
      ['R5.16.20-01'],
      { needs: { adds: ['forwardingGroupTemplates', 'networks'] } },
      async (c) => {
        const content = { name: freshName('group-template'), ...networks(await sharedNetwork(c)) };
        await c.create('forwardingGroupTemplates', 'ForwardingGroupTemplate', content);
        const collection = await c.collection('forwardingGroupTemplates');
        assert.ok(collection.items().length > 0, 'the template that was made is not listed');
        assertCollection(c, collection, 'ForwardingGroupTemplateCollection');
      },
    ),
  ]),
];
