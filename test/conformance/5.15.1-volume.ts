import { assert } from './kit/assert';
import { assertAccess } from './kit/access';
import type { Content } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, makeVolume, volumeCreate } from './kit/ingredients';
import { has, removed, targets } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';
import { assertSize } from './kit/size';
import { hrefOf, textOf, type Value } from './kit/value';
import { watch } from './kit/watch';

const needs = { adds: ['volumes'] };
const capturing = { adds: ['volumes', 'volumeImages'], capabilities: ['Volume/VolumeSnapshot'] };
const ALWAYS = ['state', 'type', 'capacity', 'bootable'];
const IMAGE_ALWAYS = ['state', 'imageLocation', 'bootable'];

/** Number of times a check tries to see what lasts a moment. */
const TRIES = 3;

const imageOf = (volume: string): Content => ({ name: freshName('volume-image'), imageLocation: { href: volume } });

/** A Volume that checks may read but not change. */
const sharedVolume = (c: Context): Promise<string> =>
  c.shared('volume to read', async (s) => idOf(await makeVolume(s, { description: 'to be read', properties: { Owner: 'conformance' } })));

/** Makes an image of a Volume and looks at the Volume meanwhile: while CAPTURING nothing but delete is offered. */
async function capture(c: Context, volume: string): Promise<{ image: Value; seen: Set<string> }> {
  const seen = new Set<string>();
  const look = async (): Promise<string> => {
    const during = await c.read(volume);
    const state = textOf(during, 'state');
    assert.ok(['AVAILABLE', 'CAPTURING'].includes(state), `${volume} is ${state} while it is captured`);
    const others = during.operations().filter(({ rel }) => rel !== 'delete');
    if (state === 'CAPTURING') assert.deepEqual(others, [], 'operations of a Volume while CAPTURING');
    seen.add(state);
    return state;
  };
  const { answer } = await watch(c, c.post(await c.addUri('volumeImages'), 'VolumeImage', imageOf(volume)), look);
  const image = (await c.owned(answer)) ?? '';
  await c.done(answer);
  return { image: await c.read(image), seen };
}

