import {
  actingFirst,
  bodyOf,
  both,
  hasOperation,
  type Json,
  offering,
  pretending,
  queryOf,
  reading,
  refusing,
  rewriting,
  showing,
  typeOf,
  withBody,
  withoutOperation,
  withQuery,
} from './faults';
import type { Asked, Fault } from './proxy';

/** A gateway with one fault, and the checks (clause and title) of which at least one has to see it. */
export interface Mutant {
  fault: string;
  checks: string[];
  /** Words of the check that fails, so that it fails for this and not for something else. */
  because: RegExp;
  does: Fault;
  format?: 'json' | 'xml';
}

const JSON_TYPE = { accept: 'application/json', 'content-type': 'application/json' };
const EVERY = '4.2.1.3.1 of every type: what is taken is done, and what is named and left out is reset, or the update is refused';
const REFUSED = '4.2.1.6 what is refused, or is not there, has a Job, too: in the header, in the body, and of this request';
const asList = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const without = (value: Json, ...names: string[]): Json =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
const named = (asked: Asked): string[] => (queryOf(asked).get('$select') ?? '').split(',').filter((name) => name !== '');

/** Refusals after the fact (4.1.6.8, 4.2.1.6). */
const REFUSALS: Mutant[] = [
  {
    fault: 'acts before it refuses an Accept that it cannot write',
    checks: ['4.2.1.6 a request whose answer nobody could write is refused before anything is done, by every method'],
    because: /was refused \(406\), and (has|\S+ is gone)/,
    does: actingFirst((asked) =>
      asked.headers.accept === 'image/png' ? { ...asked, headers: { ...asked.headers, accept: JSON_TYPE.accept } } : undefined,
    ),
  },
  {
    fault: 'acts before it looks at If-Match',
    checks: ['4.2.1.6 a request for what has changed meanwhile (If-Match) is refused before anything is done'],
    because: /was refused \(412\), and (has|\S+ is gone)/,
    does: actingFirst((asked) =>
      'if-match' in asked.headers ? { ...asked, headers: without(asked.headers, 'if-match') as Asked['headers'] } : undefined,
    ),
  },
  {
    fault: 'acts before it looks at the media type',
    checks: ['4.2.1.6 a body of a media type that the standard does not have is refused before anything is done'],
    because: /was refused \(4\d\d\), and has/,
    does: actingFirst((asked) =>
      asked.headers['content-type'] === 'image/png' ? { ...asked, headers: { ...asked.headers, ...JSON_TYPE } } : undefined,
    ),
  },
  {
    fault: 'acts before it reads the body to its end',
    checks: ['4.2.1.6 a body that is broken off is refused before anything is done'],
    because: /was refused \(400\), and has/,
    does: actingFirst((asked) => (asked.body === '{"name":' ? { ...asked, body: '{"description":"done"}' } : undefined)),
  },
  {
    fault: 'acts before it refuses an attribute that it does not know',
    checks: ['5.2 a request with an unknown attribute is refused'],
    because: /was refused \(400\), and has/,
    does: actingFirst((asked) =>
      'nosuchattribute' in bodyOf(asked) ? withBody(asked, without(bodyOf(asked), 'nosuchattribute')) : undefined,
    ),
  },
  {
    fault: 'names the Job of another request in CIMI-Job-URI of a refusal',
    checks: ['4.2.1.6 who comes second to a thing that is being changed is told by a Job of his own', REFUSED],
    because: /the Job in the header is that of the body/,
    does: async (asked, forward, memory) => {
      const told = await forward(asked);
      const before = memory.get('job');
      const job = told.headers['cimi-job-uri'];
      if (job !== undefined && told.status < 400) memory.set('job', job);
      return told.status >= 400 && typeof before === 'string' ? { ...told, headers: { ...told.headers, 'cimi-job-uri': before } } : told;
    },
  },
  {
    fault: 'keeps no Job of what is not there',
    checks: [REFUSED],
    because: /has no CIMI-Job-URI/,
    does: async (asked, forward) => {
      const told = await forward(asked);
      return told.status === 404
        ? { ...withBody(told, { ...bodyOf(told), id: '' }), headers: without(told.headers, 'cimi-job-uri') as Asked['headers'] }
        : told;
    },
  },
];

