import { assert } from './kit/assert';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { machineParts, idOf, freshName, readOnlyMachine } from './kit/ingredients';
import { hrefOf, textOf, type Value } from './kit/value';
import type { Query } from './kit/wire';

const capabilities = ['CloudEntryPoint/ExpandParameter'];
const needs = { adds: ['machineTemplates'], collections: ['machineConfigs', 'machineImages'], capabilities };

const COLLECTIONS = ['disks', 'volumes', 'networkInterfaces', 'snapshots'];

/** A template that refers to a configuration and an image. */
const template = (c: Context): Promise<string> =>
  c.shared('template to expand', async (s) =>
    s.createUri('machineTemplates', 'MachineTemplate', { name: freshName('template'), ...(await machineParts(s)) }),
  );

const expanded = async (c: Context, query: Query): Promise<Value> => c.read(await template(c), query);

/** Names beside href, of what stands in a reference. */
const inside = (value: Value, name: string): string[] => (value.inner(name)?.names() ?? []).filter((each) => each !== 'href');

/** Asserts that a reference holds what its target holds. */
async function holdsTarget(c: Context, value: Value, name: string): Promise<void> {
  const target = await c.follow(value, name);
  const there = value.inner(name);
  assert.ok(there);
  assert.deepEqual(
    inside(value, name).filter((each) => each !== 'resourceURI'),
    target.names().filter((each) => each !== 'resourceURI'),
  );
  assert.deepEqual(there.operations(), target.operations(), `operations of the expanded ${name}`);
  for (const each of ['id', 'name']) assert.equal(there.text(each), target.text(each));
}

export const clauses = [
  clause('4.1.6.4', 'Expanding references', [
    check(
      '$expand puts the target into the reference it names, and into no other',
      ['R4.1.6.4-02', 'R4.1.6.4-03', 'R4.1.6.4-04', 'R5.11.2-09'],
      { needs },
      async (c) => {
        const value = await expanded(c, { $expand: 'machineConfig' });
        await holdsTarget(c, value, 'machineConfig');
        assert.ok(Number(textOf(value.inner('machineConfig') as Value, 'cpu')) > 0);
        assert.deepEqual(inside(value, 'machineImage'), []);
      },
    ),
    check(
      'href stays beside what was put in',
      ['R4.1.6.4-05', 'R4.1.6.4-06'],
      { needs, only: { format: 'json', because: 'XML has a requirement of its own' } },
      async (c) => {
        const plain = await expanded(c, {});
        const value = await expanded(c, { $expand: 'machineConfig' });
        assert.equal(hrefOf(value, 'machineConfig'), hrefOf(plain, 'machineConfig'));
        assert.equal(value.inner('machineConfig')?.text('href'), hrefOf(plain, 'machineConfig'));
        assert.ok(inside(value, 'machineConfig').includes('cpu'));
      },
    ),
    check(
      'the element keeps href and gets the content without the wrapper',
      ['R4.1.6.4-05', 'R4.1.6.4-07', 'R4.1.6.4-08'],
      { needs, only: { format: 'xml', because: 'JSON has a requirement of its own' } },
      async (c) => {
        const plain = await expanded(c, {});
        const value = await expanded(c, { $expand: 'machineConfig' });
        assert.equal(hrefOf(value, 'machineConfig'), hrefOf(plain, 'machineConfig'));
        assert.ok(!inside(value, 'machineConfig').includes('MachineConfiguration'), 'the wrapper of the target is not there');
        assert.ok(inside(value, 'machineConfig').includes('cpu'));
      },
    ),
    check('names that are unknown or no references are ignored', ['R4.1.6.4-10'], { needs }, async (c) => {
      const value = await expanded(c, { $expand: 'nosuchattribute,name,machineConfig' });
      await holdsTarget(c, value, 'machineConfig');
      assert.equal(value.text('name'), (await expanded(c, {})).text('name'));
    }),
    check('* and an empty list mean every reference', ['R4.1.6.4-11'], { needs }, async (c) => {
      for (const $expand of ['*', '']) {
        const value = await expanded(c, { $expand });
        await holdsTarget(c, value, 'machineConfig');
        await holdsTarget(c, value, 'machineImage');
      }
    }),
    check('repeated names count once, repeated parameters are one list', ['R4.1.6.4-12', 'R4.1.6.4-14'], { needs }, async (c) => {
      const query: Query = [
        ['$expand', 'machineConfig,machineConfig'],
        ['$expand', 'machineImage'],
      ];
      const value = await expanded(c, query);
      await holdsTarget(c, value, 'machineConfig');
      await holdsTarget(c, value, 'machineImage');
    }),
    check('on a Collection $expand works on each item, not on the Collection', ['R4.1.6.4-15', 'R4.1.6.4-16'], { needs }, async (c) => {
      const uri = await template(c);
      const collection = await c.collection('machineTemplates', { $expand: 'machineConfig' });
      const item = collection.items().find((each) => idOf(each) === uri);
      assert.ok(item);
      await holdsTarget(c, item, 'machineConfig');
      assert.deepEqual(collection.names(), (await c.collection('machineTemplates')).names());
    }),
    check(
      'a Collection that a resource leads to is expanded too',
      ['R4.1.6.4-04'],
      { needs: { adds: ['machines'], capabilities } },
      async (c) => {
        const machine = await c.read(idOf(await readOnlyMachine(c)), { $expand: 'disks' });
        const disks = machine.inner('disks') ?? c.skip('Machines have no disks');
        assert.equal(textOf(disks, 'id'), hrefOf(machine, 'disks'));
        assert.equal(textOf(disks, 'count'), textOf(await c.follow(machine, 'disks'), 'count'));
      },
    ),
    check(
      'an expanded Collection holds its operations and its items',
      ['R4.1.6.4-04', 'R4.1.6.4-06', 'R4.1.6.4-07'],
      { needs: { adds: ['machines'], capabilities } },
      async (c) => {
        const plain = await readOnlyMachine(c);
        const machine = await c.read(idOf(plain), { $expand: '*' });
        const collections = COLLECTIONS.filter((name) => plain.has(name));
        for (const name of c.some(collections, 'Collection of a Machine')) {
          const [there, target] = [machine.inner(name), await c.follow(plain, name)];
          assert.deepEqual(there?.operations(), target.operations(), `operations of the expanded ${name}`);
          assert.deepEqual(there?.items().map(idOf), target.items().map(idOf), name);
        }
      },
    ),
    check(
      'references to resources of any type are expanded, too',
      ['R4.1.6.4-04', 'R4.1.6.4-11'],
      { needs: { ...needs, collections: ['jobs'] } },
      async (c) => {
        const answer = await c.post(await c.addUri('machineTemplates'), 'MachineTemplate', {
          name: freshName('template'),
          ...(await machineParts(c)),
        });
        const made = await c.owned(answer);
        await c.done(answer);
        for (const $expand of ['targetResource,affectedResources', '*']) {
          const job = await c.read(answer.jobUri ?? '', { $expand });
          assert.equal(job.inner('targetResource')?.text('id'), hrefOf(job, 'targetResource'), 'targetResource');
          const affected = job.list('affectedResources', 'affectedResource').find((each) => each.text('href') === made);
          assert.equal(affected?.text('id'), made, 'affectedResources');
          assert.ok(affected?.has('machineConfig'));
        }
      },
    ),
  ]),
];