export const clauses = [
  clause('5.15.1', 'Volume', [
    check('is serialized as its table and pseudo-schema say, its Collections too', ['R5.15.1-05', 'R5.15.1-06'], { needs }, async (c) => {
      const volume = await c.read(await sharedVolume(c));
      assertShape(c, volume, 'Volume', ALWAYS);
      if (volume.has('images')) assertCollection(c, await c.follow(volume, 'images'), 'VolumeVolumeImageCollection', ['volumeImage']);
    }),
    check('a new Volume is AVAILABLE when it is created', ['R5.15.1-01'], { needs }, async (c) => {
      const uri = await c.createUri('volumes', 'VolumeCreate', await volumeCreate(c));
      assert.equal((await c.read(uri)).text('state'), 'AVAILABLE');
    }),
    check('a Consumer changes capacity, not state and type', ['R5.15.1-05'], { needs }, async (c) => {
      const volume = await makeVolume(c);
      const ignored = { state: 'ERROR', type: 'http://schemas.dmtf.org/cimi/1/mapped' };
      await assertAccess(c, idOf(volume), 'Volume', textOf(volume, 'type') === ignored.type ? { state: 'ERROR' } : ignored);
      const capacity = Number(textOf(volume, 'capacity')) + 5_000_000;
      await c.done(await c.put(c.offered(await c.read(idOf(volume)), 'edit'), 'Volume', { capacity }, { query: { $select: 'capacity' } }));
      assertSize('the capacity', Number((await c.read(idOf(volume))).text('capacity')), capacity);
    }),
    check('while CAPTURING a Volume offers nothing but delete', ['R5.15.1-02', 'R5.15.8.1-05'], { needs: capturing }, async (c) => {
      for (let times = 0; times < TRIES; times++) {
        const volume = idOf(await makeVolume(c));
        const { seen } = await capture(c, volume);
        assert.equal((await c.untilState(volume, 'AVAILABLE')).text('state'), 'AVAILABLE');
        if (seen.has('CAPTURING')) return;
      }
      c.unproven('no Volume was seen while it was CAPTURING');
    }),
  ]),

  clause('5.15.1.1.1', 'VolumeVolumeImageCollection Resource', [
    check('has no add', ['R5.15.1.1.1-01'], { needs }, async (c) => {
      const volume = await c.read(await sharedVolume(c));
      has(c, volume, 'images');
      const images = await c.follow(volume, 'images');
      assert.equal(c.operation(images, 'add'), undefined);
      await c.refuses(() => c.post(idOf(images), 'VolumeVolumeImage', { volumeImage: { href: idOf(volume) } }));
    }),
  ]),

  clause('5.15.2', 'VolumeCollection Resource', [
    check('is serialized as published, its items whole', ['R5.15.2-01'], { needs: { collections: ['volumes'] } }, async (c) => {
      if (c.operation(await c.collection('volumes'), 'add')) await sharedVolume(c);
      assertCollection(c, await c.collection('volumes'), 'VolumeCollection', ALWAYS);
    }),
  ]),

  clause('5.15.7', 'VolumeImage Resource', [
    check('an image of a Volume is AVAILABLE and as its table says', ['R5.15.7-01', 'R5.15.8-01'], { needs: capturing }, async (c) => {
      const volume = idOf(await makeVolume(c));
      const { image } = await capture(c, volume);
      assert.equal(image.text('state'), 'AVAILABLE');
      assertShape(c, image, 'VolumeImage', IMAGE_ALWAYS);
      assertCollection(c, await c.collection('volumeImages'), 'VolumeImageCollection', IMAGE_ALWAYS);
      assert.ok((await c.items('volumeImages')).some((each) => idOf(each) === idOf(image)));
      await assertAccess(c, idOf(image), 'VolumeImage', { state: 'ERROR' });
    }),
  ]),

  clause('5.15.8.1', 'VolumeImageCollection operations', [
    check(
      'an imageLocation that is a Volume makes a snapshot, in its images, that leads to a copy; Volumes are made of it',
      ['R5.15.8.1-01', 'R5.15.8.1-02', 'R5.15.8.1-03', 'R5.15.8.1-04'],
      { needs: capturing },
      async (c) => {
        const volume = await makeVolume(c);
        const { image } = await capture(c, idOf(volume));
        assert.notEqual(c.session.absolute(hrefOf(image, 'imageLocation')), c.session.absolute(idOf(volume)));
        assertCollection(c, await c.follow(volume, 'images'), 'VolumeVolumeImageCollection', ['volumeImage']);
        assert.deepEqual(await targets(c, volume, 'images', 'volumeImage'), [c.session.absolute(idOf(image))]);
        const volumeConfig = { type: textOf(volume, 'type'), capacity: Number(textOf(volume, 'capacity')) };
        if (c.can('Volume/VolumeConfigByValue')) {
          const volumeTemplate = { volumeConfig, volumeImage: { href: idOf(image) } };
          const copy = await c.create('volumes', 'VolumeCreate', { name: freshName('volume'), volumeTemplate });
          assert.equal((await c.untilState(idOf(copy), 'AVAILABLE')).text('bootable'), image.text('bootable'));
          await removed(c, idOf(copy));
        }
        await removed(c, idOf(image));
        assert.deepEqual(await targets(c, volume, 'images', 'volumeImage'), [], 'an association with what is gone');
      },
    ),
    check('an imageLocation that leads to no Volume makes no image', ['R5.15.8.1-01'], { needs: capturing }, async (c) => {
      await c.fails(async () => c.post(await c.addUri('volumeImages'), 'VolumeImage', imageOf(`${c.link('volumes')}/no-such-volume`)));
    }),
  ]),
];
