import type { Catalogue, NamedAction } from './catalogue';
import type { Collection, Resource } from './define';
import { chapterOf } from './chapters';
import { citationOf } from './openapi-attributes';
import { CHANGE_FAULTS, READ_FAULTS, STREAM, STREAM_WORDS, content, faults, headersOf, parametersOf, query } from './openapi-parts';
import { type Schemas, surely } from './openapi-schemas';
import type { Values } from './values';

/** The type whose changes leave no Job of their own (D108), and which answers actions and deletes. */
export const JOB = 'Job';

/** Short names of operations and actions by resource type (`add`, `edit`, `delete`, `start`, …); a type that is absent is not there. */
export type Offers = ReadonlyMap<string, readonly string[]>;

/** Header that tells what was granted of the Prefer header. */
const APPLIED = 'Preference-Applied';
/** Words for a body that is sent before its change is done. */
const CURRENT_BODY = 'The body is the resource as it is now.';
const READ = ['select', 'expand', 'format', 'ifNoneMatch'];
const READ_JOB = [...READ, 'prefer'];
const LIST = ['filter', 'orderby', 'first', 'last', ...READ];
const WATCHED = [...LIST, 'preferNews', 'lastEventId'];

interface At {
  path: string;
  /** Name for operationId. */
  name: string;
  parameters: Values[];
  /** Types on the way here. */
  types: readonly string[];
}

/** The paths of everything that is offered, below the base URI. */
export class Paths {
  private readonly made: Record<string, Values> = {};

  constructor(
    private readonly catalogue: Catalogue,
    private readonly schemas: Schemas,
    private readonly offers: Offers,
  ) {}

  all(): Values {
    for (const { name, singleton } of this.catalogue.resources)
      if (singleton !== undefined && this.offers.has(name))
        this.item({ path: `/${singleton}`, name: singleton, parameters: [], types: [name] }, name);
    for (const [segment, collection] of this.catalogue.entryPoints())
      this.collection({ path: '', name: '', parameters: [], types: [] }, segment, collection);
    return this.made;
  }

  private collection(owner: At, segment: string, collection: Collection): void {
    const type = collection.item;
    if (!this.offers.has(type) || owner.types.includes(type)) return;
    const name = owner.name === '' ? segment : `${owner.name}_${segment}`;
    const at = { ...owner, path: `${owner.path}/${segment}`, name };
    const creation = this.creation(at, collection);
    this.made[at.path] = {
      ...this.shared(at, type),
      get: this.read(
        this.operation(type, `${name}_list`, `Lists ${collection.name}`, collection.clause),
        collection.watched ? WATCHED : LIST,
        this.schemas.collection(collection.name),
        Object.entries(collection.parameters ?? {}).map(([own, { description, minimum, maximum }]) =>
          query(own, description, { type: 'integer', minimum, maximum }),
        ),
      ),
      ...(creation ? { post: creation } : {}),
    };
    // What has a collection at the entry point is read, changed and deleted there, whoever lists it.
    if (owner.name !== '' && this.catalogue.pathOf(type) !== undefined) return;
    const id = `${type.charAt(0).toLowerCase()}${type.slice(1)}Id`;
    const parameter = {
      name: id,
      in: 'path',
      required: true,
      schema: { type: 'string' },
      description: `Last segment of the id of a ${type}; opaque.`,
    };
    this.item({ path: `${at.path}/{${id}}`, name, parameters: [...at.parameters, parameter], types: [...at.types, type] }, type);
  }

  private item(at: At, type: string): void {
    const resource = this.catalogue.resource(type);
    const offered = this.offers.get(type) ?? [];
    const representation = this.schemas.representation(type);
    this.made[at.path] = {
      ...this.shared(at, type),
      get: this.read(
        this.operation(type, `${at.name}_read`, `Reads a ${type}`, resource.clause),
        type === JOB ? READ_JOB : READ,
        representation,
      ),
      ...(offered.includes('edit') ? { put: this.edit(at, resource) } : {}),
      ...(offered.includes('delete') ? { delete: this.remove(at, resource) } : {}),
      ...this.act(at, resource, offered),
    };
    for (const [attribute, collection] of this.catalogue.nestedOf(type))
      if (resource.singleton === undefined) this.collection(at, attribute, collection);
  }

  private shared({ parameters }: At, type: string): Values {
    return { summary: type, ...(parameters.length === 0 ? {} : { parameters }) };
  }

  private operation(type: string, operationId: string, summary: string, clause: string): Values {
    return { tags: [chapterOf(this.catalogue.resource(type)).title], operationId, summary, description: `${citationOf(clause)}.` };
  }

  private read(operation: Values, parameters: readonly string[], schema: Values, own: readonly Values[] = []): Values {
    const isWatched = parameters === WATCHED;
    const isList = parameters === LIST || isWatched;
    const waits = parameters === READ_JOB || isWatched;
    const names = ['ETag', 'Age', ...(isList ? ['CIMI-Unavailable-Clouds'] : []), ...(waits ? [APPLIED] : [])];
    const now = this.done(schema, isWatched ? `As it is now, or what becomes of it: ${STREAM_WORDS}` : 'As it is now.', names);
    return {
      ...operation,
      parameters: [...parametersOf(parameters), ...own],
      responses: {
        '200': isWatched ? { ...now, content: { ...content(surely(schema)), ...STREAM } } : now,
        '304': { description: 'Still as If-None-Match says.', ...headersOf(['ETag']) },
        ...faults(isList ? [400, ...READ_FAULTS] : READ_FAULTS),
      },
    };
  }

