import { assert } from './kit/assert';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, makeMachine, makeVolume } from './kit/ingredients';
import { isCollection } from './kit/links';
import { countOf, PLAYGROUND, playground, TYPE } from './kit/playground';
import { everything, populated } from './kit/population';
import { hrefOf, textOf, type Value } from './kit/value';

const small = { cpu: 1, memory: 1048576 };
const collectionsOf = async (c: Context) => (await everything(c)).filter(({ value }) => isCollection(value));

/** A Machine with a Volume attached through its own Collection, and the entry that stands for it. */
async function attached(c: Context): Promise<{ machine: Value; volume: Value; entry: Value; collection: Value }> {
  const volume = await makeVolume(c);
  const machine = await makeMachine(c);
  const collection = machine.has('volumes') ? await c.follow(machine, 'volumes') : c.skip('Machines have no volumes');
  const add = c.operation(collection, 'add') ?? c.skip('volumes of a Machine offers no add');
  const entry = await c.create(add, 'MachineVolume', { initialLocation: '/dev/sdf', volume: { href: idOf(volume) } });
  return { machine, volume, entry, collection };
}

const storage = { adds: ['machines', 'volumes'] };

export const clauses = [
  clause('5.5.12', 'Collections', [
    check(
      'every Collection leads to itself and counts and lists its items',
      ['R5.5.12-02', 'R5.5.12-03', 'R5.5.12-05', 'R5.5.12-06'],
      {},
      async (c) => {
        for (const { uri, value } of await collectionsOf(c)) {
          assert.equal(c.session.absolute(idOf(value)), uri);
          assert.equal(countOf(value), value.items().length, uri);
        }
      },
    ),
    check('the list of an empty Collection is left out', ['R5.5.12-07'], {}, async (c) => {
      const empty = (await collectionsOf(c)).filter(({ value }) => countOf(value) === 0);
      if (empty.length === 0) c.skip('no Collection is empty');
      for (const { value } of empty) {
        assert.equal(value.grouping(), undefined);
        const beside = value.names().filter((name) => !['resourceURI', 'id', 'count', 'operations'].includes(name));
        assert.deepEqual(beside, []);
      }
    }),
    check(
      'count follows what is added and deleted',
      ['R5.5.12-05', 'R5.5.12-10', 'R5.5.12-12'],
      { needs: { ...playground, capabilities: ['CloudEntryPoint/FilterParameter'] } },
      async (c) => {
        const description = freshName('counted');
        const count = async (): Promise<number> => countOf(await c.collection(PLAYGROUND, { $filter: `description='${description}'` }));
        assert.equal(await count(), 0);
        const first = await c.create(PLAYGROUND, TYPE, { description, ...small });
        await c.create(PLAYGROUND, TYPE, { description, ...small });
        assert.equal(await count(), 2);
        await c.done(await c.delete(c.offered(first, 'delete')));
        assert.equal(await count(), 1);
      },
    ),
    check('every resource of a kind has an entry', ['R5.5.12-01'], {}, async (c) => {
      const made = await populated(c);
      const listed = new Set((await collectionsOf(c)).flatMap(({ value }) => value.items().map(idOf)));
      assert.deepEqual(
        made.filter((uri) => !listed.has(uri)),
        [],
      );
    }),
    check('GET on the id of an item gives the item alone', ['R5.5.12-08', 'R5.5.12-09'], {}, async (c) => {
      const visits = new Map((await everything(c)).map(({ uri, value }) => [uri, value]));
      for (const { uri, value } of await collectionsOf(c)) {
        const items = value.items();
        const some = [...new Set([...items.slice(0, 2), ...items.slice(-2)])];
        for (const item of some) {
          const alone = visits.get(c.session.absolute(idOf(item)));
          assert.ok(alone, `${idOf(item)} of ${uri} was not read`);
          assert.deepEqual([idOf(alone), alone.resourceURI], [idOf(item), item.resourceURI ?? alone.resourceURI]);
          // Without its parent: nothing of the Collection is around it.
          assert.ok(!isCollection(alone) && !alone.has('count'), `${idOf(item)} shows its Collection`);
          const shown = (each: Value): string[] => each.names().filter((name) => !['resourceURI', 'operations'].includes(name));
          if (alone.text('updated') === item.text('updated') && alone.text('state') === item.text('state'))
            assert.deepEqual(shown(alone), shown(item), idOf(item));
        }
      }
    }),
    check('nothing is added where add is not offered', ['R5.5.12-11'], {}, async (c) => {
      const closed = (await collectionsOf(c)).filter(({ value }) => c.operation(value, 'add') === undefined).slice(0, 5);
      if (closed.length === 0) c.skip('every Collection offers add');
      for (const { uri, value } of closed) {
        const type = (value.resourceURI ?? '').slice('http://schemas.dmtf.org/cimi/1/'.length).replace(/Collection$/, '');
        await c.refuses(() => c.post(uri, type, { name: freshName() }));
      }
    }),
    check('the Collections of a resource go with it', ['R5.5.12-15', 'R5.7-02'], { needs: { adds: ['machines'] } }, async (c) => {
      const machine = await makeMachine(c);
      const collections = ['disks', 'volumes', 'networkInterfaces', 'snapshots']
        .filter((name) => machine.has(name))
        .map((name) => hrefOf(machine, name));
      if (collections.length === 0) c.skip('Machines have no Collections');
      const items = (await Promise.all(collections.map(async (uri) => (await c.read(uri)).items()))).flat();
      await c.done(await c.delete(c.offered(await c.read(idOf(machine)), 'delete')));
      for (const uri of [...collections, ...items.map(idOf)]) await c.gone(uri);
    }),
    check('what intermediary resources refer to outlives their Collection', ['R5.5.12-16', 'R5.7-01'], { needs: storage }, async (c) => {
      const { machine, volume, entry } = await attached(c);
      await c.done(await c.delete(c.offered(await c.read(idOf(machine)), 'delete')));
      await c.gone(idOf(entry));
      assert.equal(idOf(await c.read(idOf(volume))), idOf(volume));
    }),
    check(
      'an intermediary resource goes with the target that it must have',
      ['R5.5.12-17', 'R5.5.12-18'],
      { needs: { adds: ['volumes', 'volumeImages'], capabilities: ['Volume/VolumeSnapshot'] } },
      async (c) => {
        const volume = await makeVolume(c);
        const image = await c.create('volumeImages', 'VolumeImage', { name: freshName(), imageLocation: { href: idOf(volume) } });
        const uri = volume.has('images') ? hrefOf(volume, 'images') : c.skip('Volumes have no images');
        const entry = (await c.read(uri)).items().find((item) => item.href('volumeImage') === idOf(image));
        assert.ok(entry, 'the image is in the Collection of its Volume');
        await c.untilState(idOf(image), 'AVAILABLE');
        await c.done(await c.delete(c.offered(await c.read(idOf(image)), 'delete')));
        await c.gone(idOf(entry));
        assert.equal(countOf(await c.read(uri)), 0);
      },
    ),
  ]),
  clause('5.5.12.1', 'Adding items to Collections', [
    check(
      'add makes the resource, puts it into the Collection and says where',
      ['R5.5.12.1-01', 'R5.5.12.1-09', 'R5.5.12.1-10', 'R5.5.12.1-11', 'R5.5.12-10'],
      { needs: playground },
      async (c) => {
        const name = freshName();
        const answer = await c.post(await c.addUri(PLAYGROUND), TYPE, { name, ...small });
        const uri = await c.owned(answer);
        await c.done(answer);
        assert.equal(answer.location, uri, 'Location');
        assert.equal(textOf(await c.read(uri ?? ''), 'name'), name);
        assert.ok((await c.items(PLAYGROUND)).some((item) => idOf(item) === uri));
      },
    ),
    check(
      'add of a resource that needs a Template does the same',
      ['R5.5.12.1-01', 'R5.5.12.1-10', 'R5.5.12.1-11'],
      { needs: { adds: ['machines'] } },
      async (c) => {
        const machine = await makeMachine(c);
        assert.ok((await c.items('machines')).some((item) => idOf(item) === idOf(machine)));
      },
    ),
    check(
      'an intermediary resource is added with its reference; deleting it leaves the target alone',
      ['R5.5.12.1-04', 'R5.5.12.1-10', 'R5.5.12-12', 'R5.7-01'],
      { needs: storage },
      async (c) => {
        const { volume, entry, collection } = await attached(c);
        assert.equal(hrefOf(entry, 'volume'), idOf(volume));
        assert.ok((await c.read(idOf(collection))).items().some((item) => idOf(item) === idOf(entry)));
        await c.done(await c.delete(c.offered(entry, 'delete')));
        await c.gone(idOf(entry));
        assert.equal(countOf(await c.read(idOf(collection))), 0);
        assert.equal(textOf(await c.untilState(idOf(volume), 'AVAILABLE'), 'id'), idOf(volume));
      },
    ),
  ]),
];
