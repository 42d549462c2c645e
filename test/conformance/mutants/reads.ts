import {
  bodyOf,
  type Json,
  offering,
  operations,
  pathOf,
  queryOf,
  reading,
  rewriting,
  showing,
  typeOf,
  withBody,
  withQuery,
} from './faults';
import type { Mutant } from './mutants';
import type { Fault } from './proxy';

const asList = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const without = (value: Json, ...names: string[]): Json =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

const dropping = (name: string, fits: (query: URLSearchParams) => boolean = () => true): Fault =>
  rewriting((asked) => {
    const query = queryOf(asked);
    if (!query.has(name) || !fits(query)) return asked;
    query.delete(name);
    return withQuery(asked, query);
  });

const jobs = (change: (job: Json) => Json): Fault => showing('Job', change);

/** Jobs (5.17.1). */
const JOBS: Mutant[] = [
  {
    fault: 'keeps what was deleted among the affected Resources',
    checks: ['5.17.1 what was deleted is in no list of affected Resources, of any Job'],
    because: /which is gone/,
    does: async (asked, forward, memory) => {
      const told = await forward(asked);
      const job = told.headers['cimi-job-uri'];
      if (job !== undefined && told.headers.location !== undefined) memory.set(job, { href: told.headers.location });
      const value = bodyOf(told);
      const made = memory.get(String(value.id));
      return made === undefined ? told : withBody(told, { ...value, affectedResources: [...asList(value.affectedResources), made] });
    },
  },
  {
    fault: 'names what was created as the target of an add',
    checks: ['5.17.1 creates, updates and deletes have a Job each, which tells its target, its action and how it ended'],
    because: /strictly equal/,
    does: jobs((job) => (String(job.action).endsWith('/add') ? { ...job, targetResource: asList(job.affectedResources).at(-1) } : job)),
  },
  {
    fault: 'leaves what was created out of the affected Resources',
    checks: ['5.17.1 creates, updates and deletes have a Job each, which tells its target, its action and how it ended'],
    because: /among the affected/,
    does: jobs((job) => (String(job.action).endsWith('/add') ? { ...job, affectedResources: [job.targetResource] } : job)),
  },
  {
    fault: 'says of a Job that has failed that it is at 50 of 100',
    checks: ['5.17.1 creates, updates and deletes have a Job each, which tells its target, its action and how it ended'],
    because: /'50'/,
    does: jobs((job) => (job.state === 'FAILED' ? { ...job, progress: 50 } : job)),
  },
  {
    fault: 'does not lead from nested Jobs to the one around them',
    checks: ['5.17.1 a Job of several has them as nested Jobs, which lead back to it, and is SUCCESS only where they all are'],
    because: /parentJob/,
    does: jobs((job) => without(job, 'parentJob')),
  },
  {
    fault: 'says that a stopped action was undone, which it was not',
    checks: ['5.17.1.1 the Job of an action that was stopped says of the Machine what is so, and names it'],
    because: /what had been done was undone/,
    does: jobs((job) => (job.state === 'STOPPED' ? { ...job, statusMessage: 'Stopped; what had been done was undone' } : job)),
  },
  {
    fault: 'deletes with a Job what it has made',
    checks: ['5.17.1.1 a Job that has ended can be deleted, and what it made stays'],
    because: /is gone with it/,
    does: async (asked, forward) => {
      const job = asked.method === 'DELETE' ? bodyOf(await forward(reading(asked))) : {};
      const told = await forward(asked);
      const made = typeOf(job) === 'Job' ? asList(job.affectedResources).map(({ href }) => new URL(String(href)).pathname) : [];
      for (const path of made.filter((each) => /\/machineConfigs\/./.test(each))) await forward({ ...asked, path });
      return told;
    },
  },
  {
    fault: 'offers add of Jobs',
    checks: ['5.17.2 is serialized as published, without add, its items whole'],
    because: /add|strictly equal/,
    does: async (asked, forward) => {
      const told = await forward(asked);
      return typeOf(bodyOf(told)) === 'JobCollection' ? withBody(told, offering(bodyOf(told), 'add')) : told;
    },
  },
];

/** Changes everything inside a representation that stands in a reference: what $expand has put there. */
function inside(value: Json, change: (expanded: Json) => Json): Json {
  const each = (member: unknown): unknown => {
    if (Array.isArray(member)) return member.map(each);
    return typeof member === 'object' && member !== null && 'href' in member && 'id' in member ? change(member as Json) : member;
  };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, each(member)]));
}