  /** Answers of a change: done (`now`), or accepted, with what can be shown already. */
  private changed(now: Values, accepted?: Values): Values {
    return { ...now, ...(accepted ? { '202': accepted } : {}), ...faults(CHANGE_FAULTS) };
  }

  private accepted(schema: Values, message: string, more: readonly string[] = []): Values {
    return this.done(schema, `Accepted: the Job does it. ${message}`, [...more, 'CIMI-Job-URI', 'Retry-After', APPLIED]);
  }

  private done(schema: Values, description: string, names: readonly string[]): Values {
    return { description, ...headersOf(names), content: content(surely(schema)) };
  }

  private creation(at: At, { name, item, add, clause, actions = {} }: Collection): Values | undefined {
    const offered = this.offers.get(item) ?? [];
    const adds = add && offered.includes('add');
    const asked = Object.entries(actions).flatMap(([short, action]) => (offered.includes(short) ? [{ name: short, ...action }] : []));
    const links = adds ? this.linksTo(name) : [];
    const bodies = [
      ...(adds ? [this.schemas.creation(item)] : []),
      ...(asked.length + links.length > 0 ? [this.schemas.actions(name, [...asked, ...links])] : []),
    ];
    const [body] = bodies;
    if (body === undefined) return undefined;
    const words = links.map(({ name: link }) => `${link} is asked for at the href that the resource advertises, its query included.`);
    const operation = this.operation(item, `${at.name}_add`, `Creates a ${item}`, clause);
    const now = { '201': this.done(this.schemas.representation(item), 'Created.', ['ETag', 'Location', 'CIMI-Job-URI', APPLIED]) };
    return {
      ...operation,
      description: [`${citationOf(clause)}.`, ...words].join(' '),
      parameters: parametersOf(['format', 'prefer', 'idempotencyKey']),
      requestBody: { required: true, content: content(bodies.length === 1 ? body : { anyOf: bodies }) },
      responses: this.changed(now, this.accepted(this.schemas.representation(item), CURRENT_BODY, ['Location'])),
    };
  }

  /** Operations of other types that are asked for on this collection (capture, snapshot). */
  private linksTo(collection: string): NamedAction[] {
    return this.catalogue.resources.flatMap((resource) =>
      Object.entries(resource.actions ?? {}).flatMap(([name, action]) =>
        action.performedOn === collection && this.offers.get(resource.name)?.includes(name) ? [{ name, ...action }] : [],
      ),
    );
  }

  private edit(at: At, { name: type, clause }: Resource): Values {
    const representation = this.schemas.representation(type);
    const now = { '200': this.done(representation, 'Changed.', type === JOB ? [] : ['ETag', 'CIMI-Job-URI', APPLIED]) };
    return {
      ...this.operation(type, `${at.name}_edit`, `Changes a ${type}`, clause),
      parameters: parametersOf(['select', 'format', 'ifMatch', ...(type === JOB ? [] : ['prefer', 'idempotencyKey'])]),
      requestBody: { required: true, content: content(this.schemas.input(type)) },
      responses: type === JOB ? this.changed(now) : this.changed(now, this.accepted(representation, CURRENT_BODY)),
    };
  }

  private remove(at: At, { name: type, clause }: Resource): Values {
    const once = type === JOB ? [] : ['idempotencyKey'];
    return {
      ...this.operation(type, `${at.name}_delete`, `Deletes a ${type}`, clause),
      parameters: parametersOf(['format', 'ifMatch', 'prefer', ...once]),
      responses: type === JOB ? this.changed({ '200': this.byJob('Deleted.', [APPLIED]) }) : this.byJobs('Deleted; the Job says so.'),
    };
  }

  private act(at: At, { name: type, clause, actions = {} }: Resource, offered: readonly string[]): Values {
    const asked = Object.entries(actions).flatMap(([name, action]) =>
      action.kind === 'action' && offered.includes(name) ? [{ name, ...action }] : [],
    );
    if (asked.length === 0) return {};
    const once = type === JOB ? [] : ['idempotencyKey'];
    return {
      post: {
        ...this.operation(type, `${at.name}_act`, `Asks a ${type} to ${asked.map(({ name }) => name).join(', ')}`, clause),
        parameters: parametersOf(['format', 'ifMatch', 'prefer', ...once]),
        requestBody: { required: true, content: content(this.schemas.actions(type, asked)) },
        responses: this.byJobs('Done; the Job says so.'),
      },
    };
  }

  /** Answers told by a Job, done or not. */
  private byJobs(description: string): Values {
    return this.changed({ '200': this.byJob(description) }, this.accepted(this.schemas.representation(JOB), 'The body is that Job.'));
  }

  private byJob(description: string, names: readonly string[] = ['CIMI-Job-URI', APPLIED]): Values {
    return this.done(this.schemas.representation(JOB), description, names);
  }
}
