import type { Cimi } from '../sdk/index.ts';
import { catalogue } from './catalogue.generated.ts';

/** Attribute as a form asks for it. */
export interface Field {
  readonly kind: 'string' | 'integer' | 'boolean' | 'dateTime' | 'duration' | 'uri' | 'bytes' | 'any' | 'map' | 'ref' | 'struct' | 'array';
  readonly required?: boolean;
  readonly values?: readonly string[];
  /** True where there may be other values than those. */
  readonly open?: boolean;
  readonly unit?: string;
  readonly low?: number;
  readonly high?: number;
  /** True of a text of several lines. */
  readonly long?: boolean;
  /** True of what can never be read again. */
  readonly secret?: boolean;
  /** Type that a reference leads to; any where it is absent. */
  readonly to?: string;
  /** Types that may be given by value in its place. */
  readonly types?: readonly string[];
  /** Members of a structure, or those beside a reference. */
  readonly fields?: Fields;
  readonly item?: Field;
}
export type Fields = Readonly<Record<string, Field>>;

/** Words of the standard on a type. */
interface TypeForm {
  readonly path?: string;
  readonly template?: string;
  readonly envelope?: Fields;
  readonly fields: Fields;
  readonly actions?: Readonly<Record<string, Fields>>;
}
export interface Catalogue {
  readonly types: Readonly<Record<string, TypeForm>>;
  /** Types of the items of collections that are not named after them. */
  readonly items: Readonly<Record<string, string>>;
}

/** Type as this gateway tells it by its ResourceMetadata. */
interface Told {
  readonly attributes: readonly {
    name: string;
    namespace?: string;
    type?: string;
    required?: boolean;
    values?: readonly unknown[];
    ranges?: readonly { low: number; high: number }[];
  }[];
  readonly capabilities: readonly { name: string; value?: unknown }[];
}

/** Attributes of any resource that no request gives. */
const READ_ONLY = ['id', 'resourceURI', 'created', 'updated', 'operations', 'state'];
const OURS = 'http://cimi-gateway.org/';

/** Types of a gateway with what it takes of each: the standard's, narrowed and widened by what it tells. */
export class Kinds {
  readonly #told: ReadonlyMap<string, Told>;
  readonly #clouds: readonly string[];
  readonly #entry: object;

  /**
   * @param told ResourceMetadata by the names of their types
   * @param clouds keys of the clouds that something can be made in
   * @param entry entry point, with the collections that there are
   */
  constructor(told: ReadonlyMap<string, Told>, clouds: readonly string[], entry: object) {
    this.#told = told;
    this.#clouds = clouds;
    this.#entry = entry;
  }

  /** Returns what a request may say of a resource of a type. */
  fieldsOf(type: string): Fields {
    const told = this.#told.get(type);
    const form = catalogue.types[type];
    if (!told) return form?.fields ?? {};
    return this.#placed({ ...narrowed(form?.fields ?? {}, told), ...added(form, told) });
  }

  /** Offers the clouds where one can be named. */
  #placed(fields: Fields): Fields {
    return fields['cloud'] && this.#clouds.length > 0 ? { ...fields, cloud: { ...fields['cloud'], values: this.#clouds } } : fields;
  }

  /** Returns what makes a resource of a type. */
  creationOf(type: string): Fields {
    const { template, envelope } = catalogue.types[type] ?? {};
    const told = this.#told.get(type);
    if (template === undefined || envelope === undefined) return this.fieldsOf(type);
    return told ? this.#placed({ ...narrowed(envelope, told, template), ...added(catalogue.types[type], told) }) : envelope;
  }

  /** Returns the parameters of an action. */
  parametersOf(type: string, action: string): Fields {
    return catalogue.types[type]?.actions?.[action] ?? {};
  }

  /** Returns the path of the collection that has the resources of a type. */
  pathOf(type: string): string | undefined {
    const path = catalogue.types[type]?.path;
    return path !== undefined && path in this.#entry ? path : undefined;
  }

  /** Returns what a type is told to be capable of; undefined where nothing is said. */
  capability(type: string, name: string): unknown {
    return this.#told.get(type)?.capabilities.find((one) => one.name === name)?.value;
  }
}

