import * as fc from 'fast-check';
import { USUAL_VOLUMES } from '../../src/model/volume';
import { gibToKb, kbToGib } from '../../src/model/units';
import { diskItem } from './disks';
import { ebsType, typeUri, VOLUME_TYPE_URIS } from './volume-types';
import { volumeItem } from './volumes';

test('every type that is offered is an EBS type, and what EC2 tells goes back as it came', () => {
  for (const uri of VOLUME_TYPE_URIS) expect(ebsType(uri)).toMatch(/^[a-z0-9]+$/);
  for (const type of ['gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1', 'standard']) expect(ebsType(typeUri(type))).toBe(type);
  expect(ebsType(undefined)).toBe('gp3');
});

test.each(USUAL_VOLUMES)('%j is the usual one of EC2 (D123)', (uri) => {
  expect([ebsType(uri), VOLUME_TYPE_URIS.includes(uri)]).toEqual(['gp3', true]);
});

test.each(['http://schemas.dmtf.org/cimi/1/other', 'gp3', ''])('%j is refused, naming those that there are', (uri) => {
  expect(() => ebsType(uri)).toThrow(/ec2\/gp3/);
});

test('a capacity that was reported, asked for again, is the size that is there', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_536 }), (Size) => {
      const [volume] = volumeItem({ VolumeId: 'vol-1', State: 'available', Size });
      expect(volume?.values.capacity).toBe(gibToKb(Size));
      expect(kbToGib(Number(volume?.values.capacity))).toBe(Size);
    }),
  );
});

test('DeleteOnTermination decides: a Disk or a Volume, never both', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ DeleteOnTermination: fc.boolean(), State: fc.constantFrom('attached', 'attaching', 'detached', 'busy') })),
      (list) => {
        const Attachments = list.map((one, n) => ({ ...one, InstanceId: `i-${n}`, Device: '/dev/sdf' })) as never;
        const volume = { VolumeId: 'vol-1', State: 'in-use' as const, Size: 1, Attachments };
        expect(volumeItem(volume).length + diskItem(volume).length).toBe(1);
      },
    ),
  );
});
