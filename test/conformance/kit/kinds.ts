import type { Content } from './body';
import { list } from './body';
import type { Context } from './context';
import { type Fact, typeFacts } from './facts';
import { freshName, idOf, machineCreate, makeMachine, makeVolume, volumeCreate } from './ingredients';
import { CHEAP } from './population';
import { addressNetwork, addressTemplate, credentialData, networkTemplate, portCreate, sharedNetwork, takes, typeUri } from './parts';
import type { Value } from './value';

/** Every kind of resource that a Consumer makes, with the content of a create. */

export interface Kind {
  /** Collection of the Cloud Entry Point. */
  attribute: string;
  type: string;
  /** Wrapper of a create: the type itself, or its Create. */
  wrapper: string;
  /** Content but for name, description and properties. */
  content: (c: Context) => Promise<Content>;
}

const created = (attribute: string, type: string, content: Kind['content']): Kind => ({
  attribute,
  type,
  wrapper: `${type}Create`,
  content,
});

const without = ({ name: _name, ...content }: Content): Content => content;

const SOLID: readonly Kind[] = [
  created('credentials', 'Credential', (c) => Promise.resolve({ credentialTemplate: credentialData(c) })),
  created('volumes', 'Volume', async (c) => without(await volumeCreate(c))),
  created('machines', 'Machine', async (c) => without(await machineCreate(c))),
  created('networks', 'Network', async (c) => ({ networkTemplate: await networkTemplate(c) })),
  created('networkPorts', 'NetworkPort', async (c) => without(portCreate(await sharedNetwork(c)))),
  created('addresses', 'Address', async (c) => ({ addressTemplate: addressTemplate(await addressNetwork(c)) })),
  created('forwardingGroups', 'ForwardingGroup', () => Promise.resolve({ forwardingGroupTemplate: {} })),
  created('systems', 'System', (c) => {
    const key = { name: 'key', type: typeUri('Credential'), credentialTemplate: credentialData(c) };
    return Promise.resolve({ systemTemplate: { componentDescriptors: list('componentDescriptor', [key]) } });
  }),
  {
    attribute: 'machineImages',
    type: 'MachineImage',
    wrapper: 'MachineImage',
    content: async (c) => ({ imageLocation: idOf(await makeMachine(c)) }),
  },
  {
    attribute: 'volumeImages',
    type: 'VolumeImage',
    wrapper: 'VolumeImage',
    content: async (c) => ({ imageLocation: { href: idOf(await makeVolume(c)) } }),
  },
];

const KINDS: readonly Kind[] = [...CHEAP.map((each) => ({ ...each, wrapper: each.type })), ...SOLID];

/** Capabilities that a provider announces before images of its things can be made. */
const makesImages = (c: Context, { type }: Kind): boolean =>
  (type !== 'VolumeImage' || c.can('Volume/VolumeSnapshot')) && (type !== 'MachineImage' || c.knows('Machine/snapshot'));

/** The kinds that this provider lets one make. @throws Skip where there is none. */
export async function kindsHere(c: Context): Promise<Kind[]> {
  return c.shared('kinds', async (s) => {
    const found: Kind[] = [];
    for (const kind of KINDS)
      if (s.entry.has(kind.attribute) && makesImages(s, kind) && s.operation(await s.collection(kind.attribute), 'add')) found.push(kind);
    return found.length > 0 ? found : s.skip('nothing can be made here');
  });
}

const MOVING = ['CREATING', 'CAPTURING', 'STARTING', 'STOPPING'];

/** Makes one of a kind and waits until it is in a steady state. */
export async function makeKind(c: Context, kind: Kind, more: Content = {}): Promise<Value> {
  const uri = await c.createUri(kind.attribute, kind.wrapper, { name: freshName(), ...more, ...(await kind.content(c)) });
  return c.until(uri, 'in a steady state', (value) => !MOVING.includes(value.text('state') ?? ''));
}

/** Attributes that a Consumer may write, of those that this provider supports, as the standard's table says (5.4). */
export const writable = (c: Context, type: string): Fact[] =>
  typeFacts(type).attributes.filter(({ name, consumer = '' }) => consumer.includes('read-write') && supported(c, type, name));

/** Attributes that a Consumer may only read. */
export const readOnly = (type: string): Fact[] => typeFacts(type).attributes.filter(({ consumer = '' }) => consumer.includes('read-only'));

const COMMON = ['name', 'description', 'properties'];
const supported = (c: Context, type: string, name: string): boolean =>
  COMMON.includes(name) || c.session.metadataOf(type) === undefined || takes(c, type, name);

/** Types whose values may be empty, and are left out then (5.5.14): a Consumer who says nothing has said this. */
const MAY_BE_EMPTY = ['string', 'byte[]', 'map', 'array', 'collection'];

/** Tells whether an attribute has to be there; a Template leaves to its use what it refers to (5.16.9: network). */
export const isMandatory = (type: string, { consumer = '', type: form }: Fact): boolean =>
  consumer.startsWith('mandatory') && !MAY_BE_EMPTY.includes(form) && !(form === 'ref' && type.endsWith('Template'));
