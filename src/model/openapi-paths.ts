import type { Catalogue, NamedAction } from './catalogue';
import type { Collection, Resource } from './define';
import { familyOfType } from './families';
import { CHANGE_FAULTS, READ_FAULTS, content, faults, headersOf, parametersOf } from './openapi-parts';
import { type Schemas, surely } from './openapi-schemas';
import type { Values } from './values';

/** The type whose changes leave no Job of their own (D108), and which answers what is not done yet. */
export const JOB = 'Job';

/** Short names of operations and actions by resource type (`add`, `edit`, `delete`, `start`, …); a type that is absent is not there. */
export type Offers = ReadonlyMap<string, readonly string[]>;

const READ = ['select', 'expand', 'format', 'ifNoneMatch'];
const LIST = ['filter', 'orderby', 'first', 'last', ...READ];

interface At {
  path: string;
  /** For operationId. */
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
        LIST,
        this.schemas.collection(collection.name),
      ),
      ...(creation ? { post: creation } : {}),
    };
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
      get: this.read(this.operation(type, `${at.name}_read`, `Reads a ${type}`, resource.clause), READ, representation),
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
    return { tags: [familyOfType(this.catalogue.resource(type)).title], operationId, summary, description: `DSP0263 ${clause}.` };
  }

  private read(operation: Values, parameters: readonly string[], schema: Values): Values {
    const isList = parameters === LIST;
    const names = ['ETag', 'Age', ...(isList ? ['CIMI-Unavailable-Clouds'] : [])];
    return {
      ...operation,
      parameters: parametersOf(parameters),
      responses: {
        '200': this.done(schema, 'As it is now.', names),
        '304': { description: 'Still as If-None-Match says.', ...headersOf(['ETag']) },
        ...faults(isList ? [400, ...READ_FAULTS] : READ_FAULTS),
      },
    };
  }

  /** What a change answers: done (`now`), or a Job that does it. */
  private changed(type: string, now: Values, created: boolean): Values {
    const jobUri = type === JOB ? [] : ['CIMI-Job-URI'];
    const names = [...(created ? ['Location'] : []), ...jobUri];
    return {
      ...now,
      '202': {
        description: 'Accepted: the Job does it.',
        ...headersOf([...names, 'Retry-After']),
        content: content(surely(this.schemas.representation(JOB))),
      },
      ...faults(CHANGE_FAULTS),
    };
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
      ...(asked.length + links.length > 0 ? [this.schemas.actions(`${name}Action`, [...asked, ...links])] : []),
    ];
    const [body] = bodies;
    if (body === undefined) return undefined;
    const words = links.map(({ name: link }) => `${link} is asked for at the href that the resource advertises, its query included.`);
    const operation = this.operation(item, `${at.name}_add`, `Creates a ${item}`, clause);
    const now = { '201': this.done(this.schemas.representation(item), 'Created.', ['ETag', 'Location', 'CIMI-Job-URI']) };
    return {
      ...operation,
      description: [`DSP0263 ${clause}.`, ...words].join(' '),
      parameters: parametersOf(['format', 'idempotencyKey']),
      requestBody: { required: true, content: content(bodies.length === 1 ? body : { anyOf: bodies }) },
      responses: this.changed(item, now, true),
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
    const once = type === JOB ? [] : ['idempotencyKey'];
    const headers = type === JOB ? [] : ['ETag', 'CIMI-Job-URI'];
    return {
      ...this.operation(type, `${at.name}_edit`, `Changes a ${type}`, clause),
      parameters: parametersOf(['select', 'format', 'ifMatch', ...once]),
      requestBody: { required: true, content: content(this.schemas.input(type)) },
      responses: this.changed(type, { '200': this.done(this.schemas.representation(type), 'Changed.', headers) }, false),
    };
  }

  private remove(at: At, { name: type, clause }: Resource): Values {
    const once = type === JOB ? [] : ['idempotencyKey'];
    return {
      ...this.operation(type, `${at.name}_delete`, `Deletes a ${type}`, clause),
      parameters: parametersOf(['format', 'ifMatch', ...once]),
      responses: this.changed(type, { '200': this.byJob(type, 'Deleted; the Job says so.') }, false),
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
        parameters: parametersOf(['format', 'ifMatch', ...once]),
        requestBody: { required: true, content: content(this.schemas.actions(`${type}Action`, asked)) },
        responses: this.changed(type, { '200': this.byJob(type, 'Done; the Job says so.') }, false),
      },
    };
  }

  private byJob(type: string, description: string): Values {
    return this.done(this.schemas.representation(JOB), description, type === JOB ? [] : ['CIMI-Job-URI']);
  }
}