/** Creates: their templates, what they may hold, what they answer. */
const CREATES: Mutant[] = [
  {
    fault: 'refuses a template by value with a name',
    checks: ['4.2.1.1 every Template that was read can be sent by value, with its name, description and properties'],
    because: /expected success/,
    does: refusing((_, body) =>
      Object.entries(body).some(([name, value]) => name.endsWith('Template') && 'name' in Object(value) && !('href' in Object(value))),
    ),
  },
  {
    fault: 'refuses properties that override those of a template',
    checks: [
      '4.2.1.1 every attribute that a Template has can be overridden beside the reference to it, name, description and properties too',
    ],
    because: /expected success/,
    does: refusing((_, body) =>
      Object.entries(body).some(([name, value]) => name.endsWith('Template') && 'href' in Object(value) && 'properties' in Object(value)),
    ),
  },
  {
    fault: 'refuses created in a create',
    checks: ['4.2.1.1 of every type: what a Consumer may only read is ignored in a create, whatever it says'],
    because: /expected success/,
    does: refusing((asked, body) => asked.method === 'POST' && 'created' in body),
  },
  {
    fault: 'refuses MachineImage.type in a create',
    checks: ['4.2.1.1 of every type: what a Consumer may only read is ignored in a create, whatever it says'],
    because: /expected success, got POST \S+machineImages/,
    does: refusing((asked, body) => asked.method === 'POST' && typeOf(body) === 'MachineImage' && 'type' in body),
  },
  {
    fault: 'answers a create with its Job',
    checks: ['4.2.1.1 the answer to a create shows what is made, not its Job'],
    because: /the body of/,
    does: async (asked, forward) => {
      const told = await forward(asked);
      const job = told.headers['cimi-job-uri'];
      if (![201, 202].includes(told.status) || told.headers.location === undefined || job === undefined) return told;
      return { ...told, body: (await forward(reading(asked, new URL(job).pathname))).body };
    },
  },
  {
    fault: 'gives a Machine of another size than was asked for, and says nothing',
    checks: ['4.2.1.1 a Configuration inside is taken by value'],
    because: /memory is \d+, \d+ was asked for/,
    does: showing('Machine', (machine) => ({ ...machine, memory: Number(machine.memory) + 1024 })),
  },
  {
    fault: 'answers an update of memory and does nothing',
    checks: ['5.14.1 changing memory changes what the Machine has, in kibibytes'],
    because: /memory is \d+, \d+ was asked for/,
    does: rewriting((asked) =>
      asked.method === 'PUT' && named(asked).includes('memory')
        ? withBody(withQuery(asked, new URLSearchParams({ $select: 'description' })), {})
        : asked,
    ),
  },
  {
    fault: "refuses references with a '.' in them",
    checks: ['5.5.10 a reference is what it resolves to, however it is written'],
    because: /expected success/,
    does: refusing((_, { machineConfig }) => String((machineConfig as Json | undefined)?.href).startsWith('./')),
  },
];

/** Fills in what an update leaves out: what it should have reset is kept. */
const keeping = (full: boolean): Fault =>
  rewriting(async (asked, forward) => {
    if (asked.method !== 'PUT' || queryOf(asked).has('$select') === full) return asked;
    const now = bodyOf(await forward(reading(asked)));
    const names = full ? Object.keys(now).filter((name) => name !== 'operations') : named(asked);
    const kept = Object.fromEntries(names.filter((name) => name in now).map((name) => [name, now[name]]));
    return withBody(asked, { ...kept, ...bodyOf(asked) });
  });

/** A size that the mutant takes for none. */
const NOTHING = 4_194_303;
const withoutMemory = showing('MachineConfiguration', (value) => (value.memory === NOTHING ? without(value, 'memory') : value));

