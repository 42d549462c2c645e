import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Catalogue } from '../../src/model/catalogue';
import { openApiDocument, type OpenApiOptions } from '../../src/model/openapi';

/** JSON Schema or any other object of the document. */
export type Schema = { readonly [key: string]: unknown };

export interface Document {
  openapi: string;
  servers: Schema[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, Schema>>;
}

export interface Operation {
  operationId: string;
  parameters?: Schema[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, Schema>;
}

/** The document as a client reads it. */
export function documentOf(catalogue: Catalogue, options: Partial<OpenApiOptions> = {}): Document {
  return JSON.parse(JSON.stringify(openApiDocument(catalogue, { base: 'http://cimi.example.com/cimi/', ...options }))) as Document;
}

/** Says what is wrong with a value; undefined when nothing is. */
export type Check = (value: unknown) => string | undefined;

/**
 * Compiles schemas of a document, taking each object to have the attributes that the document knows and no others: what
 * is published stays open for clients, what we send must be known.
 */
export function checker(document: Document): (schema: Schema) => Check {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  const schemas = Object.fromEntries(Object.entries(document.components['schemas'] ?? {}).map(([name, schema]) => [name, inner(schema)]));
  return (schema) => {
    const validate: ValidateFunction = ajv.compile({ ...(closed(schema) as Schema), components: { schemas } });
    return (value) => (validate(value) ? undefined : ajv.errorsText(validate.errors));
  };
}

/** A schema where it is used. */
function closed(schema: unknown): unknown {
  if (!isSchema(schema)) return schema;
  const holds = '$ref' in schema || 'properties' in schema || 'allOf' in schema;
  return { ...inner(schema), ...(holds ? { unevaluatedProperties: false } : {}) };
}

/** A schema that others are composed with: only what is inside it is closed. */
function inner(schema: Schema): Schema {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'properties' && isSchema(value))
        return [key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, closed(one)]))];
      if (key === 'items') return [key, closed(value)];
      if (key === 'allOf' && Array.isArray(value)) return [key, value.map((one: Schema) => inner(one))];
      if ((key === 'anyOf' || key === 'oneOf') && Array.isArray(value))
        return [key, value.map((one: Schema) => ('type' in one ? closed(one) : inner(one)))];
      return [key, value];
    }),
  );
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The operation that a request is, by method and path below the base. */
export function operationOf(document: Document, method: string, path: string): Operation | undefined {
  const wanted = path.replace(/\?.*$/, '').split('/');
  const found = Object.entries(document.paths).find(([template]) => {
    const segments = template.slice(1).split('/');
    return segments.length === wanted.length && segments.every((segment, index) => segment.startsWith('{') || segment === wanted[index]);
  });
  return found?.[1][method.toLowerCase()];
}

/** The response declared for a status, looked up where it is a reference. */
export function responseOf(document: Document, operation: Operation, status: number): Schema | undefined {
  const declared = operation.responses[String(status)] ?? operation.responses['default'];
  const ref = declared?.['$ref'];
  return typeof ref === 'string' ? document.components['responses']?.[ref.split('/').at(-1) ?? ''] : declared;
}
