import { Gone } from '../../src/clouds/errors';
import { imageItem } from './image-item';

/** Properties are the Consumer's (5.2): what Glance, Nova and other images say on an image is none. */
const login = { projectId: 'p', roles: ['member'] };
const seen = (more: Record<string, string>): unknown => {
  const item = imageItem({ id: 'i', name: 'n', status: 'active', visibility: 'private', owner: 'p', ...more }, 'http://glance/v2', login);
  return item instanceof Gone ? item : item.values.properties;
};
const facts = { os_distro: 'debian', hw_disk_bus: 'virtio', base_image_ref: 'b', image_type: 'snapshot' };

test('facts of Glance and Nova are no properties', () => {
  expect(seen(facts)).toBeUndefined();
});

test('what a Consumer gave stays, with and without an identity of ours', () => {
  expect(seen({ ...facts, 'cimi:p:team': 'blue' })).toEqual({ team: 'blue' });
  expect(seen({ ...facts, 'cimi:id': 't', 'cimi:machine': 's', instance_uuid: 's', 'cimi:p:team': 'blue' })).toEqual({ team: 'blue' });
});

test('a snapshot made past the gateway has none of the image that its server was made from', () => {
  expect(seen({ ...facts, 'cimi:id': 't', 'cimi:machine': 'first', instance_uuid: 'second', 'cimi:p:team': 'blue' })).toBeUndefined();
  expect(seen({ ...facts, 'cimi:id': 'of an upload', instance_uuid: 'second', 'cimi:p:team': 'blue' })).toBeUndefined();
});