/** Updates: what they reset, and what they may not. */
const UPDATES: Mutant[] = [
  {
    fault: 'keeps what a partial update names and leaves out',
    checks: [EVERY],
    because: /is kept by a partial update/,
    does: keeping(false),
  },
  {
    fault: 'keeps what a full update leaves out',
    checks: ['4.2.1.3 of every type: what a full update leaves out is reset, or the update is refused'],
    because: /is kept by a full update/,
    does: keeping(true),
  },
  {
    fault: 'ignores what it does not change, and answers 200',
    checks: [EVERY],
    because: /MachineImage.imageLocation was answered 200, and is not as it was asked for/,
    does: rewriting((asked) =>
      asked.method === 'PUT' && named(asked).includes('imageLocation')
        ? withBody(withQuery(asked, new URLSearchParams({ $select: 'created' })), {})
        : asked,
    ),
  },
  {
    fault: 'makes configurations without memory',
    checks: ['4.2.1.3 of every type: a mandatory attribute is never missing'],
    because: /memory|can be made without/,
    does: both(
      withoutMemory,
      rewriting((asked) =>
        asked.method === 'POST' && typeOf(bodyOf(asked)) === 'MachineConfiguration' && !('memory' in bodyOf(asked))
          ? withBody(asked, { ...bodyOf(asked), memory: NOTHING })
          : asked,
      ),
    ),
  },
  {
    fault: 'lets a partial update remove a mandatory attribute',
    checks: [EVERY],
    because: /is mandatory and can be removed|is kept/,
    does: both(
      withoutMemory,
      rewriting((asked) =>
        asked.method === 'PUT' && named(asked).includes('memory') && !('memory' in bodyOf(asked))
          ? withBody(asked, { memory: NOTHING })
          : asked,
      ),
    ),
  },
  {
    fault: 'loses an empty template of a component',
    checks: ['5.13.3 a component with an empty template survives being read and sent back'],
    because: /expected success|the component has/,
    does: showing('SystemTemplate', (value) => ({
      ...value,
      componentDescriptors: asList(value.componentDescriptors).map((each) =>
        Object.keys(Object(each.forwardingGroupTemplate)).length === 0 ? without(each, 'forwardingGroupTemplate') : each,
      ),
    })),
  },
];

/** Operations that are offered and refused, or taken and not offered. */
const OPERATIONS: Mutant[] = [
  {
    fault: "offers edit of the provider's images, and refuses it",
    checks: ['4.2.1.3 of everything that offers edit: what was read can be sent back, and changes nothing'],
    because: /expected success/,
    does: showing('MachineImage', (image) => (hasOperation(image, 'edit') ? image : offering(image, 'edit'))),
  },
  {
    fault: 'takes a PUT where it offers no edit',
    checks: ['4.2 what offers no edit is not changed'],
    because: /expected a failure/,
    does: showing('Volume', (volume) => withoutOperation(volume, 'edit')),
  },
  {
    fault: 'takes an action that it does not offer',
    checks: ['4.2 an action that a Machine or a Network does not offer is refused, in each of its steady states'],
    because: /expected a failure/,
    does: pretending((_, body) => String(body.action).endsWith('/start')),
  },
  {
    fault: 'offers stop of a STOPPING Machine, and refuses it',
    checks: ['4.2 a Machine that is STOPPING and offers stop takes it'],
    because: /offers stop, and refuses it/,
    does: async (asked, forward) => {
      const stops = asked.method === 'POST' && String(bodyOf(asked).action).endsWith('/stop');
      const stopping = stops && bodyOf(await forward(reading(asked))).state === 'STOPPING';
      return forward(stopping ? withBody(asked, { ...bodyOf(asked), nosuchattribute: 'refused' }) : asked);
    },
  },
  {
    fault: 'offers operations of a Volume while it is CAPTURING',
    checks: ['5.15.1 while CAPTURING a Volume offers nothing but delete'],
    because: /while CAPTURING/,
    does: showing('Volume', (volume) => (volume.state === 'CAPTURING' ? offering(volume, 'edit') : volume)),
  },
];

export const CHANGES: Mutant[] = [...REFUSALS, ...CREATES, ...UPDATES, ...OPERATIONS];
