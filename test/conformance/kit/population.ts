import type { Content } from './body';
import { attributes, CIMI, list } from './body';
import type { Context } from './context';
import { freshName, idOf, machineParts, makeMachine, makeVolume, volumeCreate, volumeType } from './ingredients';
import { crawl, type Visit } from './links';
import { credentialCreate, targets } from './parts';

/** A resource that costs a provider little, and the content that makes one. */
interface Cheap {
  /** Collection of the Cloud Entry Point. */
  attribute: string;
  type: string;
  content: (c: Context) => Promise<Content>;
}

const now = (content: Content) => (): Promise<Content> => Promise.resolve(content);

/** Resources that are words only: configurations and templates. */
export const CHEAP: readonly Cheap[] = [
  {
    attribute: 'machineConfigs',
    type: 'MachineConfiguration',
    content: now({ cpu: 1, memory: 1048576, disks: list('disk', [{ capacity: 1_000_000, format: 'ext4' }]) }),
  },
  { attribute: 'machineTemplates', type: 'MachineTemplate', content: async (c) => machineParts(c) },
  { attribute: 'credentialTemplates', type: 'CredentialTemplate', content: now({ userName: 'somebody', password: 'a secret' }) },
  { attribute: 'volumeConfigs', type: 'VolumeConfiguration', content: async (c) => ({ type: await volumeType(c), capacity: 1_000_000 }) },
  { attribute: 'volumeTemplates', type: 'VolumeTemplate', content: async (c) => (await volumeCreate(c)).volumeTemplate as Content },
  { attribute: 'networkConfigs', type: 'NetworkConfiguration', content: now({ networkType: 'PRIVATE' }) },
  { attribute: 'networkTemplates', type: 'NetworkTemplate', content: now({ networkConfig: { networkType: 'PRIVATE' } }) },
  { attribute: 'networkPortConfigs', type: 'NetworkPortConfiguration', content: now({ portType: 'ACCESS' }) },
  { attribute: 'networkPortTemplates', type: 'NetworkPortTemplate', content: now({ networkPortConfig: { portType: 'ACCESS' } }) },
  { attribute: 'addressTemplates', type: 'AddressTemplate', content: now({}) },
  { attribute: 'forwardingGroupTemplates', type: 'ForwardingGroupTemplate', content: now({}) },
  {
    attribute: 'systemTemplates',
    type: 'SystemTemplate',
    content: async (c) => ({
      componentDescriptors: list('componentDescriptor', [
        { name: 'node', type: `${CIMI}/Machine`, quantity: 2, machineTemplate: await machineParts(c) },
      ]),
    }),
  },
];

const offers = async (c: Context, attribute: string): Promise<boolean> =>
  c.entry.has(attribute) && c.operation(await c.collection(attribute), 'add') !== undefined;

/** The cheap resources that this provider lets one make. */
export async function cheapHere(c: Context): Promise<Cheap[]> {
  const found = await Promise.all(CHEAP.map(async (each) => ((await offers(c, each.attribute)) ? [each] : [])));
  return found.flat();
}

/** Makes one of everything that is offered, once, so that every kind of Collection has something in it. */
function populate(c: Context): Promise<string[]> {
  return c.shared('population', async (s) => {
    const uris: string[] = [];
    const some = { description: 'one of many', properties: { owner: 'conformance', Owner: 'Conformance' } };
    for (const each of await cheapHere(s))
      uris.push(await s.createUri(each.attribute, each.type, { name: freshName(), ...some, ...(await each.content(s)) }));
    if (await offers(s, 'volumes')) uris.push(idOf(await makeVolume(s, some)));
    const volumes: Content = (await offers(s, 'volumes'))
      ? { volumeTemplates: list('volumeTemplate', [attributes({ initialLocation: '/dev/sdx', href: await templateOfVolume(s) })]) }
      : {};
    if (await offers(s, 'machines')) uris.push(await machineWith(s, some, s.entry.has('volumeTemplates') ? volumes : {}));
    if (await offers(s, 'credentials'))
      uris.push(await s.createUri('credentials', 'CredentialCreate', { ...some, ...credentialCreate(s) }));
    if ((await offers(s, 'volumeImages')) && s.can('Volume/VolumeSnapshot')) uris.push(await bootableImage(s));
    return uris;
  });
}

/** A Machine whose template makes a Volume, which outlives it. */
async function machineWith(c: Context, some: Content, volumes: Content): Promise<string> {
  const machine = await makeMachine(c, some, volumes);
  if (machine.has('volumes')) (await targets(c, machine, 'volumes', 'volume')).forEach(c.deletes);
  // Once more, after its Volumes: what is made last is deleted first.
  c.deletes(idOf(machine));
  return idOf(machine);
}

/** An image of a Volume: a resource with a boolean. */
const bootableImage = async (c: Context): Promise<string> =>
  c.createUri('volumeImages', 'VolumeImage', { name: freshName(), imageLocation: { href: idOf(await makeVolume(c)) }, bootable: true });

const templateOfVolume = (c: Context): Promise<string> =>
  c.shared('volume template', async (s) =>
    s.createUri('volumeTemplates', 'VolumeTemplate', { name: freshName(), ...((await volumeCreate(s)).volumeTemplate as Content) }),
  );

/** Reads everything reachable of a provider that has one of everything, once per format. */
export async function everything(c: Context): Promise<Visit[]> {
  await populate(c);
  return c.shared(`everything in ${c.format}`, (s) => crawl(s.in(c.format)));
}

/** URIs of what was made to populate the provider. */
export const populated = populate;
