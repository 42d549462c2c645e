import type { CallContext, Marks, Naming } from '../../src/clouds/driver';
import { pathOf, type Wire } from './client';
import { isHandedDown, marksOf, propertiesIn } from './image-item';
import { encodeImageKey, isImageKey, type Metadata, nameless, TAG } from './naming';

const PATCH = { 'content-type': 'application/openstack-images-v2.1-json-patch' };

/** Marks as an image's properties. */
export const marksFor = ({ tag, token }: Marks): Metadata => ({ [TAG.id]: tag, [TAG.token]: token });

const isNaming = (property: string): boolean => property === 'description' || isImageKey(property);

/** Names as image properties. Their keys are always behind the prefix: images have many properties of others. */
export function namingProperties({ description, properties }: Naming): Metadata {
  const own = Object.entries(properties ?? {}).map(([key, value]) => [encodeImageKey(key), value]);
  return { ...(description === undefined ? {} : { description }), ...Object.fromEntries(own) };
}

/** A name as JSON pointer. */
export const pointer = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Sends changes of an image's record. @throws ProviderError */
export async function patchImage(wire: Wire, key: string, changes: readonly object[], context: CallContext): Promise<void> {
  const of = { kind: 'image', id: key } as const;
  await wire.send('image', { method: 'PATCH', path: pathOf('image', key), headers: PATCH, body: changes, member: 'id', of }, context);
}

/** Writes the names of an image; what is another's or ours otherwise stays. @throws ProviderError */
export async function renameImage(wire: Wire, key: string, naming: Naming, context: CallContext): Promise<void> {
  const image = await wire.one('image', key, context);
  // With the marks of another image goes what they say: that its properties are not its own.
  const isOthers = (name: string) => isHandedDown(image) && Object.values<string>(TAG).includes(name);
  const before = Object.fromEntries(Object.entries(propertiesIn(image)).filter(([name]) => isNaming(name) || isOthers(name)));
  const after = namingProperties(naming);
  const name = naming.name ?? nameless(marksOf(image)[TAG.id] ?? image.id);
  const changes = [
    ...(name === image.name ? [] : [{ op: 'replace', path: '/name', value: name }]),
    ...Object.entries(after).flatMap(([each, value]) => (before[each] === value ? [] : [{ op: 'add', path: pointer(each), value }])),
    ...Object.keys(before).flatMap((each) => (after[each] === undefined ? [{ op: 'remove', path: pointer(each) }] : [])),
  ];
  if (changes.length > 0) await patchImage(wire, key, changes, context);
}