const expanding =
  (change: (expanded: Json) => Json): Fault =>
  async (asked, forward) => {
    const told = await forward(asked);
    return queryOf(asked).has('$expand') ? withBody(told, inside(bodyOf(told), change)) : told;
  };

/** Representations and queries. */
const QUERIES: Mutant[] = [
  {
    fault: 'leaves references without a type as they are, whatever $expand says',
    checks: ['4.1.6.4 references to resources of any type are expanded, too'],
    because: /targetResource|affectedResources/,
    does: (asked, forward, memory) => (/\/jobs\//.test(pathOf(asked)) ? dropping('$expand')(asked, forward, memory) : forward(asked)),
  },
  {
    fault: 'drops the operations of expanded Collections',
    checks: ['4.1.6.4 an expanded Collection holds its operations and its items'],
    because: /operations of the expanded/,
    does: expanding((expanded) => without(expanded, 'operations')),
  },
  {
    fault: 'shows no ids where $select asks for nothing else',
    checks: ['4.1.6.3 on a Collection id is that of each item, in a window, an order and a filter, too'],
    because: /Parameter/,
    does: async (asked, forward) => {
      const told = await forward(asked);
      return queryOf(asked).get('$select') === 'id' ? withBody(told, { resourceURI: bodyOf(told).resourceURI, id: bodyOf(told).id }) : told;
    },
  },
  {
    fault: 'takes no notice of a filter by a boolean',
    checks: ['4.1.6.1 true and false are values'],
    because: /bootable/,
    does: rewriting((asked) => {
      const query = queryOf(asked);
      const filter = query.get('$filter');
      if (filter?.includes('bootable') === true) query.set('$filter', filter.replace(/ and .*bootable.*/, ''));
      return withQuery(asked, query);
    }),
  },
  {
    fault: 'shows an item inside its Collection',
    checks: ['5.5.12 GET on the id of an item gives the item alone'],
    because: /shows its Collection/,
    does: async (asked, forward) => {
      const told = await forward(asked);
      return typeOf(bodyOf(told)) === 'MachineConfiguration' ? withBody(told, { ...bodyOf(told), count: 1 }) : told;
    },
  },
  {
    fault: 'gives properties to what no Consumer may write',
    checks: ['5.2 what no Consumer may write has no properties'],
    because: /vendor/,
    does: showing('MachineConfiguration', (size) =>
      operations(size).length === 0 ? { ...size, properties: { vendor: 'somebody' } } : size,
    ),
  },
  {
    fault: 'leaves Addresses of Machines out of their System',
    checks: ['5.13.2.1 Addresses that the provider makes for the Machines of a System are its own'],
    because: /none of the System's addresses/,
    does: async (asked, forward) => {
      const told = await forward(asked);
      return typeOf(bodyOf(told)) === 'SystemAddressCollection'
        ? withBody(told, { ...without(bodyOf(told), 'systemAddresses', 'addresses'), count: 0 })
        : told;
    },
  },
  {
    fault: 'says that a Volume is deleted, and keeps it',
    checks: ['5.15.1 a new Volume is AVAILABLE when it is created'],
    because: /left behind/,
    does: async (asked, forward) => {
      if (asked.method !== 'DELETE') return forward(asked);
      return { status: 204, headers: {}, body: '' };
    },
  },
  {
    fault: 'writes name before typeURI in the XML of ResourceMetadata',
    checks: ['5.11 in XML typeURI stands before name, as in the examples and the schema'],
    because: /typeURI/,
    format: 'xml',
    does: async (asked, forward) => {
      const told = await forward(asked);
      return { ...told, body: told.body.replaceAll(/(<typeURI>[^<]*<\/typeURI>)(<name>[^<]*<\/name>)/g, '$2$1') };
    },
  },
  {
    fault: 'loses blanks at the beginning and the end of a string in XML',
    checks: ['5.5 a string is kept letter by letter, blanks at its ends and in its midst too'],
    because: /blanks/,
    format: 'xml',
    does: rewriting((asked) => ({
      ...asked,
      body: asked.body.replaceAll(/<description>\s*([^<]*?)\s*<\/description>/g, '<description>$1</description>'),
    })),
  },
];

export const READS: Mutant[] = [...JOBS, ...QUERIES];