/** The fields that the gateway supports, with its own limits. @param kept name of one that stays whatever it tells */
function narrowed(fields: Fields, { attributes }: Told, kept?: string): Fields {
  const told = new Map(attributes.map((one) => [one.name, one]));
  const supported = Object.entries(fields).filter(([name]) => told.has(name) || name === kept);
  return Object.fromEntries(
    supported.map(([name, field]) => {
      const { required, values, ranges } = told.get(name) ?? {};
      return [
        name,
        {
          ...field,
          ...(required === true && { required }),
          ...(values && field.kind === 'string' && { values: values.map(String) }),
          ...(ranges?.[0] && field.kind === 'integer' && { low: ranges[0].low, high: ranges.at(-1)?.high ?? ranges[0].high }),
        },
      ];
    }),
  );
}

/** Fields that only this gateway has: those of its plug-ins. What is the gateway's own and not in the catalogue is only read. */
function added(form: TypeForm | undefined, { attributes }: Told): Fields {
  const known = { ...form?.fields, ...form?.envelope };
  const more = attributes.filter(
    ({ name, namespace = OURS }) => !(name in known) && !READ_ONLY.includes(name) && !namespace.startsWith(OURS),
  );
  // Of a type that the catalogue lacks, the naming attributes are the standard's, and so not told with a type.
  const naming: Fields = form ? {} : { name: { kind: 'string' }, description: { kind: 'string', long: true }, properties: { kind: 'map' } };
  const own = more.flatMap(({ name, type = 'string', required, values }) => {
    const field = fieldNamed(type);
    return field
      ? [[name, { ...field, ...(required === true && { required }), ...(values && { values: values.map(String) }) }] as const]
      : [];
  });
  return { ...naming, ...Object.fromEntries(own) };
}

const PLAIN = ['string', 'integer', 'boolean', 'dateTime', 'duration', 'map', 'ref'] as const;

/** Field of a type as ResourceMetadata names it; undefined where requests give none. */
function fieldNamed(type: string): Field | undefined {
  if (type === 'URI') return { kind: 'uri' };
  if (type === 'byte[]') return { kind: 'bytes' };
  if (type === 'collection') return undefined;
  const item = type.endsWith('[]') ? fieldNamed(type.slice(0, -2)) : undefined;
  if (item) return { kind: 'array', item };
  const kind = PLAIN.find((one) => one === type);
  return { kind: kind ?? 'any' };
}

const asked = new WeakMap<Cimi, Promise<Kinds>>();

/** Asks the gateway for its types, once in a login. @throws CimiError */
export function kindsOf(client: Cimi): Promise<Kinds> {
  const known = asked.get(client);
  if (known) return known;
  const kinds = read(client);
  asked.set(client, kinds);
  kinds.catch(() => asked.delete(client));
  return kinds;
}

async function read(client: Cimi): Promise<Kinds> {
  const listOf = async (name: string) => (await client.send({ url: client.collection(name).href })).values ?? {};
  const [values, known] = await Promise.all([listOf('resourceMetadata'), 'clouds' in client.entryPoint ? listOf('clouds') : {}]);
  const clouds = ((known as Record<string, unknown>)['clouds'] ?? []) as { key?: string }[];
  const told = (values['resourceMetadatas'] ?? []) as (Partial<Told> & { name?: string })[];
  return new Kinds(
    new Map(told.map(({ name = '', attributes = [], capabilities = [] }) => [name, { attributes, capabilities }])),
    clouds.flatMap(({ key }) => key ?? []),
    client.entryPoint,
  );
}

/** Name of the type that a collection's items have, by the collection's type. */
export function itemTypeOf(collectionURI: unknown): string {
  const name = String(collectionURI).replace(/^.*\//, '');
  return catalogue.items[name] ?? name.replace(/Collection$/, '');
}
